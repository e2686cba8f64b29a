"""The SMS API as Vonage speaks it: `POST /sms/json` answers 200 with a status for each part, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.emulator.account import PRICE, Account
from bot.emulator.answers import Silence, be_slow, keep, spoil
from bot.emulator.bodies import BadBody, read_parameters
from bot.emulator.callbacks import network, uuid
from bot.emulator.courier import Courier, Webhook
from bot.emulator.credentials import check_credentials
from bot.emulator.faults import About
from bot.emulator.receipts import arrives, due, spelled
from bot.emulator.statuses import PLEASE_WAIT, WORDS, Refused
from bot.emulator.submission import Submission, read
from bot.emulator.wirelog import asked

ACCEPTED = "0"
EARLY = 3.0  # seconds at most that an answer waits for the receipts which are to come before it
DECLINED = ("false", "0")

Element = dict[str, str]  # what Vonage answers about one part


@dataclass(slots=True)
class Attempt:
    """A request to send, and what becomes of it."""

    parameters: dict[str, str] = field(default_factory=dict)
    fault: str | None = None
    elements: list[Element] = field(default_factory=list)
    receipts: list[Webhook] = field(default_factory=list)
    receipt_fault: str | None = None

    def refuse(self, status: str, text: str) -> None:
        self.elements = [_refusal(status, text, self.parameters)]


@dataclass(frozen=True, slots=True)
class Wire:
    account: Account
    courier: Courier

    def routes(self) -> list[Route]:
        return [Route("/sms/json", self.submit, methods=["POST"])]

    async def submit(self, request: Request) -> Response:
        at, attempt = self.account.clock(), Attempt()
        try:
            attempt.parameters = await read_parameters(request)
            self._take(attempt, request.headers.get("authorization"))
        except BadBody as error:
            attempt.refuse("3", str(error))
        except Refused as refused:
            attempt.refuse(refused.status, str(refused))
        await be_slow(attempt.fault, self.account.profile.time_factor)
        return await self._answer(request, attempt, at)

    def _take(self, attempt: Attempt, authorization: str | None) -> None:
        """Show the text on the phone and plan its receipts, as far as no fault is in the way. Raises Refused."""
        check_credentials(attempt.parameters, authorization, self.account.profile)
        if wait := self.account.wait_for_room():
            raise Refused("1", PLEASE_WAIT.format(wait))
        wanted = read(attempt.parameters, self.account.profile)
        attempt.fault = self.account.faults.strike(About.SEND, wanted.recipient, len(wanted.parts))
        status = (attempt.fault or "").removeprefix("status-")
        if status in WORDS:
            raise Refused(status)
        spoiled = spoil(attempt.fault)
        if spoiled is None or spoiled.taken:
            self._accept(attempt, wanted)

    def _accept(self, attempt: Attempt, wanted: Submission) -> None:
        parts = wanted.parts[:1] if attempt.fault == "partial" else wanted.parts
        before = self.account.balance
        if not self.account.charge(len(parts)):
            raise Refused("9")
        taken = [_element(attempt.parameters, self.account, before - PRICE * n) for n in range(1, len(parts) + 1)]
        refused = [_refusal("1", WORDS["1"], attempt.parameters)] * (len(wanted.parts) - len(parts))
        attempt.elements = taken + refused
        attempt.receipt_fault = self.account.faults.strike(About.RECEIPT, wanted.recipient, len(parts))
        if (wanted.sender, wanted.recipient) in self.account.blocked:
            attempt.receipt_fault = "receipt-opted-out"
            self.account.refund(len(parts))
        if arrives(attempt.receipt_fault):
            self._show(wanted, "".join(parts), tuple(part["message-id"] for part in taken))
        attempt.receipts = self._receipts(attempt.parameters, taken, attempt.receipt_fault)

    def _show(self, wanted: Submission, text: str, message_ids: tuple[str, ...]) -> None:
        if wanted.octets is not None:
            self.account.receive_octets(wanted.recipient, wanted.sender, wanted.octets, message_ids)
        else:
            self.account.receive(wanted.recipient, wanted.sender, text, wanted.encoding, message_ids)

    def _receipts(self, sent: Mapping[str, str], taken: Sequence[Element], fault: str | None) -> list[Webhook]:
        url = sent.get("callback") or self.account.profile.receipt_url
        if not url or sent.get("status-report-req", "true").lower() in DECLINED:
            return []
        # Only where the order is the fault must it be kept.
        turn = f"receipts {sent['to']}" if fault == "receipt-reordered" else None
        return [
            Webhook("receipt", url, spelled(self.account, sent, word), turn, word.after, fault)
            for word in due(self.account, taken, fault)
        ]

    async def _answer(self, request: Request, attempt: Attempt, at: int) -> Response:
        answer: dict[str, object] = {"message-count": str(len(attempt.elements)), "messages": attempt.elements}
        spoiled = spoil(attempt.fault)
        instead = spoiled.instead if spoiled else JSONResponse(answer)
        self._log(request, attempt, instead, at)
        if attempt.receipt_fault == "receipt-early" and attempt.receipts:
            await asyncio.wait(
                [self.courier.start(self.courier.carry(each)) for each in attempt.receipts], timeout=EARLY
            )
            attempt.receipts = []
        if isinstance(instead, Silence):
            await self._report(attempt)
            return await keep(instead, request)
        instead.background = BackgroundTask(self._report, attempt)
        return instead

    async def _report(self, attempt: Attempt) -> None:
        for each in attempt.receipts:
            self.courier.start(self.courier.carry(each))

    def _log(self, request: Request, attempt: Attempt, answer: Response | Silence, at: int) -> None:
        if isinstance(answer, Silence):
            status, said = None, answer.value
        else:
            status, said = answer.status_code, bytes(answer.body).decode()
        exchange = asked(request, "sms", attempt.parameters, at=at, status=status, answer=said)
        fault = attempt.fault or attempt.receipt_fault
        self.account.log(replace(exchange, took=self.account.clock() - at, fault=fault))


def _element(parameters: Mapping[str, str], account: Account, balance: Decimal) -> Element:
    told = {
        "to": parameters["to"],
        "message-id": uuid(account),
        "status": ACCEPTED,
        "remaining-balance": f"{balance:.8f}",
        "message-price": f"{PRICE:.8f}",
        "network": network(parameters["to"]),
        "client-ref": parameters.get("client-ref", ""),
        "account-ref": parameters.get("account-ref", ""),
    }
    return {key: value for key, value in told.items() if value}


def _refusal(status: str, text: str, parameters: Mapping[str, str]) -> Element:
    told = {"status": status, "error-text": text, "client-ref": parameters.get("client-ref", "")}
    return {key: value for key, value in told.items() if value}
