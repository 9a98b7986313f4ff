"""Pacing on a virtual clock: hours of requests against servers that limit in different ways, in moments."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.platforms.pacing import GROWTH, SLOWEST, START, Pace

ROUND_TRIP = 0.08  # seconds
LOOK_EVERY = 0.05  # seconds


@dataclass
class Server:
    """Takes `limit(now)` requests a second: in any second, or saved up to one second's (`bucket`).

    A refusal asks to wait for `retry_after` seconds; a `strict` server takes nothing before.
    """

    limit: Callable[[float], float]
    retry_after: float
    bucket: bool = False
    strict: bool = False
    blocked: float = 0.0  # seconds in which it took nothing
    _blocked_until: float = 0.0
    _window: deque[float] = field(default_factory=deque)
    _tokens: float = 0.0
    _at: float = 0.0

    def ask(self, now: float) -> float:
        """0 if it takes the request, else how long to wait."""
        if now < self._blocked_until:
            return self._blocked_until - now
        limit = self.limit(now)
        if self.bucket:
            self._tokens, self._at = min(limit, self._tokens + (now - self._at) * limit), now
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0
        else:
            while self._window and self._window[0] <= now - 1:
                self._window.popleft()
            if len(self._window) < limit:
                self._window.append(now)
                return 0.0
        if self.strict:
            self._blocked_until, self.blocked = now + self.retry_after, self.blocked + self.retry_after
        return self.retry_after


@dataclass(frozen=True)
class Outcome:
    """How much of what was allowed was used, which share of requests was refused, and what each process got."""

    used: float
    refused: float
    taken: list[int]


def play(server: Server, seconds: float, *, processes: int = 1, seed: int = 1) -> Outcome:
    """Processes that always have something to send, each with a pace of its own."""
    chance = random.Random(seed)
    paces = [Pace(chance=chance.random) for _ in range(processes)]
    order, taken, refused = itertools.count(), [0] * processes, 0
    events: list[tuple[float, int, str, int, float, float]] = []

    def at(moment: float, what: str, process: int, sent: float = 0.0, wait: float = 0.0) -> None:
        heapq.heappush(events, (moment, next(order), what, process, sent, wait))

    for process in range(processes):
        at(chance.random() * LOOK_EVERY, "look", process)
    while events and events[0][0] < seconds:
        now, _, what, process, sent, wait = heapq.heappop(events)
        pace = paces[process]
        if what == "look":
            room = pace.room(now)
            for _ in range(100 if room is None else min(room, 100)):
                at(now + pace.turn(now) + chance.random() * 0.005, "send", process)
            at(now + LOOK_EVERY, "look", process)
        elif what == "send" and not pace.wait(now):
            arrives = now + ROUND_TRIP / 2 * chance.random()
            at(now + ROUND_TRIP * (0.5 + chance.random()), "answer", process, now, server.ask(arrives))
        elif what == "answer" and wait:
            refused += 1
            pace.refused(sent, now, wait)
        elif what == "answer":
            taken[process] += 1
            pace.taken(sent, now)
    allowed = sum(server.limit(step / 10) for step in range(int(seconds * 10))) / 10
    allowed -= server.blocked * allowed / seconds
    return Outcome(sum(taken) / allowed, refused / (refused + sum(taken)), taken)


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("limit", [20, 50])
def test_most_of_a_limit_is_used_and_hardly_anything_is_refused(limit: float, bucket: bool, strict: bool) -> None:
    retry_after = 1.0 if strict else 30.0
    outcome = play(Server(lambda _: limit, retry_after, bucket, strict), 600)
    assert outcome.used > (0.95 if bucket else 0.88)
    assert outcome.refused < 0.01


def test_a_small_limit_with_a_long_wait_is_used() -> None:
    outcome = play(Server(lambda _: 5, 30.0, bucket=True), 600)
    assert outcome.used > 0.95
    assert outcome.refused < 0.015


def test_a_limit_that_changes_is_followed_down_and_up() -> None:
    server = Server(lambda now: 10 if 300 <= now < 600 else 50, 10.0, bucket=True)
    outcome = play(server, 900)
    assert outcome.used > 0.85
    assert outcome.refused < 0.01


def test_processes_that_share_a_limit_use_it_together() -> None:
    outcome = play(Server(lambda _: 50, 10.0, bucket=True), 900, processes=2)
    assert outcome.used > 0.95
    assert outcome.refused < 0.01
    assert min(outcome.taken) > 0.2 * sum(outcome.taken)


def test_where_nothing_is_limited_nothing_waits_for_long() -> None:
    pace, now = Pace(), 0.0
    posted = 0
    while pace.room(now) is not None and posted < 2_000:
        now += pace.turn(now)
        pace.taken(now, now)
        posted += 1
    assert posted < 1_000
    assert now < 5
    assert pace.turn(now) == 0


def test_what_ends_badly_was_still_taken_and_makes_nothing_faster() -> None:
    pace, now = Pace(), 0.0
    for number in range(30):
        now += pace.turn(now)
        pace.taken(now, now, well=number < 2)
    assert pace.rate == START + GROWTH  # the first one did not wait
    pace.refused(now, now, 1.0)
    now += 2.0
    pace.turn(now)
    pace.taken(now, now, well=False)  # whoever tried was taken: the others follow
    assert pace.rate > 0.7 * START


def test_what_people_wait_for_goes_before_what_waits() -> None:
    pace = Pace()
    assert [pace.turn(0.0) for _ in range(3)] == pytest.approx([0.0, 0.1, 0.2])
    assert pace.turn(0.0, urgent=True) == 0.0
    assert pace.turn(0.0) == pytest.approx(0.4)


def test_whoever_would_wait_too_long_takes_nobodys_turn() -> None:
    pace = Pace(most=1.0)
    assert [pace.turn(0.0, longest=2.5) for _ in range(5)] == pytest.approx([0, 1, 2, 3, 3])


def test_nothing_leaves_before_the_time_that_was_named_and_then_one_tries_first() -> None:
    pace = Pace(chance=lambda: 0.0)
    pace.refused(0.0, 0.0, 30.0)
    pace.refused(1.0, 1.1, 30.0)  # the one that tried
    assert pace.wait(31.0) == pytest.approx(0.1)
    assert pace.room(20.0) == 0
    assert pace.room(31.2) == 1
    assert pace.turn(31.2) == 0
    assert pace.room(31.2) == 0  # not before that one is answered


@given(
    st.lists(
        st.tuples(st.sampled_from(("turn", "urgent", "taken", "refused")), st.floats(0, 90), st.floats(0, 300)),
        max_size=80,
    ),
    st.sampled_from((None, 48.0)),
)
@example([("refused", 0.0, 0.0), ("taken", 0.0, 0.0), ("refused", 0.0, 0.0), ("taken", 0.0, 0.0)], None)
def test_whatever_happens_the_pace_goes_on_within_its_bounds(
    events: list[tuple[str, float, float]], most: float | None
) -> None:
    pace, now = Pace(most=most), 0.0
    for what, passed, seconds in events:
        now += passed
        if what == "taken":
            pace.taken(now - min(passed, 20.0), now)
        elif what == "refused":
            pace.refused(now - min(passed, 20.0), now, seconds)
        else:
            assert pace.turn(now, urgent=what == "urgent") >= 0
        assert pace.rate >= SLOWEST
        assert most is None or pace.rate <= most
        assert 0 <= pace.wait(now) <= 300
    # Nothing keeps it from going on for ever.
    assert pace.room(now + 600) != 0


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_in_no_second_there_are_more_than_a_stated_limit(pauses: list[float]) -> None:
    pace, now, leaving = Pace(most=48.0, burst=2), 100.0, []
    for pause in pauses:
        now += pause
        leaving.append(now + pace.turn(now))
    leaving.sort()
    assert all(later - earlier > 1 - 1e-6 for earlier, later in zip(leaving, leaving[50:], strict=False))
