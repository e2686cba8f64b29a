from commands.desk import News
from commands.destinations import Destinations
from storage import admins
from storage.number import Number
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE

ADD = f"ADMIN ADD {CAROL.e164()}"


async def added(room: Room, number: Number = CAROL) -> str:
    await room.ask(f"ADMIN ADD {number.e164()}")
    answer = await room.ask("OK 4821")
    return answer


async def removed(room: Room, whom: str, admin: Number = ADMIN) -> str:
    await room.ask(f"ADMIN REMOVE {whom}", admin=admin)
    return await room.ask("OK 4821", admin=admin)


async def everyone(room: Room) -> list[Number]:
    return await admins.everyone(room.engine.reader, room.house.admins)


async def test_nobody_is_added_before_the_code(room: Room) -> None:
    assert "Reply OK 4821" in await room.ask(ADD)
    assert await everyone(room) == [ADMIN, SECOND_ADMIN]
    assert (await room.ask("LIST", admin=CAROL)).startswith("I don't know LIST")


async def test_an_admin_who_was_added_is_told_and_may_give_commands(room: Room) -> None:
    assert await added(room) == "*0003 is an admin now and was told. ADMIN REMOVE takes that back."
    assert room.heard() == [
        (
            CAROL,
            "You are an admin of Private SMS now, added by *0100. HELP lists what you can text here. "
            "Unexpected? Ask whom you know to run this.",
        )
    ]
    assert (await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}", admin=CAROL)).startswith("Chat 1 ready")


async def test_by_default_the_other_admins_are_told(room: Room) -> None:
    room.change(news=News.GRAVE)
    await added(room)
    assert room.heard()[1:] == [
        (SECOND_ADMIN, "Admin *0100 made *0003 an admin. Not agreed? ADMIN REMOVE takes it back.")
    ]


async def test_an_admin_who_was_removed_is_told_and_commands_no_more(room: Room) -> None:
    await added(room)
    await room.ask("END ALL", admin=CAROL)
    room.heard()
    assert await removed(room, CAROL.e164()) == "*0003 is no admin any more. ADMIN ADD takes that back."
    assert room.heard() == [
        (CAROL, "You are no admin of Private SMS any more, removed by *0100. What you text here is no command now.")
    ]
    assert (await room.ask("OK 4821", admin=CAROL)).startswith("I don't know OK")
    assert await room.engine.reader.rows("SELECT * FROM pending_code") == [], "nor when they are added again"


async def test_four_digits_of_an_admin_will_do(room: Room) -> None:
    await added(room)
    assert (await removed(room, "*0003")).startswith("*0003 is no admin any more")


async def test_who_removes_themselves_is_told_once(room: Room) -> None:
    await added(room)
    room.heard()
    assert (await removed(room, CAROL.e164(), admin=CAROL)).startswith("*0003 is no admin any more")
    assert room.heard() == []


async def test_those_of_the_settings_cannot_be_removed_by_text(room: Room) -> None:
    assert await removed(room, SECOND_ADMIN.e164()) == (
        "*0101 stands in ADMIN_NUMBERS and can be removed in the settings only. Nothing was changed."
    )
    assert await everyone(room) == [ADMIN, SECOND_ADMIN]


async def test_the_last_admin_stays(room: Room) -> None:
    await added(room)
    room.change(admins=frozenset())
    answer = await removed(room, "0003", admin=CAROL)
    assert answer == "*0003 is the last admin and stays. Nothing was changed. ADMIN ADD another first."
    assert await everyone(room) == [CAROL]


async def test_what_cannot_be_an_admin_is_refused(room: Room) -> None:
    await room.opts_out(BOB)
    await room.ask(f"BLOCK {ALICE.e164()}")
    for number, said in (
        (SECOND_ADMIN, "is an admin already"),
        (LINE, "is one of our own lines"),
        (BOB, "has opted out"),
        (ALICE, "is blocked"),
    ):
        room.now += 600_000
        answer = await added(room, number)
        assert said in answer
        assert number in (await everyone(room))[:2] or number not in await everyone(room)
    assert (await removed(room, BOB.e164())).startswith("*0002 is no admin, so nothing was changed")


async def test_whom_we_may_not_text_cannot_be_an_admin(room: Room) -> None:
    room.change(destinations=Destinations(frozenset({"GB"})))
    assert (await added(room, Number("+12025550150"))).startswith(
        "*0150 is in a country or of a kind that I may not text."
    )
    assert await everyone(room) == [ADMIN, SECOND_ADMIN]


async def test_the_list_marks_those_of_the_settings(room: Room) -> None:
    await added(room)
    assert await room.ask("ADMIN LIST") == "Admins: *0100+, *0101+, *0003. + is in ADMIN_NUMBERS."
    assert (await room.ask("admin")).startswith("Admins: ")


async def test_a_list_too_long_for_one_text_is_cut_where_it_shows(room: Room) -> None:
    room.change(admins=frozenset(Number(f"+4477009002{each:02}") for each in range(40)) | {ADMIN})
    answer = await room.ask("ADMIN LIST")
    assert " .... + is in" in answer
    assert len(answer) <= 160


async def test_four_digits_add_nobody(room: Room) -> None:
    assert await room.ask("ADMIN ADD 0003") == (
        "I need a whole number. Nothing was changed. ADMIN ADD num, e.g. ADMIN ADD +447700900003"
    )
    assert (await room.ask("ADMIN ADD")).startswith("Whom? A number or its last four digits. Nothing was changed.")


async def test_both_are_in_the_audit_log(room: Room) -> None:
    await added(room)
    await removed(room, CAROL.e164())
    rows = await room.engine.reader.rows("SELECT what, who, whom FROM audit WHERE what LIKE 'admin %'")
    assert [row for row in rows if row[0].islower()] == [
        ("admin added", "*0100", "*0003"), ("admin removed", "*0100", "*0003"),
    ]  # fmt: skip
