"""A mail server on a real socket, by aiosmtpd: what it took stands in mailboxes, and it fails on demand."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import defaultdict, deque
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum, auto
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Fault(Enum):
    """What befalls the next mail besides a refusal."""

    CLOSED_BEFORE_DATA = auto()  # after the recipient
    CLOSED_IN_DATA = auto()  # in the middle of the content
    LOST = auto()  # after the final dot; thrown away
    ANSWER_LOST = auto()  # after the final dot; it arrives
    SLOW = auto()  # after the final dot; it arrives, and nobody says so for long
    PAGE = auto()  # no mail server answers, but a web server


class SmtpSimulator:
    """Use it as a context manager. `mailboxes` are what arrived, by address; a double with the same `Message-ID` is
    shown once, as most readers do, and counted in `copies`.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, user: str = "", password: str = "") -> None:
        self._tls = tls
        self._user, self._password = user, password
        self.mailboxes: defaultdict[str, dict[str, EmailMessage]] = defaultdict(dict)
        self.copies: defaultdict[str, int] = defaultdict(int)
        self.senders: list[str] = []
        self.connections = 0
        self.logins: list[bool] = []
        self.encrypted: list[bool] = []
        self.refusals: defaultdict[str, deque[str]] = defaultdict(deque)
        self.faults: deque[Fault] = deque()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Nobody answers on the port any more."""
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        """Closes every open connection, as servers do with those that are idle."""
        for transport in list(self._open):
            transport.close()

    def refuse(self, step: str, *replies: str) -> None:
        """Answers the next commands of that step (`MAIL`, `RCPT`, `DATA`) so."""
        self.refusals[step].extend(replies)

    def fail(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def mails(self, address: str) -> list[EmailMessage]:
        return list(self.mailboxes[address].values())

    # ---- what aiosmtpd calls

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.encrypted.append(session.ssl is not None)
        if self.refusals["MAIL"]:
            return self.refusals["MAIL"].popleft()
        self.senders.append(address)
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusals["RCPT"]:
            return self.refusals["RCPT"].popleft()
        if self._befalls(Fault.CLOSED_BEFORE_DATA):
            assert server.transport is not None
            server.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusals["DATA"]:
            return self.refusals["DATA"].popleft()
        assert server.transport is not None
        if self._befalls(Fault.LOST):
            server.transport.close()
            return "250 never said"
        mail = message_from_bytes(cast("bytes", envelope.content), policy=default)
        for address in envelope.rcpt_tos:
            self.mailboxes[address].setdefault(str(mail["Message-ID"]), mail)
            self.copies[str(mail["Message-ID"])] += 1
        if self._befalls(Fault.ANSWER_LOST):
            server.transport.close()
        if self._befalls(Fault.SLOW):
            await asyncio.sleep(60)
        return "250 2.0.0 queued"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (self._user.encode(), self._password.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=right)

    def _befalls(self, fault: Fault) -> bool:
        if self.faults and self.faults[0] is fault:
            self.faults.popleft()
            return True
        return False

    def _accept(self) -> asyncio.BaseProtocol:
        self.connections += 1
        if self._befalls(Fault.PAGE):
            return _WebServer()
        return _Connection(self, self._open, self._tls, authenticator=self.authenticate if self._user else None)


class _Connection(SMTP):
    def __init__(
        self, simulator: SmtpSimulator, connections: set[asyncio.BaseTransport], tls: Any, authenticator: Any
    ) -> None:
        self._simulator, self._connections = simulator, connections
        super().__init__(
            simulator,
            hostname="mail.test",
            ident="simulated",
            enable_SMTPUTF8=True,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=authenticator is not None,
            auth_require_tls=tls is not None,
            authenticator=authenticator,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(cast("asyncio.BaseTransport", self.transport))
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str | None) -> None:
        if self._simulator._befalls(Fault.CLOSED_IN_DATA):
            await self.push("354 go on")
            assert self._reader is not None
            with contextlib.suppress(Exception):
                await self._reader.read(10)
            assert self.transport is not None
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class _WebServer(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\n\r\n<html>What?</html>\r\n")
        transport.close()
