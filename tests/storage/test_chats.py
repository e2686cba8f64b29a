from dataclasses import replace

import pytest

from storage import chats, outbox
from storage.engine import Engine, Taken, Transaction
from storage.model import Chat, Guard, Millis, Seat, Side
from storage.number import Number
from tests.people import ALICE, BOB, CAROL, LINE, NOON, OTHER_LINE, notice, relay


async def opened(
    tx: Transaction, a: Number = ALICE, b: Number = BOB, *, line: Number = LINE, label: str | None = None,
    now: Millis = NOON, expires_at: Millis | None = None,
) -> Chat:  # fmt: skip
    return await chats.open_chat(
        tx, a=Seat(a, line), b=Seat(b, line), label=label, opened_by="api", now=now, expires_at=expires_at
    )


async def test_an_opened_chat_is_found_as_it_was_opened(tx: Transaction) -> None:
    chat = await opened(tx, label="job7", expires_at=NOON + 1)
    assert await chats.find(tx, chat.id) == chat
    assert (chat.label, chat.open, chat.expires_at) == ("job7", True, NOON + 1)
    assert (chat.a.seat, chat.b.seat) == (Seat(ALICE, LINE), Seat(BOB, LINE))


async def test_a_chat_that_never_was_is_not_found(tx: Transaction) -> None:
    assert await chats.find(tx, 4711) is None


async def test_a_person_is_in_one_open_chat_on_a_line(engine: Engine) -> None:
    async with engine.transaction() as tx:
        await opened(tx)
    with pytest.raises(Taken):
        async with engine.transaction() as tx:
            await opened(tx, ALICE, CAROL)
    assert await chats.count_open(engine.reader) == 1


async def test_a_person_in_two_chats_has_two_lines(tx: Transaction) -> None:
    first, second = await opened(tx), await opened(tx, ALICE, CAROL, line=OTHER_LINE)
    assert await chats.open_of(tx, ALICE) == [first, second]


async def test_a_closed_chat_frees_its_seats_and_keeps_its_reason(tx: Transaction) -> None:
    chat = await opened(tx)
    await chats.close(tx, chat, reason="ended by admin", now=NOON + 5)
    closed = await chats.find(tx, chat.id)
    assert closed is not None
    assert (closed.open, closed.closed_at, closed.closed_reason) == (False, NOON + 5, "ended by admin")
    assert (await opened(tx)).id == chat.id + 1


async def test_closing_cancels_relays_that_wait_and_names_their_senders(tx: Transaction) -> None:
    chat = await opened(tx)
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "late", chat=chat.id), "r1"), (notice(BOB), "r2")], NOON)
    assert await chats.close(tx, chat, reason="ended", now=NOON) == [Seat(ALICE, LINE)]
    assert [claim.client_ref for claim in (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts] == [
        "r2"
    ]


async def test_a_chat_can_be_opened_again_under_its_id(tx: Transaction) -> None:
    chat = await opened(tx)
    await chats.close(tx, chat, reason="ended", now=NOON)
    again = await chats.reopen(tx, chat, a=Seat(ALICE, OTHER_LINE), b=chat.b.seat, now=NOON, expires_at=None)
    assert (again.id, again.open, again.closed_reason) == (chat.id, True, None)
    assert again.a.line == OTHER_LINE


async def test_a_chat_is_not_opened_again_over_another(engine: Engine) -> None:
    async with engine.transaction() as tx:
        chat = await opened(tx)
        await chats.close(tx, chat, reason="ended", now=NOON)
        await opened(tx, ALICE, CAROL)
    with pytest.raises(Taken):
        async with engine.transaction() as tx:
            await chats.reopen(tx, chat, a=chat.a.seat, b=chat.b.seat, now=NOON, expires_at=None)


async def test_labels_are_found_in_any_case_and_only_while_open(tx: Transaction) -> None:
    chat = await opened(tx, label="Job7")
    assert await chats.labelled(tx, "jOB7") == [chat]
    await chats.close(tx, chat, reason="ended", now=NOON)
    assert await chats.labelled(tx, "Job7") == []


async def test_open_chats_come_in_pages(tx: Transaction) -> None:
    first = await opened(tx)
    second = await opened(tx, CAROL, BOB, line=OTHER_LINE)
    assert await chats.open_chats(tx, limit=1) == [first]
    assert await chats.open_chats(tx, after=first.id, limit=5) == [second]
    await chats.close(tx, first, reason="ended", now=NOON)
    assert [chat.id for chat in await chats.all_chats(tx)] == [first.id, second.id]
    assert await chats.open_chats(tx) == [second]


async def test_a_text_is_counted_and_moves_the_idle_end(tx: Transaction) -> None:
    chat = await opened(tx)
    await chats.texted(tx, [(chat.id, Side.A), (chat.id, Side.A)], NOON + 50)
    counted = await chats.find(tx, chat.id)
    assert counted is not None
    assert (counted.a.texts, counted.b.texts, counted.last_text_at) == (2, 0, NOON + 50)
    assert await chats.ended(tx, NOON + 99, idle_since=NOON + 49) == []
    assert await chats.ended(tx, NOON + 99, idle_since=NOON + 50) == [counted]


async def test_a_chat_ends_at_its_fixed_end_and_not_before(tx: Transaction) -> None:
    chat = await opened(tx, expires_at=NOON + 100)
    assert await chats.ended(tx, NOON + 99, idle_since=None) == []
    assert await chats.ended(tx, NOON + 100, idle_since=None) == [chat]


async def test_a_chat_that_is_idle_and_expired_ends_once(tx: Transaction) -> None:
    chat = await opened(tx, expires_at=NOON)
    assert await chats.ended(tx, NOON, idle_since=NOON) == [chat]


@pytest.mark.parametrize(
    ("ttl", "expires_at", "end"),
    [(None, None, None), (None, NOON + 9, NOON + 9), (5, NOON + 9, NOON + 5), (50, NOON + 9, NOON + 9)],
)
async def test_the_next_end_is_the_earlier_of_the_two(
    tx: Transaction, ttl: Millis | None, expires_at: Millis | None, end: Millis | None
) -> None:
    await opened(tx, expires_at=expires_at)
    assert await chats.next_end(tx, chat_ttl=ttl) == end


async def test_extending_moves_both_ends(tx: Transaction) -> None:
    chat = await opened(tx)
    await chats.extend(tx, chat.id, expires_at=NOON + 500, now=NOON + 100)
    assert await chats.ended(tx, NOON + 499, idle_since=NOON + 99) == []


@pytest.mark.parametrize(
    ("sought", "found"),
    [("JOB", [1, 2]), ("job7", [1]), ("*0001", [1, 2]), ("0003", [2]), ("%", []), ("_", []), ("\\", []), ("*", [])],
)
async def test_open_chats_are_found_by_label_or_last_digits(tx: Transaction, sought: str, found: list[int]) -> None:
    await opened(tx, label="Job7")
    await opened(tx, ALICE, CAROL, line=OTHER_LINE, label="job8")
    closed = await opened(tx, CAROL, BOB, line=Number("+447700900008"), label="job9")
    await chats.close(tx, closed, reason="ended", now=NOON)
    assert [chat.id for chat in await chats.matching(tx, sought, limit=9)] == found


async def test_a_pause_puts_aside_what_waits_and_says_whose_it_was(tx: Transaction) -> None:
    chat = await opened(tx)
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "1", chat=chat.id), "r1"), (notice(BOB, "2"), "r2")], NOON)
    assert await chats.pause(tx, chat.id, reason="a test", now=NOON + 5) == [Seat(ALICE, LINE)]
    found = await chats.find(tx, chat.id)
    assert found is not None
    assert (found.open, found.paused_at, found.paused_reason) == (True, NOON + 5, "a test")
    assert await tx.rows("SELECT state, reason FROM outbound ORDER BY id") == [
        ("dead", outbox.PAUSED), ("queued", None),
    ]  # fmt: skip
    assert [claim.text for claim in (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON + 5)).texts] == [
        "2"
    ]


async def test_a_resumed_chat_is_as_if_it_had_never_been_paused(tx: Transaction) -> None:
    chat = await opened(tx)
    await chats.pause(tx, chat.id, reason="a test", now=NOON + 5)
    await chats.told_paused(tx, [(chat.id, Side.A)])
    await chats.resume(tx, chat.id)
    assert await chats.find(tx, chat.id) == chat
    assert await tx.rows("SELECT DISTINCT told_paused FROM participant") == [(0,)]


async def test_a_chat_has_a_guard_of_its_own_until_it_has_none(tx: Transaction) -> None:
    chat = await opened(tx)
    for own in (*Guard, None):
        await chats.set_guard(tx, chat.id, own)
        assert await chats.find(tx, chat.id) == replace(chat, guard=own)
