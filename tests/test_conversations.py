"""Whole conversations: the real process on a real SQLite file, real HTTP, and the emulator's phones."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize

import aiohttp
import pyotp
import pytest

from bot.emulator.profile import Profile, Retries, Shape
from bot.vonage.signatures import Method
from tests.conftest import Emulated, StartEmulator
from tests.people import ADMIN as ADMINS
from tests.people import ALICE as ALICES
from tests.people import BOB as BOBS
from tests.people import CAROL as CAROLS
from tests.people import LINE as OUR_LINE
from tests.people import OTHER_LINE as OUR_OTHER
from tests.process import API_TOKEN, Service

ADMIN, ALICE, BOB, CAROL = ADMINS.e164(), ALICES.e164(), BOBS.e164(), CAROLS.e164()
LINE, OTHER = OUR_LINE.e164(), OUR_OTHER.e164()
CONNECTED = "Private SMS: you are connected. Just reply here; your number stays hidden. STOP to opt out."
ENDED = "Private SMS: this chat has ended. Further texts here will not reach the other person."
STRANGER = "Private SMS: no open chat for your number, so this text went nowhere. STOP to opt out."
RETRIES = Retries(first=0.2, longest=1.0, give_up_after=30.0)

Begin = Callable[..., Awaitable["Town"]]


class Town:
    """A service, a Vonage, and everybody's phones."""

    def __init__(self, service: Service, vonage: Emulated) -> None:
        self.service = service
        self.vonage = vonage
        self._seen: dict[str, int] = {}

    async def text(self, phone: str, text: str, to: str = LINE) -> None:
        await self.vonage.send(phone, to, text)

    async def reads(self, phone: str, *expected: str) -> None:
        """These and no others are what came to the phone since it was last read."""
        seen = self._seen.get(phone, 0)
        received = await self.vonage.received(phone, seen + len(expected), wait=10)
        assert received[seen:] == list(expected)
        self._seen[phone] = len(received)

    async def pair(self) -> None:
        await self.text(ADMIN, f"PAIR {ALICE} {BOB}")
        await self.reads(ALICE, CONNECTED)
        await self.reads(BOB, CONNECTED)
        await self.reads(ADMIN, "Chat 1 ready: *0001 + *0002. END 1 closes it, UNDO within 2 min.")

    async def api(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with self.vonage.http.request(method, self.service.url + path, headers=headers, **options) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def begin(tmp_path: Path, emulator: StartEmulator) -> AsyncIterator[Begin]:
    started: list[Service] = []

    async def begin(profile: dict[str, Any] | None = None, **settings: str) -> Town:
        service = Service(tmp_path)
        account = {
            "key": "abcd1234",
            "secret": "a-secret-for-tests",
            "lines": (LINE, OTHER),
            "inbound_url": service.webhook("inbound-sms"),
            "receipt_url": service.webhook("delivery-receipt"),
            "retries": RETRIES,
        }
        vonage = await emulator(Profile(**(account | (profile or {}))))  # type: ignore[arg-type]
        service.settings = {"VONAGE_REST_URL": vonage.url, "VONAGE_API_URL": vonage.url} | settings
        started.append(service)
        await service.start()
        return Town(service, vonage)

    yield begin
    for service in started:
        await service.end(signal.SIGKILL)


async def test_two_people_talk_through_a_virtual_number_until_the_admin_ends_it(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    await town.text(ALICE, "On my way 🚕, five minutes")
    await town.reads(BOB, "On my way 🚕, five minutes")
    await town.text(BOB, "OK, in front of No. 7")
    await town.reads(ALICE, "OK, in front of No. 7")
    await town.text(ADMIN, "END")
    await town.reads(ALICE, ENDED)
    await town.reads(BOB, ENDED)
    await town.reads(ADMIN, "Chat 1 closed: *0001 + *0002. REOPEN 1 opens it again.")
    await town.text(ALICE, "still there?")
    await town.reads(ALICE, STRANGER)
    await town.reads(BOB)
    everything = await town.vonage.messages(ALICE) + await town.vonage.messages(BOB)
    assert {message["from"] for message in everything} - {ALICE, BOB} == {LINE}


@pytest.mark.parametrize("shape", Shape)
async def test_any_of_vonages_three_shapes_carries_a_conversation(begin: Begin, shape: Shape) -> None:
    town = await begin({"webhooks": shape})
    await town.pair()
    await town.text(ALICE, "1 + 1 & 1 = 3? ąęß\nnew line")
    await town.reads(BOB, "1 + 1 & 1 = 3? ąęß\nnew line")


@pytest.mark.parametrize("method", Method)
async def test_signed_webhooks_carry_a_conversation_and_others_are_refused(begin: Begin, method: Method) -> None:
    secret = "a-signature-secret"
    signed = {"VONAGE_SIGNATURE_SECRET": secret, "VONAGE_SIGNATURE_METHOD": method.value}
    town = await begin({"signature_secret": secret, "signature_method": method}, **signed)
    await town.pair()
    await town.text(ALICE, "50% = half & more, né?")
    await town.reads(BOB, "50% = half & more, né?")
    forged = {"msisdn": ADMIN, "to": LINE, "messageId": "F1", "text": "END", "type": "text", "sig": "0" * 32}
    async with town.vonage.http.get(town.service.webhook("inbound-sms"), params=forged) as answer:
        assert answer.status == 401
    assert (await town.api("GET", "/chats/1"))[1]["state"] == "open"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_a_conversation_goes_on_after_a_restart_in_its_middle(begin: Begin, end: signal.Signals) -> None:
    town = await begin()
    await town.pair()
    await town.text(ALICE, "before")
    await town.reads(BOB, "before")
    assert await town.service.end(end) == (0 if end is signal.SIGTERM else -signal.SIGKILL)
    await town.text(BOB, "while it is down")
    await asyncio.sleep(0.3)
    await town.service.start()
    await town.reads(ALICE, "while it is down")
    await town.text(ALICE, "after")
    await town.reads(BOB, "after")


async def test_who_texts_their_number_in_odd_digits_gives_it_to_nobody_and_is_told(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    await town.text(ALICE, "Ring me: ０７７００ ９００\u200b００１, then say ok")
    await town.reads(BOB, "Ring me: ***** ***\u200b***, then say ok")
    await town.reads(
        ALICE,
        "Private SMS: your text was passed on, but part of it was hidden:"
        " telephone numbers and the like cannot be given here.",
    )
    kept = "".join(map(str, await town.vonage.messages(BOB))).replace(LINE.removeprefix("+"), "")
    assert "00001" not in normalize("NFKC", kept).replace(" ", "")


async def test_long_texts_come_as_parts_and_leave_as_one(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    story = "The quick brown fox jumps over the lazy dog. STOP. " * 12
    await town.text(ALICE, story)
    await town.reads(BOB, story)
    await town.text(BOB, "Ż" * 150)
    await town.reads(ALICE, "Ż" * 150)


async def test_the_traps_that_others_fell_into(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    for text in ("helpful of you", "2024 was a good year", "End of story", "pair of shoes?", "PAIR me with her"):
        await town.text(ALICE, text)
        await town.reads(BOB, text)
    await town.text(BOB, "End")
    await town.reads(BOB, "Private SMS: you have opted out and will get no more texts. Text START to come back.")
    await town.text(ALICE, "hello?")
    await town.reads(ALICE, "Private SMS: the other person is not receiving texts now. Your text was not delivered.")
    await town.text(BOB, "start")
    await town.reads(
        BOB,
        "Private SMS: welcome back, your chat goes on. Just reply here; your number stays hidden. STOP to opt out.",
    )
    await town.text(ALICE, "good to have you back")
    await town.reads(BOB, "good to have you back")


async def test_a_person_in_two_chats_has_two_lines_and_nothing_crosses(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    await town.text(ADMIN, f"PAIR {ALICE} {CAROL} AS school")
    await town.reads(ADMIN, "Chat 2 school ready: *0001 + *0003. END 2 closes it, UNDO within 2 min.")
    about = CONNECTED.replace("connected.", "connected about school.")
    await town.reads(ALICE, about)
    await town.reads(CAROL, about)
    await town.text(ALICE, "for Carol", to=OTHER)
    await town.reads(CAROL, "for Carol")
    await town.text(ALICE, "for Bob", to=LINE)
    await town.reads(BOB, "for Bob")
    await town.text(CAROL, "from Carol")
    await town.reads(ALICE, "from Carol")
    assert (await town.vonage.messages(ALICE))[-1]["from"] == OTHER


async def test_an_admin_leads_by_text_alone(begin: Begin) -> None:
    town = await begin()
    for command, answer in (
        ("PIAR x", "I don't know PIAR. Did you mean PAIR? Nothing was changed or passed on."),
        ("END", "No chat is open, so nothing was changed. PAIR opens one."),
        (f"pair {ALICE} and {BOB} as job7", "Chat 1 job7 ready: *0001 + *0002. END 1 closes it, UNDO within 2 min."),
        ("list", "1 open: 1 job7 *0001+*0002"),
        ("extend job7 1d", None),
        ("END ALL", None),
    ):  # fmt: skip
        await town.text(ADMIN, command)
        seen = town._seen.get(ADMIN, 0)
        received = await town.vonage.received(ADMIN, seen + 1)
        town._seen[ADMIN] = seen + 1
        assert answer in (None, received[seen])
    code = received[seen].split("OK ")[1][:4]
    await town.text(ADMIN, f"OK {code}")
    await town.reads(ADMIN, "Chats closed: 1. Everybody in them was told.")
    assert (await town.vonage.received(ALICE, 2))[-1] == ENDED


async def test_an_admin_makes_another_one_who_blocks_and_undoes(begin: Begin) -> None:
    town = await begin(ADMIN_NEWS="all")
    await town.pair()
    await town.text(ADMIN, f"ADMIN ADD {CAROL}")
    [asked] = (await town.vonage.received(ADMIN, 2))[1:]
    code = asked.split("OK ")[1][:4]
    await town.text(CAROL, f"OK {code}")
    await town.reads(CAROL, STRANGER)
    await town.text(ADMIN, f"OK {code}")
    await town.reads(ADMIN, asked, "*0003 is an admin now and was told. ADMIN REMOVE takes that back.")
    [welcome] = (await town.vonage.received(CAROL, 2))[1:]
    assert welcome.startswith("You are an admin of Private SMS now, added by *0100.")
    town._seen[CAROL] = 2
    await town.text(CAROL, "BLOCK 0001")
    await town.reads(
        CAROL, "*0001 is blocked: their texts are dropped, they are not told. UNBLOCK ends it, UNDO within 2 min."
    )
    await town.reads(ADMIN, "Admin *0003 blocked *0001.")
    await town.text(ALICE, "dropped")
    await town.text(CAROL, "UNDO")
    await town.reads(CAROL, "Undone: *0001 is not blocked.")
    await town.text(ALICE, "passed on")
    await town.reads(BOB, "passed on")


async def test_an_admin_with_an_authenticator_ends_all_chats_with_its_digits(begin: Begin) -> None:
    secret = pyotp.random_base32()
    town = await begin(ADMIN_TOTP_SECRETS=f"{ADMIN}={secret}")
    await town.pair()
    digits = pyotp.TOTP(secret).now()
    await town.text(ADMIN, f"END ALL {digits}")
    await town.reads(ADMIN, "Chats closed: 1. Everybody in them was told.")
    await town.text(ADMIN, f"END ALL {digits}")
    [again] = (await town.vonage.received(ADMIN, 3))[2:]
    assert again.startswith("Those digits were used before")
    await town.service.end()
    assert secret not in town.service.log
    assert digits not in town.service.log


async def test_a_program_opens_a_chat_as_in_the_tutorial(begin: Begin) -> None:
    town = await begin()
    status, chat = await town.api("POST", f"/chat?userANumber={ALICE[1:]}&userBNumber={BOB[1:]}")
    assert (status, chat["id"], chat["participants"][0]["number"]) == (201, 1, "+44•••••••001")
    await town.reads(ALICE, CONNECTED)
    await town.text(BOB, "who is this?")
    await town.reads(ALICE, "who is this?")
    assert (await town.api("DELETE", "/chats/1"))[1]["state"] == "closed"
    await town.reads(ALICE, ENDED)


async def test_a_chat_ends_by_itself_and_both_are_told(begin: Begin) -> None:
    town = await begin(CHAT_TTL="2s")
    await town.pair()
    silent = ENDED.replace("has ended.", "has ended, as nobody wrote for a while.")
    await town.reads(ALICE, silent)
    await town.reads(BOB, silent)


async def test_receipts_are_recorded_on_the_text_they_speak_of(begin: Begin, tmp_path: Path) -> None:
    town = await begin()
    await town.pair()
    await town.text(ALICE, "did it arrive?")
    await town.reads(BOB, "did it arrive?")
    for _ in range(100):
        _, metrics = await _metrics(town)
        if 'private_sms_receipts_total{status="delivered"} 4.0' in metrics:
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError(metrics)


async def _metrics(town: Town) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    async with town.vonage.http.get(f"{town.service.url}/metrics", headers=headers) as answer:
        return answer.status, await answer.text()


ODD: list[tuple[str, dict[str, Any], set[int]]] = [
    ("GET", {}, {400}),
    ("GET", {"params": {"msisdn": "VODAFONE", "to": LINE, "messageId": "o1", "text": "win"}}, {204}),
    ("GET", {"params": {"msisdn": "60777", "to": LINE, "messageId": "o2", "text": "win"}}, {204}),
    ("GET", {"params": {"msisdn": LINE, "to": LINE, "messageId": "o3", "text": "loop"}}, {204}),
    ("GET", {"params": {"msisdn": ALICE[1:], "to": LINE, "messageId": "o4", "text": ""}}, {204}),
    ("GET", {"params": {"msisdn": ALICE[1:], "to": "447700900555", "messageId": "o5", "text": "lost"}}, {204}),
    ("POST", {"data": b"\xff\xfe\x00\x80"}, {400}),
    ("POST", {"data": b"msisdn=447700900001&to=447700900000&messageId=o6&text=%ff%fe%00x&type=text"}, {204}),
    ("POST", {"data": b"{" * 60_000}, {400}),
    ("POST", {"data": b"[" * 60_000, "headers": {"Content-Type": "application/json"}}, {400}),
    ("POST", {"json": {"msisdn": 447700900001, "to": None, "messageId": [], "text": {}}}, {400}),
    ("POST", {"json": [1, 2, 3]}, {400}),
    ("POST", {"data": json.dumps({"msisdn": ALICE[1:], "to": LINE[1:], "messageId": "o7", "text": "\ud800"})}, {204}),
    ("POST", {"data": b"x" * (64 * 1024 + 1)}, {413}),
    ("POST", {"data": BytesIO(b"x" * (5 * 1024 * 1024))}, {413}),
    ("PUT", {"data": b"x"}, {405}),
    ("DELETE", {}, {405}),
]


async def test_odd_requests_get_a_clear_answer_and_harm_nothing(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    for method, options, expected in ODD:
        for event in ("inbound-sms", "delivery-receipt"):
            try:
                async with town.vonage.http.request(method, town.service.webhook(event), **options) as answer:
                    assert answer.status in expected, (method, options, event, answer.status)
            except aiohttp.ClientConnectionError:
                assert expected == {413}, "hanging up on what is far too large is an answer too"
    async with town.vonage.http.get(f"{town.service.url}/webhooks/inbound-sms/wrong-token") as answer:
        assert answer.status == 404
    told = await town.vonage.received(ALICE, 2)
    assert told[1:] == ["Private SMS: your text came empty, so nothing was passed on. Please write it again."]
    town._seen[ALICE] = 2
    await town.text(ALICE, "still works")
    assert (await town.vonage.received(BOB, 4))[-1] == "still works"


async def test_no_log_line_holds_a_number_a_text_or_a_secret(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    await town.text(ALICE, "canary in a coal mine")
    await town.reads(BOB, "canary in a coal mine")
    await town.text(CAROL, "canary of a stranger")
    await town.reads(CAROL, STRANGER)
    await town.service.end()
    log = town.service.log
    assert "text in" in log, "it logs at all"
    for secret in ("canary", "7700900", "a-secret-for-tests", "a-webhook-token", "an-api-token"):
        assert secret not in log
