"""Connections to the mail server: kept for the next mail, and what each of its answers means for the one at hand."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass
from typing import Final

import aiosmtplib
import structlog

from adapters.mail.replies import LONGEST_DETAIL, NOT_TRUSTED, Step, outcome_of
from adapters.mail.server import SmtpServer
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, SendResult, Sent, Unknown

_log = structlog.get_logger()

CONNECTIONS: Final = 4  # that are open at once: more than that many small servers refuse
MAILS_PER_CONNECTION: Final = 100  # after which some servers close it
IDLE: Final = 20.0  # seconds after which a connection is closed that nobody needs
TIMEOUT: Final = 15.0  # seconds for each answer
ALL_WITHIN: Final = 25.0  # seconds for all of them: the outbox waits for 30, and then knows less than we do
LEFT_EVERY: Final = 0.02  # seconds after which it is looked again whether a long mail has left
_UNREACHABLE: Final = "The mail server cannot be reached."
_NO_ANSWER: Final = "The mail server did not say whether it took the mail."


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail as servers pass it on. `mail_id` is its `Message-ID`."""

    sender: str
    recipient: str
    content: bytes
    mail_id: str


@dataclass(slots=True)
class _Open:
    client: aiosmtplib.SMTP
    mails: int = 0
    used_at: float = 0.0


@dataclass(slots=True)
class _Progress:
    """Whether the whole mail has left, so that the server may have it."""

    is_whole: bool = False


class SmtpConnections:
    """A few connections, each for one mail after the other."""

    def __init__(self, server: SmtpServer, *, name: str = "", timeout: float = TIMEOUT) -> None:
        """`name` is what we call ourselves; without it the machine's."""
        self._server = server
        self._name = name or None
        self._timeout = timeout
        self._free: list[_Open] = []
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._idle: asyncio.TimerHandle | None = None

    async def send(self, envelope: Envelope) -> SendResult:
        """Hands in one mail, once; never raises for what server and network do."""
        progress = _Progress()
        try:
            async with asyncio.timeout(ALL_WITHIN), self._places:
                return await self._send(envelope, progress)
        except TimeoutError:
            if progress.is_whole:
                return Unknown(_NO_ANSWER, late=True)
            return Retry("The mail server takes too long.", detail=f"longer than {ALL_WITHIN:g} s")

    async def _send(self, envelope: Envelope, progress: _Progress) -> SendResult:
        kept = self._take()
        if kept is not None:
            result = await self._hand_in(kept, envelope, progress)
            if result is not None:
                return result
        # The server closed it while nobody looked: nothing was said there yet.
        opened = await self.open()
        if not isinstance(opened, aiosmtplib.SMTP):
            return opened
        result = await self._hand_in(_Open(opened), envelope, progress)
        return result or Retry(_UNREACHABLE, detail="closed before the first command")

    async def open(self) -> aiosmtplib.SMTP | Retry | Gone:
        """A new connection, logged in; or why there is none."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.implicit_tls,
            start_tls=server.starttls,
            tls_context=server.tls or ssl.create_default_context(),
            local_hostname=self._name,
            timeout=self._timeout,
        )
        try:
            await client.connect()
            if server.user:
                await client.login(server.user, server.password)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            return _not_open(error)
        except BaseException:
            client.close()
            raise
        return client

    async def close(self) -> None:
        """Closes what is open."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        while self._free:
            client = self._free.pop().client
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(1.0):
                    await client.quit()
            client.close()

    async def _hand_in(self, kept: _Open, envelope: Envelope, progress: _Progress) -> SendResult | None:
        """None where the connection was closed before the first command, so that another one may take the mail."""
        client, well = kept.client, False
        step = Step.SENDER
        try:
            size = [f"SIZE={len(envelope.content)}"] if client.supports_extension("size") else []
            try:
                await client.mail(envelope.sender, options=size)
            except aiosmtplib.SMTPServerDisconnected:
                return None
            step = Step.RECIPIENT
            await client.rcpt(envelope.recipient)
            step = Step.CONTENT
            result = await self._data(client, envelope, progress)
            well = isinstance(result, Sent)
            return result
        except aiosmtplib.SMTPResponseException as error:
            well = await self._reset(client, error.code)
            return outcome_of(step, error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            # What has no answer had no final dot, either: the server throws it away (RFC 5321 section 4.1.1.4).
            return Retry(_UNREACHABLE, detail=_detail(error))
        finally:
            self._put_back(kept, well=well)

    async def _data(self, client: aiosmtplib.SMTP, envelope: Envelope, progress: _Progress) -> SendResult:
        """The content. Until its final dot is on the way the server has nothing; from then on nobody knows."""
        begun = await client.execute_command(b"DATA", timeout=self._timeout)
        if begun.code != 354:
            raise aiosmtplib.SMTPResponseException(begun.code, begun.message)
        protocol = client.protocol
        if protocol is None or not isinstance(protocol.transport, asyncio.WriteTransport):
            return Retry(_UNREACHABLE, detail="closed before the content")
        transport = protocol.transport
        # Asked for before anything is written: a server may refuse in the middle.
        answer = asyncio.ensure_future(protocol.read_response(timeout=self._timeout))
        try:
            await asyncio.sleep(0)
            transport.write(_dotted(envelope.content))
            while transport.get_write_buffer_size() and not answer.done():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(LEFT_EVERY)
            if not answer.done() and not transport.is_closing():
                progress.is_whole = True
                transport.write(b".\r\n")
            reply = await answer
        except (aiosmtplib.SMTPException, OSError) as error:
            # What cannot be understood is an answer, too, and no yes.
            if not progress.is_whole or isinstance(error, aiosmtplib.SMTPResponseException):
                return Retry(_UNREACHABLE, detail=_detail(error))
            late = isinstance(error, aiosmtplib.SMTPReadTimeoutError)
            return Unknown(_NO_ANSWER, late=late, detail=_detail(error))
        finally:
            answer.cancel()
        if reply.code == 250:
            return Sent(envelope.mail_id)
        raise aiosmtplib.SMTPResponseException(reply.code, reply.message)

    async def _reset(self, client: aiosmtplib.SMTP, code: int) -> bool:
        """Whether the connection can take another mail after a refusal."""
        if code == 421 or not client.is_connected:
            return False
        try:
            await client.rset(timeout=self._timeout)
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True

    def _take(self) -> _Open | None:
        now = time.monotonic()
        while self._free:
            kept = self._free.pop()
            if kept.client.is_connected and now - kept.used_at < IDLE:
                return kept
            kept.client.close()
        return None

    def _put_back(self, kept: _Open, *, well: bool) -> None:
        kept.mails += 1
        kept.used_at = time.monotonic()
        if well and kept.client.is_connected and kept.mails < MAILS_PER_CONNECTION:
            self._free.append(kept)
            if self._idle is None:
                self._idle = asyncio.get_running_loop().call_later(IDLE, self._close_idle)
        else:
            kept.client.close()

    def _close_idle(self) -> None:
        self._idle = None
        now = time.monotonic()
        for kept in [one for one in self._free if now - one.used_at >= IDLE]:
            self._free.remove(kept)
            kept.client.close()
        if self._free:
            self._idle = asyncio.get_running_loop().call_later(IDLE, self._close_idle)


def _not_open(error: Exception) -> Retry | Gone:
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code, message=message):
            outcome = outcome_of(Step.LOGIN, code, message)
            return outcome if not isinstance(outcome, Rejected) else Gone(NOT_TRUSTED, GoneScope.WORKSPACE)
        case aiosmtplib.SMTPNotSupported():
            words = "The mail server offers no encryption, or no way to log in."
            return Gone(words, GoneScope.WORKSPACE, detail=_detail(error))
        case ssl.SSLCertVerificationError() | aiosmtplib.SMTPConnectError(__cause__=ssl.SSLCertVerificationError()):
            return Retry("The mail server’s certificate cannot be trusted.", detail=_detail(error))
        case aiosmtplib.SMTPResponseException(code=code, message=message) if code >= 0:
            outcome = outcome_of(Step.CONNECT, code, message)
            return outcome if not isinstance(outcome, Rejected) else Gone(NOT_TRUSTED, GoneScope.WORKSPACE)
    return Retry(_UNREACHABLE, detail=_detail(error))


def _detail(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_DETAIL]


def _dotted(content: bytes) -> bytes:
    """With a second dot where a line begins with one (RFC 5321 section 4.5.2). Lines end in CR LF already."""
    return (b"." if content.startswith(b".") else b"") + content.replace(b"\r\n.", b"\r\n..")
