from storage import chats, inbox, languages
from storage.engine import Transaction
from storage.model import Seat
from tests.people import ALICE, BOB, CAROL, LINE, NOON


async def test_the_newest_choice_counts(tx: Transaction) -> None:
    await languages.choose(tx, ALICE, "es", NOON)
    await languages.choose(tx, BOB, "de", NOON)
    await languages.choose(tx, ALICE, "fr", NOON + 1)
    assert await languages.chosen(tx, [ALICE, BOB, CAROL]) == {ALICE: "fr", BOB: "de"}


async def test_a_choice_is_known_where_somebody_stands_and_in_a_chat(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    assert [each.language for each in chat.participants] == [None, None]
    await languages.choose(tx, BOB, "zh", NOON)
    [again] = await chats.open_of(tx, ALICE)
    assert [each.language for each in again.participants] == [None, "zh"]
    standings = await inbox.standings(tx, [a, b], admins=(), now=NOON)
    assert [standings[seat].language for seat in (a, b)] == [None, "zh"]


async def test_no_number_lies_readable_beside_a_choice(tx: Transaction) -> None:
    await languages.choose(tx, ALICE, "es", NOON)
    [row] = await tx.rows("SELECT * FROM language")
    assert ALICE.digits() not in str(row)
