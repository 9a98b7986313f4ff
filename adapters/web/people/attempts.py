"""Guesses at passwords: how often somebody may be wrong before they have to wait."""

from __future__ import annotations

import ipaddress
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection

from bot.clocks import Clock

ATTEMPTS = 5
ATTEMPTS_IN = timedelta(minutes=1)
#: From so many failures on, in a minute and from wherever, each address may be wrong once only; and from so many at one
#: name on, at that name.
ATTEMPTS_OF_ALL = 60
ATTEMPTS_AT_NAME = 20
#: Failures that are remembered. Whoever makes more of them in a minute has more addresses than that, anyway.
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """A password that somebody tries. It counts as wrong until it turns out to be right."""

    at: datetime
    client: str
    name: str


class Attempts:
    """The wrong passwords of the last minute, in this process.

    One who was not wrong lately may always try: else whoever guesses would lock out those who know their passwords.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: deque[Attempt] = deque()
        self._of_client: Counter[str] = Counter()
        self._at_name: Counter[str] = Counter()

    def wait_before(self, client: str, name: str = "") -> int:
        """Whole seconds until that address may try a password for that name again; 0 if it may now."""
        now = self._clock.now()
        while self._failures and self._is_over(self._failures[0], now):
            self._uncount(self._failures.popleft())
        many = len(self._failures) >= ATTEMPTS_OF_ALL or self._at_name[name] >= ATTEMPTS_AT_NAME
        if self._of_client[client] < (1 if many else ATTEMPTS):
            return 0
        first = next(attempt.at for attempt in self._failures if attempt.client == client)
        return max(1, round((first + ATTEMPTS_IN - now).total_seconds()))

    def begin(self, client: str, name: str = "") -> Attempt:
        """Counts an attempt before it is known to be wrong, so that many at once count as many."""
        attempt = Attempt(self._clock.now(), client, name)
        self._failures.append(attempt)
        self._of_client[client] += 1
        self._at_name[name] += 1
        return attempt

    def succeeded(self, attempt: Attempt) -> None:
        """Takes an attempt back: it was right, or nobody can tell."""
        if attempt in self._failures:
            self._failures.remove(attempt)
            self._uncount(attempt)

    def _is_over(self, attempt: Attempt, now: datetime) -> bool:
        # One that is still to come was made while the clock was ahead: nobody waits for that.
        return not now - ATTEMPTS_IN < attempt.at <= now or len(self._failures) > MOST_REMEMBERED

    def _uncount(self, attempt: Attempt) -> None:
        for counter, key in ((self._of_client, attempt.client), (self._at_name, attempt.name)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]


def client_of(connection: HTTPConnection) -> str:
    """Who counts as one guesser of passwords: an address, or the network that one customer has of IPv6."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
