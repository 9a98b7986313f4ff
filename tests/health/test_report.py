"""What the health report says of a store, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from adapters.web.pages.health_view import for_operators
from bot.app.doctor.store_checks import store_checks
from bot.channels.channel import ChannelState
from bot.errors import OperatorError, SourceError
from bot.health.heartbeat import Heartbeat
from bot.health.report import GONE_AFTER, HealthReport, StoredFacts
from bot.health.wording import lines_of
from bot.posting.post import PostState
from bot.posting.roles import ProcessRole
from tests.clocks import NOON, SettableClock
from tests.core import Core
from tests.platforms import Fault
from tests.sources import a_paper
from tests.storage.scenes import channel, lease_one, listed, paper, posts, sent


async def stored(core: Core) -> tuple[HealthReport, StoredFacts]:
    report = await core.health.report()
    assert report.stored is not None
    return report, report.stored


async def test_what_waits_is_as_old_as_the_oldest_post(core: Core) -> None:
    here = await channel(core.store)
    await listed(core.store, paper(1))
    await posts(core.store, here)
    core.clock.advance(minutes=10)
    report, facts = await stored(core)
    assert facts.rows == {"papers": 1, "channels": 1, "subscriptions": 0}
    assert facts.posts[PostState.PENDING] == 1
    assert (report.waiting, report.oldest_waiting) == (1, timedelta(minutes=10))
    await sent(core.store, await lease_one(core.store))
    report, facts = await stored(core)
    assert (report.waiting, report.oldest_waiting) == (0, timedelta())
    assert facts.outcomes == {PostState.SENT: 1, PostState.FAILED: 0}
    core.clock.advance(hours=24)
    assert (await stored(core))[1].outcomes[PostState.SENT] == 0


async def test_a_digest_that_was_not_planned_is_late(core: Core) -> None:
    here = await channel(core.store)
    await core.store.channels.change(here.id, lambda known: replace(known, next_digest_at=NOON), NOON)
    core.clock.advance(seconds=59)
    assert (await stored(core))[1].late_digests == 0
    core.clock.advance(seconds=2)
    assert (await stored(core))[1].late_digests == 1
    await core.store.channels.pause(here.id, reason="holidays", until=None)
    assert (await stored(core))[1].late_digests == 0


async def test_a_source_says_when_it_was_read_and_when_it_is_read_next(core: Core) -> None:
    (source,) = [each for each in (await core.health.report()).sources if each.name == core.source.name]
    assert source.next_read_at is None
    await core.news(paper(1))
    (source,) = [each for each in (await core.health.report()).sources if each.name == core.source.name]
    assert source.state.last_success_at == core.clock.now()
    assert source.next_read_at == core.clock.now() + timedelta(minutes=5)
    core.source.error = SourceError("no route to host")
    core.clock.advance(minutes=5)
    await core.engine.poll()
    (source,) = [each for each in (await core.health.report()).sources if each.name == core.source.name]
    assert (source.failing, source.state.last_error) == (True, "no route to host")
    assert source.next_read_at == core.clock.now() + timedelta(minutes=1)


async def test_digests_of_a_day_are_counted_by_hour(core: Core) -> None:
    for name in ("one", "two", "three", "paused"):
        await core.say("subscribe diffusion", name)
    await core.say("schedule daily 15:30", "one")
    await core.say("schedule daily 15:00", "two")
    await core.say("schedule hourly", "three")
    await core.say("pause", "paused")
    report = await core.health.report()
    assert len(report.digests_by_hour) == 24
    # It is noon: the hour has begun, and its hourly digest has been.
    assert report.digests_by_hour[:5] == [0, 1, 1, 3, 1]
    assert sum(report.digests_by_hour) == 23 + 2


async def test_refused_channels_and_posts_are_named_with_what_the_platform_said(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe diffusion", "closed")
    await core.news(a_paper(1))
    core.platform.fail("general", Fault.REJECTED)
    core.platform.fail("closed", Fault.GONE)
    await core.next_digest()
    report, facts = await stored(core)
    ((post, where),) = report.failed
    assert (where.name, bool(post.error), post.maybe_arrived) == ("general", True, False)
    assert facts.outcomes[PostState.FAILED] == 1
    (closed,) = report.broken
    assert (closed.name, facts.broken_count, facts.channels[ChannelState.BROKEN]) == ("closed", 1, 1)


async def test_processes_live_as_long_as_they_say_so(core: Core) -> None:
    clock = SettableClock()
    leader, other = Heartbeat(core.store.health, clock), Heartbeat(core.store.health, clock)
    await other.beat(leads=False)
    clock.advance(seconds=10)
    await leader.beat(leads=True)
    core.clock.set(clock.now())
    report = await core.health.report()
    assert [process.leads for process in report.processes] == [True, False]
    await other.end()
    core.clock.advance(seconds=GONE_AFTER.total_seconds() - 1)
    assert [process.leads for process in (await core.health.report()).processes] == [True]
    core.clock.advance(seconds=1)
    assert (await core.health.report()).processes == []


async def test_a_process_that_died_while_the_clock_was_a_year_ahead_leads_nobody(core: Core) -> None:
    dead = Heartbeat(core.store.health, SettableClock(core.clock.now() + timedelta(days=365)))
    await dead.beat(leads=True)
    await Heartbeat(core.store.health, core.clock).beat(leads=False)
    assert [process.leads for process in (await core.health.report()).processes] == [False]
    stored = (await core.health.report()).stored
    assert stored is not None
    assert len(stored.processes) == 1


@pytest.mark.parametrize(
    ("alone", "lacking"),
    [
        (ProcessRole.GATEWAY, "no worker runs: nothing is read and posted until `paperround run --role worker` does"),
        (ProcessRole.WORKER, "no gateway runs: nobody is heard until `paperround run --role gateway` does"),
    ],
)
async def test_half_a_bot_says_which_half_is_missing(core: Core, alone: ProcessRole, lacking: str) -> None:
    (other,) = {ProcessRole.GATEWAY, ProcessRole.WORKER} - {alone}
    checks = store_checks(core.health, core.store.channels, core.index, core.engine.meaning)
    await Heartbeat(core.store.health, core.clock, alone).beat(leads=False)
    told = [words for what, words in lines_of(await core.health.report()) if what == "process"]
    assert told[0].endswith(f", {alone}")
    assert told[1:] == [lacking]
    (row,) = [row for row in for_operators(await core.health.report(), UTC, set()).processes if row.mark == "bad"]
    assert row.words == lacking
    with pytest.raises(OperatorError, match=lacking[:15]):
        await checks["Processes"]()
    await Heartbeat(core.store.health, core.clock, other).beat(leads=other.works)
    report = await core.health.report()
    assert report.lacks is None
    assert {process.role for process in report.processes} == {alone, other}
    checks = store_checks(core.health, core.store.channels, core.index, core.engine.meaning)
    assert f", {other}" in await checks["Processes"]()


async def test_an_index_that_lacks_papers_says_how_many(core: Core) -> None:
    await listed(core.store, paper(1), paper(2), paper(3))
    assert (await core.health.report()).index_behind == 3
    await core.index.refresh()
    assert (await core.health.report()).index_behind == 0
