"""Who may use the API: whoever has a token, unless too many wrong ones came from there of late."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request

from bot.brake import Brake
from bot.fault import Fault
from bot.logs import event
from bot.writer import Writer
from storage import token_uses, tokens
from storage.engine import StorageError
from storage.model import Millis
from storage.tokens import BadTokens, Token

log = logging.getLogger("private_sms.admission")

Stamp = tuple[int, ...]  # of a file: another one says that it was replaced


class Admission:
    """The one token of the settings, and those of the file beside the database, which is read again when it changes."""

    def __init__(
        self, *, api_token: str | None, file: Path, brake: Brake, writer: Writer, clock: Callable[[], Millis]
    ) -> None:
        self._settings_digest = None if api_token is None else tokens.digest(api_token)
        self._file = file
        self._brake = brake
        self._writer = writer
        self._clock = clock
        self._stamp: Stamp | None = None
        self._tokens: tuple[Token, ...] = ()
        self._reconciled = False
        self._used: dict[str, Millis] = {}

    async def admit(self, request: Request) -> None:
        """Raises Fault."""
        await self.look()
        if self._settings_digest is None and not self._tokens:
            raise Fault(403, "api_off", "The API is off: no API_TOKEN is set for this service, and no token was added.")
        if wait := self._brake.wait(request.scope):
            raise Fault(429, "too_many_failures", "Too many wrong tokens from here.", {"Retry-After": str(wait)})
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        admitted, token = self._find(given.strip())
        if scheme.lower() != "bearer" or not admitted:
            self._brake.failed(request.scope)
            raise Fault(401, "unauthorized", "Send the API token: Authorization: Bearer TOKEN.")
        self._brake.right(request.scope)
        if token is not None:
            await self._remember_use(token)

    async def look(self) -> None:
        """Reads the file if it has changed; what it added and removed goes into the audit log."""
        if (stamp := self._stamped()) != self._stamp:
            self._stamp, self._tokens, self._reconciled = stamp, self._read(), False
        if not self._reconciled:
            self._reconciled = True
            with suppress(StorageError):
                await self._writer.do(lambda tx: token_uses.reconcile(tx, self._tokens, self._clock()))
                return
            self._reconciled = False

    def _stamped(self) -> Stamp | None:
        try:
            told = self._file.stat()
        except OSError:
            return None
        return told.st_mtime_ns, told.st_ctime_ns, told.st_ino, told.st_size

    def _read(self) -> tuple[Token, ...]:
        try:
            return tokens.read(self._file)
        except BadTokens as error:  # rather nobody than whoever was in it before
            log.error(event("no API token counts but that of the settings", why=error))
            return ()

    def _find(self, given: str) -> tuple[bool, Token | None]:
        """Whether it is one of them, and which of the file's. All are compared: the time tells nothing."""
        digest = tokens.digest(given)
        admitted = self._settings_digest is not None and hmac.compare_digest(digest, self._settings_digest)
        found = [token for token in self._tokens if hmac.compare_digest(digest, token.sha256)]
        return admitted or bool(found), found[0] if found else None

    async def _remember_use(self, token: Token) -> None:
        now = self._clock()
        if now - self._used.get(token.id, now - token_uses.HOUR) < token_uses.HOUR:
            return
        self._used[token.id] = now
        with suppress(StorageError):  # no reason to refuse whoever only wants to read
            await self._writer.do(lambda tx: token_uses.used(tx, token.id, now))
