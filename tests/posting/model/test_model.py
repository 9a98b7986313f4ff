"""The outbox against a model: whatever happens, and whenever processes die, each paper is there once, in order.

Two processes work on one file. Each may stand still at any of its suspensions, for any time, and may die there;
clocks are set; the platform loses requests and answers, takes messages late, refuses. What must hold is in
`World.check`, which looks after each thing that happens, and in `World.settle`, with which each history ends; what may
be written and sent after what was answered is in `ObservedPosts` and `Story`, message by message.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot import background
from bot.platforms.outcomes import Gone, GoneScope, LookUp, LookUpResult, Partly, Rejected, Retry, SendResult, Unknown
from bot.posting import outbox
from bot.posting.retries import UnknownPolicy
from storage.database import database
from storage.posting import outbox as stored_outbox
from tests.inline_sqlite import inline_connection
from tests.platforms import Fault
from tests.posting.model.life import Life, Stop
from tests.posting.model.platform import Fate
from tests.posting.model.world import CHANNELS, World
from tests.thorough import THOROUGH

PROCESSES = st.sampled_from(("one", "other"))
WHERE = st.sampled_from(sorted(CHANNELS))
MOST_PAPERS = 12
#: When there is time, so many histories are told again and again, for so many minutes.
BATCH = 50
MINUTES = float(os.environ.get("MODEL_MINUTES", "10"))
#: What all histories told of.
TALLY: Counter[str] = Counter()
#: In steps, of which a round that sends something has about two hundred, or where it matters most.
STOPS = st.integers(1, 120) | st.sampled_from(Stop)
FATES = st.one_of(
    st.sampled_from([Fate(fault) for fault in Fault if fault not in (Fault.NONE, Fault.LATE, Fault.HANG)]),
    st.builds(Fate, st.just(Fault.LOST), st.sampled_from((10, 24))),
    st.builds(Fate, st.just(Fault.LATE), st.sampled_from((None, 10, 55, 115))),
)
LOOKS: st.SearchStrategy[LookUpResult] = st.sampled_from(
    (
        Retry("busy"),
        Retry("slow down", 3.0),
        Partly("page 2", 1.0),
        Partly("", 30.0),
        LookUp.NOT_COMING,
        Gone("The thread was deleted.", GoneScope.THREAD),
        Gone("The channel was archived."),
        Gone("The app was uninstalled.", GoneScope.WORKSPACE),
    )
)
EDITS: st.SearchStrategy[SendResult] = st.sampled_from(
    (Retry("busy", 0.0), Unknown("the connection broke"), Gone("x"), Rejected("It is too old."))
)
#: What can be found out about a message, and what becomes of it where nothing can.
LOOKS_OR_NOT = st.sampled_from(
    (
        *[(True, UnknownPolicy.AT_MOST_ONCE)] * 4,
        (False, UnknownPolicy.AT_MOST_ONCE),
        (False, UnknownPolicy.AT_LEAST_ONCE),
        (True, UnknownPolicy.AT_LEAST_ONCE),
    )
)


class Outbox(RuleBasedStateMachine):
    """Two processes, one store, one platform."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="paperround-model-"))
        self.runner = asyncio.Runner()
        self.lives: dict[str, Life] = {}
        self.world: World | None = None

    @initialize(known=LOOKS_OR_NOT)
    def begins(self, known: tuple[bool, UnknownPolicy]) -> None:
        self.begin(known, CHANNELS)
        self.papers_are_listed(1)

    def begin(self, known: tuple[bool, UnknownPolicy], channels: Collection[str]) -> None:
        async def begin() -> World:
            world = World(self.folder, can_look_up=known[0], policy=known[1], channels=channels)
            await world.open()
            return world

        self.world = self.runner.run(begin())

    @property
    def here(self) -> World:
        assert self.world is not None
        return self.world

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        TALLY["steps"] += 1
        self.runner.run(work)
        self.here.check()

    def life(self, name: str) -> Life:
        """The process of that name, which is started if it does not run."""
        if name not in self.lives:
            self.lives[name] = Life(self.here)
        return self.lives[name]

    @precondition(lambda self: self.world is not None and self.here.papers < MOST_PAPERS)
    @rule(number=st.integers(1, 3))
    def papers_are_listed(self, number: int) -> None:
        self.do(self.here.list_papers(number))

    @precondition(lambda self: self.world is not None and self.here.papers)
    @rule(number=st.integers(1, MOST_PAPERS))
    def a_feed_has_a_paper_as_well(self, number: int) -> None:
        number = (number - 1) % self.here.papers + 1
        if number not in self.here.in_feeds:
            self.do(self.here.list_in_feed(number))

    @precondition(lambda self: self.world is not None and self.here.in_feeds - self.here.known)
    @rule(last=st.booleans())
    def papers_turn_out_to_be_one(self, last: bool) -> None:
        unknown = sorted(self.here.in_feeds - self.here.known)
        self.do(self.here.make_known(unknown[-1 if last else 0]))

    @rule(channel=WHERE, fates=st.lists(FATES, min_size=1, max_size=4))
    def something_will_go_wrong(self, channel: str, fates: list[Fate]) -> None:
        self.here.there.fates[channel] += fates

    @rule(looks=st.lists(LOOKS, min_size=1, max_size=3))
    def looks_will_go_wrong(self, looks: list[LookUpResult]) -> None:
        self.here.there.looks += looks

    @rule(seconds=st.sampled_from((1, 6, 31, 40, 61, 61, 3600)))
    def time_passes(self, seconds: int) -> None:
        async def later() -> None:
            self.here.pass_time(seconds)
            await asyncio.sleep(0)

        self.do(later())

    @rule(off=st.sampled_from((-3600, -90, -20, 0, 20, 90, 3600)))
    def the_clock_is_set(self, off: int) -> None:
        self.here.set_clock(timedelta(seconds=off))

    @rule(name=PROCESSES, stop=STOPS)
    def works(self, name: str, stop: int | Stop) -> None:
        async def work() -> None:
            life = self.life(name)
            life.begin(life.round())
            await life.go_on(stop)

        self.do(work())

    @rule(stop=STOPS, other_stop=STOPS, seconds=st.sampled_from((31, 61)))
    def one_stands_still_while_the_other_works(self, stop: int | Stop, other_stop: int | Stop, seconds: int) -> None:
        async def overtake() -> None:
            one, other = self.life("one"), self.life("other")
            one.begin(one.round())
            await one.go_on(stop)
            self.here.pass_time(seconds)
            other.begin(other.round())
            await other.go_on(other_stop)
            await one.go_on(Stop.AT_THE_END)

        self.do(overtake())

    @rule(name=PROCESSES, channel=WHERE, stop=STOPS)
    def somebody_asks_for_a_digest(self, name: str, channel: str, stop: int | Stop) -> None:
        async def ask() -> None:
            life = self.life(name)
            life.begin(life.digest_now(channel))
            await life.go_on(stop)

        self.do(ask())

    @rule(name=PROCESSES, channel=WHERE, edits=st.lists(EDITS, max_size=2), stop=STOPS)
    def somebody_votes(self, name: str, channel: str, edits: list[SendResult], stop: int | Stop) -> None:
        async def vote() -> None:
            self.here.there.redraws += edits
            life = self.life(name)
            life.begin(life.vote(channel, 1))
            await life.go_on(stop)

        self.do(vote())

    @rule(channel=WHERE, number=st.integers(1, 3))
    def somebody_shares_a_paper(self, channel: str, number: int) -> None:
        if number <= self.here.papers:
            self.do(self.here.share(channel, number))

    @rule(name=PROCESSES, stop=STOPS, taken=st.booleans())
    def dies(self, name: str, stop: int | Stop, taken: bool) -> None:
        async def die() -> None:
            life = self.life(name)
            life.begin(life.round())
            await life.go_on(stop, anywhere=True)
            await self.lives.pop(name).end(taken=taken)
            TALLY["deaths"] += 1

        self.do(die())

    @rule(
        channel=WHERE, fate=FATES, looks=st.lists(LOOKS, max_size=2), name=PROCESSES, stop=STOPS, dies=st.booleans(),
        pauses=st.lists(st.sampled_from((1, 6, 31, 61)), max_size=3),
    )  # fmt: skip
    def a_request_goes_wrong(
        self, channel: str, fate: Fate, looks: list[LookUpResult], name: str, stop: int | Stop, dies: bool,
        pauses: list[int],
    ) -> None:  # fmt: skip
        """Something is shared, sent, perhaps not to the end, and looked after by the other process."""
        self.here.there.fates[channel].insert(0, fate)
        self.here.there.looks += looks
        self.somebody_shares_a_paper(channel, self.here.papers)
        (self.dies(name, stop, taken=True) if dies else self.works(name, stop))
        for pause in pauses:
            self.time_passes(pause)
            self.works("other" if name == "one" else "one", Stop.AT_THE_END)

    @precondition(lambda self: self.world is not None and self.here.failed)
    @rule()
    def somebody_tries_again_what_was_given_up(self) -> None:
        self.do(self.here.try_again())

    @precondition(lambda self: self.world is not None and self.here.broken())
    @rule()
    def somebody_resumes_all_channels(self) -> None:
        self.do(self.here.resume())

    def teardown(self) -> None:
        try:
            if self.world is not None:
                self.runner.run(self.end(self.world))
        finally:
            self.runner.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def end(self, world: World) -> None:
        """Whoever is still about something dies, and one more process finishes it."""
        try:
            for life in list(world.lives):
                await life.end(taken=True)
            await world.settle()
            stories = world.there.stories.values()
            TALLY["histories"] += 1
            TALLY["messages"] += len(stories)
            TALLY["requests"] += sum(len(story.requests) for story in stories)
        finally:
            for life in list(world.lives):
                await life.end(taken=True)
            await world.close()


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same happens again in the same order, however busy the machine is."""
    monkeypatch.setattr(database, "sqlite_connection", inline_connection)
    monkeypatch.setattr(outbox, "GATHER", 0.0)
    monkeypatch.setattr(stored_outbox, "SETTLE_TOGETHER", 0.0)
    monkeypatch.setattr(background, "STINT", float("inf"))


@pytest.mark.usefixtures("unlogged")
def test_whatever_happens_each_paper_is_there_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(monkeypatch)
    TALLY.clear()
    began = time.monotonic()
    while True:
        run_state_machine_as_test(
            Outbox,
            settings=settings(
                max_examples=BATCH if THOROUGH else 5,
                stateful_step_count=50 if THOROUGH else 30,
                # Whoever has time has it looked for the shortest history that fails.
                phases=tuple(Phase) if THOROUGH else (Phase.explicit, Phase.reuse, Phase.generate),
                # Each day the same ones are told: chance belongs where somebody has time for what it finds.
                derandomize=not THOROUGH,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        if THOROUGH:
            with capsys.disabled():
                print(f"{time.monotonic() - began:.0f} s: " + ", ".join(f"{n} {what}" for what, n in TALLY.items()))
        if not THOROUGH or time.monotonic() - began >= MINUTES * 60:
            return
