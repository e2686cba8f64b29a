import sqlite3
from contextlib import closing
from pathlib import Path

from storage import chats, lines, outbox
from storage.engine import Transaction
from storage.lines import LineUse, Sitting
from storage.model import Chat, Kind, Millis, Outbound, Seat, Side
from storage.number import Number
from storage.sqlite import SQLite, known_migrations
from tests.people import ALICE, BOB, CAROL, LINE, NOON, OTHER_LINE


async def opened(tx: Transaction, partner: Number = BOB, *, line: Number = LINE, **sitting: Millis | None) -> Chat:
    """Alice's chat with somebody, and how Alice sits in it."""
    a, b = Seat(ALICE, line), Seat(partner, line)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await lines.sit(tx, chat.id, [(Side.A, Sitting(a, **sitting)), (Side.B, Sitting(b))])
    return chat


async def introduced(tx: Transaction, chat: Chat, ref: str = "ref") -> None:
    text = Outbound(chat.a.line, ALICE, "somebody new", Kind.NOTICE, chat.id, introduces=Side.A)
    await outbox.enqueue(tx, [(text, ref)], NOON)


async def test_a_line_that_nobody_left_was_never_used(tx: Transaction) -> None:
    await opened(tx)
    assert await lines.uses(tx, ALICE, partner=BOB) == {}
    assert await lines.taken(tx, ALICE) == {LINE}


async def test_who_has_left_a_line_is_remembered_with_whom_and_when(tx: Transaction) -> None:
    await chats.close(tx, await opened(tx, fresh_from=7), reason="ended", now=NOON + 5)
    assert await lines.uses(tx, ALICE, partner=BOB) == {LINE: LineUse(True, 7, NOON + 5)}
    assert await lines.uses(tx, ALICE, partner=CAROL) == {LINE: LineUse(False, 7, NOON + 5)}
    assert await lines.uses(tx, BOB, partner=ALICE) == {LINE: LineUse(True, None, NOON + 5)}
    assert await lines.taken(tx, ALICE) == set()


async def test_the_last_to_leave_counts_and_only_on_that_line(tx: Transaction) -> None:
    for partner, line, now in ((BOB, LINE, 1), (CAROL, LINE, 2), (BOB, OTHER_LINE, 3)):
        await chats.close(tx, await opened(tx, partner, line=line), reason="ended", now=now)
    uses = await lines.uses(tx, ALICE, partner=BOB)
    assert uses == {LINE: LineUse(False, None, 2), OTHER_LINE: LineUse(True, None, 3)}


async def test_a_chat_that_moved_leaves_the_line_it_was_on_remembered(tx: Transaction) -> None:
    chat = await opened(tx)
    await chats.close(tx, chat, reason="ended", now=1)
    again = await chats.reopen(tx, chat, a=Seat(ALICE, OTHER_LINE), b=chat.b.seat, now=2, expires_at=None)
    await chats.close(tx, again, reason="ended", now=3)
    uses = await lines.uses(tx, ALICE, partner=BOB)
    assert {line: use.ended_at for line, use in uses.items()} == {LINE: 1, OTHER_LINE: 3}


async def test_closing_what_is_closed_changes_no_memory(tx: Transaction) -> None:
    chat = await opened(tx)
    for now in (1, 2):
        await chats.close(tx, chat, reason="ended", now=now)
    assert (await lines.uses(tx, ALICE, partner=BOB))[LINE].ended_at == 1


async def test_who_was_not_told_for_certain_of_somebody_new_has_nobody_certain_in_mind(tx: Transaction) -> None:
    chat = await opened(tx, fresh_from=1, guarded_until=2)
    await introduced(tx, chat)
    await chats.close(tx, chat, reason="ended", now=NOON)
    assert not (await lines.uses(tx, ALICE, partner=BOB))[LINE].same_partner
    assert (await lines.uses(tx, BOB, partner=ALICE))[LINE].same_partner


async def test_nor_has_who_left_while_a_first_text_would_have_been_sent_back(tx: Transaction) -> None:
    for until, same in ((NOON, False), (NOON - 1, True)):
        chat = await opened(tx, fresh_from=1, guarded_until=until)
        await chats.close(tx, chat, reason="ended", now=NOON)
        assert (await lines.uses(tx, ALICE, partner=BOB))[LINE].same_partner is same


async def test_how_somebody_sits_is_how_they_are_found(tx: Transaction) -> None:
    chat = await opened(tx, fresh_from=1, guarded_until=2)
    found = await chats.find(tx, chat.id)
    assert found is not None
    assert (found.a.guarded_until, found.a.introduced, found.b.guarded_until) == (2, True, None)
    await introduced(tx, chat)
    await lines.send_back(tx, [(chat.id, Side.A)])
    found = await chats.find(tx, chat.id)
    assert found is not None
    assert (found.a.guarded_until, found.a.introduced, found.b.introduced) == (None, False, True)


async def test_who_sits_down_again_sits_there_anew(tx: Transaction) -> None:
    chat = await opened(tx, fresh_from=1, guarded_until=2)
    await introduced(tx, chat)
    await chats.close(tx, chat, reason="ended", now=3)
    again = await chats.reopen(tx, chat, a=chat.a.seat, b=chat.b.seat, now=4, expires_at=None)
    await lines.sit(tx, again.id, [(Side.A, Sitting(again.a.seat)), (Side.B, Sitting(again.b.seat))])
    assert await tx.rows("SELECT fresh_from, guarded_until, introduction FROM participant") == [(None,) * 3] * 2


# --- an older database ----------------------------------------------------------------------------------------------

SINCE_SEALED = next(place for place, script in enumerate(known_migrations()) if "CREATE TABLE vault_key" in script)


def older(path: Path, *held: tuple[int, Number, Number, int | None]) -> None:
    """With these chats of Alice's: id, the partner, the line, and when it was closed; as the version before sealing."""
    with closing(sqlite3.connect(path)) as database:
        for script in known_migrations()[:SINCE_SEALED]:
            database.executescript(script)
        for chat, partner, line, closed_at in held:
            is_open = int(closed_at is None)
            database.execute(
                "INSERT INTO chat (id, open, opened_by, opened_at, active_at, closed_at) VALUES (?, ?, 'api', 1, 1, ?)",
                (chat, is_open, closed_at),
            )
            for side, number in (("A", ALICE), ("B", partner)):
                database.execute(
                    "INSERT INTO participant (chat, side, number, line, open) VALUES (?, ?, ?, ?, ?)",
                    (chat, side, number.e164(), line.e164(), is_open),
                )
        database.executescript(f"PRAGMA user_version = {SINCE_SEALED}; PRAGMA journal_mode = WAL;")


async def test_what_lines_were_in_an_older_database_is_known(tmp_path: Path) -> None:
    older(
        tmp_path / "a.db",
        (1, BOB, LINE, 10), (2, CAROL, LINE, 20), (3, BOB, LINE, 30), (4, BOB, OTHER_LINE, 5), (5, CAROL, LINE, None),
    )  # fmt: skip
    engine = await SQLite.open(tmp_path / "a.db")
    assert await lines.uses(engine.reader, ALICE, partner=BOB) == {
        LINE: LineUse(True, 20, 30), OTHER_LINE: LineUse(True, None, 5),
    }  # fmt: skip
    rows = await engine.reader.rows("SELECT side, fresh_from FROM participant WHERE open = 1 ORDER BY side")
    assert rows == [("A", 30), ("B", None)], "what Alice wrote until then was for Bob; Carol had nobody else"
    await engine.close()
