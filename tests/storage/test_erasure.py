"""Erased is erased: no table, no byte of a file and no backup made afterwards tells of the person, nor loses others."""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage import admins, blocks, chats, codes, erasure, inbox, outbox, people, receipts, retention, senders, undoable
from storage.backup import back_up
from storage.engine import Transaction
from storage.inbox import Kept
from storage.model import Claim, Part, Seat
from storage.outbox import Back, Buried, Doubtful, Sent
from storage.senders import Count
from tests.crowd import CROWD, found, opened, traces_of
from tests.people import ALICE, BOB, CAROL, DAVE, LINE, NOON, OTHER_LINE, inbound, notice, receipt, relay

PERSONAL = {
    "admin", "authenticator_step", "block", "chat", "code_event", "code_lock", "gathering", "kept", "language",
    "line_use", "list_page", "opt_out", "outbound", "participant", "pending_code", "sender_day", "told", "undoable",
}  # fmt: skip
OF_NOBODY = {
    "api_token", "audit", "gathered_part", "orphan_receipt", "pulse", "retention", "seen", "sent_part", "spent_day",
    "vault_key",
}  # fmt: skip

GONE = 5  # of these, something stays in unused bytes where the file is not written anew


async def fill(tx: Transaction) -> None:
    """Alice in each table that knows of people, as whatever she can be in it; and others, among themselves."""
    index = tx.vault.index
    a, b, c, d = Seat(ALICE, LINE), Seat(BOB, LINE), Seat(CAROL, LINE), Seat(DAVE, LINE)
    for person in (ALICE, CAROL):
        await people.opt_out(tx, person, source="text", now=NOON)
    chat = await chats.open_chat(tx, a=a, b=b, label="job7", opened_by=ALICE, now=NOON, expires_at=None)
    other = await chats.open_chat(tx, a=c, b=d, label="job8", opened_by=ALICE, now=NOON, expires_at=None)
    texts = [
        relay(ALICE, BOB, "mine", chat=chat.id), relay(BOB, ALICE, "his", chat=chat.id), notice(ALICE),
        relay(CAROL, DAVE, "others'", chat=other.id), notice(BOB),
    ]  # fmt: skip
    await outbox.enqueue(tx, [(text, f"r{place}") for place, text in enumerate(texts)], NOON)
    for person in (ALICE, CAROL):
        await inbox.keep(tx, [Kept(inbound(person, "hello?"), "stranger")])
        await inbox.gather(tx, inbound(person, "a part", part=Part("7", 2, 1)))
        await senders.add(tx, [(person, Count(1))], NOON)
        await people.remember_told(tx, [(person, people.STRANGER)], NOON)
        await people.turn_page(tx, person, after=1, now=NOON)
        await admins.add(tx, person, by=ALICE, now=NOON)
        await blocks.block(tx, person, by=ALICE, until=NOON + 9, now=NOON)
        await undoable.remember(tx, undoable.Act.BLOCK, by=person, now=NOON, keep=9, number=DAVE)
        await codes.lock(tx, person, until=NOON + 9)
        await codes.note(tx, person, codes.Event.ASKED, now=NOON, keep=9)
        await codes.use_step(tx, person, 5)
        await codes.ask(tx, admin=person, line=LINE, command="END ALL", code_hash=b"x", expires_at=NOON + 9)
        await tx.run("INSERT INTO language (number, language, at) VALUES ($1, 'es', $2)", index(person), NOON)
    await undoable.remember(tx, undoable.Act.BLOCK, by=CAROL, now=NOON, keep=9, number=ALICE)
    await undoable.remember(tx, undoable.Act.PAIR, by=CAROL, now=NOON, keep=9, chat=chat.id)
    uses = [(ALICE, LINE, BOB), (BOB, LINE, ALICE), (CAROL, OTHER_LINE, ALICE), (CAROL, LINE, DAVE)]
    await tx.many(
        "INSERT INTO line_use (number, line, partner, ended_at) VALUES ($1, $2, $3, $4)",
        [(index(person), line.e164(), index(partner), NOON) for person, line, partner in uses],
    )
    if tx.shared:
        each = [(LINE.e164(), index(person)) for person in (ALICE, CAROL)]
        await tx.many("INSERT INTO conversation (line, number) VALUES ($1, $2)", each)


async def tables(reading: Transaction) -> list[str]:
    of_sqlite = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    of_postgres = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    return [name for (name,) in await reading.rows(of_postgres if reading.shared else of_sqlite)]


async def with_hash(reading: Transaction, index: str) -> set[str]:
    """The tables in which this keyed hash is, whatever the column."""
    return {
        name for name in await tables(reading) for row in await reading.rows(f"SELECT * FROM {name}") if index in row
    }


async def test_each_table_is_known_to_be_about_people_or_not(tx: Transaction) -> None:
    personal, of_nobody = (
        (PERSONAL | {"conversation"}, {"schema_version", "process", "line_lease"})
        if tx.shared
        else (PERSONAL, {"sqlite_sequence"})
    )
    assert set(await tables(tx)) == personal | of_nobody | OF_NOBODY, (
        "tell storage/erasure.py and storage/holdings.py of a new one"
    )
    await fill(tx)
    assert await with_hash(tx, tx.vault.index(ALICE)) == personal


async def test_nothing_is_left_of_a_person_but_the_opt_out(tx: Transaction) -> None:
    await fill(tx)
    await erasure.erase(tx, ALICE, NOON)
    assert await with_hash(tx, tx.vault.index(ALICE)) == {"opt_out"}
    assert await tx.rows("SELECT client_ref FROM outbound ORDER BY id") == [("r3",), ("r4",)]
    assert [chat.label for chat in await chats.all_chats(tx)] == ["job8"]
    assert await tx.rows("SELECT label FROM chat WHERE id = 1") == [(None,)]
    assert await tx.rows("SELECT sender FROM gathering") == [(tx.vault.index(CAROL),)]


async def test_what_others_have_among_themselves_is_not_touched(tx: Transaction) -> None:
    await fill(tx)
    carol = tx.vault.index(CAROL)
    own = {
        "kept": "sender", "told": "number", "sender_day": "number", "list_page": "admin", "opt_out": "number",
        "language": "number", "code_event": "admin", "code_lock": "admin", "authenticator_step": "admin",
        "outbound": "sender", "participant": "number", "gathering": "sender",
    }  # fmt: skip
    asked = [f"SELECT * FROM {table} WHERE {column} = $1" for table, column in own.items()]
    before = [await tx.rows(each, carol) for each in asked]
    await erasure.erase(tx, ALICE, NOON)
    assert all(before)
    assert [await tx.rows(each, carol) for each in asked] == before
    left = await tx.rows("SELECT what, number = $1 FROM undoable WHERE admin = $2", tx.vault.index(DAVE), carol)
    assert left == [("BLOCK", 1)]


async def test_whoever_met_them_is_still_guarded_and_by_a_token_that_is_nobody(tx: Transaction) -> None:
    await fill(tx)
    await erasure.erase(tx, ALICE, NOON)
    rows = await tx.rows("SELECT number, line, partner FROM line_use")
    known = {tx.vault.index(each) for each in (ALICE, BOB, CAROL, DAVE)}
    tokens = [partner for number, line, partner in rows if partner not in known]
    assert len(rows) == 3
    assert len(set(tokens)) == 2, "not even that it was the same person"
    assert {len(token) for token in tokens} == {len(tx.vault.index(ALICE))}


async def test_a_chat_they_opened_for_others_ages_as_before(tx: Transaction) -> None:
    await fill(tx)
    await erasure.erase(tx, ALICE, NOON)
    [chat] = await chats.all_chats(tx)
    await tx.run("DELETE FROM outbound")
    await chats.close(tx, chat, reason="a test", now=NOON)
    assert await retention.forget_chats(tx, before=NOON + 1) == 1


async def test_the_next_text_of_the_conversation_may_leave(tx: Transaction) -> None:
    await fill(tx)
    await tx.run("DELETE FROM opt_out")
    assert [each.client_ref for each in await heads(tx)] == ["r0", "r1", "r3"]
    await erasure.erase(tx, ALICE, NOON)
    assert [each.client_ref for each in await heads(tx)] == ["r4"]


async def heads(tx: Transaction) -> list[Claim]:
    return (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts


async def test_an_answer_or_a_receipt_that_comes_too_late_harms_nothing(tx: Transaction) -> None:
    await fill(tx)
    await tx.run("DELETE FROM opt_out")
    mine, his, others = await heads(tx)
    await erasure.erase(tx, ALICE, NOON)
    before = await tx.rows("SELECT id, state FROM outbound")
    await receipts.note(tx, [receipt("id-his", "delivered", ref="r1")], NOON)
    await outbox.accept(tx, [Sent(his, ("id-his", "id-his2"))], NOON)
    await outbox.accept(tx, [Sent(mine, ("id-mine",))], NOON)
    await outbox.put_back(tx, [Back(mine, NOON, "429")], NOON)
    await outbox.doubt(tx, [Doubtful(mine, "time-out")], NOON)
    await outbox.bury(tx, [Buried(his, "refused")], NOON)
    assert await receipts.conclude(tx, [mine.id, his.id], NOON) == []
    assert await tx.rows("SELECT id, state FROM outbound") == before
    assert await tx.rows("SELECT * FROM sent_part") == []
    assert await outbox.still_there(tx, [mine, his, others]) == {others.id}
    noted = await receipts.note(tx, [receipt("id-mine", "failed", ref="r0")], NOON)
    assert (noted.fates, noted.orphans) == ([], 1)
    await outbox.accept(tx, [Sent(others, ("id-others",))], NOON)
    assert await tx.rows("SELECT message_id, outbound FROM sent_part") == [("id-others", others.id)]


async def test_the_file_is_to_be_written_anew_and_a_restart_does_not_forget_it(tx: Transaction) -> None:
    await erasure.erase(tx, ALICE, NOON)
    assert await retention.is_rewrite_asked(tx)


async def test_no_byte_of_them_is_left_in_the_files_nor_in_a_backup(crowded: Path) -> None:
    gone = CROWD[:GONE]
    async with opened(crowded) as engine:
        sought = {person: traces_of(crowded, engine.vault, person) for person in gone}
        out = {engine.vault.index(person).encode() for person in gone[:3]}
        assert all(len(found(crowded, each)) > 10 for each in sought.values())
        async with engine.transaction() as tx:
            for person in gone[:3]:
                await people.opt_out(tx, person, source="text", now=NOON)
        for person in gone:
            async with engine.transaction() as tx:
                await erasure.erase(tx, person, NOON)
        await engine.rewrite()
        assert await engine.purge()
        back_up(crowded, crowded.with_name("backup.db"))
        everything = set().union(*sought.values())
        assert found(crowded, everything) == found(crowded.with_name("backup.db"), everything) == out
    held = await asyncio.to_thread(crowded.read_bytes)
    assert {held.count(each) for each in out} == {1}, "that they opted out, and nothing else"
