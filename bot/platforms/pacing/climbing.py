"""Climbing: how a pace goes faster with the time in which nothing is refused, up to a limit and a little beyond.

Where nothing is refused for longer than expected, more is taken by now: the pace grows ever faster until it is too
much. What it costs to try that, `deploy/docs/pacing.md` works out.
"""

from __future__ import annotations

import math
from typing import Final

#: After a refusal a pace is so much below the limit, which it reaches again after so many requests and seconds, and so
#: many times as long as the last pause was. So about one request in a hundred and fifty is refused.
BELOW: Final = 0.02
CLIMB_REQUESTS: Final = 150.0
CLIMB_SECONDS: Final = 4.0
CLIMB_PAUSES: Final = 25.0
#: A limit that blocks is tried after so many times as many requests, as some are refused before a block is known.
CLIMB_BLOCKED: Final = 2
#: After so much more of that time more is taken than before, it seems: a pace grows by a hundredth, which doubles in so
#: many seconds.
PAST: Final = 1.75
FIRST_STEP: Final = 0.01
DOUBLES_IN: Final = 0.9
#: Each time that more was tried than is taken, it takes longer until it is tried again.
MOST_PATIENCE: Final = 2.0
#: Seconds; when nobody asks for longer, nobody waits.
LONGEST_LOOK: Final = 1.0


class Climb:
    """One pace's."""

    def __init__(self) -> None:
        self._patience = 1.0
        self._seconds = 0.0  # since the pace was last lowered, in which somebody waited
        self._at = -math.inf

    def begin(self) -> None:
        """The pace was lowered."""
        self._seconds = 0.0

    def look(self, now: float, *, counts: bool) -> None:
        """Time went on, which `counts` where somebody waits for the pace."""
        passed, self._at = min(now - self._at, LONGEST_LOOK), now
        if counts:
            self._seconds += passed

    def be_patient(self, *, more: bool) -> None:
        """More was tried: from now on it takes longer until it is tried again, or as long as at first."""
        self._patience = min(2 * self._patience, MOST_PATIENCE) if more else 1.0

    def excess(self, limit: float, cost: float) -> float:
        """The part of the limit (requests a second) by which the pace is above it, or below.

        Refusals `cost` so many seconds in which nothing is taken.
        """
        requests = CLIMB_REQUESTS * (CLIMB_BLOCKED if cost else 1)
        time = max(self._patience * max(CLIMB_SECONDS, requests / limit), CLIMB_PAUSES * cost)
        growing = self._seconds - PAST * time
        excess = BELOW * (min(self._seconds / time, PAST) - 1)
        return excess + (FIRST_STEP * (2 ** min(growing / DOUBLES_IN, 12.0) - 1) if growing > 0 else 0.0)
