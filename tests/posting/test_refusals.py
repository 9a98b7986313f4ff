"""A refusal stops what it is about and nothing else, loses no paper, and is told once, naming the channel."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.channels.channel import ChannelState
from bot.platforms.outcomes import LookUp, Partly, Retry
from bot.posting.post import HOLDS_UP_FOR, PostState
from bot.posting.reconciliation import LOOK_UPS
from bot.posting.retries import UnknownPolicy
from storage.tables.posts import POSTS
from tests.core import Core
from tests.platforms import Fault, SimulatedPlatform
from tests.sources import a_paper

PAPERS = [a_paper(number, upvotes=10 - number) for number in range(1, 6)]
IDS = [paper.id for paper in PAPERS]


async def begin(core: Core, *lines: str, channels: tuple[str, ...] = ("general",)) -> None:
    """Channels with a topic and these settings; the feed has the papers."""
    for channel in channels:
        await core.say("subscribe diffusion", channel)
        for line in lines:
            await core.say(line, channel)
    await core.news(*PAPERS)


async def quarters(core: Core, number: int) -> None:
    """The engine works each quarter of an hour, in which it would else try no more often."""
    for _ in range(number):
        await core.engine.reconcile()
        await core.engine.deliver()
        core.clock.advance(minutes=15)


# --- Threads


async def test_papers_whose_thread_is_gone_come_into_the_channel(core: Core) -> None:
    await begin(core, "settings style threads")
    core.platform.fail("general", *[Fault.NONE] * 3, Fault.THREAD_GONE)
    await core.next_digest()
    replies = [post for post in core.platform.posts if post.reply_to]
    assert [post.message.paper_ids for post in replies] == [[one] for one in IDS[:2]]
    assert core.platform.posts[-1].message.paper_ids == IDS[2:]
    assert core.platform.posts[-1].reply_to is None
    assert not core.platform.posts[-1].message.mention
    channel = await core.channel()
    assert channel.state is ChannelState.ACTIVE
    assert core.platform.told == []
    posted = await core.store.digests.history(channel.id, 10)
    assert sorted(one.paper.id for one in posted) == sorted(IDS)


async def test_papers_whose_digest_was_never_posted_come_into_the_channel(core: Core) -> None:
    await begin(core, "settings style threads")
    core.platform.fail("general", Fault.REJECTED)
    await core.next_digest()
    (post,) = core.platform.posts
    assert (post.message.paper_ids, post.reply_to) == (IDS, None)


async def test_a_message_that_belongs_to_no_thread_is_not_folded_for_ever(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", *[Fault.THREAD_GONE] * 50)
    await core.next_digest()
    assert len(core.platform.requests) == 1
    assert (await core.channel()).state is ChannelState.BROKEN


# --- Messages


async def test_a_message_that_is_never_taken_is_told_with_its_papers(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", Fault.REJECTED)
    await core.next_digest()
    assert (await core.channel()).state is ChannelState.ACTIVE
    (words,) = core.platform.words
    assert "#general" in words
    for paper in PAPERS:
        assert paper.title in words
    assert "<html>" not in words + await core.say("status")
    # Not more than once a day, and the next digest is well.
    await core.news(a_paper(8))
    core.platform.fail("general", Fault.REJECTED)
    await core.say("now")
    await core.engine.deliver()
    assert len(core.platform.words) == 1
    await core.news(a_paper(9))
    await core.say("now")
    await core.engine.deliver()
    assert core.platform.papers_in("general") == ["2605.00009"]


# --- Channels and workspaces


async def test_a_refused_channel_stops_alone_and_is_named(core: Core) -> None:
    await begin(core, channels=("alpha", "beta", "gamma"))
    core.platform.fail("beta", Fault.GONE)
    await core.next_digest("alpha")
    states = {name: (await core.channel(name)).state for name in ("alpha", "beta", "gamma")}
    assert [name for name, state in states.items() if state is ChannelState.BROKEN] == ["beta"]
    (words,) = core.platform.words
    assert "#beta" in words
    assert "#alpha" not in words
    assert core.platform.told == [("beta", "u1")]


async def test_a_refused_workspace_is_told_once_and_names_its_channels_the_refused_one_first(core: Core) -> None:
    await begin(core, channels=("alpha", "beta", "gamma"))
    core.platform.fail("beta", Fault.WORKSPACE_GONE)
    await core.next_digest("alpha")
    ((channel, _),) = core.platform.told
    (words,) = core.platform.words
    assert channel == "beta"
    assert words.index("#beta") < words.index("#alpha") < words.index("#gamma")
    assert "in each of them" in words


async def test_of_a_workspace_with_many_channels_some_are_named_and_the_rest_is_counted(core: Core) -> None:
    names = tuple(f"channel-{number:02}" for number in range(12))
    await begin(core, channels=names)
    core.platform.fail("channel-07", Fault.WORKSPACE_GONE)
    await core.next_digest("channel-00")
    assert "and 7 more channels" in core.platform.words[0]


# --- Us


async def test_a_code_that_nobody_knows_is_tried_for_an_hour_and_then_told_without_it(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", *[Fault.ODD] * 1000)
    await core.next_digest()
    await core.settle(hours=0.9, step=120)
    assert (await core.channel()).state is ChannelState.ACTIVE
    await core.settle(hours=0.6, step=120)
    assert (await core.channel()).state is ChannelState.BROKEN
    (words,) = core.platform.words
    assert "for an hour. The platform does not take it." in words
    assert "<html>" not in words + await core.say("status")
    core.platform.heal("general")
    await core.say("resume")
    await core.settle(hours=1)
    assert core.platform.papers_in("general") == IDS


async def test_what_was_due_long_before_its_first_attempt_is_tried_for_the_whole_hour(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", *[Fault.ODD] * 1000)
    due = (await core.channel()).next_digest_at
    assert due is not None
    core.clock.set(due)
    await core.engine.matching.match_new()
    await core.engine.planner.sweep()
    core.clock.advance(hours=2)  # the bot is off
    await core.settle(hours=0.9, step=120)
    assert (await core.channel()).state is ChannelState.ACTIVE
    await core.settle(hours=0.6, step=120)
    assert (await core.channel()).state is ChannelState.BROKEN


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.WAIT, Fault.ODD, Fault.LOST, Fault.ANSWER_LOST, Fault.LATE])
async def test_a_refusal_that_passes_loses_no_paper(core: Core, fault: Fault) -> None:
    await begin(core)
    core.platform.fail("general", *[fault] * 3)
    await core.next_digest()
    await core.settle(hours=1, step=20)
    core.platform.arrive()
    assert set(core.platform.papers_in("general")) == set(IDS)
    assert core.platform.told == []


# --- Nobody knows


async def test_a_message_that_comes_after_its_time_out_is_not_sent_again(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", Fault.LATE)
    await core.next_digest()
    for second in range(200):
        if second == 40:
            core.platform.arrive()
        core.clock.advance(seconds=1)
        await core.engine.reconcile()
        await core.engine.deliver()
    assert core.platform.papers_in("general") == IDS
    assert len(core.platform.requests) == 1


async def test_a_message_that_alone_never_comes_is_given_up_after_a_day_and_told(core: Core) -> None:
    await begin(core)
    core.platform.lost = frozenset(IDS)
    await core.next_digest()
    await core.news(a_paper(8))
    await core.say("now")
    await core.settle(hours=0.1, step=20)
    assert core.platform.papers_in("general") == ["2605.00008"]
    core.clock.advance(hours=30)  # the bot is off, and nobody tries
    await quarters(core, 92)
    assert await core.store.posts.open_in((await core.channel()).id) == 1
    await quarters(core, 8)
    assert (await core.channel()).state is ChannelState.ACTIVE
    assert await core.store.posts.open_in((await core.channel()).id) == 0
    assert 90 < len(core.platform.requests) < 110
    (words,) = core.platform.words
    assert "again and again for a day" in words
    for paper in PAPERS:
        assert paper.title in words
    (failed,) = await core.store.posts.failed(10)
    core.platform.lost = frozenset()
    assert await core.store.posts.retry([failed.id], core.clock.now()) == 1
    await core.settle(hours=0.1, step=20)
    assert core.platform.papers_in("general") == ["2605.00008", *IDS]


async def test_where_nothing_comes_for_a_day_the_channel_stops_and_loses_no_paper(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", *[Fault.LOST] * 1000)
    core.platform.answers = [Retry("The platform cannot be reached.", 9000.0), LookUp.MISSING] * 20
    await core.next_digest()

    async def one_more() -> None:
        core.clock.advance(seconds=5)
        await core.engine.reconcile()
        core.clock.advance(seconds=9000)
        await core.engine.reconcile()
        await core.engine.deliver()

    for _ in range(9):
        await one_more()
    assert (await core.channel()).state is ChannelState.ACTIVE
    await one_more()
    assert (await core.channel()).state is ChannelState.BROKEN
    (words,) = core.platform.words
    assert "Nothing could be posted for a day." in words
    core.platform.heal("general")
    core.platform.answers.clear()
    await core.say("resume")
    await core.settle(hours=0.1, step=20)
    assert core.platform.papers_in("general") == IDS


async def test_what_is_sent_again_though_nobody_can_tell_is_so_for_no_longer_than_a_day(core: Core) -> None:
    core.engine.outbox._reconciliation._unknown_policy = UnknownPolicy.AT_LEAST_ONCE
    await begin(core)
    core.platform.can_look_up = False
    core.platform.fail("general", *[Fault.LOST] * 10_000)
    await core.next_digest()
    await quarters(core, 100)
    assert not await core.store.posts.open_in((await core.channel()).id)
    assert 90 < len(core.platform.requests) < 110
    assert await core.store.posts.failed(10) == []  # it may well have arrived


async def test_a_look_up_goes_on_where_it_stopped_and_sends_again_when_all_is_read(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", Fault.LOST)
    core.platform.answers = [Partly("", 60.0), Partly("two", 60.0), Partly("two", 60.0), Partly("three", 60.0)]
    await core.next_digest()
    core.clock.advance(seconds=10)
    for _ in range(5):
        await core.engine.reconcile()
        core.clock.advance(seconds=60)
    await core.engine.deliver()
    assert [window.cursor for window in core.platform.windows] == ["", "", "two", "two", "three"]
    assert core.platform.papers_in("general") == IDS


async def test_a_history_that_can_hardly_be_read_holds_up_no_later_digest(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", Fault.ANSWER_LOST)
    core.platform.answers = [Partly("", 60.0)] * 300
    await core.next_digest()
    await core.news(a_paper(8))
    core.clock.advance(seconds=HOLDS_UP_FOR.total_seconds())
    await core.say("now")
    await core.engine.deliver()
    assert core.platform.papers_in("general") == [*IDS, "2605.00008"]


@pytest.mark.parametrize("policy", list(UnknownPolicy))
async def test_a_look_up_that_gets_no_turn_ends_as_the_setting_says(core: Core, policy: UnknownPolicy) -> None:
    core.engine.outbox._reconciliation._unknown_policy = policy
    await begin(core)
    core.platform.fail("general", Fault.LOST)
    core.platform.answers = [Partly("", 60.0)] * 1000
    await core.next_digest()
    await core.settle(hours=1, step=300)
    core.clock.advance(hours=12)  # the bot is off for a night, in which nobody looks
    await core.settle(hours=LOOK_UPS.longest / timedelta(hours=1) - 1.5, step=300)
    assert await core.store.posts.open_in((await core.channel()).id)
    await core.settle(hours=0.5, step=300)
    assert not await core.store.posts.open_in((await core.channel()).id)
    assert core.platform.papers_in("general") == (IDS if policy is UnknownPolicy.AT_LEAST_ONCE else [])
    assert len(core.platform.windows) < 200


async def test_a_hundred_lost_answers_are_settled_in_the_time_that_the_readme_names(core: Core) -> None:
    """One history request a minute in all, as Slack lets apps that are not in its marketplace: each has its turn."""
    channels = tuple(f"channel-{number}" for number in range(100))
    await begin(core, channels=channels)
    for channel in channels:
        core.platform.fail(channel, Fault.ANSWER_LOST)
    core.platform.one_look_up_every = 60.0
    await core.next_digest("channel-0")
    began = core.clock.now()
    while (await core.store.posts.counts())["unknown"]:  # type: ignore[index]
        core.clock.advance(seconds=60)
        await core.engine.reconcile()
        await core.engine.deliver()
    assert core.clock.now() - began < timedelta(hours=2)
    for channel in channels:
        assert core.platform.papers_in(channel) == IDS


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.LOST])
async def test_a_message_about_nothing_that_is_stored_is_given_up(core: Core, fault: Fault) -> None:
    await begin(core)
    core.platform.fail("general", fault)
    await core.next_digest()
    async with core.store.database.write() as connection:
        await connection.execute(update(POSTS).values(digest_id=None))
    await core.settle(hours=0.1)
    counts = await core.store.posts.counts()
    assert (counts[PostState.FAILED], sum(counts.values())) == (1, 1)
    (failed,) = await core.store.posts.failed(10)
    assert failed.error == "what it was about is not stored any more"


async def test_trouble_while_looking_is_waited_out(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", Fault.LOST)
    core.platform.answers = [Retry("The platform cannot be reached.")] * 60
    await core.next_digest()
    await core.settle(hours=30, step=900)
    assert core.platform.papers_in("general") == IDS


async def test_a_workspace_that_is_gone_while_looking_is_stopped_and_looked_at_again(core: Core) -> None:
    await begin(core)
    core.platform.fail("general", Fault.ANSWER_LOST)
    core.platform.answers = [SimulatedPlatform.ARCHIVED]
    await core.next_digest()
    await core.settle(hours=0.1)
    assert (await core.channel()).state is ChannelState.BROKEN
    await core.say("resume")
    await core.settle(hours=0.1)
    assert core.platform.papers_in("general") == IDS


async def test_a_reply_whose_thread_is_gone_is_missing_and_comes_into_the_channel(core: Core) -> None:
    await begin(core, "settings style threads")
    core.platform.fail("general", Fault.NONE, Fault.LOST, Fault.THREAD_GONE)
    core.platform.answers = [SimulatedPlatform.THREAD_DELETED, LookUp.MISSING]
    await core.next_digest()
    await core.settle(hours=0.1, step=6)
    assert core.platform.posts[-1].message.paper_ids == IDS
