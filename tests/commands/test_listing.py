import re

import pytest

from commands import gsm
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ALICE, BOB, CAROL, DAVE


@pytest.fixture
async def full(room: Room) -> Room:
    """Twenty open chats."""
    pairs = (f"PAIR +4477009002{each:02} +4477009003{each:02} AS job{each}" for each in range(20))
    await room.say("\n".join(pairs))
    return room


def ids(page: str) -> list[int]:
    return [int(each) for each in re.findall(r"(?:: |, )(\d+) job", page)]


async def test_the_open_chats_are_listed_by_id_label_and_last_digits(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()} AS job7\nPAIR {CAROL.e164()} {DAVE.e164()}")
    assert await room.ask("LIST") == "2 open: 1 job7 *0001+*0002, 2 *0003+*0004"


async def test_nothing_open_is_said(room: Room) -> None:
    assert (await room.ask("LIST")).startswith("No chat is open")


async def test_next_leafs_through_all_of_them_once(full: Room) -> None:
    pages = [await full.ask("LIST")]
    while "NEXT for more" in pages[-1]:
        pages.append(await full.ask("NEXT"))
    assert [each for page in pages for each in ids(page)] == list(range(1, 21))
    assert all(gsm.segments(page).count == 1 for page in pages)
    assert await full.ask("NEXT") == "That was all. LIST starts again."


async def test_every_admin_leafs_alone(full: Room) -> None:
    await full.ask("LIST")
    assert await full.ask("NEXT", admin=SECOND_ADMIN) == "That was all. LIST starts again."


async def test_list_starts_again(full: Room) -> None:
    first = await full.ask("LIST")
    await full.ask("NEXT")
    assert await full.ask("LIST") == first


async def test_next_after_the_rest_was_closed_says_it_was_all(full: Room) -> None:
    last = ids(await full.ask("LIST"))[-1]
    await full.say("\n".join(f"END {each}" for each in range(last + 1, 21)))
    assert await full.ask("NEXT") == "That was all. LIST starts again."


async def test_a_word_is_sought_in_labels(full: Room) -> None:
    assert await full.ask("LIST JOB19") == "Open with JOB19: 20 job19 *0219+*0319"
    assert await full.ask("LIST taxi") == "No open chat with taxi. LIST alone shows all."


async def test_last_digits_are_sought_in_numbers(full: Room) -> None:
    assert await full.ask("LIST *0307") == "Open with *0307: 8 job7 *0207+*0307"
    assert ids(await full.ask("LIST 0207")) == [8]
    assert await full.ask("LIST *") == "No open chat with *. LIST alone shows all."


async def test_more_finds_than_fit_are_hinted_at_and_not_leafed(full: Room) -> None:
    await full.ask("LIST")
    found = await full.ask("LIST job")
    assert found.endswith(" and more.")
    assert gsm.segments(found).count == 1
    assert await full.ask("NEXT") == "That was all. LIST starts again."
