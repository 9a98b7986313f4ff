"""Finding a message whose answer got lost, under Slack's limits and with clocks that disagree."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from adapters.slack.client.rate_limit import HistoryPace
from adapters.slack.platform import SlackPlatform
from adapters.slack.posting.history import MARGIN, PAGE
from bot.platforms.outcomes import HistoryWindow, LookUp, Outgoing, Partly, Retry, Sent, Unknown
from tests.adapters.slack.test_platform import outgoing
from tests.clocks import SettableClock
from tests.simulators.slack import Fault, SlackSimulator
from tests.simulators.slack_methods import SimulatedChannel

STRICT = (60.0, PAGE)  # 1 request a minute, 15 objects in each answer


def chatter(slack: SlackSimulator, channel: SimulatedChannel, number: int) -> None:
    channel.messages += [{"ts": slack.next_ts(), "text": "chatter"} for _ in range(number)]


async def lost(
    slack: SlackSimulator, platform: SlackPlatform, channel: SimulatedChannel, clock: SettableClock, key: str = "key-1"
) -> tuple[Outgoing, HistoryWindow]:
    """A message that is there, and whose answer got lost."""
    post = outgoing(channel, key=key)
    slack.fail("chat.postMessage", Fault.ANSWER_500)
    assert isinstance(await platform.send(post), Unknown)
    return post, HistoryWindow(since=clock.now(), until=clock.now())


async def settled(
    platform: SlackPlatform, post: Outgoing, window: HistoryWindow, clock: SettableClock
) -> tuple[object, int]:
    """What looking up leads to, and how many seconds later."""
    started = clock.now()
    for _ in range(20):
        found = await platform.look_up(post, window)
        if not isinstance(found, Partly):
            return found, round((clock.now() - started).total_seconds())
        window = HistoryWindow(since=window.since, until=window.until, cursor=found.cursor)
        # The pace has a clock that goes on by itself, the simulator has one that stands still.
        clock.advance(seconds=max(math.ceil(found.after), 1))
    raise AssertionError("looking up has no end")


@pytest.mark.parametrize("fault", [Fault.BARE, Fault.EMPTY, Fault.GARBAGE, Fault.ARRAY, Fault.ANSWER_500])
async def test_an_answer_that_is_no_page_of_messages_says_nothing(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock, fault: Fault
) -> None:
    post, window = await lost(slack, platform, slack.channel(), clock)
    slack.fail("conversations.history", fault)
    assert isinstance(await platform.look_up(post, window), Retry)
    assert isinstance(await platform.look_up(post, window), Sent)


async def test_a_lost_answer_is_settled_within_minutes_under_the_limits_for_distributed_apps(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    slack.history_limit = STRICT
    channel = slack.channel()
    post, window = await lost(slack, platform, channel, clock)
    clock.advance(seconds=5)
    chatter(slack, channel, 20)
    found, seconds = await settled(platform, post, window, clock)
    assert found == Sent(channel.messages[0]["ts"])
    assert seconds <= 61
    read = [asked for method, asked in slack.requests if method == "conversations.history"]
    assert {asked["limit"] for asked in read[:1]} == {"15"}
    # No page was read twice: what was refused is asked for again with its cursor.
    assert [asked.get("cursor", "") for asked in read] == ["", "15", "15"]


async def test_one_pace_is_kept_for_a_whole_workspace(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    slack.history_limit = STRICT
    posts = [await lost(slack, platform, slack.channel(f"c{n}"), clock, f"key-{n}") for n in range(12)]
    started, open_posts = clock.now(), {post.key: (post, window) for post, window in posts}
    due = dict.fromkeys(open_posts, clock.now())
    while open_posts:
        assert clock.now() - started < timedelta(minutes=20)
        for key, (post, window) in list(open_posts.items()):
            if due[key] > clock.now():
                continue
            found = await platform.look_up(post, window)
            if isinstance(found, Partly):
                due[key] = clock.now() + timedelta(seconds=found.after)
            else:
                assert isinstance(found, Sent)
                del open_posts[key]
        clock.advance(seconds=5)
    assert clock.now() - started < timedelta(minutes=14)
    # Twelve answers, and few requests more than that: nobody asks before its turn.
    assert slack.count("conversations.history") <= 12 + 3


@pytest.mark.parametrize("minutes", [-90, -10, -5, 5, 10, 90])
async def test_clocks_may_disagree(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock, minutes: int
) -> None:
    channel = slack.channel()
    ours = clock.now()
    slack_now = slack._now
    slack._now = lambda: slack_now() + 60 * minutes
    if abs(minutes) > 10:
        # More than the window forgives is known from the messages before.
        await platform.send(outgoing(slack.channel(), key="before"))
    post, _ = await lost(slack, platform, channel, clock)
    window = HistoryWindow(since=ours, until=ours)
    assert await platform.look_up(post, window) == Sent(channel.messages[0]["ts"])


@pytest.mark.parametrize("seconds", [0, 40, 300])
async def test_a_message_that_slack_took_late_is_found(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock, seconds: int
) -> None:
    channel = slack.channel()
    started = clock.now()
    clock.advance(seconds=seconds)
    post, _ = await lost(slack, platform, channel, clock)
    assert isinstance(await platform.look_up(post, HistoryWindow(since=started, until=started)), Sent)


async def test_messages_of_another_hour_are_not_read(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    channel = slack.channel()
    chatter(slack, channel, 1000)
    clock.advance(hours=1)
    started = clock.now()
    await platform.send(outgoing(channel, key="another"))
    clock.advance(hours=1)
    chatter(slack, channel, 1000)
    assert await platform.look_up(outgoing(channel), HistoryWindow(since=started, until=started)) is LookUp.MISSING
    assert slack.count("conversations.history") == 1
    assert timedelta(minutes=5) <= MARGIN < timedelta(hours=1)


async def test_a_cursor_that_slack_does_not_know_any_more_begins_anew(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    channel = slack.channel()
    post, window = await lost(slack, platform, channel, clock)
    slack.fail("conversations.history", "invalid_cursor")
    old = HistoryWindow(since=window.since, until=window.until, cursor="15")
    found = await platform.look_up(post, old)
    assert isinstance(found, Partly)
    assert found.cursor == ""


def test_a_pace_is_forgotten_an_hour_after_it_was_learnt() -> None:
    now = 0.0
    pace = HistoryPace(lambda: now)
    assert pace.wait("a") == 0
    now = 5.0
    assert pace.wait("b") == 0
    pace.limited(55)
    assert pace.wait("b") == 55
    assert pace.wait("c") == 115
    now = 60.0
    assert pace.wait("b") == 0
    assert pace.wait("c") == 60
    now = 5_000.0
    assert pace.wait("d") == 0
    assert pace.wait("e") == 0
