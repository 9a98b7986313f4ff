"""A crash at every await of a delivery: whatever a process was about, the next one finishes it.

What a process leaves behind is what others see in the database and on the platform. So each delivery is stopped before
every step of every task; wherever anything of that has changed, the process is killed there, and others go on: one that
was there already, and one that starts afterwards. And it is held up there for longer than its lease, and goes on when
others have done its work.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pytest

from bot.channels.channel import Address, Channel, ChannelState, Style
from bot.errors import StorageError
from bot.papers.paper import Paper
from bot.platforms.outcomes import HistoryWindow, LookUp, LookUpResult, Outgoing, Partly, SendResult
from bot.posting import outbox
from bot.posting.retries import UnknownPolicy
from bot.topics.store import TopicOptions
from storage.database import database
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.platforms import Fault, SimulatedPlatform
from tests.processes import Process
from tests.storage.scenes import listed, match, paper
from tests.thorough import THOROUGH

#: Seconds that a process lets pass between two looks, and whoever goes on after it: longer than a lease.
PAUSES = (0, 6, 40, 61)
LONG = 61
#: Whoever has not finished after so many looks never will.
MANY = 40
STEPS = 5_000
#: One in so many crashes is tried each day; in a scenario there are about sixty. The number has no factor in common
#: with that of their kinds.
SHARE = 19

HERE, THERE = "here", "there"


class Platform(SimulatedPlatform):
    """Takes a request some steps after it left, and answers some steps later."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(per_message=1, interval=1.0)
        self.can_look_up = scenario.can_look_up
        self._pages = scenario.pages

    async def send(self, outgoing: Outgoing) -> SendResult:
        result = await super().send(outgoing)
        await asyncio.sleep(0)
        return result

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        await asyncio.sleep(0)
        found = await super().look_up(outgoing, window)
        await asyncio.sleep(0)
        if found is LookUp.MISSING and len(window.cursor) < self._pages:
            return Partly(f"{window.cursor}.", 1.0)
        return found


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A delivery: what goes wrong with requests in its channels, what the platform can tell, and how often each message
    is there in the end.
    """

    here: tuple[Fault, ...] = ()
    there: tuple[Fault, ...] = ()
    pages: int = 0
    can_look_up: bool = True
    policy: UnknownPolicy = UnknownPolicy.AT_MOST_ONCE
    least: int = 1
    most: int = 1


SCENARIOS = {
    "sent": Scenario(),
    "late": Scenario(here=(Fault.LATE,), there=(Fault.NONE, Fault.LATE)),
    "lost": Scenario(here=(Fault.LOST, Fault.ANSWER_LOST), there=(Fault.ANSWER_LOST,)),
    "read in pages": Scenario(here=(Fault.LOST,), there=(Fault.LATE,), pages=2),
    "at most once": Scenario(here=(Fault.LOST,), there=(Fault.ANSWER_LOST,), can_look_up=False, least=0),
    "at least once": Scenario(
        here=(Fault.LOST,), there=(Fault.ANSWER_LOST,),
        can_look_up=False, policy=UnknownPolicy.AT_LEAST_ONCE, most=3,
    ),
    "tried again": Scenario(here=(Fault.BUSY, Fault.WAIT), there=(Fault.ODD,)),
    "a channel stops": Scenario(here=(Fault.NONE, Fault.GONE)),
    "a workspace stops": Scenario(here=(Fault.WORKSPACE_GONE,), there=(Fault.ANSWER_LOST,)),
    "a thread is gone": Scenario(here=(Fault.NONE, Fault.THREAD_GONE)),
    "refused": Scenario(here=(Fault.NONE, Fault.REJECTED), least=0),
}  # fmt: skip


#: For the others, those are databases like others: each day they are tried on one of them.
ON_POSTGRESQL_AS_WELL = ("sent", "a workspace stops")


class Eyes(Protocol):
    """Sees what is committed."""

    async def see(self, statement: str) -> list[tuple[Any, ...]]: ...

    async def close(self) -> object: ...


class SqliteEyes:
    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    async def see(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    async def close(self) -> None:
        self._connection.close()


class PostgresEyes:
    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection

    async def see(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(statement)]

    async def close(self) -> None:
        await self._connection.close()


class World:
    """A delivery to two channels: a list with a reply to one, two messages to the other."""

    def __init__(self, scenario: Scenario, store: SqlStore, eyes: Eyes, folder: Path, number: int) -> None:
        self.scenario = scenario
        self.store = store
        self.eyes = eyes
        self.platform = Platform(scenario)
        self.clock = SettableClock()
        self._folder = folder
        self._number = number
        self.channels: list[Channel] = []

    async def prepare(self, papers: Sequence[Paper]) -> None:
        for place, faults in ((HERE, self.scenario.here), (THERE, self.scenario.there)):
            name = f"{place}-{self._number}"
            address = Address(self.platform.name, f"workspace-{self._number}", name)
            channel = await self.store.channels.add(
                address, name, time_zone="UTC", schedule="daily 12:00", next_digest_at=self.clock.now()
            )
            style = Style.THREADS if place == HERE else Style.CARDS
            changed = replace(channel, settings=replace(channel.settings, style=style))
            await self.store.channels.change(channel.id, partial(_to, changed), self.clock.now())
            topic = await self.store.subscriptions.add(
                channel.id, TopicOptions(query="diffusion"), created_by="ada", now=self.clock.now()
            )
            shown = papers[:1] if place == HERE else papers
            matches = [match(channel, one.id, topic) for one in shown]
            await self.store.digests.record_matches({}, matches, self.clock.now())
            self.channels.append(channel)
            self.platform.fail(name, *faults)

    def core(self, store: SqlStore) -> Core:
        return Core(store, self._folder, clock=self.clock, platform=self.platform, unknown_policy=self.scenario.policy)

    async def live(self, core: Core) -> None:
        """What a process does for some minutes."""
        for seconds in PAUSES:
            self.clock.advance(seconds=seconds)
            self.platform.arrive()
            await core.engine.outbox.reconcile()
            await core.engine.planner.sweep()
            await core.engine.outbox.drain()

    async def finish(self, core: Core) -> None:
        """Goes on until nothing is left to do. What stopped is resumed by somebody."""
        for _ in range(MANY):
            self.clock.advance(seconds=LONG)
            self.platform.arrive()  # what comes late comes within a lease
            await core.engine.outbox.reconcile()
            await core.engine.planner.sweep()
            await core.engine.outbox.drain()
            channels = await self.store.channels.get([channel.id for channel in self.channels])
            broken = [one.id for one in channels.values() if one.state is ChannelState.BROKEN]
            await self.store.channels.resume_all(broken, lambda one: one.next_digest_at)
            if not await self.open_posts():
                return
        raise AssertionError(f"stuck: {await self.open_posts()}")

    async def open_posts(self) -> list[tuple[Any, ...]]:
        return [post for post in await self.posts() if post[2] not in ("sent", "failed")]

    async def posts(self) -> list[tuple[Any, ...]]:
        columns = "id, channel_id, state, key, lease, lease_until, attempt_at, sent_at, parent_id, attempts, look_ups"
        return await self._rows(f"SELECT {columns}, look_up_cursor, late FROM posts WHERE", "ORDER BY id")

    async def visible(self) -> tuple[Any, ...]:
        """All that a process leaves behind if it ends now."""
        deliveries = await self._rows("SELECT id, state, post_id, digest_id FROM deliveries WHERE", "ORDER BY id")
        columns = "id AS channel_id, state, post_after, next_digest_at FROM channels"
        channels = await self._rows(f"SELECT * FROM (SELECT {columns}) AS them WHERE", "ORDER BY channel_id")
        outside = len(self.platform.requests), len(self.platform.posts), len(self.platform.on_the_way)
        return await self.posts(), deliveries, channels, outside

    async def _rows(self, select: str, order: str) -> list[tuple[Any, ...]]:
        ids = ", ".join(str(channel.id) for channel in self.channels)
        return await self.eyes.see(f"{select} channel_id IN ({ids}) {order}")

    async def check_on_the_way(self) -> None:
        """What holds at any moment."""
        there = {post.key for post in self.platform.posts}
        flying = Counter[int]()
        delivered = {
            row[0] for row in await self._rows("SELECT post_id, state FROM deliveries WHERE state = 'posted' AND", "")
        }
        for id_, channel_id, state, key, lease, until, attempt_at, sent_at, *_ in await self.posts():
            flying[channel_id] += state == "leased"
            assert (state == "leased") <= bool(lease and until), "whoever holds a post is known"
            assert (state == "pending") <= (not lease), "nobody holds what waits"
            noted = state == "sent" or attempt_at is not None
            assert key not in there or noted or self.scenario.most > 1, "no request leaves unnoted"
            assert (state == "sent") == (sent_at is not None)
            assert (id_ in delivered) <= (state == "sent"), "a paper is posted when its message is"
        assert all(number <= 1 for number in flying.values()), "one post of a channel at a time"

    async def check(self) -> None:
        """What holds in the end."""
        await self.check_on_the_way()
        posts = await self.posts()
        shown = Counter(post.key for post in self.platform.posts)
        for post in posts:
            assert self.scenario.least <= shown[post[3]] <= self.scenario.most or post[2] == "failed", post
        assert shown.keys() <= {post[3] for post in posts}
        for channel in self.channels:
            told = list(
                dict.fromkeys(post.key for post in self.platform.posts if post.channel == channel.address.channel)
            )
            assert told == [post[3] for post in posts if post[1] == channel.id and post[3] in told], "in order"
        ended = ["posted", "dropped"] if "failed" in {post[2] for post in posts} else ["posted"]
        states = [row[0] for row in await self._rows("SELECT state FROM deliveries WHERE", "")]
        assert len(states) == 3
        assert set(states) <= set(ended)


def _to(changed: Channel, _: Channel) -> Channel:
    return changed


class Trial:
    """Tries a scenario again and again, on one database."""

    def __init__(self, scenario: Scenario, url: str, eyes: Eyes, folder: Path) -> None:
        self._scenario = scenario
        self._url = url
        self._eyes = eyes
        self._folder = folder
        self.store = SqlStore(url)
        self._engine = SqlStore(url).database.engine
        self._papers = (paper(1), paper(2))
        self._worlds = 0
        self._process: Process | None = None

    async def open(self) -> None:
        await listed(self.store, *self._papers)

    async def world(self) -> World:
        self._worlds += 1
        world = World(self._scenario, self.store, self._eyes, self._folder, self._worlds)
        await world.prepare(self._papers)
        return world

    async def moments(self) -> list[int]:
        """The numbers of steps after which others see something else than before."""
        world, store = await self.world(), self._another_store()
        process = await self._begun(world, store, 0)
        seen, moments, number = await world.visible(), [0], 0
        while await process.step():
            number += 1
            assert number < STEPS
            if (sees := await world.visible()) != seen:
                seen = sees
                moments.append(number)
                await world.check_on_the_way()
        await world.finish(world.core(self.store))
        await world.check()
        await store.close()
        await process.cut_off()
        return moments

    async def dies(self, moment: int, *, other_was_there: bool) -> None:
        """One process dies at that moment, another one goes on."""
        world, store = await self.world(), self._another_store()
        other = world.core(self.store)
        if other_was_there:
            await other.engine.outbox.reconcile()
        process = await self._begun(world, store, moment)
        await process.kill()
        await self._gone(process)
        await world.check_on_the_way()
        await world.finish(other if other_was_there else world.core(self.store))
        await world.check()

    async def sleeps(self, moment: int) -> None:
        """One process is held up from that moment on for longer than its lease, while another one does its work."""
        world, store = await self.world(), self._another_store()
        process = await self._begun(world, store, moment)
        if process.is_in_transaction:
            if store.database.is_sqlite:
                await process.kill()  # there is no other one, and this one holds up everybody
                await world.finish(world.core(self.store))
                return
            await process.cut_off()  # as the server does
            await self._gone(process)
        with later(LONG):
            await world.finish(world.core(self.store))
            with suppress(StorageError):  # it was cut off
                await process.go_on()
        await world.finish(world.core(self.store))
        await world.check()
        await store.close()
        await process.cut_off()

    def _another_store(self) -> SqlStore:
        """One that shares nothing with others but the statements that are put together already, which takes long."""
        self._engine.sync_engine.dispose(close=False)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("_sqlite_engine", "_postgres_engine"):
                patch.setattr(database, name, lambda _: self._engine)
            return SqlStore(self._url)

    async def _begun(self, world: World, store: SqlStore, moment: int) -> Process:
        self._process = process = Process(store)
        process.start(world.live(world.core(store)))
        for _ in range(moment):
            if not await process.step():
                break
        return process

    async def _gone(self, process: Process) -> None:
        """Waits until PostgreSQL has noticed."""
        if process.pids:
            ids = ", ".join(map(str, process.pids))
            while await self._eyes.see(f"SELECT pid FROM pg_stat_activity WHERE pid IN ({ids})"):
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        if self._process is not None:
            await self._process.kill()  # where a test has failed, it is still stopped
        await self.store.close()


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """The event loop's clock is so much further on, and what waits for it is over."""
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds  # type: ignore[method-assign]
    yield
    loop.time = time  # type: ignore[method-assign]


@pytest.fixture
async def eyes(database_url: str) -> AsyncIterator[Eyes]:
    eyes: Eyes = (
        SqliteEyes(database_url)
        if database_url.startswith("sqlite")
        else PostgresEyes(await asyncpg.connect(database_url))
    )
    yield eyes
    await eyes.close()


@pytest.mark.parametrize("name", SCENARIOS)
async def test_whatever_a_process_was_about_the_next_one_finishes_it(
    name: str, database_url: str, eyes: Eyes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not THOROUGH and not database_url.startswith("sqlite") and name not in ON_POSTGRESQL_AS_WELL:
        pytest.skip("tried there when there is time")
    monkeypatch.setattr(outbox, "GATHER", 0.0)
    trial = Trial(SCENARIOS[name], database_url, eyes, tmp_path)
    await trial.open()
    try:
        moments = await trial.moments()
        assert len(moments) > 5
        ends = (partial(trial.dies, other_was_there=False), partial(trial.dies, other_was_there=True), trial.sleeps)
        trials = [(end, moment) for moment in moments for end in ends]
        for end, moment in trials if THOROUGH else trials[list(SCENARIOS).index(name) :: SHARE]:
            await end(moment)
    finally:
        await trial.close()
