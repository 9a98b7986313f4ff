"""The pace: so many requests a second, and not more, whoever makes them."""

from __future__ import annotations

import time
from collections.abc import Callable


class RateLimit:
    """A queue without places: whoever comes is told how long to wait for their turn.

    After a pause up to `burst` may go at once. Who would wait more than `longest` seconds gets no turn.
    https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
    """

    def __init__(
        self, per_second: float, *, burst: int, longest: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / per_second
        self._longest = longest
        self._slack = (burst - 1) * self._interval
        self._now = now
        self._free_at = now()

    def next(self) -> float:
        """Takes the next turn, unless it is too far away; returns the seconds until then."""
        now = self._now()
        turn = max(self._free_at, now)
        wait = max(0.0, turn - self._slack - now)
        if wait <= self._longest:
            self._free_at = turn + self._interval
        return wait
