"""MailDoctor: what `paperround doctor` looks at in mail, without sending any."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiosmtplib

from adapters.mail.platform import MailPlatform
from bot.checks import Check, NoticeError
from bot.errors import OperatorError

_LOCAL = ("localhost", "127.0.0.1", "::1")


class MailDoctor:
    """Each check says what is well, or raises an `OperatorError` that says what to do."""

    def __init__(self, platform: MailPlatform) -> None:
        self._platform = platform

    def checks(self) -> dict[str, Check]:
        return {"Mail": self._server, "Mail's links": self._links}

    async def _server(self) -> str:
        """Connects, encrypts, logs in, and asks whether mails of our sender are taken."""
        platform, server = self._platform, self._platform.server
        opened = await platform.connections.open()
        if not isinstance(opened, aiosmtplib.SMTP):
            raise OperatorError(
                f"{opened.reason} ({server}: {opened.detail}) Look at PAPERROUND_SMTP_URL: host, port, user and "
                "password; smtp:// begins in the clear and asks for STARTTLS, smtps:// begins with TLS."
            )
        encrypted = opened.get_transport_info("sslcontext") is not None
        sender = platform.sender.email
        try:
            await opened.mail(sender)
            await opened.rset()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise OperatorError(
                f"{server} takes no mails from {sender} ({error}). Set PAPERROUND_MAIL_FROM to an address that it lets "
                "this user send from, or have whoever runs it allow this one."
            ) from error
        finally:
            opened.close()
        how = "with TLS" if encrypted else "on this machine, without TLS"
        return f"{server} takes mails from {sender}, {how}{', logged in' if server.user else ''}"

    async def _links(self) -> str:
        """Whether readers can follow the links: mail providers unsubscribe by HTTPS alone (RFC 8058)."""
        url = self._platform.public_url
        parts = urlsplit(url)
        if parts.hostname in _LOCAL:
            raise OperatorError(
                f"Links in mails lead to {url}, which nobody else can reach. Set PAPERROUND_PUBLIC_URL to the address "
                "at which your proxy serves /mail/."
            )
        if parts.scheme != "https":
            raise NoticeError(
                f"Links in mails lead to {url}; mail programs show their own unsubscribe button for https:// alone."
            )
        return f"they lead to {url}/mail/, which has to be reachable from outside"
