"""The HTTP API of the outbox: what became of each text, without its words, and what to do about those that failed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.api import Api, id_in_path, page_of, stamp
from bot.fault import Fault
from bot.logs import event
from commands import failed
from commands.desk import Desk, Refused
from storage import messages
from storage.engine import Transaction
from storage.messages import LISTED, Message
from storage.model import Millis, State

log = logging.getLogger("private_sms.messages")

STATUS = {"no_such_message": 404}
Act = Callable[[Transaction, Sequence[Message], Millis], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Messages:
    api: Api

    def routes(self) -> list[Route]:
        return [
            Route("/messages", self.api.guarded(self.list), methods=["GET"]),
            Route("/messages/{id}", self.api.guarded(self.show), methods=["GET"]),
            Route("/messages/{id}/resend", self.api.guarded(self.resend), methods=["POST"]),
            Route("/messages/{id}/dismiss", self.api.guarded(self.dismiss), methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        asked = request.query_params.get("state", State.DEAD.value)
        if asked not in LISTED:
            raise Fault(400, "bad_state", f"state is one of {', '.join(LISTED)}; dead is the default.")
        after, limit = page_of(request)
        found = await messages.in_state(self.api.engine.reader, State(asked), after=after, limit=limit)
        following = found[-1].id if found and len(found) == limit else None
        return JSONResponse({"messages": [as_json(each) for each in found], "next": following})

    async def show(self, request: Request) -> Response:
        return JSONResponse(as_json(await self._found(request)))

    async def resend(self, request: Request) -> Response:
        """A failed text goes out again."""
        return await self._act(request, messages.resend, checked=True)

    async def dismiss(self, request: Request) -> Response:
        """A failed text counts no longer; nobody is told."""
        return await self._act(request, messages.dismiss, checked=False)

    async def _act(self, request: Request, act: Act, *, checked: bool) -> Response:
        wanted = (await self._found(request)).id

        async def do(tx: Transaction) -> Refused | None:
            now = self.api.clock()
            desk = Desk(tx=tx, house=self.api.house, admin=None, line=None, now=now)
            try:
                message = await failed.find_dead(desk, wanted)
                if checked:
                    await failed.check_resend(desk, message)
            except Refused as refused:
                return refused
            await act(tx, [message], now)
            return None

        refused = await self.api.writer.do(do)
        if refused is not None:
            told = self.api.house.text(refused.key, **refused.values)
            raise Fault(STATUS.get(refused.code, 409), refused.code, told)
        log.info(event("message", id=wanted, act=act.__name__))
        self.api.outgoing.wake.set()
        return JSONResponse(as_json(await self._found(request)))

    async def _found(self, request: Request) -> Message:
        message = await messages.find(self.api.engine.reader, _id(request))
        if message is None:
            raise Fault(404, "no_such_message", "There is no such message.")
        return message


def as_json(message: Message) -> dict[str, object]:
    """The recipient masked; the line is ours, and whole."""
    return {
        "id": message.id,
        "chat": message.chat,
        "kind": message.kind.value,
        "state": message.state.value,
        "to": str(message.recipient),
        "line": message.line.e164(),
        "reason": message.reason,
        "tries": message.tries,
        "may_repeat": message.may_repeat,
        "created_at": stamp(message.created_at),
        "changed_at": stamp(message.changed_at),
    }


def _id(request: Request) -> int:
    return id_in_path(request, "message")
