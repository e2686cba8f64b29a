"""What is old goes, and nothing else: words first, then who was in touch with whom; down to the bytes of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from storage import admins, blocks, chats, codes, inbox, messages, outbox, people, receipts, retention, undoable
from storage.engine import Transaction
from storage.inbox import Kept
from storage.model import Chat, Millis, Outbound, Part, Seat, State
from storage.outbox import Buried, Doubtful, Sent
from storage.sqlite import SQLite
from tests.crowd import ROUND, found, opened
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE, NOON, inbound, notice, receipt, relay

LATER = NOON + 10
Forget = Callable[..., Awaitable[int]]


async def open_chat(tx: Transaction, now: Millis = NOON, label: str | None = None) -> Chat:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    return await chats.open_chat(tx, a=a, b=b, label=label, opened_by=ADMIN, now=now, expires_at=None)


async def send(tx: Transaction, text: Outbound, ref: str, now: Millis = NOON) -> None:
    """It is accepted."""
    await outbox.enqueue(tx, [(text, ref)], now)
    [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=now)).texts
    await outbox.accept(tx, [Sent(claim, (f"id-{ref}",))], now)


async def words(tx: Transaction) -> list[tuple[str, bool]]:
    """Of each text: the state, and whether its words are there."""
    return [(state, bool(there)) for state, there in await tx.rows(
        "SELECT state, text IS NOT NULL FROM outbound ORDER BY id"
    )]  # fmt: skip


async def test_old_texts_lose_their_words_and_young_ones_do_not(tx: Transaction) -> None:
    await send(tx, notice(ALICE), "r1", NOON)
    await send(tx, notice(BOB), "r2", LATER)
    assert await retention.forget_words(tx, before=LATER) == 1
    assert await words(tx) == [("accepted", False), ("accepted", True)]
    assert await retention.forget_words(tx, before=LATER) == 0


async def test_it_goes_on_where_it_was(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS", 2)
    for place in range(5):
        await send(tx, notice(ALICE), f"r{place}")
    assert [await retention.forget_words(tx, before=LATER) for _ in range(4)] == [2, 2, 1, 0]
    assert {there for _, there in await words(tx)} == {False}


async def test_a_failed_text_is_dismissed_when_its_words_go(tx: Transaction) -> None:
    await outbox.enqueue(tx, [(notice(ALICE), "r1")], NOON)
    [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts
    await outbox.bury(tx, [Buried(claim, "refused")], NOON)
    await retention.forget_words(tx, before=LATER)
    assert await words(tx) == [("cancelled", False)]
    [message] = [await messages.find(tx, claim.id)]
    assert message is not None
    await messages.resend(tx, [message], LATER)
    assert await words(tx) == [("cancelled", False)], "what has no words cannot be sent again"


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.UNCERTAIN])
@pytest.mark.parametrize("forget", [retention.forget_words, retention.forget_sent])
async def test_what_still_waits_stays_and_so_does_what_came_after_it(
    tx: Transaction, state: State, forget: Forget
) -> None:
    await send(tx, notice(ALICE), "r1")
    waits = replace(notice(BOB), not_before=LATER if state is State.QUEUED else 0)
    await outbox.enqueue(tx, [(waits, "r2")], NOON)
    if state is not State.QUEUED:
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts
    if state is State.UNCERTAIN:
        await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    await send(tx, notice(CAROL), "r3")
    assert await forget(tx, before=LATER) == 1
    left = await tx.rows("SELECT client_ref, state FROM outbound WHERE text IS NOT NULL ORDER BY id")
    assert left == [("r2", state), ("r3", "accepted")]


async def test_texts_as_a_whole_go_with_what_vonage_said_of_them(tx: Transaction) -> None:
    await send(tx, notice(ALICE), "r1", NOON)
    await send(tx, notice(BOB), "r2", LATER)
    assert await retention.forget_sent(tx, before=LATER) == 1
    assert await tx.rows("SELECT client_ref FROM outbound") == [("r2",)]
    assert await tx.rows("SELECT message_id FROM sent_part") == [("id-r2",)]


async def test_a_receipt_for_a_text_that_is_gone_fits_none(tx: Transaction) -> None:
    await send(tx, notice(ALICE), "r1")
    await retention.forget_sent(tx, before=LATER)
    noted = await receipts.note(tx, [receipt("id-r1", "failed", ref="r1")], LATER)
    assert (noted.fates, noted.orphans) == ([], 1)


async def test_kept_texts_and_long_ones_that_have_gone_out_go(tx: Transaction) -> None:
    for id, at in (("m1", NOON), ("m2", LATER)):
        await inbox.keep(tx, [Kept(inbound(CAROL, "hello", id=id, at=at), "stranger")])
    for index in (1, 2):
        await inbox.gather(tx, inbound(ALICE, "part", part=Part("7", 2, index)))
    await inbox.gather(tx, inbound(BOB, "part", part=Part("7", 2, 1)))
    assert await retention.forget_kept(tx, before=LATER) == 1
    assert await tx.rows("SELECT message_id FROM kept") == [("m2",)]
    assert await tx.rows("SELECT sender FROM gathering") == [(tx.vault.index(BOB),)], "which still waits"


async def test_of_a_chat_that_ended_long_ago_its_id_is_left(tx: Transaction) -> None:
    old = await open_chat(tx, label="job7")
    await chats.close(tx, old, reason="a test", now=NOON)
    young = await open_chat(tx)
    await chats.close(tx, young, reason="a test", now=LATER)
    still_open = await open_chat(tx)
    assert await retention.forget_chats(tx, before=LATER) == 1
    assert await retention.forget_chats(tx, before=LATER) == 0
    assert [chat.id for chat in await chats.all_chats(tx)] == [young.id, still_open.id]
    assert await chats.find(tx, old.id) is None
    assert await tx.rows("SELECT label, opened_by FROM chat WHERE id = $1", old.id) == [(None, "")]
    assert (await open_chat_of_others(tx)).id > still_open.id


async def open_chat_of_others(tx: Transaction) -> Chat:
    a, b = Seat(CAROL, LINE), Seat(ADMIN, LINE)
    return await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=LATER, expires_at=None)


async def test_who_was_in_a_chat_is_known_as_long_as_a_text_of_theirs_is(tx: Transaction) -> None:
    chat = await open_chat(tx)
    await outbox.enqueue(tx, [(notice(CAROL), "r1")], NOON)
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "hi", chat=chat.id), "r2")], NOON)
    await chats.close(tx, chat, reason="a test", now=NOON + 1)
    assert await retention.forget_sent(tx, before=LATER) == 0, "the first still waits"
    assert await retention.forget_chats(tx, before=LATER) == 0


async def test_with_whom_somebody_had_a_chat_goes(tx: Transaction) -> None:
    await tx.many(
        "INSERT INTO line_use (number, line, partner, ended_at) VALUES ($1, 'l', 'p', $2)",
        [("a", NOON), ("b", LATER)],
    )
    assert await retention.forget_uses(tx, before=LATER) == 1
    assert await tx.rows("SELECT number FROM line_use") == [("b",)]


async def test_what_is_asked_about_the_last_day_goes_and_what_guards_people_stays(tx: Transaction) -> None:
    await people.remember_told(tx, [(CAROL, people.STRANGER)], NOON)
    await undoable.remember(tx, undoable.Act.BLOCK, by=ADMIN, now=NOON, keep=9, number=CAROL)
    await codes.note(tx, ADMIN, codes.Event.ASKED, now=NOON, keep=9)
    await codes.ask(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"x", expires_at=NOON)
    await people.turn_page(tx, ADMIN, after=7, now=NOON)
    await codes.lock(tx, BOB, until=NOON)
    await codes.use_step(tx, ADMIN, 5)
    await people.opt_out(tx, CAROL, source="text", now=NOON)
    await blocks.block(tx, CAROL, by=ADMIN, until=blocks.FOR_EVER, now=NOON)
    await admins.add(tx, BOB, by=ADMIN, now=NOON)
    await retention.forget_fleeting(tx, before=LATER)
    gone = ("told", "undoable", "code_event", "pending_code", "list_page", "code_lock")
    stays = ("opt_out", "block", "admin", "authenticator_step")
    assert [table for table in (*gone, *stays) if await tx.rows(f"SELECT 1 FROM {table}")] == list(stays)


async def test_that_the_file_must_be_written_anew_is_not_forgotten(tx: Transaction) -> None:
    assert not await retention.is_rewrite_asked(tx)
    await retention.ask_rewrite(tx, NOON)
    await retention.ask_rewrite(tx, LATER)
    assert await retention.is_rewrite_asked(tx)
    await retention.rewritten(tx)
    assert not await retention.is_rewrite_asked(tx)


def texts_in(path: Path, table: str, where: str) -> set[bytes]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(f"SELECT text FROM {table} WHERE {where} AND text IS NOT NULL")
        return {text for (text,) in rows}


async def all_of(engine: SQLite, forget: Forget, before: Millis) -> None:
    count = retention.ROWS
    while count >= retention.ROWS:
        async with engine.transaction() as tx:
            count = await forget(tx, before=before)
    assert await engine.purge()


async def test_no_byte_of_old_words_is_left_in_the_files(crowded: Path) -> None:
    half = NOON + 15 * ROUND
    old, young = (texts_in(crowded, "outbound", f"created_at {sign} {half}") for sign in ("<", ">="))
    kept = texts_in(crowded, "kept", f"received_at < {half}")
    assert found(crowded, old | kept) == old | kept
    async with opened(crowded) as engine:
        for forget in (retention.forget_words, retention.forget_kept):
            await all_of(engine, forget, half)
        assert (len(old), found(crowded, old | kept)) == (1400, set())
        assert found(crowded, young) == young
