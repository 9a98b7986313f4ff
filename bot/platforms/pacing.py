"""Pacing: how fast requests may leave for an account whose limit nobody tells, and that may be another one tomorrow.

A pace begins slowly and goes faster with what is taken, until something is refused. What was taken just before that
tells the limit: from then on requests leave a little slower, and evenly. After a while it is tried, in small and then
in larger steps, whether more is taken by now; the more a refusal costs, the later.

Whoever is refused often learns not whose limit it was. So after a refusal one request tries: if it is taken, the
refusal was about one channel, or a moment; if it is refused as well, nothing leaves before the time that the platform
named, and then one again tries first.

A pace knows no clock and no platform: times are seconds on whatever monotonic clock its caller has.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right, insort
from collections.abc import Callable
from typing import Final

#: Requests a second that a pace begins with where no limit is known, and from which on it holds up nobody.
START: Final = 10.0
FREE: Final = 1_000.0
#: Requests a second that each one adds that was taken, as long as nothing was refused: ten times as many in 1.5 s.
GROWTH: Final = 1.5
#: So much of a limit is used: what leaves evenly does not arrive quite so.
MARGIN: Final = 0.97
SLOWEST: Final = 0.5  # requests a second
#: A pace that had no refusal for so long (seconds) is about what is taken; what is refused sooner is not.
SOON: Final = 10.0
BACK: Final = 0.8  # what is left of a pace that was too fast by nobody knows how much
#: After a refusal nothing more is tried for so many seconds, and requests, and for so many times as long as it cost. So
#: no more than one request in a hundred is refused, and little time is lost.
SETTLED_SECONDS: Final = 25.0
SETTLED_REQUESTS: Final = 400.0
SETTLED_PAUSES: Final = 25.0
SETTLED_LONGEST: Final = 120.0  # seconds, for so many requests
#: The same where the limit could only be guessed.
GUESS_SECONDS: Final = 5.0
#: To try for more begins with a hundredth, which doubles in so many seconds.
FIRST_STEP: Final = 0.01
DOUBLES_IN: Final = 2.0
CLOSE: Final = 1.06  # what lies no further above what is known to be taken is not tried once more
#: Seconds after a refusal before one request tries whether that was all.
BREATH: Final = 1.0
#: The longest pause (seconds) beyond what the platform names, where it goes on to refuse after that.
LONGEST_PAUSE: Final = 60.0
#: What is known of a limit is believed for so long (seconds); a pace that was never refused begins anew after a minute.
BELIEVED_FOR: Final = 3_600.0
FORGOTTEN_AFTER: Final = 60.0
#: Requests are taken on for so many seconds ahead.
AHEAD: Final = 0.5
REFILL: Final = 0.5  # the part of it that is left when more are taken on
#: So many requests that were taken say something about a limit.
_TELLING: Final = 3
_WINDOW: Final = 1.0  # seconds


class Pace:
    """One account's. `most` is the limit that a platform states, in requests a second: there the pace begins, and it
    goes no faster. After a pause `burst` requests may leave together.
    """

    def __init__(
        self, *, most: float | None = None, burst: int = 1, chance: Callable[[], float] = random.random
    ) -> None:
        self._most = most
        self._burst = burst
        self._chance = chance
        self._rate = self._start = START if most is None else most
        self._limit: float | None = None  # what is known to be taken, None as long as nothing was refused
        self._free_at = -math.inf  # when the next one may leave
        self._quiet_until = -math.inf  # nothing leaves before
        self._known = 0.0  # a rate at which nothing was refused for long
        self._rate_before = 0.0  # the rate of a second ago, while more is tried, and when it was noted
        self._noted_at = -math.inf
        self._trying = False  # whether one request tries for all
        self._cost = 0.0  # seconds of pauses since more was last tried
        self._first = False  # whether that one has not taken its turn yet
        self._pause = 0.0  # the last one that the platform asked for, while it goes on to refuse
        self._refused_at = -math.inf  # what left before has left at the pace of then
        self._refused: tuple[float, float] | None = None  # when the last two left that were refused, while it tries
        self._settled_until = -math.inf
        self._raised_at = -math.inf
        self._pressed_at = -math.inf  # when somebody last had to wait for a turn
        self._turn_at = -math.inf
        self._taken: list[float] = []  # when those left that were taken lately
        self._last_refused = -math.inf
        self._latency = 0.1  # seconds until an answer, on average

    @property
    def rate(self) -> float:
        """Requests a second that may leave now."""
        return self._rate

    def wait(self, now: float) -> float:
        """Seconds for which nothing may leave."""
        return max(0.0, self._quiet_until - now)

    def room(self, now: float) -> int | None:
        """How many more requests may come to take a turn; None for any number.

        0 as long as enough of them wait: whoever has to fetch them fetches some together.
        """
        self._forget(now)
        if self.wait(now) > AHEAD:
            return 0
        if self._trying:
            return int(now >= self._free_at)
        if self._is_free:
            return None
        waiting = max(0.0, self._free_at - now)
        return math.ceil(self._rate * (AHEAD - waiting)) if waiting <= REFILL * AHEAD else 0

    def queue(self, now: float) -> float:
        """Seconds until a turn would come that somebody takes now, without taking it."""
        if self._is_free:
            return self.wait(now)
        at = max(self._free_at, now, self._quiet_until)
        return max(self.wait(now), at - (self._burst - 1) / self._rate - now)

    def turn(self, now: float, *, urgent: bool = False, longest: float = math.inf) -> float:
        """Takes a turn; returns the seconds until it comes. What is `urgent` goes before all that waits.

        Who would wait for more than the `longest` time takes none.
        """
        self._forget(now)
        self._raise(now)
        self._turn_at = now
        if self._is_free:
            return self.wait(now)
        interval = 1 / self._rate
        at = max(self._free_at, now, self._quiet_until)
        wait = self.wait(now) if urgent else max(self.wait(now), at - (self._burst - 1) * interval - now)
        if wait > longest:
            return wait
        # Whoever comes after one that tries, leaves when that was answered.
        self._free_at = at + (max(interval, 2 * self._latency) if self._first else interval)
        self._first = False
        if wait > 0:
            self._pressed_at = now
        return wait

    def taken(self, sent_at: float, now: float, *, well: bool = True) -> None:
        """A request that left at `sent_at` was taken: whatever came of it, it was not too much.

        Where it did not go `well`, the platform is in trouble, and nothing goes faster because of it.
        """
        insort(self._taken, sent_at)
        if self._taken[0] < now - 2 * SOON:
            del self._taken[: bisect_right(self._taken, now - SOON)]
        self._latency += 0.1 * (min(now - sent_at, 5.0) - self._latency)
        if sent_at < self._refused_at:
            return
        if self._trying:
            self._trying, self._pause = False, 0.0
            self._learn(now)
        elif well and self._limit is None and self._is_pressed(now):
            self._set(self._rate + GROWTH)

    def refused(self, sent_at: float, now: float, seconds: float) -> None:
        """A request that left at `sent_at` was refused, with the wish to wait for so many seconds."""
        if sent_at < self._refused_at:
            return  # it left at the pace of then, and says nothing new
        if self._trying:
            # It is the account's limit: what the platform named counts for all. If it refuses again after that, it
            # named too little.
            self._cost += seconds
            self._pause = max(seconds, min(2 * self._pause, LONGEST_PAUSE))
            self._learn(now)
            self._rest(now)
            self._settle(now, self._pause)
            return
        # Of a pause, no more than a second is saved up.
        before, resumed = self._last_refused, min(self._quiet_until, sent_at)
        self._refused, self._last_refused = (max(before, resumed - BREATH), sent_at), sent_at
        if self._limit is not None and sent_at - max(before, resumed) > SOON:
            # What is known is about right: slower, and no pause. If that is not enough, the next one tells.
            self._refused_at = now
            self._learn(now)
            return
        if sent_at - before < BREATH and before > resumed:
            self._refused = None  # it says the same once more
        self._trying = True
        self._settle(now, BREATH)

    @property
    def _is_free(self) -> bool:
        return self._limit is None and self._rate >= FREE and self._most is None

    def _is_pressed(self, now: float) -> bool:
        """Whether somebody had to wait lately: else the pace is not what counts."""
        return now - self._pressed_at <= 2 * max(_WINDOW, 1 / self._rate)

    def _learn(self, now: float) -> None:
        """Goes by what the last refusal tells, once all is answered that left before it."""
        if self._refused is None:
            return
        before, at = self._refused
        self._refused = None
        soon = at - before < SOON
        taken = self._taken_between(at - _WINDOW, at)
        if not soon and not self._is_pressed(now) and taken < _TELLING:
            return  # so few requests tell nothing about how many may be made
        passed = min(at - before, 2 * SOON)
        average = self._taken_between(before, at) / passed if passed else 0.0  # those that leave together tell nothing
        if self._limit is None:
            told = taken >= _TELLING
            self._rate = max(self._rate, taken)  # who was held up by nobody went faster than the pace
            self._lower(taken if told else BACK * self._rate, now, guessed=not told)
        elif 0 < self._known < self._rate:
            # It was tried for more. What was taken a moment ago may just be what it takes; else something in between.
            if soon and self._rate < CLOSE * self._known:
                self._lower(self._known / MARGIN, now)
            elif soon:
                self._lower(math.sqrt(self._known * self._rate) / MARGIN, now)
            else:
                self._lower(max(self._known / MARGIN, self._rate_before), now)
        elif not soon:
            self._known = 0.0
            self._lower(self._rate if taken > 0.9 * self._rate else taken, now)
        else:
            self._known = 0.0
            told = average * (at - before) >= _TELLING and at - before >= _WINDOW
            self._lower(math.sqrt(average * min(taken, self._rate)) if told else BACK * self._rate, now, guessed=True)

    def _lower(self, limit: float, now: float, *, guessed: bool = False) -> None:
        self._limit = max(min(limit, self._rate), SLOWEST)
        self._set(MARGIN * self._limit)
        self._rest(now, guessed=guessed)

    def _rest(self, now: float, *, guessed: bool = False) -> None:
        """Tries for nothing more for a while."""
        settled = max(SETTLED_SECONDS, min(SETTLED_REQUESTS / self._rate, SETTLED_LONGEST))
        settled = GUESS_SECONDS + self._pause if guessed else max(settled, SETTLED_PAUSES * self._cost)
        self._settled_until = max(now, self._quiet_until) + min(settled, BELIEVED_FOR / 2)

    def _taken_between(self, after: float, until: float) -> int:
        return bisect_right(self._taken, until) - bisect_right(self._taken, after)

    def _settle(self, now: float, pause: float) -> None:
        self._refused_at = now
        self._quiet_until = now + pause
        self._first = True
        # Where several processes wait for the same moment, they do not come together.
        self._free_at = self._quiet_until + self._chance() * min(1.0, 1 / self._rate)

    def _raise(self, now: float) -> None:
        """Tries for more with the time, as long as somebody waits for it."""
        passed, self._raised_at = min(now - self._raised_at, _WINDOW), now
        if self._limit is None or self._trying or now < self._settled_until or not self._is_pressed(now):
            return
        if not self._known or self._rate <= MARGIN * self._limit:
            self._known, self._cost = self._rate, 0.0
        if now - self._noted_at >= _WINDOW:
            self._noted_at, self._rate_before = now, self._rate
        more = max(self._rate / self._known - 1, 0.0) + FIRST_STEP
        self._set(self._known * (1 + more * 2 ** (passed / DOUBLES_IN) - FIRST_STEP))
        if self._rate > 4 * self._limit:
            self._limit, self._known = None, 0.0  # it is no more

    def _set(self, rate: float) -> None:
        self._rate = max(SLOWEST, rate if self._most is None else min(rate, self._most))

    def _forget(self, now: float) -> None:
        if now - self._turn_at > FORGOTTEN_AFTER and (self._limit is None or now - self._refused_at > BELIEVED_FOR):
            self._limit, self._known, self._rate = None, 0.0, self._start
