from storage import chats, outbox, people
from storage.engine import Transaction
from storage.model import Seat
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, LINE, NOON, OTHER_LINE, notice


async def test_an_opt_out_is_recorded_once(tx: Transaction) -> None:
    await people.opt_out(tx, ALICE, source="text", now=NOON)
    await people.opt_out(tx, ALICE, source="receipt", now=NOON + 1)
    assert await people.opted_out(tx, [ALICE, BOB]) == {ALICE}
    assert await tx.rows("SELECT source, at FROM opt_out") == [("text", NOON)]


async def test_an_opt_out_cancels_what_waits_for_that_person_on_every_line(tx: Transaction) -> None:
    texts = [notice(ALICE), notice(ALICE, line=OTHER_LINE), notice(BOB)]
    await outbox.enqueue(tx, [(text, str(index)) for index, text in enumerate(texts)], NOON)
    await people.opt_out(tx, ALICE, source="text", now=NOON)
    assert [row[0] for row in await tx.rows("SELECT state FROM outbound ORDER BY id")] == [
        "cancelled",
        "cancelled",
        "queued",
    ]


async def test_an_opt_in_ends_an_opt_out_and_is_harmless_without_one(tx: Transaction) -> None:
    await people.opt_out(tx, ALICE, source="text", now=NOON)
    assert await people.opt_in(tx, ALICE)
    assert not await people.opt_in(tx, ALICE)
    assert await people.opted_out(tx, [ALICE]) == set()


async def test_an_admins_page_is_turned_and_closed(tx: Transaction) -> None:
    assert await people.page_of(tx, ADMIN) is None
    for after in (3, 7):
        await people.turn_page(tx, ADMIN, after=after, now=NOON)
        assert await people.page_of(tx, ADMIN) == after
    await people.turn_page(tx, ADMIN, after=None, now=NOON)
    assert await people.page_of(tx, ADMIN) is None


async def test_being_told_again_moves_the_time(tx: Transaction) -> None:
    await people.remember_told(tx, [(ALICE, people.STRANGER)], NOON)
    await people.remember_told(tx, [(ALICE, people.STRANGER)], NOON + 1)
    assert await tx.rows("SELECT at FROM told") == [(NOON + 1,)]


async def test_people_in_chats_are_found_by_their_last_digits(tx: Transaction) -> None:
    one, twin = Number("+13035550150"), Number("+12025550150")
    for a, b in ((one, BOB), (twin, BOB)):
        seats = {"a": Seat(a, LINE), "b": Seat(b, OTHER_LINE if a == twin else LINE)}
        chat = await chats.open_chat(tx, **seats, label=None, opened_by="api", now=NOON, expires_at=None)
    assert sorted(await people.in_chats_ending_in(tx, "0150", open_only=True)) == [twin, one]
    await chats.close(tx, chat, reason="ended", now=NOON)
    assert await people.in_chats_ending_in(tx, "0150", open_only=True) == [one]
    assert await people.in_chats_ending_in(tx, "0002", open_only=True) == [BOB]
    assert len(await people.in_chats_ending_in(tx, "0150", open_only=False)) == 2
