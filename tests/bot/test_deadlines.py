from pathlib import Path

from bot.delivery import OUTBOX_LIFE
from bot.vonage.sending import AccountTrouble
from commands.durations import DAY, HOUR
from storage import chats
from storage.model import Part
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE
from tests.unsealed import kept
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
SILENT = (
    "Private SMS: this chat has ended, as nobody wrote for a while. Further texts here will not reach the other person."
)
OVER = "Private SMS: the time of this chat is up, it has ended. Further texts here will not reach the other person."


async def test_a_silent_chat_ends_and_both_are_told(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", chat_ttl=12 * HOUR) as here:
        await here.text(ADMIN, PAIR)
        await here.wait(6 * HOUR)
        await here.text(ALICE, "still here")
        assert await here.wait(12 * HOUR - 1) == []
        assert await here.wait(1) == [f"*0001 {SILENT}", f"*0002 {SILENT}"]
        [chat] = await chats.all_chats(here.engine.reader)
        assert chat.closed_reason == "nobody wrote"


async def test_a_chat_ends_at_the_time_it_was_given(here: World) -> None:
    await here.text(ADMIN, f"{PAIR} FOR 2H")
    assert await here.wait(2 * HOUR - 1) == []
    assert await here.wait(1) == [f"*0001 {OVER}", f"*0002 {OVER}"]


async def test_without_an_end_a_chat_goes_on(here: World) -> None:
    await here.text(ADMIN, PAIR)
    assert await here.wait(400 * DAY) == []
    assert await here.text(ALICE, "hello") == ["*0002 hello"]


async def test_an_end_that_came_while_the_service_was_down_comes_at_its_start(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, f"{PAIR} FOR 2H")
    async with world(tmp_path / "a.db") as again:
        assert await again.wait(3 * HOUR) == [f"*0001 {OVER}", f"*0002 {OVER}"]


async def test_what_is_there_of_a_long_text_goes_out_after_thirty_seconds(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "first ", part=Part("9", 3, 1))
    await here.text(ALICE, "third", part=Part("9", 3, 3))
    assert await here.wait(29_999) == []
    assert await here.wait(1) == ["*0002 first  […] third"]
    assert await here.text(ALICE, "second ", part=Part("9", 3, 2)) == ["*0002 second "]


async def test_a_text_that_could_not_leave_in_a_day_is_given_up_and_said(here: World) -> None:
    await here.text(ADMIN, PAIR)
    here.phones.next.append(AccountTrouble("status 9"))
    await here.text(ALICE, "hello")
    told, news = await here.wait(OUTBOX_LIFE + 1)
    assert told == "*0001 Private SMS: your last text was NOT delivered. You can send it again."
    assert news.startswith("*0100 Vonage took no texts for 1d")
    assert (await here.states())[-3:] == ["cancelled", "accepted", "accepted"]


async def test_an_idle_service_leaves_its_disk_alone(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.deadlines.look()
    changes = await here.engine.reader.rows("PRAGMA data_version")
    for _ in range(5):
        here.now += 1000
        await here.deadlines.look()
    assert await here.engine.reader.rows("PRAGMA data_version") == changes


async def test_a_long_text_that_meets_a_fault_is_kept_and_stops_no_other_deadline(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ADMIN, f"PAIR {CAROL.e164()} {DAVE.e164()} FOR 30S")
    async with here.engine.transaction() as tx:
        await tx.run(
            "CREATE TRIGGER fault BEFORE INSERT ON outbound WHEN NEW.kind = 'relay'"
            f" AND NEW.sender = '{tx.vault.index(ALICE)}'"
            " BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    await here.text(ALICE, "boom ", part=Part("9", 2, 1))
    await here.text(BOB, "fine", part=Part("9", 2, 1))
    arrived = await here.wait(30_000)
    assert {f"*0003 {OVER}", f"*0004 {OVER}", "*0001 fine […] "} <= set(arrived)
    assert [each[1:] for each in await kept(here.engine.reader)] == [("boom  […] ", "fault")]


async def test_a_text_of_days_ago_is_not_sent_after_all(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, PAIR)
        here.phones.next.append(AccountTrouble("status 9"))
        for text in ("one", "two", "three"):
            await here.text(ALICE, text)
    async with world(tmp_path / "a.db") as again:
        again.now += 3 * DAY
        arrived = await again.wait(0)
        assert arrived == ["*0001 Private SMS: your last text was NOT delivered. You can send it again."] * 3
