"""Refusals of one account one after the other, with hardly anything between them that was taken.

They are about one and the same thing, and tell together what one alone does not: that nothing is taken for a while (a
block), or that the platform named too short a pause. Times are seconds on whatever monotonic clock the caller has.
"""

from __future__ import annotations

import math
from typing import Final

#: Refusals with fewer requests between them that were taken are about one and the same thing.
FEW: Final = 6
#: Where a refusal names less than an earlier one, and both name the same end but for so many seconds, nothing is taken
#: before: that is a block, if it is not so short (seconds) that one may as well try.
SAME_END: Final = 0.15
SHORTEST_BLOCK: Final = 0.3
#: Platforms that name whole seconds do not tell that of a second. So many refusals, each of what left after the one
#: before, and nothing taken for so many seconds look like it.
IN_A_ROW: Final = 3
ROW_LASTS: Final = 0.1
#: The longest pause (seconds) beyond what the platform names, where it goes on to refuse after that.
LONGEST_PAUSE: Final = 60.0


class RefusalSeries:
    """One pace's."""

    def __init__(self) -> None:
        self.count = 0  # refusals before this one, and when they began
        self.began = -math.inf
        self.cost = 0.0  # seconds that nothing was taken after the last ones
        self.last_at = -math.inf  # what left before has left at the pace of then
        self._since = FEW  # requests that were taken since the last one
        self._in_a_row = 0  # of those after which nothing was taken, each of what left after the one before
        self._paused = False  # whether the last ones led to a pause
        self._pause = 0.0  # the last one, while the platform goes on to refuse
        # The first refusal since one was taken: when that left, until when it asked to wait, and for how many seconds.
        self._first: tuple[float, float, float] | None = None

    def is_old(self, sent_at: float) -> bool:
        """Whether what left then left at a pace that is no more, and says nothing new."""
        return sent_at < self.last_at

    def taken(self, sent_at: float) -> None:
        """A request that left then was taken."""
        if self._first and sent_at > self._first[0]:
            self._first, self._in_a_row = None, 0
        if not self.is_old(sent_at):
            self._since += 1

    def tried(self) -> None:
        """One that tried was taken: what asked for a pause is over."""
        self._pause, self._since = 0.0, 0

    def add(self, sent_at: float, now: float) -> None:
        """One that left then was refused."""
        if self._since < FEW:
            self.count += 1
        else:
            if not self._paused:
                self.cost = 0.0  # after the last one, too, others were taken at once
            self.count, self.began, self._paused = 0, sent_at, False
        self._since, self.last_at = 0, now
        self._in_a_row += 1

    def block(self, sent_at: float, now: float, seconds: float) -> float:
        """How many seconds the platform takes nothing, if it named the same end before, and took nothing since; else 0.

        This also goes by what left before the first of those refusals came.
        """
        if self._first is None:
            self._first = (sent_at, now + seconds, seconds)
            return 0.0
        _, end, named = self._first
        names_same_end = seconds < named and abs(now + seconds - end) < SAME_END
        return named if names_same_end and named >= SHORTEST_BLOCK else 0.0

    def blocked(self, seconds: float) -> None:
        """They tell of a block of so many seconds."""
        self._paused, self._pause, self.cost = True, seconds, seconds
        self.count = self._since = 0

    def in_a_row(self, sent_at: float) -> bool:
        """Whether so many came one after the other that it looks like a block, the last of what left then."""
        return self._in_a_row >= IN_A_ROW and self._first is not None and sent_at - self._first[0] >= ROW_LASTS

    def pause(self) -> None:
        """They lead to a pause, after which one has to try."""
        self._paused, self.count = True, 0

    def longer_pause(self, seconds: float) -> float:
        """How many seconds to wait now that the one that tried was refused, too, with the wish to wait for so many.

        What the platform named counts for all; if it refuses again after that, it named too little.
        """
        self._pause = self.cost = max(seconds, min(2 * self._pause, LONGEST_PAUSE))
        return self._pause

    def end(self) -> None:
        """What they are about is known: the next one is about something else."""
        self.count, self._since = 0, FEW
