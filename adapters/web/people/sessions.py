"""Logging in with the workspace's one password."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import Counter, deque
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

from bot.clocks import Clock

COOKIE = "paperround_session"
SESSION_LENGTH = timedelta(days=30)
ATTEMPTS = 5
ATTEMPTS_IN = timedelta(minutes=1)
#: From so many failures on, in a minute and from wherever, each address may be wrong once only.
ATTEMPTS_OF_ALL = 60
#: Failures that are remembered. Whoever makes more of them in a minute has more addresses than that, anyway.
MOST_REMEMBERED = 10_000


class Sessions:
    """Checks passwords and keeps sessions in signed cookies.

    The signing key is derived from the password: sessions outlast restarts and hold in every process, and a new
    password ends all of them. The derivation is slow on purpose (scrypt), so a stolen cookie does not give it away.
    """

    def __init__(self, password: str, clock: Clock) -> None:
        self._password = password.encode()
        self._clock = clock
        self._key = hashlib.scrypt(self._password, salt=b"paperround/web/session", n=2**14, r=8, p=1, dklen=32)
        self._failures: deque[tuple[datetime, str]] = deque()
        self._of_client: Counter[str] = Counter()

    def wait_before(self, client: str) -> int:
        """Whole seconds until that address may try a password again; 0 if it may now.

        One that was not wrong lately always may: else whoever guesses would lock out the owner.
        """
        now = self._clock.now()
        while self._failures and (self._failures[0][0] + ATTEMPTS_IN <= now or len(self._failures) > MOST_REMEMBERED):
            self._forget_oldest()
        most = ATTEMPTS if len(self._failures) < ATTEMPTS_OF_ALL else 1
        if self._of_client[client] < most:
            return 0
        first = next(at for at, address in self._failures if address == client)
        return max(1, round((first + ATTEMPTS_IN - now).total_seconds()))

    def is_password(self, text: str, client: str) -> bool:
        """Whether it is the password, compared in constant time. A wrong one counts against the address."""
        right = hmac.compare_digest(text.encode(errors="replace"), self._password)
        if not right:
            self._failures.append((self._clock.now(), client))
            self._of_client[client] += 1
        return right

    def _forget_oldest(self) -> None:
        _, client = self._failures.popleft()
        self._of_client[client] -= 1
        if not self._of_client[client]:
            del self._of_client[client]

    def begin(self, response: Response, *, secure: bool) -> None:
        """Puts a new session into the response's cookies."""
        expires = str(int((self._clock.now() + SESSION_LENGTH).timestamp()))
        response.set_cookie(
            COOKIE,
            f"{expires}.{self._signature(expires)}",
            max_age=int(SESSION_LENGTH.total_seconds()),
            httponly=True,
            secure=secure,
            samesite="strict",
        )

    def holds(self, connection: HTTPConnection) -> bool:
        """Whether the request belongs to a session that has not expired."""
        expires, _, signature = connection.cookies.get(COOKIE, "").partition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._signature(expires).encode()):
            return False
        return int(expires) > self._clock.now().timestamp()

    def _signature(self, expires: str) -> str:
        return hmac.new(self._key, expires.encode(errors="replace"), "sha256").hexdigest()


def end(response: Response) -> None:
    """Takes the session out of the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


def client_of(connection: HTTPConnection) -> str:
    """Who counts as one guesser of passwords: an address, or the network that one customer has of IPv6."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
