"""An opt-out, against all that could still reach the person: what is in flight, what others do, chance; until START."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.vonage.sending import Doubt, NotTaken, Outcome, Refused
from commands import languages
from storage import people
from storage.model import Part
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE, inbound, receipt
from tests.world import World, world

ROOT, PACKAGES = Path(__file__).parents[1], ("bot", "commands", "storage")
MINUTE, DAY = 60_000, 24 * 60 * 60_000
PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
CONFIRMED = "*0002 Private SMS: you have opted out and will get no more texts. Text START to come back."
GONE = "*0001 Private SMS: the other person is not receiving texts now. Your text was not delivered."
WELCOME = (
    "*0002 Private SMS: welcome back, your chat goes on. Just reply here; your number stays hidden. STOP to opt out."
)


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path / "test.db", limit=3) as here:
        await here.text(ADMIN, PAIR)
        yield here


def to_bob(arrived: list[str]) -> list[str]:
    return [text for text in arrived if text.startswith("*0002")]


async def _put_back(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(ALICE, "put back")


async def _in_doubt(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "in doubt")
    await chat.text(ALICE, "behind it")


async def _about_to_be_repeated(chat: World) -> None:
    await _in_doubt(chat)
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.wait(2 * MINUTE)


async def _sent_again_by_the_admin(chat: World) -> None:
    chat.phones.next += [Refused("status 6"), NotTaken("HTTP 429")]
    await chat.text(ALICE, "refused")
    [(message,)] = await chat.engine.reader.rows("SELECT id FROM outbound WHERE state = 'dead'")
    await chat.text(ADMIN, f"RESEND {message}")


async def _held_by_the_pace_of_its_writer(chat: World) -> None:
    chat.held = True
    for each in range(5):
        await chat.text(ALICE, f"text {each}")


async def _waiting_for_a_part(chat: World) -> None:
    await chat.text(ALICE, "the first half", part=Part("7", 2, 1))


async def _a_notice_put_back(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(ADMIN, "TELL 1B look outside")


async def _on_another_line(chat: World) -> None:
    await chat.text(ADMIN, f"PAIR {CAROL.e164()} {BOB.e164()}")
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(CAROL, "from the other chat")


IN_FLIGHT: dict[str, Callable[[World], Awaitable[None]]] = {
    each.__name__.strip("_"): each
    for each in (
        _put_back, _in_doubt, _about_to_be_repeated, _sent_again_by_the_admin, _held_by_the_pace_of_its_writer,
        _waiting_for_a_part, _a_notice_put_back, _on_another_line,
    )
}  # fmt: skip


@pytest.mark.parametrize("put", IN_FLIGHT.values(), ids=IN_FLIGHT)
async def test_what_is_in_flight_never_goes_out_after_the_confirmation(
    chat: World, put: Callable[[World], Awaitable[None]]
) -> None:
    await put(chat)
    arrived = await chat.text(BOB, "STOP")
    for length in (MINUTE, 2 * MINUTE, 10 * MINUTE, DAY):
        arrived += await chat.wait(length)
    # A text in doubt holds up its conversation, and the confirmation behind it.
    assert to_bob(arrived) == [CONFIRMED]


@pytest.mark.parametrize("outcome", [NotTaken("HTTP 429"), Doubt("time-out")])
async def test_what_vonage_is_being_handed_at_that_moment_is_not_tried_again(
    chat: World, outcome: NotTaken | Doubt
) -> None:
    chat.phones.open.clear()
    chat.phones.next.append(outcome)
    await chat.text(ALICE, "just leaving")
    arrived = await chat.text(BOB, "STOP")
    chat.phones.open.set()
    for length in (MINUTE, 3 * MINUTE, DAY):
        arrived += await chat.wait(length)
    assert to_bob(arrived) == [CONFIRMED]


@pytest.mark.parametrize("outcome", [NotTaken("HTTP 429"), Refused("status 6")])
async def test_an_answer_of_ours_that_left_in_part_is_not_taken_for_the_confirmation(
    chat: World, outcome: NotTaken | Refused
) -> None:
    chat.phones.next.append(Doubt("parts with different statuses", ("p1",), answered=True))
    await chat.text(BOB, "HELP")
    await chat.wait(3 * MINUTE)
    [(message,)] = await chat.engine.reader.rows("SELECT id FROM outbound WHERE state = 'dead' AND kind = 'reply'")
    chat.phones.open.clear()
    chat.phones.next.append(outcome)
    await chat.text(ADMIN, f"RESEND {message}")
    arrived = await chat.text(BOB, "STOP")
    chat.phones.open.set()
    for length in (MINUTE, 10 * MINUTE):
        arrived += await chat.wait(length)
    assert to_bob(arrived) == [CONFIRMED]


STOPS = ("STOP", "退订", "arrêt")
PROVOCATIONS = [
    (ADMIN, "SAY 1 hello"), (ADMIN, "TELL 1B hello"), (ADMIN, "EXTEND 1 2H"), (ADMIN, "CHECK 0002"),
    (ADMIN, "BLOCK 0002"), (ADMIN, "UNBLOCK 0002"), (ADMIN, "END 1"), (ADMIN, "UNDO"), (ADMIN, "REOPEN 1"),
    (ADMIN, f"PAIR {CAROL.e164()} {BOB.e164()}"), (ADMIN, f"ADMIN ADD {BOB.e164()}"), (ADMIN, "RESEND ALL"),
    (ADMIN, f"START {BOB.e164()}"), (ADMIN, "START"), (ALICE, "are you there?"), (ALICE, "START"), (ALICE, "STOP"),
    (BOB, "hello"), (BOB, "HELP"), (BOB, "?"), (BOB, "#LANG es"), (BOB, "#LANG"), (BOB, "#LANG xx"), (BOB, "STOP"),
    (BOB, "stop texting me"), (BOB, "darme de baja"), (BOB, ""), (BOB, None), (BOB, "OK 4821"), (BOB, "YES please"),
]  # fmt: skip


@pytest.mark.parametrize("means", ["text", "receipt", "refusal"])
async def test_whatever_anybody_does_nothing_reaches_the_person_and_no_admin_lifts_it(chat: World, means: str) -> None:
    if means == "text":
        await chat.text(BOB, "STOP")
    elif means == "receipt":
        await chat.text(ALICE, "hi")
        await chat.note(receipt(chat.phones.sent[-1].message_id, "rejected", err_code="9"))
    else:
        chat.phones.next.append(Refused("status 101", opted_out=True))
        await chat.text(ALICE, "hi")
    arrived: list[str] = []
    for who, text in PROVOCATIONS:
        arrived += await chat.text(who, text)
        chat.now += MINUTE
    arrived += await chat.wait(2 * DAY)
    assert to_bob(arrived) == []
    assert await people.opted_out(chat.engine.reader, [BOB]) == {BOB}


async def test_the_other_person_is_told_without_a_reason_and_start_brings_the_chat_back(chat: World) -> None:
    assert await chat.text(BOB, "Abmelden") == [CONFIRMED]
    assert await chat.text(ALICE, "hello?") == [GONE]
    assert await chat.text(BOB, "#LANG es") == []
    [back] = await chat.text(BOB, "START")
    assert back == "*0002 Private SMS: bienvenido de nuevo, su chat sigue. " + (
        "Solo responda aqui; su numero queda oculto. STOP para no recibir nada."
    )
    assert await chat.text(ALICE, "hello!") == ["*0002 hello!"]
    [again] = await chat.text(BOB, "stop")
    assert again.startswith("*0002 Private SMS: se ha dado de baja")


@pytest.mark.parametrize("yes", ["YES", "Sí", "oui", "Ja!", "是"])
async def test_yes_in_any_language_brings_back_only_who_had_opted_out(chat: World, yes: str) -> None:
    assert await chat.text(BOB, yes) == [f"*0001 {yes}"]
    await chat.text(BOB, "STOP")
    [back] = await chat.text(BOB, yes)
    assert back.startswith(WELCOME)


@pytest.mark.parametrize("word", ["darme de baja", "Désabonner", "Keine SMS mehr", "退订"])
async def test_every_languages_words_count_for_everybody_in_every_chat(chat: World, word: str) -> None:
    await chat.text(ADMIN, f"PAIR {CAROL.e164()} {BOB.e164()}")
    assert await chat.text(BOB, word) == [CONFIRMED]
    assert await chat.text(ALICE, "one") == [GONE]
    assert await chat.text(CAROL, "two") == [GONE.replace("0001", "0003")]


async def test_the_opt_out_and_what_it_cancels_are_one_transaction(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(ALICE, "waiting")
    [(before,)] = await chat.engine.reader.rows("SELECT count(*) FROM outbound")
    with pytest.raises(RuntimeError):
        async with chat.engine.transaction() as tx:
            await chat.proxy.intake.take(tx, [inbound(BOB, "STOP", at=chat.now)])
            raise RuntimeError("the power fails before the commit")
    assert await people.opted_out(chat.engine.reader, [BOB]) == set()
    assert await chat.engine.reader.rows("SELECT count(*) FROM outbound") == [(before,)]
    assert to_bob(await chat.wait(MINUTE)) == ["*0002 waiting"]


@pytest.mark.no_cover  # other tests cover it
@pytest.mark.parametrize("seed", range(6))
async def test_in_no_order_of_events_does_anything_follow_the_confirmation(chat: World, seed: int) -> None:
    rng = random.Random(seed)
    confirmations = {
        language.texts.text("opted_out", service="Private SMS") for language in languages.load().known.values()
    }
    failures: list[Outcome] = [NotTaken("HTTP 429"), Doubt("time-out"), Refused("status 6")]
    is_out = False
    for _ in range(60):
        who, text = rng.choice(
            [
                (ALICE, f"text {rng.random()}"), (ALICE, f"text {rng.random()}"), (BOB, rng.choice(STOPS)),
                (BOB, "START"), (BOB, "hello"), (BOB, rng.choice(["#LANG es", "#LANG zh", "HELP", "sí"])),
                (ADMIN, rng.choice(["SAY 1 hi", "END 1", "REOPEN 1", "UNDO", "RESEND ALL", "STATUS"])),
            ]
        )  # fmt: skip
        if rng.random() < 0.4:
            chat.phones.next.append(rng.choice(failures))
        arrived = to_bob(await chat.text(who, text))
        if who == BOB and text in STOPS:
            is_out = True
        elif who == BOB and (text == "START" or (is_out and text == "sí")):
            is_out = False
        arrived = arrived if is_out else []
        later = to_bob(await chat.wait(rng.choice([1000, MINUTE, 3 * MINUTE])))
        # One that waited behind a text in doubt may come late.
        assert not is_out or {each.removeprefix("*0002 ") for each in arrived + later} <= confirmations
    assert LINE in {sent.line for sent in chat.phones.sent}


def test_nothing_but_the_persons_own_text_lifts_an_opt_out() -> None:
    sources = {path: path.read_text("utf-8") for each in PACKAGES for path in (ROOT / each).rglob("*.py")}
    assert [path.name for path, source in sources.items() if "people.opt_in(" in source] == ["intake.py"]
    assert [path.name for path, source in sources.items() if "DELETE FROM opt_out" in source] == ["people.py"]
