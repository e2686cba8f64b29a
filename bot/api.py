"""The HTTP API: chats opened, listed and ended by programs, as in Vonage's tutorial and a little further."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import bodies
from bot.admission import Admission
from bot.fault import Fault, error
from bot.outgoing import Outgoing
from bot.writer import Writer
from commands import pairing
from commands.desk import Desk, House, Refused
from commands.durations import NotADuration, parse
from commands.pairing import Reason
from storage import chats
from storage.engine import Engine, InDoubt, StorageError, Transaction
from storage.model import Chat, Millis
from storage.number import NotANumber, Number

PAGE, LARGEST_PAGE = 50, 500
FIELDS = ("userANumber", "userBNumber", "label", "ttl")
STATUS = {
    "no_free_line": 409,
    "opted_out": 409,
    "not_rested": 409,
}  # whatever else is refused is the caller's to correct: 400

LOOK_FIRST = "Whether anything was changed is not known: look before you try again."


@dataclass(frozen=True, slots=True)
class Api:
    house: House
    writer: Writer
    engine: Engine
    outgoing: Outgoing
    admission: Admission
    clock: Callable[[], Millis]

    def routes(self) -> list[Route]:
        return [
            Route("/chat", self.guarded(self.open_chat), methods=["POST"]),
            Route("/chats", self.guarded(self.list_chats), methods=["GET"]),
            Route("/chats/{id}", self.guarded(self.one_chat), methods=["GET", "DELETE"]),
        ]

    def guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Only with the token; a fault becomes its JSON answer."""

        async def answered(request: Request) -> Response:
            try:
                await self.admission.admit(request)
                return await endpoint(request)
            except Fault as fault:
                return fault.answer()
            except InDoubt:
                return error(503, "in_doubt", "The database went away meanwhile. " + LOOK_FIRST)
            except StorageError:
                message = "The database cannot take anything just now. Nothing was changed; try again."
                return error(503, "unavailable", message, {"Retry-After": "5"})

        return answered

    async def open_chat(self, request: Request) -> Response:
        fields = await _fields(request)
        a = self._number(fields, "userANumber")
        b = self._number(fields, "userBNumber")
        label = fields.get("label", "").strip() or None
        if label is not None and not label.isprintable():  # NUL, or half a surrogate pair
            raise Fault(400, "bad_label", "label holds characters that cannot be shown. Nothing was created.")
        ttl = _ttl(fields)

        async def open_it(tx: Transaction) -> Chat | Refused:
            now = self.clock()
            desk = Desk(tx=tx, house=self.house, admin=None, line=None, now=now)
            try:
                chat = await pairing.pair(desk, a, b, label, None if ttl is None else now + ttl)
            except Refused as refused:
                return refused
            await self.outgoing.enqueue(tx, desk.outgoing, now)
            return _found(await chats.find(tx, chat.id))  # with what is on its way to them

        match await self.writer.do(open_it):
            case Refused() as refused:
                raise Fault(STATUS.get(refused.code, 400), refused.code, self.house.text(refused.key, **refused.values))
            case chat:
                return JSONResponse(as_json(chat, self.clock()), 201, {"Location": f"/chats/{chat.id}"})

    async def list_chats(self, request: Request) -> Response:
        state = request.query_params.get("state", "open")
        if state not in ("open", "all"):
            raise Fault(400, "bad_state", "state is `open` (the default) or `all`.")
        after, limit = page_of(request)
        read = chats.all_chats if state == "all" else chats.open_chats
        found = await read(self.engine.reader, after=after, limit=limit)
        following = found[-1].id if found and len(found) == limit else None
        return JSONResponse({"chats": [as_json(chat, self.clock()) for chat in found], "next": following})

    async def one_chat(self, request: Request) -> Response:
        """One route for both, so that a 405 names both in its Allow."""
        return await (self.end_chat if request.method == "DELETE" else self.show_chat)(request)

    async def show_chat(self, request: Request) -> Response:
        chat = _found(await chats.find(self.engine.reader, id_in_path(request, "chat")))
        return JSONResponse(as_json(chat, self.clock()))

    async def end_chat(self, request: Request) -> Response:
        """Ends it once; asked again, it only says how things are."""
        wanted = id_in_path(request, "chat")

        async def end_it(tx: Transaction) -> Chat | None:
            now = self.clock()
            chat = await chats.find(tx, wanted)
            if chat is not None and chat.open:
                desk = Desk(tx=tx, house=self.house, admin=None, line=None, now=now)
                await pairing.close(desk, chat, reason=Reason.API)
                await self.outgoing.enqueue(tx, desk.outgoing, now)
            return await chats.find(tx, wanted)

        return JSONResponse(as_json(_found(await self.writer.do(end_it)), self.clock()))

    def _number(self, fields: Mapping[str, str], name: str) -> Number:
        given = fields.get(name, "").strip()
        if not given:
            raise Fault(400, "missing_field", f"{name} is missing. Nothing was created.")
        try:
            return read_number(given, self.house.region)
        except NotANumber as wrong:
            message = f"{name} is not a telephone number. Write it like +447700900123. Nothing was created."
            raise Fault(400, "bad_number", message) from wrong


def read_number(given: str, region: str | None) -> Number:
    """With its +, as dialled in `region`, or, as Vonage writes them, international digits alone."""
    if given.startswith("+"):
        return Number.parse(given)
    try:
        return Number.parse(given, region)
    except NotANumber:
        return Number.parse("+" + given)


def as_json(chat: Chat, now: Millis) -> dict[str, object]:
    """Numbers of people masked; the lines are ours, and whole."""
    return {
        "id": chat.id,
        "label": chat.label,
        "state": "open" if chat.open else "closed",
        "paused": chat.paused_at is not None,
        "participants": [
            {
                "side": each.side.value,
                "number": str(each.number),
                "line": each.line.e164(),
                "texts": each.texts,
                "changeover": chat.open and each.is_changing_over(now),
            }
            for each in chat.participants
        ],
        "opened_at": stamp(chat.opened_at),
        "expires_at": stamp(chat.expires_at),
        "last_text_at": stamp(chat.last_text_at),
        "closed_at": stamp(chat.closed_at),
        "closed_reason": chat.closed_reason,
    }


async def http_exception(request: Request, exception: Exception) -> Response:
    """Starlette's own refusals (no such route, wrong method) in the form of all others."""
    assert isinstance(exception, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(exception.status_code, "refused")
    return error(exception.status_code, code, str(exception.detail), exception.headers)


async def our_fault(request: Request, exception: Exception) -> Response:
    """What nobody foresaw: its own words, which may quote a request, go nowhere."""
    return error(500, "fault", "A fault of ours. " + LOOK_FIRST)


async def _fields(request: Request) -> dict[str, str]:
    """Query, form or JSON; what the body says counts more than what the address says."""
    fields = dict(request.query_params)
    body = await _body(request)
    if not body:
        return fields
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or (not kind and body.lstrip().startswith(b"{")):
        return fields | _json_fields(body)
    if kind in ("application/x-www-form-urlencoded", ""):
        return fields | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    raise Fault(415, "unsupported_media_type", "Send a query, a form (x-www-form-urlencoded) or JSON.")


async def _body(request: Request) -> bytes:
    close = {"Connection": "close"}  # the rest is not worth reading
    try:
        return await bodies.read(request.receive)
    except bodies.TooLarge as fault:
        raise Fault(413, "too_large", "The request is larger than 64 KiB. Nothing was created.", close) from fault
    except bodies.TooSlow as fault:
        raise Fault(408, "too_slow", "The request took too long to come. Nothing was created.", close) from fault
    except bodies.Gone as fault:
        raise Fault(400, "gone", "The caller hung up.") from fault  # nobody reads this


def _json_fields(body: bytes) -> dict[str, str]:
    try:
        fields: Any = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise Fault(400, "bad_json", "The body is no JSON. Nothing was created.") from wrong
    if not isinstance(fields, dict):
        raise Fault(400, "bad_json", "The body must be one JSON object. Nothing was created.")
    given = {name: value for name, value in fields.items() if value is not None}
    for name, value in given.items():
        if not isinstance(value, str):
            which = name if name in FIELDS else "Each field"  # not in the caller's words: they may be a number
            raise Fault(400, "bad_json", f"{which} must be a string. Nothing was created.")
    return given


def _ttl(fields: Mapping[str, str]) -> Millis | None:
    try:
        return parse(fields["ttl"]) if fields.get("ttl", "").strip() else None
    except NotADuration as wrong:
        raise Fault(400, "bad_ttl", f"ttl: {wrong}. Nothing was created.") from wrong


def page_of(request: Request) -> tuple[int, int]:
    """After which id, and how many."""
    after = _whole(request.query_params, "after", 0)
    return after, min(_whole(request.query_params, "limit", PAGE), LARGEST_PAGE)


def _whole(parameters: Mapping[str, str], name: str, default: int) -> int:
    given = parameters.get(name, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise Fault(400, f"bad_{name}", f"{name} is a whole number.")
    return int(given)


def id_in_path(request: Request, noun: str) -> int:
    given = request.path_params["id"]
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise Fault(404, "not_found", f"There is no such {noun}.")
    return int(given)


def _found(chat: Chat | None) -> Chat:
    if chat is None:
        raise Fault(404, "not_found", "There is no such chat.")
    return chat


def stamp(at: Millis | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
