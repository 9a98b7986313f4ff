"""A leaky bucket: requests leave it one after the other, each in its turn; and when those left that were taken.

Turns are numbered, and come by the rate of the moment: who waits for one asks again, and whoever takes one later comes
later. Times are seconds on whatever monotonic clock the caller has.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from typing import Final

_REMEMBERED: Final = 30.0  # seconds for which it is known when requests were taken


class LeakyBucket:
    """The turns of one pace, at `rate` a second. After a pause `burst` of them may come together."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._last = 0  # the number of the last turn, how many turns may have come, and when that was counted
        self._passed = float(burst)
        self._counted_at = -math.inf
        self._none_before = -math.inf

    @property
    def rate(self) -> float:
        return self._rate

    def go_at(self, rate: float, now: float) -> None:
        """From now on they come at that rate."""
        self._count(now)
        self._rate = rate

    def rest(self, seconds: float, now: float) -> None:
        """None comes for so long from now on."""
        self._count(now)
        self._none_before = now + seconds

    def wait(self, now: float) -> float:
        """Seconds for which none comes."""
        return max(0.0, self._none_before - now)

    def ahead(self, now: float) -> float:
        """How many have to come before the last one has, below 0 where more may come at once."""
        self._count(now)
        return self._last - self._passed

    def come(self, now: float) -> float:
        """The number up to which they have come."""
        self._count(now)
        return self._passed

    def take(self, now: float) -> int:
        """The number of a new one, which is the last."""
        self._count(now)
        self._last += 1
        return self._last

    def push_in(self, now: float) -> None:
        """Something left without a turn: all others come one later."""
        self._count(now)
        self._passed -= 1

    def left(self, ticket: int, now: float) -> float:
        """Seconds until that one comes."""
        self._count(now)
        behind = ticket - self._passed
        return self.wait(now) + (behind / self._rate if behind > 1e-6 else 0.0)

    def go_on_after(self, ticket: float, now: float) -> None:
        """Whatever may have come meanwhile, none did after that one."""
        self._count(now)
        self._passed = min(self._passed, ticket)

    def _count(self, now: float) -> None:
        """Counts those that have come until now."""
        since = max(self._counted_at, self._none_before)
        if now > since:
            passed = self._passed + (now - since) * self._rate if since > -math.inf else math.inf
            self._passed = min(passed, self._last + self._burst)
        self._counted_at = max(self._counted_at, now)


class Taken:
    """When those requests left that were taken lately."""

    def __init__(self) -> None:
        self._left_at: list[float] = []

    def add(self, left_at: float, now: float) -> None:
        insort(self._left_at, left_at)
        if self._left_at[0] < now - 2 * _REMEMBERED:
            del self._left_at[: bisect_right(self._left_at, now - _REMEMBERED)]

    def between(self, after: float, until: float) -> int:
        return bisect_right(self._left_at, until) - bisect_right(self._left_at, after)

    def per_second(self, seconds: float, until: float) -> float:
        """How many a second left in so many seconds until then."""
        return self.between(until - seconds, until) / seconds
