"""The phones, by REST: what a person does on the page, and a test in one request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.emulator.account import Account, Direction, State, Text
from bot.emulator.bodies import readable
from bot.emulator.callbacks import inbound, inbound_octets
from bot.emulator.controls import body
from bot.emulator.courier import Courier
from bot.emulator.departures import departures
from bot.emulator.optout import hear
from bot.emulator.profile import NotAnAddress, Phone, address
from bot.emulator.submission import HEX, MOST_OCTETS

LONGEST_TEXT = 10_000
FIRST_MAGIC = 950  # from here on the fictional numbers are magic
Parts = list[dict[str, str]]
LONGEST_NAME = 24
LONGEST_WAIT = 60.0
FICTIONAL = "+447700900"  # numbers that the regulator promised never to give to anybody


@dataclass(frozen=True, slots=True)
class Phones:
    account: Account
    courier: Courier

    def routes(self) -> list[Route]:
        return [
            Route("/phones", self.add, methods=["POST"]),
            Route("/phones/{number}/send", self.send, methods=["POST"]),
            Route("/phones/{number}/messages", self.messages),
        ]

    async def add(self, request: Request) -> JSONResponse:
        """One more phone; without a number it gets a fictional one that is free."""
        asked = await body(request)
        number = _address(_text(asked, "number")) if "number" in asked else self._free_number()
        if number in self.account.profile.lines:
            raise HTTPException(409, "that is a virtual number")
        name = " ".join(_text(asked, "name").split())[:LONGEST_NAME] if "name" in asked else ""
        self.account.add_phone(Phone(number, name or number))
        return JSONResponse({"number": number, "name": name or number}, 201)

    async def send(self, request: Request) -> JSONResponse:
        """`text`, or `data` and perhaps `udh` in hex: then it is a binary one."""
        phone = _address(request.path_params["number"])
        asked = await body(request)
        line = _address(_text(asked, "to"))
        if not self.account.profile.owns(line):
            raise HTTPException(400, "`to` is none of the account's virtual numbers")
        if phone in self.account.profile.lines:
            raise HTTPException(400, "a virtual number is no phone")
        sent, parts = self._octets(phone, line, asked) if "data" in asked else self._words(phone, line, asked)
        self.courier.start(self._deliver(sent, parts))
        return JSONResponse(sent.told(), 201)

    def _words(self, phone: str, line: str, asked: dict[str, object]) -> tuple[Text, Parts]:
        text = _text(asked, "text")
        if len(text) > LONGEST_TEXT:
            raise HTTPException(400, f"a text has at most {LONGEST_TEXT} characters")
        sent = self.account.send(phone, line, text)
        hear(self.account, phone, line, text)
        return sent, inbound(self.account, phone, line, text)

    def _octets(self, phone: str, line: str, asked: dict[str, object]) -> tuple[Text, Parts]:
        data, udh = _text(asked, "data"), _text(asked, "udh") if "udh" in asked else ""
        if not (HEX.fullmatch(data) and HEX.fullmatch(udh) and 0 < len(data + udh) <= 2 * MOST_OCTETS):
            raise HTTPException(400, f"`data` and `udh` are hex, together at most {MOST_OCTETS} octets")
        sent = self.account.send_octets(phone, line, bytes.fromhex(udh + data))
        return sent, [inbound_octets(self.account, phone, line, data, udh)]

    async def messages(self, request: Request) -> JSONResponse:
        """`?wait=5&count=2`: not before there are two, or five seconds are over. `?direction=received`: only those."""
        phone = _address(request.path_params["number"])
        query = request.query_params
        direction = query.get("direction")
        if direction not in (None, *Direction):
            raise HTTPException(400, "`direction` is sent or received")
        count, patience = _number(query.get("count"), 1), min(_number(query.get("wait"), 0), LONGEST_WAIT)
        texts = await self._wait_for(phone, direction, count, patience)
        return JSONResponse([text.told() for text in texts])

    async def _wait_for(self, phone: str, direction: str | None, count: float, patience: float) -> list[Text]:
        with self.account.feed.watch() as watch:
            try:
                async with asyncio.timeout(patience):
                    while len(texts := self._shown(phone, direction)) < count and await watch.get():
                        pass
            except TimeoutError:
                pass  # what there is by then is the answer
        return texts

    def _shown(self, phone: str, direction: str | None) -> list[Text]:
        return [text for text in self.account.texts_on(phone) if direction in (None, text.direction)]

    async def _deliver(self, sent: Text, parts: Parts) -> None:
        """To the service, each part as a webhook of its own."""
        url = self.account.profile.inbound_url
        if url is None:
            self.account.settle(sent, State.FAILED, "nobody listens: the emulator was started without --inbound-url")
            return
        webhooks = departures(self.account, url, sent.phone, sent.peer, parts)
        answers = await asyncio.gather(
            *(
                self.courier.carry(each, lambda note: self.account.settle(sent, State.SENDING, note))
                for each in webhooks
            )
        )
        refused = next((answer for answer in answers if not answer.taken), None)
        if refused is not None:
            self.account.settle(sent, State.FAILED, str(refused))
        elif len(webhooks) < len(parts):
            self.account.settle(sent, State.FAILED, "a part was lost on the way, as is switched on")
        else:
            self.account.settle(sent, State.DELIVERED)

    def _free_number(self) -> str:
        taken = self.account.phones.keys() | set(self.account.profile.lines)
        numbers = (f"{FICTIONAL}{end:03d}" for end in range(101, FIRST_MAGIC))
        if (free := next((number for number in numbers if number not in taken), None)) is None:
            raise HTTPException(409, "all fictional numbers are taken")
        return free


def _text(asked: dict[str, object], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise HTTPException(400, f"`{name}` is missing, or no text")
    return readable(value)


def _address(text: str) -> str:
    try:
        return address(text)
    except NotAnAddress as error:
        raise HTTPException(400, str(error)) from error


def _number(text: str | None, otherwise: float) -> float:
    try:
        return max(0.0, float(text)) if text else otherwise
    except ValueError as error:
        raise HTTPException(400, "`wait` and `count` are numbers") from error
