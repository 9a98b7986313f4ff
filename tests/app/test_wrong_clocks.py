"""Clocks that are wrong and are set right: nothing is silenced, flooded or posted twice, on either database.

The truth is the time of `Machine`; on PostgreSQL the server's clock is the one that counts.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import bot.posting.reconciliation
from bot.clocks import SteadyClock
from bot.errors import SourceError, StorageError
from bot.lifecycle.timekeeping import LOOK_THROUGH_EVERY, SETTLES_FOR, StoredTimes, Timekeeping, set_right
from bot.posting.post import LEASE, PostState, Settlement
from bot.posting.retries import LookUpPolicy
from storage.store import SqlStore
from storage.stored_times import SqlStoredTimes
from tests.clocks import NOON, Machine
from tests.core import Core
from tests.databases import SQLITE_IS_ENOUGH
from tests.patience import PATIENCE
from tests.platforms import Fault, SimulatedPlatform
from tests.sources import ScriptedSource, a_paper
from tests.storage import scenes
from tests.storage.scenes import listed, paper, posts

LATE = 40.0  # seconds after its request that a message still arrives
WRONG = [timedelta(minutes=12), timedelta(days=-3), timedelta(days=400)]


class TimesOfServer:
    """What is stored, with a server whose clock is that of a machine; None has none."""

    def __init__(self, times: StoredTimes, server: Machine | None) -> None:
        self._times = times
        self._server = server

    async def server_time(self) -> datetime | None:
        return self._server.wall() if self._server else None

    async def move(self, by: timedelta) -> None:
        await self._times.move(by)

    async def pull_in(self, clock: Callable[[], datetime]) -> int:
        return await self._times.pull_in(clock)


class World:
    """A channel platform, a feed, a store, and a machine on which processes of the bot run."""

    def __init__(self, store: SqlStore, folder: Path, server: Machine | None = None) -> None:
        self.machine = Machine()
        self.store = store
        store.times = TimesOfServer(store.times, server)  # type: ignore[assignment]
        self.source, self.platform = ScriptedSource(), SimulatedPlatform(interval=1.0)
        self._late = 0.0
        self._folder, self._numbers = folder, count(1)

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Core]:
        """The bot, started now."""
        clock = self.machine.clock()
        await set_right(clock, self.store.times)
        core = Core(
            self.store,
            self._folder / str(next(self._numbers)),
            clock=clock,  # type: ignore[arg-type]
            source=self.source,
            platform=self.platform,
        )
        yield core
        await core.index.close()
        await self.store.locks.release_all()

    async def work(self, core: Core, *, minutes: float, step: float = 45.0) -> None:
        """Lets the bot run for so long, which sweeps every `step` seconds."""
        end = self.machine.true + timedelta(minutes=minutes)
        while self.machine.true < end:
            await core.engine.deliver()
            await core.engine.reconcile()
            self.machine.run(seconds=step)
            self._late = self._late + step if self.platform.on_the_way else 0.0
            if self._late >= LATE:
                self.platform.arrive()

    async def news(self, core: Core, number: int) -> None:
        """The feed, which knows what day it is, lists a paper; it is read."""
        self.source.list(a_paper(number), day=self.machine.true.date())
        await core.engine.poll()


@pytest.fixture
def world(store: SqlStore, tmp_path: Path) -> World:
    return World(store, tmp_path)


async def subscribed(core: Core, schedule: str, *channels: str) -> None:
    for channel in channels:
        await core.say("subscribe diffusion", channel)
        await core.say(f"schedule {schedule}", channel)


async def sent_late(world: World, core: Core) -> None:
    """A message left for a channel, and is still on its way."""
    await subscribed(core, "instant", "general")
    world.platform.fail("general", Fault.LATE)
    await world.news(core, 1)
    await core.engine.deliver()


def assert_found(world: World, sent_at: datetime) -> None:
    """It was looked for where it was sent, by the platform's time, and was not sent again."""
    assert world.platform.papers_in("general") == ["2605.00001"]
    assert world.platform.windows
    assert all(window.since <= sent_at <= window.until for window in world.platform.windows)


@pytest.mark.parametrize("off", WRONG, ids=str)
async def test_posts_go_on_at_once_when_a_clock_is_set_right(world: World, off: timedelta) -> None:
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        await world.news(core, 1)
        await world.work(core, minutes=1)
        world.machine.set_off(off)
        await world.work(core, minutes=2)
        world.platform.fail("general", Fault.BUSY, Fault.ANSWER_LOST)
        await world.news(core, 2)
        await world.work(core, minutes=0.2)
        world.machine.set_off(timedelta())
        with capture_logs() as logs:
            await world.work(core, minutes=3)
        assert [round(log["seconds"]) for log in logs if log["event"] == "clock.jumped"] == [-off.total_seconds()]
        await world.news(core, 3)
        await world.work(core, minutes=1)
    assert world.platform.papers_in("general") == ["2605.00001", "2605.00002", "2605.00003"]


@pytest.mark.parametrize("off", WRONG, ids=str)
async def test_what_a_wrong_clock_stored_in_an_earlier_run_holds_nothing(world: World, off: timedelta) -> None:
    world.machine.set_off(off)
    async with world.process() as core:
        await subscribed(core, "daily 09:00", "daily")
        await subscribed(core, "instant", "general")
        world.platform.fail("general", Fault.LOST)
        await world.news(core, 1)
        await core.engine.deliver()
        await core.engine.reconcile()
    world.machine.set_off(timedelta())
    async with world.process() as core:
        await world.work(core, minutes=10)
        assert world.platform.papers_in("general") == ["2605.00001"]
        due = (await core.channel("daily")).next_digest_at
        assert due is not None
        assert due <= world.machine.true + timedelta(days=1)


async def test_a_late_answer_is_waited_for_however_the_clock_jumps(world: World) -> None:
    async with world.process() as core:
        await sent_late(world, core)
        world.machine.set_off(timedelta(hours=1))
        await world.work(core, minutes=0.7, step=5)
        assert not world.platform.on_the_way
        await world.work(core, minutes=10)
        assert len(world.platform.posts) == 1
        assert (await core.store.posts.counts())[PostState.SENT] == 1


async def test_a_live_worker_keeps_its_lease_when_the_clock_jumps(world: World) -> None:
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        await world.news(core, 1)
        now = core.clock.now()
        await core.engine.planner.sweep()
        (post,) = await core.store.posts.lease([core.platform.name], now=now, until=now + timedelta(minutes=1), limit=9)
        world.machine.set_off(timedelta(hours=2))
        await core.engine.reconcile()
        await core.engine.deliver()
        await core.engine.reconcile()
        assert await core.store.posts.begin(post, now=core.clock.now(), until=core.clock.now() + timedelta(minutes=1))


def jumps(seed: int) -> Iterator[timedelta]:
    chance = random.Random(seed)
    for _ in range(8):
        size = chance.choice([5, 90, 1_800, 7_200, 86_400, 10 * 86_400])
        yield timedelta(seconds=chance.choice([-1, 1, 0]) * size * chance.uniform(0.5, 1.5))


@pytest.mark.parametrize("seed", (0,))
async def test_whatever_the_clock_does_each_paper_is_posted_once(world: World, seed: int) -> None:
    """Also through restarts, and while posts fail in every way that passes."""
    chance, numbers = random.Random(seed), count(1)
    faults = (Fault.BUSY, Fault.LOST, Fault.ANSWER_LOST, Fault.LATE)
    channels = ("instant", "daily", "hourly")
    wrong = list(jumps(seed))
    while wrong:
        async with world.process() as core:
            if len(wrong) == 8:
                for schedule, channel in (("instant", "instant"), ("daily 09:00", "daily"), ("hourly", "hourly")):
                    await subscribed(core, schedule, channel)
            for off in (wrong.pop(), wrong.pop(), timedelta()):
                world.machine.set_off(off)
                world.platform.fail(chance.choice(channels), chance.choice(faults))
                await world.news(core, next(numbers))
                await world.work(core, minutes=chance.choice([0.7, 3, 7]))
    world.machine.set_off(timedelta())
    async with world.process() as core:
        await world.work(core, minutes=12)
        for channel in channels[1:]:
            due = (await core.channel(channel)).next_digest_at
            assert due is not None
            assert due <= world.machine.true + timedelta(days=1), channel
        world.machine.run(days=1)
        await world.work(core, minutes=12)
    expected = Counter(f"2605.{number:05}" for number in range(1, next(numbers)))
    for channel in channels:
        assert Counter(world.platform.papers_in(channel)) == expected, channel


async def test_processes_with_different_clocks_agree_by_the_clock_of_the_server(
    postgres_url: str, tmp_path: Path
) -> None:
    stores = [SqlStore(postgres_url), SqlStore(postgres_url)]
    server = Machine()
    worlds = [World(store, tmp_path / str(number), server) for number, store in enumerate(stores)]
    worlds[0].machine.set_off(timedelta(minutes=20))
    worlds[1].machine.set_off(timedelta(days=-2))
    async with worlds[0].process() as one, worlds[1].process() as other:
        assert abs(one.clock.now() - NOON) < timedelta(seconds=1)
        assert abs(other.clock.now() - NOON) < timedelta(seconds=1)
        worlds[1].machine.set_off(timedelta(days=3))
        server.set_off(timedelta(hours=1))
        await one.engine.deliver()
        await other.engine.deliver()
        assert abs(one.clock.now() - other.clock.now()) < timedelta(seconds=1)
    for store in stores:
        await store.close()


@pytest.mark.parametrize("off", [timedelta(minutes=50), timedelta(minutes=-50)], ids=str)
@SQLITE_IS_ENOUGH  # a server tells the time to all runs
async def test_what_an_earlier_run_sent_is_looked_for_although_the_clock_was_set_since(
    world: World, off: timedelta
) -> None:
    """Without a server's clock nobody knows when its requests left; a message may still be on its way."""
    world.machine.set_off(off)
    async with world.process() as core:
        await sent_late(world, core)
    sent_at = world.machine.true
    world.machine.set_off(timedelta())
    async with world.process() as core:
        await world.work(core, minutes=10, step=10.0)
    assert_found(world, sent_at)


async def test_what_is_looked_for_is_not_given_up_because_the_bot_starts_again_and_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run looks once and finds nothing, as nothing was posted: none of them may take it for sent."""
    monkeypatch.setattr(bot.posting.reconciliation, "LOOK_UPS", LookUpPolicy(most=5))
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        world.platform.fail("general", Fault.LOST)
        await world.news(core, 1)
        await core.engine.deliver()
    for _ in range(5):
        world.machine.run(seconds=10)
        async with world.process() as core:
            await core.engine.reconcile()
    async with world.process() as core:
        await world.work(core, minutes=10, step=10.0)
    assert world.platform.papers_in("general") == ["2605.00001"]


@SQLITE_IS_ENOUGH  # a server tells the time to all runs
async def test_what_waits_to_be_looked_for_waits_no_longer_for_a_clock_that_was_set_since(world: World) -> None:
    """The first run began to send at the right time, and had its clock set ahead when it knew no answer came."""
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        world.platform.fail("general", Fault.HANG)
        await world.news(core, 1)
        going_out = asyncio.create_task(core.engine.deliver())
        async with asyncio.timeout(PATIENCE):
            await world.platform.hanging.wait()
        going_out.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going_out
    world.machine.set_off(timedelta(minutes=50))
    await world.store.posts.expire(world.machine.wall())
    world.machine.set_off(timedelta())
    async with world.process() as core:
        await world.work(core, minutes=10, step=10.0)
    assert world.platform.papers_in("general") == ["2605.00001"]


@pytest.mark.parametrize("how", ["interrupted", "refused", "found missing"])
async def test_what_a_clock_that_was_ahead_put_off_goes_out_by_the_right_one(world: World, how: str) -> None:
    """Whoever put it off did not live to see the clock set right."""
    store, ahead = world.store, NOON + timedelta(minutes=40)
    here = await scenes.channel(store, "general")
    await listed(store, paper(0))
    await posts(store, here, 1)
    [post] = await store.posts.lease([here.address.platform], now=NOON, until=NOON + LEASE, limit=1)
    wait = timedelta(minutes=1) if how == "refused" else timedelta()
    if how == "interrupted":
        assert await store.posts.expire(ahead)
    else:
        assert await store.posts.begin(post, now=NOON, until=NOON + LEASE)
        assert await store.posts.settle(Settlement(post=post, state=PostState.PENDING, at=ahead, due_at=ahead + wait))
    now = NOON + timedelta(minutes=2)
    assert await store.times.pull_in(lambda: now)
    assert await store.posts.lease([here.address.platform], now=now + wait, until=now + LEASE, limit=1)


async def test_what_is_stored_while_stored_times_are_looked_through_lies_not_ahead(world: World) -> None:
    """Who looks through them may have to wait for whoever is writing, or stand still, for as long as it likes."""
    store, later = world.store, NOON + timedelta(seconds=31)
    here = await scenes.channel(store, "general")
    await listed(store, paper(0))
    await posts(store, here, 1)
    now = NOON

    class StandsStill(SqlStoredTimes):
        async def _anything_ahead(self, seen: datetime) -> bool:
            nonlocal now
            assert not await super()._anything_ahead(seen)
            now = later
            [post] = await store.posts.lease([here.address.platform], now=now, until=now + LEASE, limit=1)
            assert await store.posts.begin(post, now=now, until=now + LEASE)
            wait = now + timedelta(seconds=7)
            assert await store.posts.settle(Settlement(post=post, state=PostState.PENDING, at=now, due_at=wait))
            return True

    assert not await StandsStill(store.database).pull_in(lambda: now)
    almost, until = later + timedelta(seconds=6), later + LEASE
    assert not await store.posts.lease([here.address.platform], now=almost, until=until, limit=1)


@SQLITE_IS_ENOUGH  # a server tells the time to all runs
async def test_what_was_sent_is_looked_for_although_the_stored_times_could_not_be_moved_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of a later run is set back by an hour while the disk is full."""

    async def disk_full(_by: timedelta) -> None:
        raise StorageError("the disk is full")

    async with world.process() as core:
        await sent_late(world, core)
    sent_at = world.machine.true
    world.machine.set_off(timedelta(hours=1))
    async with world.process() as core:
        world.machine.set_off(timedelta())
        with monkeypatch.context() as broken:
            broken.setattr(world.store.times, "move", disk_full)
            with pytest.raises(StorageError):
                await core.engine.deliver()
            await core.engine.outbox.reconcile()
        await world.work(core, minutes=10, step=10.0)
    assert_found(world, sent_at)


@pytest.mark.parametrize("hours", [1, 20, 70])
async def test_what_was_sent_before_a_virtual_machine_was_suspended_is_looked_for(world: World, hours: float) -> None:
    """No clock of its counted that time, so that it looks as if one had been set."""
    async with world.process() as core:
        await sent_late(world, core)
        sent_at = world.machine.true
        world.machine.suspend(hours=hours)
        await world.work(core, minutes=10, step=10.0)
    assert_found(world, sent_at)


class StoredInMemory:
    """What a bot stores of the time to come: one time, and how often it was looked through."""

    def __init__(self, stored: datetime) -> None:
        self.stored, self.looked_through, self.broken = stored, 0, False

    async def server_time(self) -> datetime | None:
        return None

    async def move(self, by: timedelta) -> None:
        if self.broken:
            raise StorageError("the disk is full")
        self.stored += by

    async def pull_in(self, _clock: Callable[[], datetime]) -> int:
        self.looked_through += 1
        return 0


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux has two clocks for that")
def test_a_machine_that_slept_shows_no_clock_that_jumped(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, asleep = Machine(), timedelta()

    def counted(clock: int) -> float:
        return machine.monotonic() - (0.0 if clock == time.CLOCK_BOOTTIME else asleep.total_seconds())

    monkeypatch.setattr(time, "clock_gettime", counted)
    monkeypatch.setattr(time, "monotonic", lambda: counted(time.CLOCK_MONOTONIC))
    clock = SteadyClock(machine.wall)
    machine.run(hours=8)
    asleep = timedelta(hours=8)
    assert clock.now() == machine.true
    assert not clock.behind()


@pytest.mark.parametrize("second", [timedelta(minutes=-5), timedelta(), timedelta(minutes=2), timedelta(minutes=30)])
async def test_a_jump_that_could_not_be_stored_is_made_up_for_with_the_next(second: timedelta) -> None:
    machine, later = Machine(), timedelta(seconds=90)
    times = StoredInMemory(machine.true + later)
    clock = machine.clock()
    timekeeping = Timekeeping(times, clock)
    await timekeeping.check(leads=True)
    machine.set_off(timedelta(minutes=-10))
    times.broken = True
    with pytest.raises(StorageError):
        await timekeeping.check(leads=True)
    assert timekeeping.jumps() is None
    machine.set_off(second)
    with pytest.raises(StorageError) if second else nullcontext():
        await timekeeping.check(leads=True)
    times.broken = False
    await timekeeping.check(leads=True)
    assert times.stored - later == clock.now() == machine.wall()
    assert timekeeping.jumps() == 2


@pytest.mark.parametrize("by", [timedelta(minutes=5), timedelta(minutes=-5)])
async def test_who_follows_looks_for_nothing_until_who_leads_has_moved_what_is_stored(by: timedelta) -> None:
    """The clock of the server is set, which makes the live leases of who leads look as if they had run out."""
    machine = Machine()
    timekeeping = Timekeeping(StoredInMemory(machine.true), machine.clock(), machine.monotonic)
    await timekeeping.check(leads=False)
    assert timekeeping.jumps() == 0
    machine.set_off(by)
    await timekeeping.check(leads=False)
    assert timekeeping.jumps() is None
    machine.run(seconds=SETTLES_FOR.total_seconds() - 1)
    await timekeeping.check(leads=False)
    assert timekeeping.jumps() is None
    machine.run(seconds=1)
    assert timekeeping.jumps() == 1


@pytest.mark.parametrize("late", [3.0, 3600.0])
async def test_an_answer_of_the_server_that_comes_late_is_no_jump(late: float) -> None:
    class LateTimes(StoredInMemory):
        late = 0.0

        async def server_time(self) -> datetime | None:
            told = machine.wall()
            machine.run(seconds=self.late)
            return told

    machine = Machine()
    times, clock = LateTimes(machine.true), machine.clock()
    stored = times.stored
    timekeeping = Timekeeping(times, clock, machine.monotonic)
    for times.late in (0.0, late, 0.0):
        await timekeeping.check(leads=True)
        await timekeeping.check(leads=False)
        assert (clock.now(), times.stored, timekeeping.jumps()) == (machine.true, stored, 0)
    machine.set_off(timedelta(minutes=-10))
    times.late = late
    await timekeeping.check(leads=True)
    times.late = 0.0
    await timekeeping.check(leads=True)
    assert clock.now() == machine.wall()


async def test_what_is_stored_is_looked_through_until_a_jump_has_settled() -> None:
    """A statement that was under way may store a time of the clock before."""
    machine = Machine()
    times = StoredInMemory(machine.true)
    timekeeping = Timekeeping(times, machine.clock())
    await timekeeping.check(leads=True)
    machine.set_off(timedelta(minutes=-10))
    for number in range(1, 4):
        await timekeeping.check(leads=True)
        assert times.looked_through == 1 + number
        machine.run(seconds=5)
    machine.run(seconds=SETTLES_FOR.total_seconds())
    await timekeeping.check(leads=True)
    machine.run(seconds=LOOK_THROUGH_EVERY.total_seconds() - 1)
    before = times.looked_through
    await timekeeping.check(leads=True)
    assert times.looked_through == before


@SQLITE_IS_ENOUGH  # a server tells the time to all runs
async def test_a_later_run_knows_how_long_a_source_asked_to_be_left_alone(world: World) -> None:
    """The clock of the run that was asked is set ahead while it waits, and right again before the next one starts."""
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        world.source.error = SourceError("busy", retry_after=5)
        await world.news(core, 1)
        world.source.error = None
        world.machine.set_off(timedelta(minutes=50))
        await core.engine.deliver()
    world.machine.set_off(timedelta())
    async with world.process() as core:
        await world.work(core, minutes=1, step=10.0)
        await world.news(core, 1)
        await core.engine.deliver()
    assert world.platform.papers_in("general") == ["2605.00001"]


async def test_a_source_is_left_alone_for_as_long_as_it_asked_and_not_as_long_as_the_clock_was_wrong(
    world: World,
) -> None:
    async def leave_alone(core: Core) -> None:
        world.source.error = SourceError("busy", retry_after=5)
        await world.news(core, 1)
        world.source.error = None

    world.machine.set_off(timedelta(minutes=50))
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        await leave_alone(core)
    world.machine.set_off(timedelta())
    async with world.process() as core:
        await world.work(core, minutes=1, step=10.0)
        await world.news(core, 1)  # written by an earlier run
        await leave_alone(core)
        world.machine.set_off(timedelta(minutes=-50))
        await world.work(core, minutes=1, step=10.0)
        await world.news(core, 2)
        await core.engine.deliver()
    assert world.platform.papers_in("general") == ["2605.00001", "2605.00002"]


async def test_a_source_is_not_left_alone_for_a_jump_that_nobody_lived_to_store(world: World) -> None:
    """It asks for a second; the clock goes back and ahead again, and only the second jump is noticed."""
    if not world.store.database.is_sqlite:
        pytest.skip("the server tells the time to all runs")
    async with world.process() as core:
        await subscribed(core, "instant", "general")
        world.source.error = SourceError("busy", retry_after=1.0)
        await core.engine.poll()
        world.source.error = None
    world.machine.set_off(timedelta(minutes=-8))
    async with world.process() as core:
        world.machine.set_off(timedelta())
        await world.work(core, minutes=2)
        await world.news(core, 1)
        await world.work(core, minutes=1)
    assert world.platform.papers_in("general") == ["2605.00001"]
