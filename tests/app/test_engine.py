"""The engine as it runs: alarms, survival of trouble, and who of several processes reads the feeds."""

from __future__ import annotations

import asyncio
import errno
import gc
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import engine as engine_module
from bot.app.engine import STUCK_AFTER
from bot.channels.channel import Address, Channel, PlatformName
from bot.digests import planning
from bot.errors import SourceError, StorageError
from bot.lifecycle.retention import Retention
from bot.messages.message import Message, PaperBlock
from bot.posting import composition, outbox
from bot.posting.post import PostState
from bot.topics import matching
from bot.topics.standing_queries import StandingQuery
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.patience import PATIENCE
from tests.platforms import Fault
from tests.sources import a_paper


@pytest.fixture(autouse=True)
def nobody_looks_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an outbox that nobody tells anything would find it out by itself after a minute."""
    monkeypatch.setattr(outbox, "LOOK_ANYWAY", 3600.0)


@asynccontextmanager
async def running(core: Core) -> AsyncIterator[asyncio.Task[None]]:
    """The engine at work, on the machine's clock."""
    core.clock.set(datetime.now(UTC))
    task = asyncio.create_task(core.engine.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_paper_reaches_its_channel_without_anybody_asking(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("schedule instant")
    core.source.list(a_paper(1), day=datetime.now(UTC).date())
    async with running(core):
        await eventually(lambda: core.platform.papers_in("general") == ["2605.00001"])


async def test_now_sends_at_once(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    async with running(core):
        await core.say("now")
        await eventually(lambda: core.platform.papers_in("general") == ["2605.00001"])


async def test_a_message_that_a_defect_keeps_from_being_written_keeps_no_other(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    for channel in ("odd", "general"):
        await core.say("subscribe diffusion", channel)
    await core.news(a_paper(1))
    with monkeypatch.context() as broken:
        write = composition._message

        def write_or_fail(channel: Channel, *what: Any) -> Message | None:
            if channel.name == "odd":
                raise ValueError("a defect")
            return write(channel, *what)

        broken.setattr(composition, "_message", write_or_fail)
        await core.next_digest()
        assert core.platform.papers_in("general") == ["2605.00001"]
        await core.settle(hours=0.1)
        assert core.platform.papers_in("odd") == []
    await core.settle(hours=0.1)
    assert core.platform.papers_in("odd") == ["2605.00001"]


async def test_channels_of_a_platform_that_is_switched_off_hold_up_no_others(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHANNELS_AT_ONCE", 2)
    await core.say("subscribe diffusion")
    due = (await core.channel()).next_digest_at
    assert due is not None
    for channel in ("1", "2", "3"):
        address = Address(PlatformName.DISCORD, "1", channel)
        before = due - timedelta(minutes=1)
        await core.store.channels.add(address, "lab", time_zone="UTC", schedule="daily 09:00", next_digest_at=before)
    await core.news(a_paper(1))
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_a_lost_answer_is_reconciled_in_the_background(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    core.platform.fail("general", Fault.ANSWER_LOST)
    async with running(core):
        await core.say("now")
        await eventually(lambda: len(core.platform.posts) == 1)
        for _ in range(8):
            core.clock.advance(seconds=10)
            await asyncio.sleep(0.05)
        async with asyncio.timeout(PATIENCE):
            while (await core.store.posts.open_in((await core.channel()).id)) > 0:
                core.clock.advance(seconds=1)
                await asyncio.sleep(0.05)
    assert len(core.platform.posts) == 1


async def test_trouble_with_feed_and_database_is_survived(store: SqlStore, tmp_path: Path) -> None:
    class Moody:
        """A store whose parts fail now and then, as a database does that is being restarted."""

        def __init__(self, part: object, mood: list[bool]) -> None:
            self._part, self._mood = part, mood

        def __getattr__(self, name: str) -> object:
            attribute = getattr(self._part, name)
            if not callable(attribute):
                return Moody(attribute, self._mood)
            if not inspect.iscoroutinefunction(attribute):
                return attribute  # it asks the database nothing by itself

            async def call(*arguments: object, **options: object) -> object:
                if self._mood[0]:
                    raise StorageError("the database did not answer: it is being restarted")
                return await attribute(*arguments, **options)

            return call

    mood = [False]
    core = Core(Moody(store, mood), tmp_path / "index")  # type: ignore[arg-type]
    await core.say("subscribe diffusion")
    await core.say("schedule instant")
    core.source.error = SourceError("it sent a web page")
    async with running(core) as engine:
        await asyncio.sleep(0.3)
        mood[0] = True
        assert "I cannot reach my database just now" in await core.refused("topics")
        await asyncio.sleep(3)
        mood[0] = False
        core.source.error = None
        core.source.list(a_paper(1), day=datetime.now(UTC).date())
        await core.engine.poll()
        await eventually(lambda: core.platform.papers_in("general") == ["2605.00001"])
        assert not engine.done()
    await core.index.close()


async def test_one_of_two_processes_reads_the_feed_and_both_post(postgres_url: str, tmp_path: Path) -> None:
    stores = [SqlStore(postgres_url), SqlStore(postgres_url)]
    towns = [Core(store, tmp_path / str(number), clock=SettableClock()) for number, store in enumerate(stores)]
    towns[1].platform = towns[0].platform
    for core in towns:
        core.source.list(a_paper(1), day=datetime.now(UTC).date())
    await towns[0].say("subscribe diffusion")
    await towns[0].say("schedule instant")
    async with running(towns[0]), running(towns[1]):
        await eventually(lambda: bool(towns[0].source.readings or towns[1].source.readings))
        await asyncio.sleep(3)
    assert bool(towns[0].source.readings) != bool(towns[1].source.readings)
    for core, store in zip(towns, stores, strict=True):
        await core.index.close()
        await store.close()


async def test_a_setting_that_changes_while_a_digest_goes_out_is_for_the_next_one(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings style cards")
    await core.news(a_paper(1, abstract="All of it."))
    core.platform.fail("general", Fault.BUSY)
    await core.next_digest()
    await core.say("settings abstracts on")
    await core.settle()
    await core.news(a_paper(2, abstract="All of it."))
    await core.next_digest()
    cards = [block for post in core.platform.posts for block in post.message.blocks if isinstance(block, PaperBlock)]
    assert [(card.paper_id, card.abstract) for card in cards] == [("2605.00001", ""), ("2605.00002", "All of it.")]


async def test_status_tells_of_messages_that_will_never_be_posted(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    core.platform.fail("general", Fault.REJECTED)
    await core.next_digest()
    assert "Never posted: 1 message in the last week" in await core.say("status")
    core.clock.advance(days=8)
    assert "Never posted" not in await core.say("status")


async def test_topics_that_are_there_at_the_start_are_no_work_for_the_garbage_collector(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        await core.say(f"subscribe word{number}")
    monkeypatch.setattr(matching, "CHANGES_AT_ONCE", 4)
    restarted = Core(core.store, tmp_path / "restarted", clock=core.clock)
    try:
        await restarted.engine.wanted_categories()
        assert _looked_through() == 10 - 2 * 4
    finally:
        gc.unfreeze()
        await restarted.index.close()


def _looked_through() -> int:
    """How many queries of topics the garbage collector looks through."""
    gc.collect()
    return sum(isinstance(one, StandingQuery) for one in gc.get_objects())


async def test_an_engine_that_is_stopped_in_its_first_sweep_stops(core: Core) -> None:
    """As when a platform refuses its token right at the start: nothing may go on without it."""
    running = asyncio.create_task(core.engine.run())
    await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait((running,), timeout=PATIENCE)
    assert done
    assert running.cancelled()
    await asyncio.sleep(0.2)  # a connection that was just being opened ends in a thread of its own


@pytest.mark.parametrize(("ahead", "deletes"), [(None, False), (timedelta(days=400), False), (timedelta(), True)])
async def test_nothing_is_deleted_by_a_clock_that_nobody_confirms(
    core: Core, ahead: timedelta | None, deletes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[bool] = []

    async def begin(_self: Retention, _now: datetime) -> int:
        began.append(True)
        return 0

    monkeypatch.setattr(Retention, "delete_left", begin)
    monkeypatch.setattr(core.engine, "_clock_ahead", lambda _: ahead)
    await core.engine.leadership.renew()
    await core.engine._delete_left()
    assert bool(began) is deletes


async def test_a_clock_that_is_set_while_something_is_deleted_deletes_nothing_more(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await core.say("subscribe diffusion")
    await core.say("schedule instant")
    await core.news(a_paper(1, title="Diffusion"))
    await core.engine.deliver()
    assert len(core.platform.posts) == 1

    async def meanwhile(_self: Retention, _now: datetime) -> int:
        core.clock.advance(days=400)
        return 0

    monkeypatch.setattr(Retention, "delete_left", meanwhile)
    await core.engine.leadership.renew()
    await core.engine._delete_left()
    assert (await core.store.posts.counts())[PostState.SENT] == 1


async def test_a_machine_on_which_no_file_can_be_opened_ends_no_engine(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the rules of a time zone, in the first sweep and later."""
    sweep, left = core.engine.planner.sweep, [errno.EMFILE] * 2

    async def failing() -> int:
        if left:
            raise OSError(left.pop(), "Too many open files")
        return await sweep()

    monkeypatch.setattr(core.engine.planner, "sweep", failing)
    async with running(core) as task:
        await eventually(lambda: not left)
        assert not task.done()


async def test_an_engine_that_does_not_get_through_its_work_is_not_well_until_it_does(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/readyz` says what the report says."""
    assert STUCK_AFTER == 60
    work, gate = core.engine.planner.sweep, asyncio.Event()

    async def stuck() -> int:
        await gate.wait()
        return await work()

    async with running(core):
        await eventually(lambda: core.engine.leadership.polls)
        assert (await core.health.report()).ok
        monkeypatch.setattr(engine_module, "STUCK_AFTER", 3.0)
        monkeypatch.setattr(core.engine.planner, "sweep", stuck)
        await eventually(lambda: core.engine.stuck_for() >= 3.0)
        assert not (await core.health.report()).ok
        gate.set()
        await eventually(lambda: not core.engine.stuck_for())
