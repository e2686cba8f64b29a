import pytest

from commands.catalogue import fields
from commands.desk import News
from commands.table import TABLE
from tests.commands.room import HOUSE, SECOND_ADMIN, Room
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"


async def told(room: Room, *texts: str) -> list[str]:
    """What the other admin hears of these."""
    for text in texts:
        await room.say(text)
    return [text for number, text in room.heard() if number == SECOND_ADMIN]


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        (News.OFF, []),
        (News.GRAVE, ["Admin *0100 ended all chats. Everybody in them was told."]),
        (News.ALL, ["Admin *0100 opened Chat 1.", "Admin *0100 ended all chats. Everybody in them was told."]),
    ],
)
async def test_the_others_are_told_as_far_as_they_want(room: Room, news: News, expected: list[str]) -> None:
    room.change(news=news)
    assert await told(room, PAIR, "LIST", "END ALL", "OK 4821") == expected


async def test_what_was_refused_is_no_news(room: Room) -> None:
    room.change(news=News.ALL)
    assert await told(room, "END 7", PAIR.replace("0002", "0001"), "UNDO", "END ALL", "OK 4822") == []


async def test_each_act_has_its_words(room: Room) -> None:
    room.change(news=News.ALL)
    acts = [
        f"{PAIR} AS job7", "EXTEND 1 2D", "UNDO", "SAY 1 hello", "TELL 1A hello", "END 1", "UNDO", "END 1", "REOPEN 1",
        "UNDO", f"BLOCK {CAROL.e164()}", "UNDO", f"BLOCK {DAVE.e164()}", f"UNBLOCK {DAVE.e164()}", "UNDO",
    ]  # fmt: skip
    assert await told(room, *acts) == [
        "Admin *0100 opened Chat 1 job7.",
        "Admin *0100 gave Chat 1 job7 another end.",
        "Admin *0100 gave Chat 1 job7 another end.",
        "Admin *0100 texted both people in Chat 1 job7.",
        "Admin *0100 texted *0001 in Chat 1 job7.",
        "Admin *0100 ended Chat 1 job7.",
        "Admin *0100 opened Chat 1 job7 again.",
        "Admin *0100 ended Chat 1 job7.",
        "Admin *0100 opened Chat 1 job7 again.",
        "Admin *0100 ended Chat 1 job7.",
        "Admin *0100 blocked *0003.",
        "Admin *0100 unblocked *0003.",
        "Admin *0100 blocked *0004.",
        "Admin *0100 unblocked *0004.",
        "Admin *0100 blocked *0004.",
    ]


async def test_an_admin_who_was_added_by_text_is_told_too(room: Room) -> None:
    await room.ask(f"ADMIN ADD {CAROL.e164()}")
    await room.ask("OK 4821")
    room.change(news=News.ALL)
    room.heard()
    await room.ask(PAIR)
    assert [number for number, text in room.heard() if text.startswith("Admin")] == [SECOND_ADMIN, CAROL]


async def test_news_goes_out_from_the_first_line(room: Room) -> None:
    room.change(news=News.ALL, lines=tuple(reversed(room.house.lines)))
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        from commands import news

        await news.tell(desk, "news_end_all")
    assert {text.line for text in desk.outgoing} == {room.house.lines[0]}
    assert ADMIN not in {text.recipient for text in desk.outgoing}


@pytest.mark.parametrize("key", [row.news for row in TABLE if row.news is not None])
def test_news_holds_a_chat_and_tails_only(key: str) -> None:
    assert fields(HOUSE.languages.english.texts[key]) <= {"admin", "chat", "number"}
