from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.durations import DAY, HOUR
from storage import people
from storage.number import Number
from tests import unsealed
from tests.people import ADMIN, ALICE, BOB, CAROL, OTHER_LINE, inbound
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
STRANGER = "Private SMS: no open chat for your number, so this text went nowhere. STOP to opt out."
OVER = (
    "*0001 Private SMS: that was more than you can text on one day. "
    "This text was kept but not passed on. Please go on tomorrow."
)


@pytest.fixture
async def few(tmp_path: Path) -> AsyncIterator[World]:
    """Three texts a day, and Alice and Bob in a chat."""
    async with world(tmp_path / "few.db", daily=3) as here:
        await here.text(ADMIN, PAIR)
        yield here


async def kept(here: World) -> list[tuple[str, str, int | None]]:
    chats = await here.engine.reader.rows("SELECT chat FROM kept ORDER BY id")
    texts = await unsealed.kept(here.engine.reader)
    return [(text or "", why, chat) for (_, text, why), (chat,) in zip(texts, chats, strict=True)]


async def test_what_is_above_a_day_is_held_and_its_sender_told_once(few: World) -> None:
    for word in ("one", "two", "three"):
        assert await few.text(ALICE, word) == [f"*0002 {word}"]
    assert await few.text(ALICE, "four") == [OVER]
    assert await few.text(ALICE, "five") == []
    assert await few.text(BOB, "not mine") == ["*0001 not mine"]
    assert await kept(few) == [("four", "over the limit of the day", 1), ("five", "over the limit of the day", 1)]


async def test_the_limit_holds_within_one_batch_and_over_all_lines(few: World) -> None:
    await few.text(ADMIN, f"PAIR {ALICE.e164()} {CAROL.e164()}")
    arrived = await few.take(
        *[inbound(ALICE, f"{each}", at=few.now) for each in range(2)],
        *[inbound(ALICE, f"{each}", line=OTHER_LINE, at=few.now) for each in range(2)],
    )
    assert sorted(arrived) == [OVER, "*0002 0", "*0002 1", "*0003 0"]


async def test_the_next_day_texts_pass_again(few: World) -> None:
    for word in ("one", "two", "three", "four"):
        await few.text(ALICE, word)
    few.now += DAY - few.now % DAY
    assert await few.text(ALICE, "five") == ["*0002 five"]


async def test_admins_see_what_was_held(few: World) -> None:
    for word in ("one", "two", "three", "four", "five"):
        await few.text(ALICE, word)
    [shown] = await few.text(ADMIN, "SHOW 1")
    assert "A *0001 wrote 3" in shown
    assert "Held: 2." in shown
    [entry] = await few.engine.reader.rows("SELECT what, whom, chat, outcome FROM audit WHERE who = 'limits'")
    assert entry == ("over the limit of the day", "*0001", 1, "held")
    assert 'texts_kept_total{reason="over the limit of the day"} 2.0' in few.metrics.exposition().decode()


async def test_a_restart_forgets_no_text_of_the_day(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", daily=1) as here:
        await here.text(ADMIN, PAIR)
        await here.text(ALICE, "one")
    async with world(tmp_path / "a.db", daily=1) as here:
        assert await here.text(ALICE, "two") == [OVER]


async def test_an_opt_out_is_obeyed_above_the_limit(few: World) -> None:
    for word in ("one", "two", "three", "four"):
        await few.text(ALICE, word)
    assert len(await few.text(ALICE, "STOP")) == 1
    assert await people.opted_out(few.engine.reader, [ALICE]) == {ALICE}


async def test_an_admins_commands_have_no_limit(few: World) -> None:
    for _ in range(5):
        assert len(await few.text(ADMIN, "STATUS")) == 1


async def test_an_admins_own_relays_have_and_commands_pass_beside_them(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", daily=2) as here:
        await here.text(ADMIN, f"PAIR {ADMIN.e164()} {BOB.e164()}")
        for word in ("one", "two"):
            assert await here.text(ADMIN, word) == [f"*0002 {word}"]
        [told] = await here.text(ADMIN, "three")
        assert told.startswith("*0100 Private SMS: that was more")
        for word in ("HELP", "WHOAMI", "/STATUS"):
            assert len(await here.text(ADMIN, word)) == 1


async def test_no_limit_holds_nobody(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, PAIR)
        for each in range(25):
            here.now += 2000
            assert await here.text(ALICE, f"{each}") == [f"*0002 {each}"]


def stranger(count: int) -> Number:
    return Number(f"+4477009007{count:02}")


async def test_a_flood_from_many_numbers_gets_so_many_answers_an_hour_and_no_more(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", strangers=3) as here:
        arrived = [
            await here.text(stranger(each), word) for each, word in enumerate(("hi", "HELP", "START", "hi", "?"))
        ]
        assert [len(each) for each in arrived] == [1, 1, 1, 0, 0]
        assert await here.take(inbound(stranger(8), "hi"), inbound(stranger(9), "STOP")) == []
        assert await people.opted_out(here.engine.reader, [stranger(9)]) == {stranger(9)}, "but obeyed it is"
        here.now += HOUR
        assert await here.text(stranger(3), "hi") == [f"*0703 {STRANGER}"]


async def test_the_limit_for_strangers_holds_within_one_batch(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", strangers=3) as here:
        assert len(await here.take(*[inbound(stranger(each), "hi") for each in range(9)])) == 3


async def test_one_stranger_cannot_ask_for_help_all_day(here: World) -> None:
    assert [len(await here.text(CAROL, "HELP")) for _ in range(5)] == [1, 1, 1, 0, 0]


async def test_opting_out_and_in_all_day_is_answered_three_times_and_obeyed_every_time(here: World) -> None:
    assert [len(await here.text(CAROL, word)) for word in ("STOP", "START") * 3] == [1, 1, 1, 0, 0, 0]
    await here.text(CAROL, "STOP")
    assert await people.opted_out(here.engine.reader, [CAROL]) == {CAROL}


@pytest.mark.parametrize("word", ["hello", "HELP", "START"])
async def test_a_stranger_from_elsewhere_is_kept_and_not_answered(tmp_path: Path, word: str) -> None:
    abroad = Number("+12015550123")
    async with world(tmp_path / "a.db", countries=frozenset({"GB"})) as here:
        assert await here.text(abroad, word) == []
        assert len(await here.text(CAROL, "hello")) == 1
        assert 'meaning="keep"' in here.metrics.exposition().decode() or word == "START"


async def test_a_participant_from_elsewhere_is_heard_to_the_end(tmp_path: Path) -> None:
    abroad = Number("+12015550123")
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, f"PAIR {abroad.e164()} {BOB.e164()}")
    async with world(tmp_path / "a.db", countries=frozenset({"GB"})) as here:
        assert await here.text(abroad, "hello") == ["*0002 hello"]
        assert await here.text(BOB, "hello you") == ["*0123 hello you"]
        assert len(await here.text(abroad, "HELP")) == 1
