"""The rate of requests: so many a second from one address, and not more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.web.people.attempts import client_of

#: Of one address, or of one customer's network. A page takes about ten, its stream of events one for as long as it is
#: open; a team behind one address shares them.
REQUESTS_PER_SECOND: Final = 30.0
BURST: Final = 300.0
#: Addresses that are remembered; one that has been quiet for ten seconds need not be.
MOST_REMEMBERED: Final = 10_000


class RequestRates:
    """What each address has left, as a bucket that fills (https://en.wikipedia.org/wiki/Token_bucket)."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._left: dict[str, tuple[float, float]] = {}

    def wait_before(self, address: str) -> float:
        """Takes a request of that address; returns 0, or the seconds until it may come again."""
        now = self._now()
        if len(self._left) >= MOST_REMEMBERED and address not in self._left:
            self._forget(now)
        left, at = self._left.pop(address, (BURST, now))
        left = min(left + (now - at) * REQUESTS_PER_SECOND, BURST)
        taken = 1.0 if left >= 1.0 else 0.0
        self._left[address] = left - taken, now
        return 0.0 if taken else (1.0 - left) / REQUESTS_PER_SECOND

    def _forget(self, now: float) -> None:
        """Forgets who has a full bucket again, and where nobody has, the one that was quiet for the longest."""
        oldest = next(iter(self._left))
        full = [one for one, (left, at) in self._left.items() if left + (now - at) * REQUESTS_PER_SECOND >= BURST]
        for address in full or [oldest]:
            del self._left[address]


class RequestRate:
    """Refuses what comes faster, with 429 and when to come again."""

    def __init__(self, app: ASGIApp, *, rates: RequestRates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = self._rates.wait_before(client_of(HTTPConnection(scope))) if scope["type"] == "http" else 0.0
        if not wait:
            await self._app(scope, receive, send)
            return
        headers = {"Retry-After": str(math.ceil(wait))}
        await PlainTextResponse("Too many requests; slow down.\n", 429, headers)(scope, receive, send)
