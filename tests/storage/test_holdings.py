"""What is held about a person: counted, and shown whole; and nothing of the others."""

from __future__ import annotations

from storage import admins, blocks, chats, holdings, inbox, outbox, people
from storage.engine import Transaction
from storage.holdings import Holdings, Marks, Sitting, Text
from storage.inbox import Kept
from storage.model import Part, Seat
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE, NOON, inbound, notice, relay


async def fill(tx: Transaction) -> int:
    """Returns the id of Alice's and Bob's chat."""
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label="job7", opened_by="api", now=NOON, expires_at=None)
    texts = [relay(ALICE, BOB, "mine", chat=chat.id), relay(BOB, ALICE, "his", chat=chat.id), notice(CAROL, "hers")]
    await outbox.enqueue(tx, [(text, f"r{place}") for place, text in enumerate(texts)], NOON)
    await inbox.keep(tx, [Kept(inbound(ALICE, "hello?"), "stranger"), Kept(inbound(BOB, "no"), "stranger")])
    await inbox.gather(tx, inbound(ALICE, "a part", part=Part("7", 2, 1)))
    return chat.id


async def test_what_there_is_is_counted(tx: Transaction) -> None:
    await fill(tx)
    assert await holdings.count(tx, ALICE) == Holdings(1, 1, 1, 1, 2, 0, False)
    assert await holdings.count(tx, CAROL) == Holdings(0, 0, 0, 1, 0, 0, False)


async def test_an_opt_out_alone_is_nothing_that_could_be_erased(tx: Transaction) -> None:
    assert (await holdings.count(tx, ALICE)).nothing
    await people.opt_out(tx, ALICE, source="text", now=NOON)
    held = await holdings.count(tx, ALICE)
    assert (held.nothing, held.opted_out) == (True, True)


async def test_a_trace_alone_is_something(tx: Transaction) -> None:
    await blocks.block(tx, BOB, by=ALICE, until=NOON, now=NOON)
    assert (await holdings.count(tx, ALICE)).traces == 1
    assert not (await holdings.count(tx, ALICE)).nothing


async def test_all_of_it_is_shown_and_nothing_of_the_others(tx: Transaction) -> None:
    chat = await fill(tx)
    assert await holdings.sittings(tx, ALICE) == [Sitting(chat, "job7", "A", LINE.e164(), NOON, None, 0, None)]
    assert await holdings.written(tx, ALICE) == [Text(NOON, LINE.e164(), "mine", "relay", chat, "queued")]
    assert await holdings.received(tx, ALICE) == [Text(NOON, LINE.e164(), "his", "relay", chat, "queued")]
    assert await holdings.kept(tx, ALICE) == [Text(NOON, LINE.e164(), "hello?", why="stranger")]
    assert await holdings.waiting(tx, ALICE) == [Text(NOON, LINE.e164(), "a part")]


async def test_words_that_are_gone_or_damaged_are_none(tx: Transaction) -> None:
    await fill(tx)
    await tx.run("UPDATE outbound SET text = NULL WHERE client_ref = 'r0'")
    await tx.run("UPDATE outbound SET text = $1 WHERE client_ref = 'r1'", b"\0")
    texts = [*await holdings.written(tx, ALICE), *await holdings.received(tx, ALICE)]
    assert [text.words for text in texts] == [None, None]


async def test_what_is_noted_of_a_person(tx: Transaction) -> None:
    assert await holdings.marks(tx, ALICE) == Marks()
    await people.opt_out(tx, ALICE, source="receipt", now=NOON)
    await blocks.block(tx, ALICE, by=ADMIN, until=NOON + 9, now=NOON + 1)
    await admins.add(tx, ALICE, by=ADMIN, now=NOON + 2)
    await tx.run("INSERT INTO language (number, language, at) VALUES ($1, 'es', 5)", tx.vault.index(ALICE))
    assert await holdings.marks(tx, ALICE) == Marks(NOON, "receipt", NOON + 1, NOON + 9, NOON + 2, "es", 5)
    assert await holdings.marks(tx, BOB) == Marks()
