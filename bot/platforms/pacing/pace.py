"""Pacing: how fast requests may leave for an account whose limit nobody tells, and that may be another one tomorrow.

A pace begins slowly and goes faster with what is taken, until something is refused. From then on requests leave a
little slower than that, evenly, and slowly faster again: so now and then one is refused, and tells where the limit is.
Where nothing is refused for longer than expected, more is taken by now: the pace grows ever faster until it is too
much. What is refused one after the other tells that less is taken by now, or nothing.

Whoever is refused often learns not whose limit it was. So after such refusals one request tries: if it is taken, the
others follow; if it is refused as well, nothing leaves before the time that the platform named, and then one again
tries first. Where refusals one after the other name the same end of it, that is known at once. The longer such a pause
was, the later more is tried.

How much of a limit can be used at all, `deploy/docs/pacing.md` works out. A pace knows no clock and no platform: times
are seconds on whatever monotonic clock its caller has.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Final

from bot.platforms.pacing.climbing import BELOW, LONGEST_LOOK, Climb
from bot.platforms.pacing.leaky_bucket import LeakyBucket, Taken
from bot.platforms.pacing.refusal_series import RefusalSeries
from bot.platforms.pacing.trial import Trial

#: Requests a second that a pace begins with where no limit is known, and from which on it holds up nobody.
START: Final = 10.0
FREE: Final = 1_000.0
#: Requests a second that each one adds that was taken, as long as nothing was refused: ten times as many in 1.5 s.
GROWTH: Final = 1.5
SLOWEST: Final = 0.5  # requests a second
#: From here on what is refused was too much more; and from here on a rate that held earlier is tried at once.
MORE: Final = 0.08
KNOWN_MORE: Final = 0.1
#: How long (seconds) it takes until more turns out to be taken.
PROVEN: Final = 8.0
#: Seconds after refusals before one request tries whether that was all, and after more was tried than is taken.
BREATH: Final = 1.0
SHORT_BREATH: Final = 0.3
#: What is refused so soon (seconds) after a pause tells, with the pause, what is taken.
SOON: Final = 4.0
#: What is known of a limit is believed for so long (seconds); a pace that was never refused begins anew after a minute.
BELIEVED_FOR: Final = 3_600.0
FORGOTTEN_AFTER: Final = 60.0
#: Requests are taken on for so many seconds ahead.
AHEAD: Final = 0.5
REFILL: Final = 0.5  # the part of it that is left when more are taken on
#: So many requests that were taken say something about a limit.
_TELLING: Final = 3
_WINDOW: Final = 1.0  # seconds
#: Rates of which one is so many times the other are two that a limit may go between.
_APART: Final = 1.3


class Pace:
    """One account's. `most` is the limit that a platform states, in requests a second: there the pace begins, and it
    goes no faster. After a pause `burst` requests may leave together.
    """

    def __init__(
        self, *, most: float | None = None, burst: int = 1, chance: Callable[[], float] = random.random
    ) -> None:
        self._most = most
        self._start = START if most is None else most
        self._turns = LeakyBucket(self._start, burst)
        self._climb = Climb()
        self._taken = Taken()
        self._refusals = RefusalSeries()
        self._trial = Trial(chance)
        self._limit: float | None = None  # what is taken, it seems; None as long as nothing was refused
        self._before = 0.0  # another rate that held for long, 0 where there is none
        self._changed_at = -math.inf  # when the limit last became quite another one
        self._proven = 0.0  # what was taken before more was tried, as long as that has to prove itself
        self._tried_at = -math.inf
        self._resumed_at = -math.inf
        self._pressed_at = -math.inf  # when somebody last had to wait for a turn
        self._turn_at = -math.inf
        self._latency = 0.1  # seconds until an answer, on average

    @property
    def rate(self) -> float:
        """Requests a second that may leave now."""
        return self._turns.rate

    def wait(self, now: float) -> float:
        """Seconds for which nothing may leave."""
        return self._turns.wait(now)

    def room(self, now: float) -> int | None:
        """How many more requests may come to take a turn; None for any number.

        0 as long as enough of them wait: whoever has to fetch them fetches some together.
        """
        self._forget(now)
        if self.wait(now) > AHEAD:
            return 0
        if self._trial.is_on:
            return int(not self._trial.wait(now) and not self.wait(now))
        if self._is_free:
            return None
        waiting = self._turns.ahead(now) / self.rate
        return math.ceil(self.rate * (AHEAD - waiting)) if waiting <= REFILL * AHEAD else 0

    def queue(self, now: float) -> float:
        """Seconds until a turn would come that somebody takes now, without taking it."""
        return self.wait(now) if self._is_free else self.wait(now) + max(0.0, self._turns.ahead(now) + 1) / self.rate

    def turn(self, now: float, *, urgent: bool = False, longest: float = math.inf) -> float:
        """Takes a turn; returns the seconds until it comes. What is `urgent` goes before all that waits.

        Who would wait for more than the `longest` time takes none.
        """
        self._look(now)
        if urgent:
            self._turns.push_in(now)
            return self.wait(now)
        if (wait := self.queue(now)) > longest:
            return wait
        return self.left(self.ticket(now), now)

    def ticket(self, now: float) -> int:
        """Takes a turn as `turn` does; returns its number, with which `left` says when it comes."""
        self._look(now)
        ticket = self._turns.take(now)
        self._note_pressure(now)
        return ticket

    def left(self, ticket: int, now: float) -> float:
        """Seconds until that turn comes, as things are now. Whoever waited for so long asks again: by then the pace may
        be another one. Who is told 0 leaves."""
        if now - self._turn_at >= LONGEST_LOOK:  # many came together, and nobody since
            self._look(now)
        wait = self.wait(now)
        if self._is_free:
            return wait
        if not self._trial.is_on:
            return self._turns.left(ticket, now)
        if wait := max(wait, self._trial.wait(now)):
            return wait
        self._trial.take(ticket, now, max(1 / self.rate, 2 * self._latency))
        return 0.0

    def taken(self, sent_at: float, now: float, *, well: bool = True) -> None:
        """A request that left at `sent_at` was taken: whatever came of it, it was not too much.

        Where it did not go `well`, the platform is in trouble, and nothing goes faster because of it.
        """
        self._taken.add(sent_at, now)
        self._latency += 0.1 * (min(now - sent_at, 5.0) - self._latency)
        self._refusals.taken(sent_at)
        if self._refusals.is_old(sent_at):
            return
        if self._trial.is_on:
            self._refusals.tried()
            self._resumed_at = now
            self._turns.go_on_after(self._trial.succeed(), now)
            self._lower(now)
        elif well and self._limit is None and self._is_pressed(now):
            self._set(self.rate + GROWTH, now)

    def refused(self, sent_at: float, now: float, seconds: float) -> None:
        """A request that left at `sent_at` was refused, with the wish to wait for so many seconds."""
        if not self._trial.is_on and (block := self._refusals.block(sent_at, now, seconds)):
            self._refusals.blocked(block)
            self._trial.begin(held=self._turns.come(now) + 1)
            self._lower(now)
            self._rest(now, seconds)
            return
        if self._refusals.is_old(sent_at):
            return
        if self._trial.is_on:
            self._rest(now, self._refusals.longer_pause(seconds))
            return
        self._refusals.add(sent_at, now)
        if self._learn(sent_at, now):
            self._refusals.pause()
            self._trial.begin()
            self._rest(now, BREATH)

    @property
    def _is_free(self) -> bool:
        return self._limit is None and self.rate >= FREE and self._most is None

    def _look(self, now: float) -> None:
        """Somebody wants something."""
        self._forget(now)
        self._note_pressure(now)
        self._go_faster(now)
        self._turn_at = now

    def _note_pressure(self, now: float) -> None:
        if not self._is_free and self._turns.ahead(now) > 0:
            self._pressed_at = now

    def _is_pressed(self, now: float) -> bool:
        """Whether somebody had to wait lately: else the pace is not what counts."""
        return now - self._pressed_at <= 2 * max(_WINDOW, 1 / self.rate)

    def _learn(self, at: float, now: float) -> bool:
        """Goes by what a refusal tells of a request that left `at`; whether one has to try before others follow."""
        taken, after_pause = self._taken_lately(at), at - self._resumed_at
        if not self._is_pressed(now) and self._taken.between(at - _WINDOW, at) < _TELLING:
            # So few requests tell nothing about how many may be made.
            return self._refusals.count > 0 or self._limit is None
        if self._limit is None:
            self._limit = min(self.rate, taken) or self.rate * 0.7
            self._lower(now)
            return True
        if self._refusals.in_a_row(at):
            self._refusals.cost = max(self._refusals.cost, BREATH)
            self._lower(now)
            return True
        must_try = self._refusals.count > 0
        if self._excess(self._limit) > MORE:
            must_try = self._refusals.cost > 0
            self._try(self._limit, 0.96 * min(self.rate, taken), now)
            if not must_try:
                self._turns.rest(SHORT_BREATH, now)
                self._refusals.last_at = now + SHORT_BREATH
        elif self._proven and not self._refusals.cost:
            must_try = False
            self._give_up_more(at)
        elif self._refusals.count and (
            after_pause < _WINDOW or (1.15 * _WINDOW < after_pause < SOON and self._alternates(at))
        ):
            must_try = self._tell_after_pause(self._limit, at, now)
        elif not self._refusals.count:
            told = min(self.rate, taken + 1) if self.rate * _WINDOW > 8 else self.rate
            self._note_change(self._limit, told, now)
            self._limit = told
        self._lower(now)
        return must_try

    def _give_up_more(self, at: float) -> None:
        """More was tried lately, and was refused: if twice, less is taken than was tried."""
        if self._refusals.count:
            # What was taken in some seconds was allowed, but for what was saved up in one second.
            told = max(self._taken.between(at - seconds, at) / (seconds + 1) for seconds in (2, 4))
            self._climb.be_patient(more=told < 1.1 * self._proven)
            self._limit = max(1.01 * self._proven, told)
            self._proven = 0.0
            self._refusals.end()
        else:
            self._limit = self.rate

    def _tell_after_pause(self, limit: float, at: float, now: float) -> bool:
        """What is refused in the first second after a pause tells what is taken in one; what is refused later, how much
        is taken on average. Returns whether one has to try."""
        after_pause = at - self._resumed_at
        taken = self._taken.between(self._resumed_at - BREATH, at)
        told = 0.98 * (taken if after_pause < _WINDOW else taken / (after_pause + BREATH))
        if (
            told >= 0.9 * limit
            or (after_pause * self.rate <= _TELLING and (self.rate > 8 or taken < _TELLING))
            or (after_pause >= _WINDOW and self._refusals.cost)
        ):
            return True
        told = max(told, 0.3 * limit)
        if self._note_change(limit, told, now):
            self._climb.be_patient(more=False)
        self._limit = told
        self._refusals.end()
        return self._refusals.cost > 0

    def _try(self, known: float, limit: float, now: float) -> None:
        """Goes on at a higher rate, which has to prove itself."""
        self._note_change(known, limit, now)
        self._proven, self._tried_at = known, now
        self._limit = max(known, limit)

    def _note_change(self, known: float, limit: float, now: float) -> bool:
        """Whether it is quite another one."""
        if 1 / _APART < limit / known < _APART:
            return False
        if now - self._changed_at > PROVEN:
            self._before = known
        self._changed_at = now
        return True

    def _lower(self, now: float) -> None:
        self._climb.begin()
        if self._limit is not None:
            self._limit = max(self._limit, SLOWEST)
            self._set((1 - BELOW) * self._limit, now)

    def _excess(self, limit: float) -> float:
        return self._climb.excess(limit, self._refusals.cost)

    def _go_faster(self, now: float) -> None:
        """Goes faster with the time, as long as somebody waits for it."""
        if self._proven and now - self._tried_at > PROVEN:
            self._proven = 0.0
            self._climb.be_patient(more=False)
        counts = self._limit is not None and not self._trial.is_on and self._is_pressed(now)
        self._climb.look(now, counts=counts)
        if self._limit is None or not counts:
            return
        excess = self._excess(self._limit)
        self._set((1 + excess) * self._limit, now)
        if excess > KNOWN_MORE and self._before > 1.1 * self.rate:
            self._try(self._limit, self._before, now)
            self._lower(now)
        elif self.rate > 8 * self._limit:
            self._limit, self._proven = None, 0.0  # it is no more

    def _taken_lately(self, at: float) -> float:
        """Requests a second that were taken just before."""
        return self._taken.per_second(max(_WINDOW, 8 / self.rate), at)

    def _alternates(self, at: float) -> bool:
        """Whether some were taken among those that were refused one after the other."""
        return self._taken.between(self._refusals.began, at) > 0

    def _rest(self, now: float, pause: float) -> None:
        self._turns.rest(pause, now)
        self._refusals.last_at = now
        self._trial.pause(pause, now, self.rate)

    def _set(self, rate: float, now: float) -> None:
        rate = max(SLOWEST, rate)
        self._turns.go_at(rate if self._most is None else min(rate, self._most), now)

    def _forget(self, now: float) -> None:
        if now - self._turn_at > FORGOTTEN_AFTER and (
            self._limit is None or now - self._refusals.last_at > BELIEVED_FOR
        ):
            self._set(self._start, now)
            self._limit, self._before, self._proven = None, 0.0, 0.0
