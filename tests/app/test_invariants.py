"""What must stay true whatever happens (DESIGN, section 3), each with somebody who tries to break it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.channel import Address, ChannelState, PlatformName
from bot.digests import planning
from bot.errors import SourceError
from bot.papers.sources import ARXIV
from bot.posting.post import PostState
from storage.store import SqlStore
from tests.clocks import NOON, SettableClock
from tests.core import Core
from tests.databases import SQLITE_IS_ENOUGH
from tests.patience import PATIENCE
from tests.platforms import Fault, SimulatedPlatform, keys_of
from tests.sources import TODAY, ScriptedSource, a_paper
from tests.thorough import THOROUGH

# --- 1. Never twice


async def test_a_paper_in_two_topics_is_posted_once(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe study")
    await core.news(a_paper(1))
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert core.platform.posts[0].message.blocks[-1].topics == ("diffusion", "study")  # type: ignore[union-attr]


@SQLITE_IS_ENOUGH
async def test_a_paper_that_comes_back_on_another_day_is_not_posted_again(core: Core) -> None:
    await core.say("subscribe diffusion")
    for _ in range(7):
        await core.news(a_paper(1, upvotes=core.clock.now().day))
        await core.next_digest()
        core.clock.advance(days=1)
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_a_paper_of_two_sources_is_posted_once(core: Core, tmp_path: Path) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    other = Core(
        core.store,
        tmp_path / "other",
        clock=core.clock,
        source=ScriptedSource(ARXIV),
        platform=core.platform,
    )
    await other.news(a_paper(1, title="Diffusion Study, Second Version"))
    await core.next_digest()
    await other.news(a_paper(1, title="Diffusion Study, Third Version"))
    await core.settle(hours=30, step=1800)
    assert core.platform.papers_in("general") == ["2605.00001"]
    await other.index.close()


@SQLITE_IS_ENOUGH
async def test_growing_numbers_bring_a_paper_once(core: Core) -> None:
    await core.say("subscribe diffusion --min-upvotes 20")
    await core.say("schedule instant")
    for upvotes in (5, 19, 20, 21, 300):
        await core.news(a_paper(1, upvotes=upvotes))
        await core.engine.deliver()
        posted = len(core.platform.papers_in("general"))
        assert posted == (upvotes >= 20), upvotes
        core.clock.advance(hours=7)


async def test_many_workers_post_each_paper_once(core: Core, tmp_path: Path) -> None:
    channels = [f"channel-{number}" for number in range(12)]
    for channel in channels:
        await core.say("subscribe diffusion", channel)
        await core.say("settings style threads", channel)
    workers = [core] + [
        Core(core.store, tmp_path / f"w{number}", clock=core.clock, source=core.source, platform=core.platform)
        for number in range(3)
    ]
    papers = [a_paper(number) for number in range(1, 8)]
    core.source.list(*papers)
    await asyncio.gather(*(worker.engine.poll() for worker in workers))
    core.clock.set((await core.channel("channel-0")).next_digest_at or NOON)
    for _ in range(3):
        await asyncio.gather(*(worker.engine.deliver() for worker in workers))
    for channel in channels:
        assert Counter(core.platform.papers_in(channel)) == Counter(paper.id for paper in papers)
        replies = [post for post in core.platform.posts if post.channel == channel and post.reply_to]
        assert len(replies) == len(papers)
    assert len(set(keys_of(core.platform.posts))) == len(core.platform.posts)
    for worker in workers[1:]:
        await worker.index.close()


@pytest.mark.parametrize("seed", range(4 if THOROUGH else 1))
async def test_a_storm_of_faults_ends_with_each_message_once_and_in_order(core: Core, seed: int) -> None:
    chance = random.Random(seed)
    channels = [f"channel-{number}" for number in range(6)]
    faults = (Fault.LOST, Fault.ANSWER_LOST, Fault.BUSY, Fault.WAIT)
    for channel in channels:
        await core.say("subscribe diffusion", channel)
        await core.say("settings style threads", channel)
        core.platform.fail(channel, *chance.choices(faults, k=12))
    papers = [a_paper(number, upvotes=number) for number in range(1, 15)]
    await core.news(*papers)
    await core.next_digest("channel-0")
    await core.settle(hours=6, step=120)
    wanted = [paper.id for paper in reversed(papers)]
    for channel in channels:
        assert core.platform.papers_in(channel) == wanted
        replies = [post for post in core.platform.posts if post.channel == channel and post.reply_to]
        assert [post.message.paper_ids[0] for post in replies] == wanted
    assert len(set(keys_of(core.platform.posts))) == len(core.platform.posts)


# --- 2. Never lost


@SQLITE_IS_ENOUGH
async def test_what_was_missed_during_downtime_is_posted(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings style cards")
    await core.news(a_paper(1))
    await core.next_digest()
    # Twelve days without us; the feed went on.
    for day in range(1, 13):
        core.source.list(a_paper(1 + day), day=TODAY + timedelta(days=day))
    core.clock.set(NOON + timedelta(days=12))
    await core.engine.poll()
    await core.next_digest()
    assert sorted(core.platform.papers_in("general")) == [a_paper(number).id for number in range(1, 14)]


@SQLITE_IS_ENOUGH
async def test_a_feed_that_fails_loses_nothing(core: Core) -> None:
    await core.say("subscribe diffusion")
    core.source.list(a_paper(1))
    core.source.error = SourceError("it sent a web page", retry_after=120)
    (report,) = await core.engine.poll()
    assert "web page" in report.error
    assert await core.store.papers.count() == 0
    core.source.error = None
    (report,) = await core.engine.poll()
    assert report.error  # it asked to be left alone for two minutes
    core.clock.advance(seconds=121)
    (report,) = await core.engine.poll()
    assert not report.error
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]


@SQLITE_IS_ENOUGH
async def test_a_broken_channel_keeps_its_papers_and_tells_its_owner_once(core: Core) -> None:
    await core.say("subscribe diffusion")
    core.platform.fail("general", Fault.GONE)
    await core.news(a_paper(1))
    await core.next_digest()
    channel = await core.channel()
    assert channel.state is ChannelState.BROKEN
    assert core.platform.told == [("general", "u1")]
    await core.news(a_paper(2))
    await core.settle(hours=48, step=4 * 3600)
    assert core.platform.posts == []
    assert core.platform.told == [("general", "u1")]
    assert "The channel was archived." in await core.say("status")
    await core.say("resume")
    await core.settle(hours=96, step=4 * 3600)
    assert sorted(core.platform.papers_in("general")) == ["2605.00001", "2605.00002"]


@SQLITE_IS_ENOUGH
async def test_a_workspace_that_goes_stops_all_its_channels(core: Core) -> None:
    for channel in ("one", "two", "three"):
        await core.say("subscribe diffusion", channel)
    core.platform.fail("one", Fault.WORKSPACE_GONE)
    core.platform.fail("two", Fault.WORKSPACE_GONE)
    core.platform.fail("three", Fault.WORKSPACE_GONE)
    await core.news(a_paper(1))
    await core.next_digest("one")
    for channel in ("one", "two", "three"):
        assert (await core.channel(channel)).state is ChannelState.BROKEN
    assert [person for _, person in core.platform.told] == ["u1"]


@SQLITE_IS_ENOUGH
async def test_a_channel_that_answers_nothing_for_a_day_counts_as_broken(core: Core) -> None:
    await core.say("subscribe diffusion")
    core.platform.fail("general", *[Fault.BUSY] * 1000)
    await core.news(a_paper(1))
    await core.next_digest()
    await core.settle(hours=20, step=900)
    # The day is one of trying: over a weekend for which the bot is off nobody tries.
    core.clock.advance(days=3)
    await core.settle(hours=3, step=900)
    assert (await core.channel()).state is ChannelState.ACTIVE
    await core.settle(hours=4, step=900)
    assert (await core.channel()).state is ChannelState.BROKEN
    assert len(core.platform.told) == 1
    requests = len(core.platform.requests)
    assert 50 < requests < 400  # at most every quarter of an hour, on average every half of that


@SQLITE_IS_ENOUGH
async def test_a_switch_to_instant_sends_what_waits(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    await core.engine.deliver()
    assert core.platform.posts == []
    await core.say("schedule instant")
    await core.engine.deliver()
    assert core.platform.papers_in("general") == ["2605.00001"]


# --- 5. Channels are independent


@SQLITE_IS_ENOUGH
async def test_a_channel_that_hangs_or_crashes_delays_no_other(core: Core) -> None:
    channels = [f"channel-{number}" for number in range(20)]
    for channel in channels:
        await core.say("subscribe diffusion", channel)
    core.platform.fail("channel-3", Fault.HANG)
    core.platform.fail("channel-7", Fault.CRASH)
    await core.news(a_paper(1))
    core.clock.set((await core.channel("channel-0")).next_digest_at or NOON)
    delivering = asyncio.create_task(core.engine.deliver())
    while len(core.platform.posts) < 18:
        await asyncio.sleep(0.01)
    assert {post.channel for post in core.platform.posts} == set(channels) - {"channel-3", "channel-7"}
    core.platform.released.set()
    await delivering
    assert core.platform.papers_in("channel-3") == ["2605.00001"]
    await core.settle(hours=0.2)
    assert core.platform.papers_in("channel-7") == ["2605.00001"]


@SQLITE_IS_ENOUGH
async def test_a_platform_that_does_not_say_what_a_channel_is_delays_no_other(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(SimulatedPlatform):
        async def takes_apart(self, address: Address) -> bool:
            await asyncio.sleep(3600)
            return True

    monkeypatch.setattr(planning, "ASKED_FOR", 0.2)
    silent = Silent(PlatformName.DISCORD)
    core = Core(store, tmp_path / "index", others=[silent])
    await core.say("subscribe diffusion")
    there = replace(core.call("subscribe diffusion"), address=Address(PlatformName.DISCORD, "1", "2"))
    assert not (await core.commands.run(there)).failed
    await core.news(a_paper(1))
    async with asyncio.timeout(PATIENCE):
        await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert silent.papers_in("2") == ["2605.00001"]
    await core.index.close()


async def test_the_pace_of_a_channel_is_kept_before_it_is_asked_for(store: SqlStore, tmp_path: Path) -> None:
    core = Core(store, tmp_path / "index", platform=SimulatedPlatform(per_message=1, interval=1.0))
    await core.say("subscribe diffusion")
    await core.say("settings style cards")
    await core.news(a_paper(1), a_paper(2), a_paper(3))
    await core.next_digest()
    assert len(core.platform.posts) == 1
    core.clock.advance(seconds=0.5)
    await core.engine.deliver()
    assert len(core.platform.posts) == 1
    core.clock.advance(seconds=0.6)
    await core.engine.deliver()
    assert len(core.platform.posts) == 2
    await core.index.close()


# --- 6. No floods


@SQLITE_IS_ENOUGH
async def test_subscribing_posts_nothing_old(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 31)))
    await core.say("subscribe diffusion")
    await core.say("subscribe study --min-upvotes 3")
    await core.say("schedule instant")
    for upvotes in (6, 9, 50):
        await core.news(*(a_paper(number, upvotes=upvotes) for number in range(1, 31)))
        await core.engine.deliver()
    assert core.platform.posts == []


@SQLITE_IS_ENOUGH
async def test_older_papers_come_when_asked_for(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 31)))
    await core.say("subscribe diffusion --backfill 3")
    await core.engine.deliver()
    assert len(core.platform.papers_in("general")) == 3


@SQLITE_IS_ENOUGH
async def test_a_digest_shows_its_limit_and_counts_the_rest(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 5")
    await core.news(*(a_paper(number, upvotes=number) for number in range(1, 31)))
    await core.next_digest()
    await core.settle(hours=50, step=3600)
    assert core.platform.papers_in("general") == [a_paper(number).id for number in (30, 29, 28, 27, 26)]
    (post,) = core.platform.posts
    button = post.message.blocks[-1].buttons[0]  # type: ignore[union-attr]
    assert button.label == "+25 more"
    more = await core.ask(button.line)
    assert more.message.paper_ids == [a_paper(number).id for number in range(25, 15, -1)]
    assert not more.replaces
    (turn,) = more.message.blocks[-1].buttons  # type: ignore[union-attr]
    further = await core.ask(turn.line)
    back = further.message.blocks[-1].buttons[0]  # type: ignore[union-attr]
    again = await core.ask(back.line)
    assert further.replaces
    assert again.replaces
    assert again.message == more.message
    assert "not one of this channel's" in await core.refused(button.line, "other")


@SQLITE_IS_ENOUGH
async def test_after_downtime_a_channel_gets_one_digest(core: Core) -> None:
    await core.say("schedule hourly")
    await core.say("subscribe diffusion")
    core.source.list(a_paper(1), a_paper(2))
    core.clock.advance(days=3)
    await core.engine.poll()
    await core.engine.deliver()
    await core.engine.deliver()
    assert len(core.platform.posts) == 1


@SQLITE_IS_ENOUGH
async def test_a_clock_that_was_ahead_delays_nothing_for_long(core: Core) -> None:
    await core.say("schedule daily 09:00")
    await core.say("subscribe diffusion")
    core.clock.advance(days=400)
    await core.engine.deliver()
    core.clock.set(NOON)
    await core.engine.planner.correct()
    await core.news(a_paper(1))
    await core.settle(hours=24, step=1800)
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_no_posts_are_left_over(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    await core.next_digest()
    counts = await core.store.posts.counts()
    assert counts[PostState.SENT] == 1
    assert sum(counts.values()) == 1


async def test_two_clocks_that_disagree_post_once(core: Core, tmp_path: Path) -> None:
    ahead = SettableClock(NOON + timedelta(hours=20))
    other = Core(core.store, tmp_path / "other", clock=ahead, source=core.source, platform=core.platform)
    await core.say("schedule hourly")
    await core.say("subscribe diffusion")
    await core.news(a_paper(1), a_paper(2))
    for _ in range(30):
        await core.engine.deliver()
        await other.engine.deliver()
        await core.engine.planner.correct()
        core.clock.advance(minutes=31)
        ahead.advance(minutes=29)
    assert sorted(core.platform.papers_in("general")) == ["2605.00001", "2605.00002"]
    await other.index.close()
