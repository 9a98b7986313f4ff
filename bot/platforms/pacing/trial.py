"""A trial: after refusals one request tries for all that wait whether anything is taken again.

Times are seconds on whatever monotonic clock the caller has.
"""

from __future__ import annotations

import math
from collections.abc import Callable


class Trial:
    """One pace's."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self.is_on = False
        self._next_at = -math.inf  # when one may try, and if nothing comes of it another one
        self._tried = math.inf  # the turn that it took, if one did since the last pause
        self._held = math.inf

    def begin(self, held: float = math.inf) -> None:
        """From now on one has to try. `held` is the turn that was the next one when all began to wait, if known."""
        self.is_on, self._held = True, held

    def pause(self, seconds: float, now: float, rate: float) -> None:
        """Nothing is taken for so long; after that they come at a rate of so many a second."""
        self._tried = math.inf
        # Where several processes wait for the same moment, they do not come together.
        self._next_at = now + seconds + self._chance() * min(1.0, 1 / rate)

    def wait(self, now: float) -> float:
        """Seconds until one may try."""
        return max(0.0, self._next_at - now)

    def take(self, ticket: int, now: float, answered_in: float) -> None:
        """The one with that turn tries. If it is not answered in so many seconds, another one does."""
        self._next_at, self._tried = now + answered_in, ticket

    def succeed(self) -> float:
        """One was taken. Returns the last turn that may have come meanwhile: all after it still wait."""
        after, self._held = min(self._tried, self._held), math.inf
        self.is_on = False
        return after
