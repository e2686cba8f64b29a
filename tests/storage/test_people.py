from storage import outbox, people
from storage.engine import Transaction
from storage.people import PendingCode
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


async def test_the_newest_code_replaces_the_older(tx: Transaction) -> None:
    await people.ask_code(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"1", expires_at=NOON)
    await people.ask_code(tx, admin=ADMIN, line=OTHER_LINE, command="END ALL", code_hash=b"2", expires_at=NOON + 1)
    assert await people.pending_code(tx, ADMIN) == PendingCode(OTHER_LINE, "END ALL", b"2", NOON + 1)


async def test_a_code_is_forgotten(tx: Transaction) -> None:
    await people.ask_code(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"1", expires_at=NOON)
    await people.forget_code(tx, ADMIN)
    assert await people.pending_code(tx, ADMIN) is None


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
