"""A refusal stops what it is about and nothing else, loses no paper, and is told once, naming the channel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.channel import ChannelState
from bot.platforms.outcomes import LookUp, Partly, Retry
from bot.posting.outbox import LOOK_UPS, UnknownPolicy
from bot.posting.post import HOLDS_UP_FOR
from tests.platforms import Fault, SimulatedPlatform
from tests.sources import a_paper
from tests.town import Town

PAPERS = [a_paper(number, upvotes=10 - number) for number in range(1, 6)]
IDS = [paper.id for paper in PAPERS]


async def begin(town: Town, *lines: str, channels: tuple[str, ...] = ("general",)) -> None:
    """Channels with a topic and these settings; the feed has the papers."""
    for channel in channels:
        await town.say("subscribe diffusion", channel)
        for line in lines:
            await town.say(line, channel)
    await town.news(*PAPERS)


# --- Threads


async def test_papers_whose_thread_is_gone_come_into_the_channel(town: Town) -> None:
    await begin(town, "settings style threads")
    town.platform.fail("general", *[Fault.NONE] * 3, Fault.THREAD_GONE)
    await town.next_digest()
    replies = [post for post in town.platform.posts if post.reply_to]
    assert [post.message.paper_ids for post in replies] == [[one] for one in IDS[:2]]
    assert town.platform.posts[-1].message.paper_ids == IDS[2:]
    assert town.platform.posts[-1].reply_to is None
    assert not town.platform.posts[-1].message.mention
    channel = await town.channel()
    assert channel.state is ChannelState.ACTIVE
    assert town.platform.told == []
    posted = await town.store.digests.history(channel.id, 10)
    assert sorted(one.paper.id for one in posted) == sorted(IDS)


async def test_papers_whose_digest_was_never_posted_come_into_the_channel(town: Town) -> None:
    await begin(town, "settings style threads")
    town.platform.fail("general", Fault.REJECTED)
    await town.next_digest()
    (post,) = town.platform.posts
    assert (post.message.paper_ids, post.reply_to) == (IDS, None)


async def test_a_message_that_belongs_to_no_thread_is_not_folded_for_ever(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", *[Fault.THREAD_GONE] * 50)
    await town.next_digest()
    assert len(town.platform.requests) == 1
    assert (await town.channel()).state is ChannelState.BROKEN


# --- Messages


async def test_a_message_that_is_never_taken_is_told_with_its_papers(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", Fault.REJECTED)
    await town.next_digest()
    assert (await town.channel()).state is ChannelState.ACTIVE
    (words,) = town.platform.words
    assert "#general" in words
    for paper in PAPERS:
        assert paper.title in words
    assert "<html>" not in words + await town.say("status")
    # Not more than once a day, and the next digest is well.
    await town.news(a_paper(8))
    town.platform.fail("general", Fault.REJECTED)
    await town.say("now")
    await town.engine.deliver()
    assert len(town.platform.words) == 1
    await town.news(a_paper(9))
    await town.say("now")
    await town.engine.deliver()
    assert town.platform.papers_in("general") == ["2605.00009"]


# --- Channels and workspaces


async def test_a_refused_channel_stops_alone_and_is_named(town: Town) -> None:
    await begin(town, channels=("alpha", "beta", "gamma"))
    town.platform.fail("beta", Fault.GONE)
    await town.next_digest("alpha")
    states = {name: (await town.channel(name)).state for name in ("alpha", "beta", "gamma")}
    assert [name for name, state in states.items() if state is ChannelState.BROKEN] == ["beta"]
    (words,) = town.platform.words
    assert "#beta" in words
    assert "#alpha" not in words
    assert town.platform.told == [("beta", "u1")]


async def test_a_refused_workspace_is_told_once_and_names_its_channels_the_refused_one_first(town: Town) -> None:
    await begin(town, channels=("alpha", "beta", "gamma"))
    town.platform.fail("beta", Fault.WORKSPACE_GONE)
    await town.next_digest("alpha")
    ((channel, _),) = town.platform.told
    (words,) = town.platform.words
    assert channel == "beta"
    assert words.index("#beta") < words.index("#alpha") < words.index("#gamma")
    assert "in each of them" in words


async def test_of_a_workspace_with_many_channels_some_are_named_and_the_rest_is_counted(town: Town) -> None:
    names = tuple(f"channel-{number:02}" for number in range(12))
    await begin(town, channels=names)
    town.platform.fail("channel-07", Fault.WORKSPACE_GONE)
    await town.next_digest("channel-00")
    assert "and 7 more channels" in town.platform.words[0]


# --- Us


async def test_a_code_that_nobody_knows_is_tried_for_an_hour_and_then_told_without_it(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", *[Fault.ODD] * 1000)
    await town.next_digest()
    await town.settle(hours=0.9, step=120)
    assert (await town.channel()).state is ChannelState.ACTIVE
    await town.settle(hours=0.6, step=120)
    assert (await town.channel()).state is ChannelState.BROKEN
    (words,) = town.platform.words
    assert "for an hour. The platform does not take it." in words
    assert "<html>" not in words + await town.say("status")
    town.platform.heal("general")
    await town.say("resume")
    await town.settle(hours=1)
    assert town.platform.papers_in("general") == IDS


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.WAIT, Fault.ODD, Fault.LOST, Fault.ANSWER_LOST, Fault.LATE])
async def test_a_refusal_that_passes_loses_no_paper(town: Town, fault: Fault) -> None:
    await begin(town)
    town.platform.fail("general", *[fault] * 3)
    await town.next_digest()
    await town.settle(hours=1, step=20)
    town.platform.arrive()
    assert set(town.platform.papers_in("general")) == set(IDS)
    assert town.platform.told == []


# --- Nobody knows


async def test_a_message_that_comes_after_its_time_out_is_not_sent_again(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", Fault.LATE)
    await town.next_digest()
    for second in range(200):
        if second == 40:
            town.platform.arrive()
        town.clock.advance(seconds=1)
        await town.engine.reconcile()
        await town.engine.deliver()
    assert town.platform.papers_in("general") == IDS
    assert len(town.platform.requests) == 1


async def test_a_look_up_goes_on_where_it_stopped_and_sends_again_when_all_is_read(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", Fault.LOST)
    town.platform.answers = [Partly("", 60.0), Partly("two", 60.0), Partly("two", 60.0), Partly("three", 60.0)]
    await town.next_digest()
    town.clock.advance(seconds=10)
    for _ in range(5):
        await town.engine.reconcile()
        town.clock.advance(seconds=60)
    await town.engine.deliver()
    assert [window.cursor for window in town.platform.windows] == ["", "", "two", "two", "three"]
    assert town.platform.papers_in("general") == IDS


async def test_a_history_that_can_hardly_be_read_holds_up_no_later_digest(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", Fault.ANSWER_LOST)
    town.platform.answers = [Partly("", 60.0)] * 300
    await town.next_digest()
    await town.news(a_paper(8))
    town.clock.advance(seconds=HOLDS_UP_FOR.total_seconds())
    await town.say("now")
    await town.engine.deliver()
    assert town.platform.papers_in("general") == [*IDS, "2605.00008"]


@pytest.mark.parametrize("policy", list(UnknownPolicy))
async def test_a_look_up_that_gets_no_turn_ends_as_the_setting_says(town: Town, policy: UnknownPolicy) -> None:
    town.engine.outbox._unknown_policy = policy
    await begin(town)
    town.platform.fail("general", Fault.LOST)
    town.platform.answers = [Partly("", 60.0)] * 1000
    await town.next_digest()
    await town.settle(hours=LOOK_UPS.longest / timedelta(hours=1) + 0.1, step=120)
    assert town.platform.papers_in("general") == (IDS if policy is UnknownPolicy.AT_LEAST_ONCE else [])
    assert len(town.platform.windows) < 200


async def test_a_hundred_lost_answers_are_settled_in_the_time_that_the_readme_names(town: Town) -> None:
    """One history request a minute in all, as Slack lets apps that are not in its marketplace: each has its turn."""
    channels = tuple(f"channel-{number}" for number in range(100))
    await begin(town, channels=channels)
    for channel in channels:
        town.platform.fail(channel, Fault.ANSWER_LOST)
    town.platform.one_look_up_every = 60.0
    await town.next_digest("channel-0")
    began = town.clock.now()
    while (await town.store.posts.counts())["unknown"]:  # type: ignore[index]
        town.clock.advance(seconds=30)
        await town.engine.reconcile()
        await town.engine.deliver()
    assert town.clock.now() - began < timedelta(hours=2)
    for channel in channels:
        assert town.platform.papers_in(channel) == IDS


async def test_trouble_while_looking_is_waited_out(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", Fault.LOST)
    town.platform.answers = [Retry("The platform cannot be reached.")] * 60
    await town.next_digest()
    await town.settle(hours=30, step=300)
    assert town.platform.papers_in("general") == IDS


async def test_a_workspace_that_is_gone_while_looking_is_stopped_and_looked_at_again(town: Town) -> None:
    await begin(town)
    town.platform.fail("general", Fault.ANSWER_LOST)
    town.platform.answers = [SimulatedPlatform.ARCHIVED]
    await town.next_digest()
    await town.settle(hours=0.1)
    assert (await town.channel()).state is ChannelState.BROKEN
    await town.say("resume")
    await town.settle(hours=0.1)
    assert town.platform.papers_in("general") == IDS


async def test_a_reply_whose_thread_is_gone_is_missing_and_comes_into_the_channel(town: Town) -> None:
    await begin(town, "settings style threads")
    town.platform.fail("general", Fault.NONE, Fault.LOST, Fault.THREAD_GONE)
    town.platform.answers = [SimulatedPlatform.THREAD_DELETED, LookUp.MISSING]
    await town.next_digest()
    await town.settle(hours=0.1, step=6)
    assert town.platform.posts[-1].message.paper_ids == IDS
