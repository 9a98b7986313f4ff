"""Pacing on a virtual clock: hours of requests against servers that limit in different ways, in moments."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import fmean

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.platforms.pacing.pace import GROWTH, SLOWEST, START, Pace
from tests.simulators.limits import Kind, Limit

ROUND_TRIP = 0.08  # seconds
LOOK_EVERY = 0.05  # seconds
LONGEST_TURN = 2.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """How much of what was allowed was used, which share of requests was refused, and what each process got."""

    used: float
    refused: float
    taken: list[int]


def play(
    limit: Limit, seconds: float, *, processes: int = 1, seed: int = 1, together: int = 0, most: float | None = None
) -> Outcome:
    """Processes that always have something to send, each with a pace of its own.

    They take turns as there is room, or so many `together`, and the next ones once all of those are answered.
    """
    chance = random.Random(seed)
    paces = [Pace(chance=chance.random, most=most) for _ in range(processes)]
    order, taken, under_way = itertools.count(), [0] * processes, [0] * processes
    events: list[tuple[float, int, str, int, float, float]] = []

    def at(moment: float, what: str, process: int, sent: float = 0.0, wait: float = 0.0) -> None:
        heapq.heappush(events, (moment, next(order), what, process, sent, wait))

    for process in range(processes):
        at(chance.random() * LOOK_EVERY, "look", process)
    while events and events[0][0] < seconds:
        now, _, what, process, sent, wait = heapq.heappop(events)
        pace = paces[process]
        if what == "look":
            room = pace.room(now) if not together else 0 if under_way[process] else together
            for _ in range(100 if room is None else min(room, 100)):
                ticket = pace.ticket(now)
                under_way[process] += 1
                at(now + pace.left(ticket, now) + chance.random() * 0.005, "turn", process, ticket)
            at(now + LOOK_EVERY, "look", process)
        elif what == "turn":
            if not (left := pace.left(int(sent), now)):
                at(now + ROUND_TRIP / 2 * chance.random(), "arrive", process, now)
            elif left <= LONGEST_TURN or together:
                at(now + left + chance.random() * 0.002, "turn", process, sent)
            else:
                under_way[process] -= 1  # it goes back to where it came from
        elif what == "arrive":
            at(now + ROUND_TRIP * (0.5 + 0.5 * chance.random()), "answer", process, sent, limit.take(now))
        else:
            under_way[process] -= 1
            if wait:
                pace.refused(sent, now, wait)
            else:
                taken[process] += 1
                pace.taken(sent, now)
    limit.look(seconds)
    return Outcome(limit.used, limit.share_refused, taken)


def turns(first: float, then: float, every: float) -> Callable[[float], float]:
    """One rate and another, each for so many seconds."""
    return lambda now: then if now // every % 2 else first


@pytest.mark.parametrize(
    ("limit", "used", "refused"),
    [
        (Limit(20, Kind.BUCKET, 30.0), 0.98, 0.010),
        (Limit(50, Kind.BUCKET, 30.0), 0.98, 0.010),
        (Limit(20, Kind.FIXED), 0.96, 0.012),
        # What comes unevenly is no more than 95.7 % of what any second takes.
        (Limit(20, Kind.SLIDING, 30.0), 0.93, 0.010),
        (Limit(50, Kind.SLIDING, 30.0), 0.93, 0.010),
        (Limit(20, Kind.SLIDING, 10.0, blocks=True), 0.93, 0.003),
        (Limit(20, Kind.SLIDING, 1.0, blocks=True), 0.90, 0.010),
        (Limit(20, Kind.SLIDING, 2.0, blocks=True), 0.89, 0.007),
        (Limit(20, Kind.SLIDING, 5.0, blocks=True), 0.93, 0.005),
        (Limit(5, Kind.BUCKET, 30.0), 0.95, 0.015),
    ],
    ids=lambda value: f"{value.rate} {value.kind.name} {value.retry_after}" if isinstance(value, Limit) else "",
)
def test_most_of_a_limit_is_used_and_hardly_anything_is_refused(limit: Limit, used: float, refused: float) -> None:
    outcome = play(replace(limit), 600)
    assert outcome.used > used
    assert outcome.refused < refused


@pytest.mark.parametrize(
    ("limit", "used", "refused"),
    [
        (Limit(lambda now: 10 if 300 <= now < 600 else 50, Kind.BUCKET, 10.0), 0.93, 0.012),
        (Limit(turns(50, 20, 120), Kind.BUCKET, 10.0), 0.94, 0.011),
        (Limit(turns(50, 20, 120), Kind.SLIDING, 10.0), 0.86, 0.011),
        (Limit(50, Kind.BUCKET, 10.0, others=turns(0, 20, 60)), 0.95, 0.014),
        (Limit(50, Kind.SLIDING, 10.0, others=turns(0, 20, 60)), 0.84, 0.011),
        (Limit(turns(100, 20, 300), Kind.FIXED, 1.0), 0.92, 0.011),
        (Limit(turns(8, 3, 120), Kind.BUCKET, 5.0), 0.58, 0.014),
    ],
    ids=(
        "down and up",
        "turns, bucket",
        "turns, window",
        "others, bucket",
        "others, window",
        "turns, fixed",
        "turns, slow",
    ),
)
def test_a_limit_that_changes_is_followed_down_and_up(limit: Limit, used: float, refused: float) -> None:
    outcome = play(replace(limit), 900)
    assert outcome.used > used
    assert outcome.refused < refused


@pytest.mark.parametrize("most", [None, 48.0])
@pytest.mark.parametrize("kind", Kind)
def test_a_limit_that_rises_is_noticed_where_a_hundred_come_together_and_nobody_until_those_are_answered(
    kind: Kind, most: float | None
) -> None:
    """As with what is asked about channels that are planned."""
    outcome = play(Limit(turns(50, 20, 60), kind), 360, together=100, most=most)
    assert outcome.used > 0.75
    assert outcome.refused < 0.017


def test_processes_that_share_a_limit_use_it_together() -> None:
    outcome = play(Limit(50, Kind.BUCKET, 10.0), 900, processes=2)
    assert outcome.used > 0.95
    assert outcome.refused < 0.015
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


def test_what_is_taken_before_any_one_tries_holds_up_nothing() -> None:
    """Something urgent, or what the client itself repeats, has no turn that others would go on after."""
    pace = Pace(most=48.0, chance=lambda: 0.0)
    for number in range(200):
        ticket, now = pace.ticket(number / 40), number / 40
        assert pace.left(ticket, now) < 0.1
        pace.taken(now, now + 0.01)
    waiting = pace.ticket(now)
    pace.refused(now + 0.01, now + 0.02, 1.0)
    pace.taken(now + 1.0, now + 1.05)
    assert pace.left(waiting, now + 1.1) < 0.1


class WholeSeconds(Limit):
    """One that names whole seconds, as Slack does."""

    def take(self, now: float) -> float:
        return math.ceil(super().take(now))


@pytest.mark.parametrize(("named", "refused"), [(Limit, 0.010), (WholeSeconds, 0.012)])
def test_short_blocks_are_known_for_what_they_are(named: type[Limit], refused: float) -> None:
    limits = [named(20, Kind.SLIDING, 1.0, blocks=True) for _ in range(3)]
    outcomes = [play(limit, 600, seed=seed) for seed, limit in enumerate(limits)]
    assert fmean(outcome.used for outcome in outcomes) >= 0.90
    assert fmean(outcome.refused for outcome in outcomes) <= refused
    assert all(limit.blocked < 0.08 * 600 for limit in limits)


def limited() -> tuple[Pace, float]:
    """A pace that was refused something once, but not lately, and what time it is."""
    pace, now = Pace(chance=lambda: 0.0), 0.0
    for number in range(60):
        now += pace.turn(now)
        if number == 30:
            pace.refused(now, now, 1.0)
            now += 1.0
        else:
            pace.taken(now, now)
    return pace, now


@pytest.mark.parametrize(
    ("first", "then", "wait"),
    # A tenth of a second lies between the two.
    [(1.0, 0.9, 0.9), (30.0, 29.9, 29.9), (1.0, 1.0, 0.0), (30.0, 30.0, 0.0), (1.0, 0.5, 0.0), (0.2, 0.1, 0.0)],
)
def test_what_is_refused_until_the_same_end_is_a_block(first: float, then: float, wait: float) -> None:
    pace, now = limited()
    pace.refused(now, now + 0.1, first)
    pace.refused(now + 0.05, now + 0.2, then)  # which left before the first one was answered
    assert pace.wait(now + 0.2) == pytest.approx(wait)


def test_what_was_taken_between_two_refusals_shows_that_there_is_no_block() -> None:
    pace, now = limited()
    pace.refused(now, now + 0.1, 1.0)
    pace.taken(now + 0.02, now + 0.15)
    pace.refused(now + 0.05, now + 0.2, 0.9)
    assert pace.wait(now + 0.2) == 0


def test_whoever_allows_few_requests_an_hour_gets_no_more() -> None:
    pace, now, left = Pace(most=0.02), 0.0, []
    while now < 3600:
        if pace.queue(now) < 1.0:
            left.append(now + pace.turn(now))
        now += 0.5
    assert 71 <= len(left) <= 73
    assert all(later - sooner >= 49 for sooner, later in itertools.pairwise(left))


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
