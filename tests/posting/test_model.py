"""The outbox against a model: two workers that may die at any call of the store, a platform that may answer
anything.

The model is what was listed. Whatever happens in whatever order, no message is ever there twice, and in the end each
paper is there once.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from storage.store import SqlStore
from tests.app.test_crashes import Crash, Doom, Doomed
from tests.clocks import SettableClock
from tests.core import Core
from tests.databases import sqlite_in
from tests.platforms import Fault, SimulatedPlatform, keys_of
from tests.sources import ScriptedSource, a_paper

CHANNELS = ("one", "two")
FAULTS = (Fault.LOST, Fault.ANSWER_LOST, Fault.BUSY, Fault.WAIT, Fault.LATE, Fault.ODD, Fault.CRASH)


class Outbox(RuleBasedStateMachine):
    """Two workers on one store."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="paperround-model-"))
        self.runner = asyncio.Runner()
        self.listed: list[str] = []

    @initialize()
    def begin(self) -> None:
        self.store = SqlStore(sqlite_in(self.folder / "paperround.db"))
        self.clock, self.source, self.platform = SettableClock(), ScriptedSource(), SimulatedPlatform(per_message=1)
        self.runner.run(self.subscribe())

    async def subscribe(self) -> None:
        core = self.worker("first")
        for channel in CHANNELS:
            await core.say("subscribe diffusion", channel)
            await core.say("schedule instant", channel)
            await core.say("settings style cards", channel)
        await core.index.close()

    def worker(self, name: str, doom: Doom | None = None) -> Core:
        store = cast("SqlStore", Doomed(self.store, doom)) if doom else self.store
        return Core(store, self.folder / name, clock=self.clock, source=self.source, platform=self.platform)

    @rule()
    def list_a_paper(self) -> None:
        paper = a_paper(len(self.listed) + 1)
        self.listed.append(paper.id)
        self.source.list(paper, day=self.clock.now().date())

    @rule(channel=st.sampled_from(CHANNELS), faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def something_goes_wrong(self, channel: str, faults: list[Fault]) -> None:
        self.platform.fail(channel, *faults)

    @rule(seconds=st.sampled_from((1, 6, 40, 61)))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)
        self.platform.arrive()  # what comes late comes within a minute of its request

    @rule(name=st.sampled_from(("first", "second")), dies_at=st.none() | st.integers(1, 30), after=st.booleans())
    def work(self, name: str, dies_at: int | None, after: bool) -> None:
        doom = Doom(dies_at, after=after) if dies_at else None

        async def once(core: Core) -> None:
            with contextlib.suppress(Crash):
                await core.engine.poll()
                await core.engine.deliver()
                await core.engine.reconcile()
            await core.index.close()

        self.runner.run(once(self.worker(name, doom)))

    @invariant()
    def no_message_is_there_twice(self) -> None:
        if hasattr(self, "platform"):
            keys = keys_of(self.platform.posts)
            assert len(set(keys)) == len(keys)

    def teardown(self) -> None:
        try:
            if hasattr(self, "platform"):
                self.runner.run(self.settle())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def settle(self) -> None:
        """In the end each paper is there once."""
        for channel in CHANNELS:
            self.platform.heal(channel)
        self.platform.arrive()
        survivor = self.worker("survivor")
        await survivor.engine.poll()
        await survivor.settle(hours=1)
        await survivor.index.close()
        await self.store.close()
        for channel in CHANNELS:
            assert sorted(self.platform.papers_in(channel)) == sorted(self.listed), channel
        keys = keys_of(self.platform.posts)
        assert len(set(keys)) == len(keys)


#: Of the profile's examples one in so many: each is a small life of the bot.
SHARE = 8
TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=settings().max_examples // SHARE,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
