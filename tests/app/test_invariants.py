"""What must stay true whatever happens (DESIGN, section 3), each with somebody who tries to break it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.channel import ChannelState
from bot.errors import SourceError
from bot.papers.paper import SourceName
from bot.posting.post import PostState
from storage.store import SqlStore
from tests.clocks import NOON, SettableClock
from tests.platforms import Fault, SimulatedPlatform, keys_of
from tests.sources import TODAY, ScriptedSource, a_paper
from tests.town import Town

# --- 1. Never twice


async def test_a_paper_in_two_topics_is_posted_once(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.say("subscribe study")
    await town.news(a_paper(1))
    await town.next_digest()
    assert town.platform.papers_in("general") == ["2605.00001"]
    assert town.platform.posts[0].message.blocks[-1].topics == ("diffusion", "study")  # type: ignore[union-attr]


async def test_a_paper_that_comes_back_on_another_day_is_not_posted_again(town: Town) -> None:
    await town.say("subscribe diffusion")
    for _ in range(7):
        await town.news(a_paper(1, upvotes=town.clock.now().day))
        await town.next_digest()
        town.clock.advance(days=1)
    assert town.platform.papers_in("general") == ["2605.00001"]


async def test_a_paper_of_two_sources_is_posted_once(town: Town, tmp_path: Path) -> None:
    await town.say("subscribe diffusion")
    await town.news(a_paper(1))
    other = Town(
        town.store,
        tmp_path / "other",
        clock=town.clock,
        source=ScriptedSource(SourceName.ARXIV),
        platform=town.platform,
    )
    await other.news(a_paper(1, title="Diffusion Study, Second Version"))
    await town.next_digest()
    await other.news(a_paper(1, title="Diffusion Study, Third Version"))
    await town.settle(hours=30, step=1800)
    assert town.platform.papers_in("general") == ["2605.00001"]
    await other.index.close()


async def test_growing_numbers_bring_a_paper_once(town: Town) -> None:
    await town.say("subscribe diffusion --min-upvotes 20")
    await town.say("schedule instant")
    for upvotes in (5, 19, 20, 21, 300):
        await town.news(a_paper(1, upvotes=upvotes))
        await town.engine.deliver()
        posted = len(town.platform.papers_in("general"))
        assert posted == (upvotes >= 20), upvotes
        town.clock.advance(hours=7)


async def test_many_workers_post_each_paper_once(town: Town, tmp_path: Path) -> None:
    channels = [f"channel-{number}" for number in range(12)]
    for channel in channels:
        await town.say("subscribe diffusion", channel)
        await town.say("settings style threads", channel)
    workers = [town] + [
        Town(town.store, tmp_path / f"w{number}", clock=town.clock, source=town.source, platform=town.platform)
        for number in range(3)
    ]
    papers = [a_paper(number) for number in range(1, 8)]
    town.source.list(*papers)
    await asyncio.gather(*(worker.engine.poll() for worker in workers))
    town.clock.set((await town.channel("channel-0")).next_digest_at or NOON)
    for _ in range(3):
        await asyncio.gather(*(worker.engine.deliver() for worker in workers))
    for channel in channels:
        assert Counter(town.platform.papers_in(channel)) == Counter(paper.id for paper in papers)
        replies = [post for post in town.platform.posts if post.channel == channel and post.reply_to]
        assert len(replies) == len(papers)
    assert len(set(keys_of(town.platform.posts))) == len(town.platform.posts)
    for worker in workers[1:]:
        await worker.index.close()


@pytest.mark.parametrize("seed", range(2))
async def test_a_storm_of_faults_ends_with_each_message_once_and_in_order(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    channels = [f"channel-{number}" for number in range(6)]
    faults = (Fault.LOST, Fault.ANSWER_LOST, Fault.BUSY, Fault.WAIT)
    for channel in channels:
        await town.say("subscribe diffusion", channel)
        await town.say("settings style threads", channel)
        town.platform.fail(channel, *chance.choices(faults, k=12))
    papers = [a_paper(number, upvotes=number) for number in range(1, 15)]
    await town.news(*papers)
    await town.next_digest("channel-0")
    await town.settle(hours=6, step=120)
    wanted = [paper.id for paper in reversed(papers)]
    for channel in channels:
        assert town.platform.papers_in(channel) == wanted
        replies = [post for post in town.platform.posts if post.channel == channel and post.reply_to]
        assert [post.message.paper_ids[0] for post in replies] == wanted
    assert len(set(keys_of(town.platform.posts))) == len(town.platform.posts)


# --- 2. Never lost


async def test_what_was_missed_during_downtime_is_posted(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.news(a_paper(1))
    await town.next_digest()
    # Twelve days without us; the feed went on.
    for day in range(1, 13):
        town.source.list(a_paper(1 + day), day=TODAY + timedelta(days=day))
    town.clock.set(NOON + timedelta(days=12))
    await town.engine.poll()
    await town.next_digest()
    assert sorted(town.platform.papers_in("general")) == [a_paper(number).id for number in range(1, 14)]


async def test_a_feed_that_fails_loses_nothing(town: Town) -> None:
    await town.say("subscribe diffusion")
    town.source.list(a_paper(1))
    town.source.error = SourceError("it sent a web page", retry_after=120)
    (report,) = await town.engine.poll()
    assert "web page" in report.error
    assert await town.store.papers.count() == 0
    town.source.error = None
    (report,) = await town.engine.poll()
    assert report.error  # it asked to be left alone for two minutes
    town.clock.advance(seconds=121)
    (report,) = await town.engine.poll()
    assert not report.error
    await town.next_digest()
    assert town.platform.papers_in("general") == ["2605.00001"]


async def test_a_broken_channel_keeps_its_papers_and_tells_its_owner_once(town: Town) -> None:
    await town.say("subscribe diffusion")
    town.platform.fail("general", Fault.GONE)
    await town.news(a_paper(1))
    await town.next_digest()
    channel = await town.channel()
    assert channel.state is ChannelState.BROKEN
    assert town.platform.told == [("general", "u1")]
    await town.news(a_paper(2))
    await town.settle(hours=48, step=3600)
    assert town.platform.posts == []
    assert town.platform.told == [("general", "u1")]
    assert "The channel was archived." in await town.say("status")
    await town.say("resume")
    await town.settle(hours=96, step=3600)
    assert sorted(town.platform.papers_in("general")) == ["2605.00001", "2605.00002"]


async def test_a_workspace_that_goes_stops_all_its_channels(town: Town) -> None:
    for channel in ("one", "two", "three"):
        await town.say("subscribe diffusion", channel)
    town.platform.fail("one", Fault.WORKSPACE_GONE)
    town.platform.fail("two", Fault.WORKSPACE_GONE)
    town.platform.fail("three", Fault.WORKSPACE_GONE)
    await town.news(a_paper(1))
    await town.next_digest("one")
    for channel in ("one", "two", "three"):
        assert (await town.channel(channel)).state is ChannelState.BROKEN
    assert [person for _, person in town.platform.told] == ["u1"]


async def test_a_channel_that_answers_nothing_for_a_day_counts_as_broken(town: Town) -> None:
    await town.say("subscribe diffusion")
    town.platform.fail("general", *[Fault.BUSY] * 1000)
    await town.news(a_paper(1))
    await town.next_digest()
    await town.settle(hours=27, step=900)
    assert (await town.channel()).state is ChannelState.BROKEN
    assert len(town.platform.told) == 1
    requests = len(town.platform.requests)
    assert 50 < requests < 400  # at most every quarter of an hour, on average every half of that


async def test_a_switch_to_instant_sends_what_waits(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.news(a_paper(1))
    await town.engine.deliver()
    assert town.platform.posts == []
    await town.say("schedule instant")
    await town.engine.deliver()
    assert town.platform.papers_in("general") == ["2605.00001"]


# --- 5. Channels are independent


async def test_a_channel_that_hangs_or_crashes_delays_no_other(town: Town) -> None:
    channels = [f"channel-{number}" for number in range(20)]
    for channel in channels:
        await town.say("subscribe diffusion", channel)
    town.platform.fail("channel-3", Fault.HANG)
    town.platform.fail("channel-7", Fault.CRASH)
    await town.news(a_paper(1))
    town.clock.set((await town.channel("channel-0")).next_digest_at or NOON)
    delivering = asyncio.create_task(town.engine.deliver())
    while len(town.platform.posts) < 18:
        await asyncio.sleep(0.01)
    assert {post.channel for post in town.platform.posts} == set(channels) - {"channel-3", "channel-7"}
    town.platform.released.set()
    await delivering
    assert town.platform.papers_in("channel-3") == ["2605.00001"]
    await town.settle(hours=0.2)
    assert town.platform.papers_in("channel-7") == ["2605.00001"]


async def test_the_pace_of_a_channel_is_kept_before_it_is_asked_for(store: SqlStore, tmp_path: Path) -> None:
    town = Town(store, tmp_path / "index", platform=SimulatedPlatform(per_message=1, interval=1.0))
    await town.say("subscribe diffusion")
    await town.news(a_paper(1), a_paper(2), a_paper(3))
    await town.next_digest()
    assert len(town.platform.posts) == 1
    town.clock.advance(seconds=0.5)
    await town.engine.deliver()
    assert len(town.platform.posts) == 1
    town.clock.advance(seconds=0.6)
    await town.engine.deliver()
    assert len(town.platform.posts) == 2
    await town.index.close()


# --- 6. No floods


async def test_subscribing_posts_nothing_old(town: Town) -> None:
    await town.news(*(a_paper(number) for number in range(1, 31)))
    await town.say("subscribe diffusion")
    await town.say("subscribe study --min-upvotes 3")
    await town.say("schedule instant")
    for upvotes in (6, 9, 50):
        await town.news(*(a_paper(number, upvotes=upvotes) for number in range(1, 31)))
        await town.engine.deliver()
    assert town.platform.posts == []


async def test_older_papers_come_when_asked_for(town: Town) -> None:
    await town.news(*(a_paper(number) for number in range(1, 31)))
    await town.say("subscribe diffusion --backfill 3")
    await town.engine.deliver()
    assert len(town.platform.papers_in("general")) == 3


async def test_a_digest_shows_its_limit_and_counts_the_rest(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.say("settings limit 5")
    await town.news(*(a_paper(number, upvotes=number) for number in range(1, 31)))
    await town.next_digest()
    await town.settle(hours=50, step=3600)
    assert town.platform.papers_in("general") == [a_paper(number).id for number in (30, 29, 28, 27, 26)]
    (post,) = town.platform.posts
    button = post.message.blocks[-1].buttons[0]  # type: ignore[union-attr]
    assert button.label == "+25 more"
    more = await town.ask(button.line)
    assert more.message.paper_ids == [a_paper(number).id for number in range(25, 15, -1)]
    assert "not one of this channel's" in await town.refused(button.line, "other")


async def test_after_downtime_a_channel_gets_one_digest(town: Town) -> None:
    await town.say("schedule hourly")
    await town.say("subscribe diffusion")
    town.source.list(a_paper(1), a_paper(2))
    town.clock.advance(days=3)
    await town.engine.poll()
    await town.engine.deliver()
    await town.engine.deliver()
    assert len(town.platform.posts) == 1


async def test_a_clock_that_was_ahead_delays_nothing_for_long(town: Town) -> None:
    await town.say("schedule daily 09:00")
    await town.say("subscribe diffusion")
    town.clock.advance(days=400)
    await town.engine.deliver()
    town.clock.set(NOON)
    await town.engine.planner.correct()
    await town.news(a_paper(1))
    await town.settle(hours=24, step=1800)
    assert town.platform.papers_in("general") == ["2605.00001"]


async def test_no_posts_are_left_over(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.news(a_paper(1))
    await town.next_digest()
    counts = await town.store.posts.counts()
    assert counts[PostState.SENT] == 1
    assert sum(counts.values()) == 1


async def test_two_clocks_that_disagree_post_once(town: Town, tmp_path: Path) -> None:
    ahead = SettableClock(NOON + timedelta(hours=20))
    other = Town(town.store, tmp_path / "other", clock=ahead, source=town.source, platform=town.platform)
    await town.say("schedule hourly")
    await town.say("subscribe diffusion")
    await town.news(a_paper(1), a_paper(2))
    for _ in range(30):
        await town.engine.deliver()
        await other.engine.deliver()
        await town.engine.planner.correct()
        town.clock.advance(minutes=31)
        ahead.advance(minutes=29)
    assert sorted(town.platform.papers_in("general")) == ["2605.00001", "2605.00002"]
    await other.index.close()
