"""The mail server that takes our mails, as an operator writes it: `smtp://user:password@mail.lab.example:587`."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

#: Submission (RFC 6409), submission with TLS from the start (RFC 8314), and the same for a relay of one's own.
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed in. `implicit_tls` begins with TLS; `tls` is what certificates are checked with, the
    system's authorities without it.
    """

    host: str
    port: int
    implicit_tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def starttls(self) -> bool | None:
        """Whether STARTTLS is asked for; None where it is if the server has it.

        Beyond this machine nothing is said in the clear. On it nobody can listen, and certificates are often made up.
        """
        if self.implicit_tls:
            return False
        if self.tls is not None or not self.is_here:
            return True
        return None if self.user else False

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that nobody can listen."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_server(url: str) -> SmtpServer:
    """The server at that address; raises `ValueError` with what is wrong, never with the password."""
    parts = urlsplit(url.strip())
    if parts.scheme not in _PORTS:
        raise ValueError(
            "write smtp://user:password@host:587, or smtps://user:password@host:465 for TLS from the start"
        )
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the port is a number, such as 587") from None
    if not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("after the host comes its port and nothing else; write %40 for an @ in the user's name")
    return SmtpServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        implicit_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
