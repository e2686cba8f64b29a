import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.routing import CHANGEOVER
from bot.vonage.sending import Refused
from storage.engine import Row, Unavailable
from storage.model import Inbound, Millis, Part
from storage.sqlite import Connection
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, OTHER_LINE, inbound
from tests.unsealed import kept
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
CONNECTED = "Private SMS: you are connected. Just reply here; your number stays hidden. STOP to opt out."
STRANGER = "Private SMS: no open chat for your number, so this text went nowhere. STOP to opt out."
OPTED_OUT = "Private SMS: you have opted out and will get no more texts. Text START to come back."


async def test_pair_introduces_both_and_answers_the_admin(here: World) -> None:
    assert sorted(await here.text(ADMIN, PAIR)) == sorted(
        [
            f"*0001 {CONNECTED}",
            f"*0002 {CONNECTED}",
            "*0100 Chat 1 ready: *0001 + *0002. END 1 closes it, UNDO within 2 min.",
        ]
    )


async def test_either_reply_reaches_the_other_from_the_virtual_number(here: World) -> None:
    await here.text(ADMIN, PAIR)
    assert await here.text(ALICE, "On my way.") == ["*0002 On my way."]
    assert await here.text(BOB, "Bis gleich! 🚕") == ["*0001 Bis gleich! 🚕"]
    assert {sent.line for sent in here.phones.sent} == {LINE}


async def test_after_end_nothing_reaches_the_other(here: World) -> None:
    await here.text(ADMIN, PAIR)
    assert len(await here.text(ADMIN, "END")) == 3
    assert await here.text(ALICE, "still there?") == [f"*0001 {STRANGER}"]


async def test_the_same_webhook_twice_is_one_relay(here: World) -> None:
    await here.text(ADMIN, PAIR)
    text = inbound(ALICE, "once")
    assert await here.take(text, text) == ["*0002 once"]
    assert await here.take(text) == []


async def test_an_opt_out_holds_everything_back_until_start(here: World) -> None:
    await here.text(ADMIN, PAIR)
    assert await here.text(BOB, "End") == [f"*0002 {OPTED_OUT}"]
    assert await here.text(ALICE, "hello?") == [
        "*0001 Private SMS: the other person is not receiving texts now. Your text was not delivered."
    ]
    assert len(await here.text(BOB, "START")) == 1
    assert await here.text(ALICE, "hello!") == ["*0002 hello!"]


async def test_who_chooses_a_language_is_answered_in_it_and_texted_in_it_from_then_on(here: World) -> None:
    assert await here.text(BOB, "#LANG es") == [
        "*0002 Private SMS: desde ahora le escribimos en español. #LANG solo muestra los otros idiomas."
        " STOP para no recibir nada."
    ]
    arrived = await here.text(ADMIN, PAIR)
    assert f"*0001 {CONNECTED}" in arrived
    assert any(text.startswith("*0002 Private SMS: ya pueden hablar.") for text in arrived)
    assert await here.text(BOB, "#lang") == [
        "*0002 Private SMS: podemos escribirle en English, Deutsch, Español, Francais, ZH."
        " Envie #LANG y uno de ellos, p.ej. #LANG Español."
    ]
    assert (await here.text(BOB, "#LANG xx"))[0].startswith("*0002 Private SMS: no tenemos ese idioma y nada cambio.")
    [set_again] = await here.text(BOB, "＃ｌａｎｇ 中文")
    assert set_again == "*0002 Private SMS：今后将用中文给您发短信。只发#LANG可查看其他语言。回复STOP退订。"
    await here.text(ALICE, "STOP")
    assert await here.text(BOB, "在吗") == ["*0002 Private SMS：对方目前不接收短信，您的短信未送达。"]


async def test_a_choice_counts_for_the_next_text_of_the_same_batch(here: World) -> None:
    arrived = await here.take(inbound(CAROL, "#LANG de"), inbound(CAROL, "hallo?"))
    assert [text[:38] for text in arrived] == [
        "*0003 Private SMS: ab jetzt schreiben ", "*0003 Private SMS: kein offener Chat f",
    ]  # fmt: skip


async def test_who_has_opted_out_chooses_in_silence_and_comes_back_in_that_language(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(BOB, "STOP")
    assert await here.text(BOB, "#LANG fr") == []
    assert ("#LANG fr", "asked for a language while opted out") in [row[1:] for row in await kept(here.engine.reader)]
    assert (await here.text(BOB, "START"))[0].startswith("*0002 Private SMS: bon retour, votre discussion continue.")


async def test_an_admin_is_answered_and_told_of_trouble_in_their_language(here: World) -> None:
    await here.text(ADMIN, "#LANG de")
    assert (await here.text(ADMIN, PAIR))[-1].startswith("*0100 Chat 1 ist bereit: *0001 + *0002.")
    for _ in range(4):
        await here.text(ALICE, "same")
    alarm = (await here.text(ALICE, "same"))[-1]
    assert alarm == (
        "*0100 Chat 1 ruht, wohl Schleife: 5 mal dieselbe SMS von A (*0001)."
        " Texte verwahrt, nicht übergeben. RESUME 1 oder END 1."
    )
    assert (await here.text(ADMIN, "SHOW 1"))[0].startswith("*0100 Chat 1 ANGEHALTEN seit 0s: 5 mal dieselbe SMS.")


async def test_who_wrote_a_text_that_did_not_arrive_is_told_in_their_language(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "#LANG fr")
    here.phones.next.append(Refused("status 6"))
    assert await here.text(ALICE, "perdu") == [
        "*0002 perdu", "*0001 Private SMS: votre dernier message n'a PAS été remis. Vous pouvez le renvoyer.",
    ]  # fmt: skip


async def test_texts_of_one_batch_see_what_those_before_them_changed(here: World) -> None:
    arrived = await here.take(
        inbound(ADMIN, PAIR), inbound(ALICE, "one"), inbound(BOB, "STOP"), inbound(ALICE, "two"), inbound(BOB, "START")
    )
    assert "*0002 one" not in arrived, "what was queued when BOB opted out must not reach him"
    assert "*0002 two" not in arrived
    assert [text for text in arrived if text.startswith("*0001")][1:] == [
        "*0001 Private SMS: the other person is not receiving texts now. Your text was not delivered."
    ] * 2


async def test_a_stranger_is_answered_once_even_in_one_batch(here: World) -> None:
    assert await here.take(inbound(CAROL, "hi"), inbound(CAROL, "hi?"), inbound(CAROL, "hi!")) == [f"*0003 {STRANGER}"]


async def test_two_pairs_for_one_person_at_once_get_two_lines(here: World) -> None:
    await here.take(inbound(ADMIN, PAIR), inbound(ADMIN, f"PAIR {ALICE.e164()} {CAROL.e164()}"))
    assert await here.text(ALICE, "to bob") == ["*0002 to bob"]
    assert await here.text(ALICE, "to carol", line=OTHER_LINE) == ["*0003 to carol"]


async def test_a_third_chat_on_two_lines_is_refused_and_changes_nothing(here: World) -> None:
    for other in (BOB, CAROL):
        await here.text(ADMIN, f"PAIR {ALICE.e164()} {other.e164()}")
    assert await here.text(ADMIN, f"PAIR {ALICE.e164()} {DAVE.e164()}") == [
        "*0100 *0001 is already in Chat 1 on every number we have. END 1 first, or add a number. Nothing was created."
    ]


async def test_parts_in_any_order_are_relayed_as_one(here: World) -> None:
    await here.text(ADMIN, PAIR)
    assert await here.text(ALICE, "three", part=Part("9", 3, 3)) == []
    assert await here.text(ALICE, "one ", part=Part("9", 3, 1)) == []
    assert await here.text(ALICE, "STOP ", part=Part("9", 3, 2)) == ["*0002 one STOP three"]


async def test_a_long_stop_is_read_from_the_whole(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(BOB, "ST", part=Part("9", 2, 1))
    assert await here.text(BOB, "OP", part=Part("9", 2, 2)) == [f"*0002 {OPTED_OUT}"]


async def test_a_short_code_is_kept_and_never_answered(here: World) -> None:
    text = replace(inbound(ALICE, "win a prize"), sender=None, raw_sender="60777")
    assert await here.take(text) == []
    assert await kept(here.engine.reader) == [("60777", "win a prize", "sender is not a phone")]


async def test_several_commands_in_one_text_are_answered_in_their_order(here: World) -> None:
    arrived = await here.text(ADMIN, f"{PAIR}\nSTATUS\nEND 1")
    answers = [text for text in arrived if text.startswith("*0100")]
    assert [text.split()[1] for text in answers] == ["Chat", "Open", "Chat"]


async def test_a_repeat_that_meets_a_fault_is_still_a_repeat(here: World) -> None:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    text = inbound(ALICE, "hello")
    await here.take(text)
    async with here.engine.transaction() as tx:
        await here.proxy.intake.keep_new_after_fault(tx, text)
    assert await here.engine.reader.rows("SELECT text FROM kept") == []


async def test_a_text_that_meets_a_fault_is_kept_answered_and_harms_no_other(here: World) -> None:
    await here.text(ADMIN, PAIR)
    boom = inbound(BOB, "boom")
    async with here.engine.transaction() as tx:
        await tx.run(
            "CREATE TRIGGER fault BEFORE INSERT ON outbound WHEN NEW.kind = 'relay'"
            f" AND NEW.cause = '{boom.message_id}' BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    arrived = await here.take(inbound(ALICE, "fine"), boom, inbound(BOB, "fine too"))
    assert sorted(arrived) == [
        "*0001 fine too",
        "*0002 Private SMS: sorry, a fault of ours. Your text was kept but not passed on. "
        "Please send it again in a few minutes.",
        "*0002 fine",
    ]
    assert await kept(here.engine.reader) == [(BOB.digits(), "boom", "fault")]
    assert 'private_sms_faults_total{place="intake"} 1.0' in here.metrics.exposition().decode()


async def test_a_sender_over_the_limit_waits_and_loses_nothing(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", limit=2) as here:
        await here.text(ADMIN, PAIR)
        texts = [await here.text(ALICE, str(index)) for index in range(4)]
        assert texts == [["*0002 0"], ["*0002 1"], [], []]
        assert await here.wait(30_000) == ["*0002 2"]
        assert await here.wait(30_000) == ["*0002 3"]


async def test_nothing_is_acknowledged_that_could_not_be_stored(here: World) -> None:
    await here.text(ADMIN, PAIR)
    async with here.engine.transaction() as tx:
        [pages] = await tx.row("PRAGMA page_count") or ()
        await tx.run(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable):
        await here.handover.take(inbound(ALICE, "x" * 60_000))
    async with here.engine.transaction() as tx:
        await tx.run("PRAGMA max_page_count = 100000")
    assert await here.text(ALICE, "again") == ["*0002 again"]


async def test_what_went_through_is_counted_by_its_meaning(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "hello")
    exposed = here.metrics.exposition().decode()
    assert 'private_sms_texts_in_total{meaning="relay"} 1.0' in exposed
    assert 'private_sms_texts_in_total{meaning="run"} 1.0' in exposed


async def test_somebody_blocked_is_not_heard_but_hears_their_partner(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ADMIN, "BLOCK 0001")
    assert await here.text(ALICE, "listen to me") == []
    assert await here.text(BOB, "hello?") == ["*0001 hello?"]
    assert await kept(here.engine.reader) == [(ALICE.digits(), "listen to me", "blocked")]
    assert await here.text(ALICE, "STOP") == [f"*0001 {OPTED_OUT}"]
    await here.text(ALICE, "START")
    await here.text(ADMIN, "UNBLOCK 0001")
    assert await here.text(ALICE, "at last") == ["*0002 at last"]


async def test_an_admin_added_by_text_commands_at_once_and_until_removed(here: World) -> None:
    await here.text(ADMIN, f"ADMIN ADD {CAROL.e164()}")
    told = await here.text(ADMIN, "OK 4821")
    assert [text[:42] for text in told] == [
        "*0003 You are an admin of Private SMS now,",
        "*0100 *0003 is an admin now and was told. ",
    ]
    assert (await here.text(CAROL, "STATUS"))[0].startswith("*0003 Open chats: 0.")
    await here.text(ADMIN, "ADMIN REMOVE 0003")
    await here.text(ADMIN, "OK 4822")
    assert not (await here.text(CAROL, "STATUS"))[0].startswith("*0003 Open chats")


async def test_beyond_the_limit_of_codes_there_is_silence(here: World) -> None:
    answers = [await here.text(ADMIN, "END ALL") for _ in range(6)]
    assert [len(each) for each in answers] == [1, 1, 1, 1, 0, 0]


async def test_who_is_an_admin_costs_no_statement_of_its_own(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    rows = Connection.rows

    async def counted(self: Connection, sql: str, *values: object) -> list[Row]:
        asked.append(sql)
        return await rows(self, sql, *values)

    await here.text(ADMIN, PAIR)
    monkeypatch.setattr(Connection, "rows", counted)
    async with here.engine.transaction() as tx:
        await here.proxy.intake.take(tx, [inbound(ALICE, "one"), inbound(BOB, "two"), inbound(CAROL, "three")])
    assert len([sql for sql in asked if "FROM json_each($1) AS each" in sql and "SELECT me.chat" in sql]) == 1
    assert not [sql for sql in asked if sql.startswith("SELECT number FROM admin")]


MASKED = (
    "Private SMS: your text was passed on, but part of it was hidden:"
    " telephone numbers and the like cannot be given here."
)
WARNED = (
    "Private SMS: your text was passed on as it is."
    " Mind that it shows a number, a link or an address; nothing asks you to give yours."
)
HINT = "Private SMS: your text was passed on. If you want no more texts from here, reply with the one word STOP."


async def test_who_writes_their_number_is_told_each_time_that_it_was_hidden(here: World) -> None:
    await here.text(ADMIN, PAIR)
    for _ in range(2):
        assert sorted(await here.text(ALICE, "I am 07700 900001")) == [f"*0001 {MASKED}", "*0002 I am ***** ******"]


async def test_a_warning_is_given_once_a_day_and_beside_a_hint(here: World) -> None:
    await here.text(ADMIN, f"{PAIR}\nGUARD 1 WARN")
    text = "wrong number, ring 07700 900456"
    arrived = await here.take(inbound(ALICE, text), inbound(ALICE, text))
    assert sorted(arrived) == sorted([f"*0002 {text}", f"*0001 {WARNED}", f"*0001 {HINT}", f"*0002 {text}"])
    assert await here.text(ALICE, text) == [f"*0002 {text}"]


async def test_a_number_across_the_parts_of_a_long_text_is_hidden(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "900001, bye", part=Part("9", 2, 2))
    arrived = await here.text(ALICE, "ring 07700 ", part=Part("9", 2, 1))
    assert "*0002 ring ***** ******, bye" in arrived


async def test_a_number_across_a_gap_is_hidden_and_a_late_part_is_guarded_alone(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "ring 077009", part=Part("9", 3, 1))
    await here.text(ALICE, "00001 bye", part=Part("9", 3, 3))
    assert "*0002 ring ****** […] ***** bye" in await here.wait(31_000)
    assert "*0002 *******" in await here.text(ALICE, "0900001", part=Part("9", 3, 2))


async def test_a_machine_that_answers_our_telling_is_stopped_as_a_loop(here: World) -> None:
    await here.text(ADMIN, PAIR)
    away = "I am away. Ring me: 07700 900001"
    told = [await here.text(ALICE, away) for _ in range(6)]
    assert all(f"*0001 {MASKED}" in each for each in told[:4])
    assert any("is paused" in each for each in told[4])
    assert told[5] == []


# --- somebody new on the same line ----------------------------------------------------------------------------------

NEXT = f"END 1\nPAIR {ALICE.e164()} {CAROL.e164()}"
SOMEONE_NEW = (
    "*0001 Private SMS: you are now talking to someone new, so this text was not passed on. "
    "Send it again to pass it on."
)
CHAT_OVER = (
    "*0001 Private SMS: that chat has ended, so this text was not passed on. You are connected with somebody new now: "
    "send it again to pass it on."
)


def late(text: str, at: Millis) -> Inbound:
    return replace(inbound(ALICE, text), stamped_at=at)


async def test_a_driver_meets_a_new_passenger_and_the_first_text_so_soon_is_sent_back(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,)) as here:
        await here.text(ADMIN, PAIR)
        arrived = await here.text(ADMIN, NEXT)
        assert sum("connected with somebody new" in text for text in arrived) == 1
        here.now += 60_000
        assert await here.text(ALICE, "are you there?") == [SOMEONE_NEW]
        here.now += 5_000
        assert await here.text(ALICE, "are you there?") == ["*0003 are you there?"]
        assert await here.text(CAROL, "yes") == ["*0001 yes"], "who had nobody else has nothing to mix up"
        assert [reason for _, _, reason in await kept(here.engine.reader)] == [CHANGEOVER]


async def test_later_or_with_the_guard_off_nothing_is_sent_back(tmp_path: Path) -> None:
    for name, wait, changeover in (("late", 601_000, 600_000), ("off", 5_000, 0)):
        async with world(tmp_path / f"{name}.db", lines=(LINE,), changeover=changeover) as here:
            await here.text(ADMIN, PAIR)
            await here.text(ADMIN, NEXT)
            here.now += wait
            assert await here.text(ALICE, "are you there?") == ["*0003 are you there?"]


async def test_what_was_written_before_the_new_chat_is_never_passed_on(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,)) as here:
        await here.text(ADMIN, PAIR)
        written_at = here.now
        here.now += 3_600_000
        await here.text(ADMIN, NEXT)
        for days in (0, 30):
            here.now += days * 86_400_000
            assert await here.take(late("darling", written_at)) == [CHAT_OVER]
        assert [text for _, text, _ in await kept(here.engine.reader)] == ["darling"] * 2


async def test_until_somebody_knows_of_the_new_partner_nothing_of_theirs_is_passed_on(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,), changeover=0) as here:
        await here.text(ADMIN, PAIR)
        here.phones.outage = True
        await here.text(ADMIN, NEXT)
        here.now += 1_000
        assert await here.text(ALICE, "one") == []
        here.phones.outage = False
        await here.wait(1_800_000)
        while not any("Now it does again" in text for text in here.arrived()) or "queued" in await here.states():
            await here.wait(0)
        assert [text for text in here.arrived() if text.startswith("*0001")][-1] == SOMEONE_NEW
        assert await here.take(late("two", here.now - 1_000)) == [CHAT_OVER], "written before they could have known"
        here.now += 1_000
        assert await here.text(ALICE, "three") == ["*0003 three"]


async def test_each_text_of_a_batch_before_that_is_sent_back_and_the_last_answer_counts(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,)) as here:
        await here.text(ADMIN, PAIR)
        await here.text(ADMIN, NEXT)
        here.now += 1_000
        here.phones.open.clear()
        await asyncio.gather(*(here.handover.take(inbound(ALICE, text, at=here.now)) for text in ("one", "two")))
        [(pending,)] = await here.engine.reader.rows("SELECT introduction FROM participant WHERE introduction <> ''")
        [(last,)] = await here.engine.reader.rows("SELECT client_ref FROM outbound ORDER BY id DESC LIMIT 1")
        assert pending == last
        here.phones.open.set()
        await here.quiet()
        assert here.arrived()[-2:] == [SOMEONE_NEW] * 2


async def test_an_introduction_that_was_refused_locks_nobody_out(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,), changeover=0) as here:
        await here.text(ADMIN, f"{PAIR}\nEND 1")
        here.phones.next.extend([Refused("status 6"), Refused("status 6")])
        await here.text(ADMIN, f"PAIR {ALICE.e164()} {CAROL.e164()}")
        here.now += 1_000
        assert await here.text(ALICE, "one") == [SOMEONE_NEW]
        here.now += 1_000
        assert await here.text(ALICE, "two") == ["*0003 two"]


async def test_who_has_opted_out_and_was_not_told_of_somebody_new_gets_no_answer(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,)) as here:
        await here.text(ADMIN, PAIR)
        await here.text(ADMIN, NEXT)
        await here.text(ALICE, "STOP")
        here.now += 1_000
        assert await here.text(ALICE, "one") == []
        await here.text(ALICE, "START")
        here.now += 1_000
        assert await here.text(ALICE, "two") == [SOMEONE_NEW]


async def test_nothing_of_it_is_in_memory(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,)) as here:
        await here.text(ADMIN, PAIR)
        await here.text(ADMIN, NEXT)
    async with world(tmp_path / "a.db", lines=(LINE,)) as here:
        assert await here.take(late("darling", here.now - 1)) == [CHAT_OVER]
        here.now += 1_000
        assert await here.text(ALICE, "one") == [SOMEONE_NEW]
