"""Sending to Discord: once, whatever happens on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from adapters.discord.client.circuit_breaker import MOST_INVALID, CircuitBreaker
from adapters.discord.client.error_codes import SLOW_DOWN, TAG_MISSING
from adapters.discord.guilds.missing_access import CANNOT_VIEW
from adapters.discord.platform import DiscordPlatform
from bot.channels.channel import Address, PlatformName
from bot.messages.message import Message, Paragraph, text
from bot.platforms.outcomes import Gone, GoneScope, LookUp, Outgoing, Partly, Rejected, Retry, SendResult, Sent, Unknown
from tests.adapters.discord.conftest import DIGEST, PAPER, REPLY, outgoing
from tests.clocks import SettableClock
from tests.platforms import around
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_responses import LONG_WAIT, WAIT, ApiError, Fault
from tests.simulators.discord_schema import V2
from tests.simulators.discord_state import FORUM, VOICE, Channel
from tests.simulators.limits import Kind, Limit

MESSAGES = r"/channels/\d+/messages$"
AMBIGUOUS = [
    Fault.ACCEPT_THEN_DROP,
    Fault.ACCEPT_THEN_ERROR,
    Fault.HTML_PAGE,
    Fault.ODD_LIMITS,
    Fault.EMPTY,
]
NOT_DONE = [Fault.DROP, Fault.ERROR, Fault.UNAVAILABLE, Fault.RATE_LIMITED_UNTOLD]


@pytest.fixture
def channel(discord_server: DiscordSimulator) -> Channel:
    return discord_server.state.add_channel(discord_server.state.add_guild())


@pytest.fixture
def forum(discord_server: DiscordSimulator) -> Channel:
    return discord_server.state.add_channel(discord_server.state.add_guild(), "papers", FORUM)


def reason_of(result: SendResult) -> str:
    """Why a channel takes nothing."""
    assert isinstance(result, Gone), result
    assert result.scope is GoneScope.CHANNEL
    return result.reason


def posts(simulator: DiscordSimulator, channel: Channel) -> int:
    """How many messages there are in a channel and its threads."""
    return len(channel.messages) + sum(len(thread.messages) for thread in simulator.state.threads_of(channel))


async def test_a_message_is_posted_with_its_key(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    result = await platform.send(outgoing(channel))
    [message] = channel.messages
    assert result == Sent(message["id"])
    [request] = discord_server.sent("POST", MESSAGES)
    assert request.body["nonce"] == "0123456789abcdef01234567"
    assert request.body["enforce_nonce"] is True
    assert request.body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("fault", [*AMBIGUOUS, *NOT_DONE])
async def test_a_request_without_an_answer_leaves_once_and_is_unknown(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault
) -> None:
    discord_server.fail("POST", MESSAGES, fault)
    assert isinstance(await platform.send(outgoing(channel)), Unknown)
    assert len(discord_server.sent("POST", MESSAGES)) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS)
@pytest.mark.parametrize("later", [10, 600])
async def test_what_did_arrive_is_found_again(
    discord_server: DiscordSimulator,
    platform: DiscordPlatform,
    clock: SettableClock,
    channel: Channel,
    fault: Fault,
    later: int,
) -> None:
    started = clock.now()
    discord_server.fail("POST", MESSAGES, fault)
    await platform.send(outgoing(channel))
    clock.advance(seconds=later)
    assert await platform.look_up(outgoing(channel), around(started)) == Sent(channel.messages[0]["id"])
    assert await platform.look_up(outgoing(channel, key="f" * 24), around(started)) is LookUp.MISSING


@pytest.mark.parametrize("fault", AMBIGUOUS)
async def test_sending_again_within_minutes_gives_back_what_is_there(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault
) -> None:
    discord_server.fail("POST", MESSAGES, fault)
    await platform.send(outgoing(channel))
    assert await platform.send(outgoing(channel)) == Sent(channel.messages[0]["id"])
    assert len(channel.messages) == 1


async def test_a_message_is_found_behind_hundreds_of_others(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    state, started = discord_server.state, clock.now()
    channel.messages += [state.message(channel.id, {"content": str(number)}) for number in range(230)]
    sent = await platform.send(outgoing(channel))
    discord_server.forget_nonces()
    clock.advance(minutes=10)
    assert await platform.look_up(outgoing(channel), around(started)) == sent


async def test_a_message_is_found_before_thousands_of_others_in_several_looks(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    started = clock.now()
    sent = await platform.send(outgoing(channel))
    discord_server.forget_nonces()
    clock.advance(minutes=10)
    state = discord_server.state
    channel.messages += [state.message(channel.id, {"content": str(number)}) for number in range(1_100)]
    window, looks = around(started), 1
    while isinstance(found := await platform.look_up(outgoing(channel), window), Partly):
        window, looks = replace(window, cursor=found.cursor), looks + 1
    assert found == sent
    assert looks == 3


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=-30), timedelta(days=3)], ids=str)
async def test_what_did_arrive_is_found_by_a_bot_whose_clock_is_wrong(
    discord_server: DiscordSimulator, clock: SettableClock, channel: Channel, forum: Channel, ahead: timedelta
) -> None:
    wrong = SettableClock(clock.now() + ahead)
    late = DiscordPlatform(discord_server.token, wrong, api_url=discord_server.api_url)
    started = wrong.now()
    try:
        for place in (channel, forum):
            sent = await late.send(outgoing(place))
            assert await late.look_up(outgoing(place), around(started)) == sent
    finally:
        await late.close()


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.HTML_PAGE, Fault.ERROR])
async def test_an_answer_that_is_no_page_of_messages_says_nothing(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel, fault: Fault
) -> None:
    started = clock.now()
    discord_server.fail("POST", MESSAGES, Fault.ACCEPT_THEN_DROP)
    await platform.send(outgoing(channel))
    clock.advance(minutes=5)
    discord_server.fail("GET", MESSAGES, fault)
    assert isinstance(await platform.look_up(outgoing(channel), around(started)), Retry)
    assert isinstance(await platform.look_up(outgoing(channel), around(started)), Sent)


async def test_without_history_nobody_can_tell_once_the_nonce_is_forgotten(
    platform: DiscordPlatform, discord_server: DiscordSimulator, clock: SettableClock, channel: Channel
) -> None:
    started = clock.now()
    await platform.send(outgoing(channel))
    await discord_server.allow(channel, read_message_history=False)
    # Sending again is harmless at first, so it may count as missing.
    assert await platform.look_up(outgoing(channel), around(started)) is LookUp.MISSING
    clock.advance(minutes=5)
    assert await platform.look_up(outgoing(channel), around(started)) is LookUp.CANNOT_TELL


async def test_a_message_without_papers_cannot_be_told_from_others(
    platform: DiscordPlatform, discord_server: DiscordSimulator, clock: SettableClock, channel: Channel
) -> None:
    words = outgoing(channel, Message(summary="Hello", blocks=(Paragraph(text("Hello")),)))
    started = clock.now()
    discord_server.fail("POST", MESSAGES, Fault.ACCEPT_THEN_DROP)
    await platform.send(words)
    clock.advance(minutes=5)
    assert await platform.look_up(words, around(started)) is LookUp.CANNOT_TELL


async def test_a_refused_connection_is_certainly_nothing_sent(clock: SettableClock, channel: Channel) -> None:
    platform = DiscordPlatform("token", clock, api_url="http://127.0.0.1:9/api/v10")
    assert isinstance(await platform.send(outgoing(channel)), Retry)
    assert isinstance(await platform.look_up(outgoing(channel), around(clock.now())), Retry)
    await platform.close()


async def test_the_bot_recovers_when_the_first_login_fails(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    discord_server.fail("GET", "/users/@me$", Fault.UNAVAILABLE)
    assert isinstance(await platform.send(outgoing(channel)), Retry)
    assert isinstance(await platform.send(outgoing(channel)), Sent)


async def test_a_short_wait_is_waited_out_and_a_long_one_is_left_to_the_outbox(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    discord_server.fail("POST", MESSAGES, Fault.RATE_LIMITED)
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    discord_server.fail("POST", MESSAGES, Fault.RATE_LIMITED_LONG)
    assert await platform.send(outgoing(channel, key="other")) == Retry(
        SLOW_DOWN, LONG_WAIT, detail=f"Too many requests. Retry in {LONG_WAIT:.2f} seconds."
    )


async def test_the_limit_of_the_bot_as_a_whole_is_left_to_the_outbox(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    discord_server.limits.of_all = Limit(0, Kind.FIXED, retry_after=2.0)
    assert await platform.send(outgoing(channel, key="other")) == Retry(
        SLOW_DOWN, 2.0, detail="Too many requests. Retry in 2.00 seconds."
    )
    assert discord_server.limited == 1


async def test_buckets_are_respected_before_they_are_empty(clock: SettableClock) -> None:
    async with DiscordSimulator(clock, per_window=2, window=0.1) as simulator:
        channel = simulator.state.add_channel(simulator.state.add_guild())
        platform = DiscordPlatform(simulator.token, clock, api_url=simulator.api_url)
        for number in range(6):
            assert isinstance(await platform.send(outgoing(channel, key=f"key-{number}")), Sent)
        await platform.close()
    assert simulator.limited == 0


@pytest.mark.parametrize(("fault", "wait"), [(Fault.RATE_LIMITED_BARE, 1.0), (Fault.RATE_LIMITED_PAGE, WAIT)])
async def test_a_limit_is_no_ban_because_a_proxy_is_missing_or_wrote_a_page(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault, wait: float
) -> None:
    discord_server.fail("POST", MESSAGES, fault)
    assert await platform.send(outgoing(channel)) == Retry(
        SLOW_DOWN, wait, detail=f"Too many requests. Retry in {wait:.2f} seconds."
    )
    assert isinstance(await platform.send(outgoing(channel)), Sent)


async def test_a_forum_post_is_found_among_those_that_discord_archived(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, forum: Channel
) -> None:
    state, started = discord_server.state, clock.now()
    sent = await platform.send(outgoing(forum, REPLY))
    for number in range(130):  # written in later
        state.open_thread(forum, f"question {number}")
    for number, post in enumerate(state.threads_of(forum)):
        post.archived, post.archived_at = True, (clock.now() + timedelta(hours=24, minutes=number)).isoformat()
    clock.advance(hours=27)
    assert await platform.look_up(outgoing(forum, REPLY), around(started)) == sent
    assert await platform.look_up(outgoing(forum, REPLY, key="f" * 24), around(started)) is LookUp.MISSING
    assert len(discord_server.sent("GET", "/threads/archived/public$")) == 4
    forum.permissions = discord.Permissions(forum.permissions.value)
    forum.permissions.update(read_message_history=False)
    assert await platform.look_up(outgoing(forum, REPLY), around(started)) is LookUp.CANNOT_TELL


async def test_a_post_is_found_in_a_busy_forum(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, forum: Channel
) -> None:
    started = clock.now()
    for number in range(60):
        assert isinstance(await platform.send(outgoing(forum, REPLY, key=f"{number:024}")), Sent)
    sent = await platform.send(outgoing(forum, REPLY))
    discord_server.state.open_thread(forum, "question")
    for key, result in (("0123456789abcdef01234567", sent), ("f" * 24, LookUp.MISSING)):
        window = around(started)
        for _ in range(2):
            found = await platform.look_up(outgoing(forum, REPLY, key=key), window)
            assert isinstance(found, Partly)
            window = replace(window, cursor=found.cursor)
        assert await platform.look_up(outgoing(forum, REPLY, key=key), window) == result


async def test_a_ban_stops_everything(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    discord_server.fail("POST", MESSAGES, Fault.BANNED)
    assert isinstance(await platform.send(outgoing(channel)), Retry)
    before = len(discord_server.requests)
    again = await platform.send(outgoing(channel))
    assert isinstance(again, Retry)
    assert again.after == 600
    assert isinstance(await platform.look_up(outgoing(channel), around(clock.now())), Retry)
    assert not await platform.tell(outgoing(channel).address, "4242", REPLY)
    assert len(discord_server.requests) == before
    clock.advance(minutes=11)
    assert isinstance(await platform.send(outgoing(channel)), Sent)


async def test_a_refused_token_is_not_tried_in_a_loop(
    discord_server: DiscordSimulator, clock: SettableClock, channel: Channel
) -> None:
    platform = DiscordPlatform("wrong", clock, api_url=discord_server.api_url)
    for _ in range(3):
        result = await platform.send(outgoing(channel))
        assert isinstance(result, Retry)
        assert "token" in result.reason
    assert len(discord_server.requests) == 1
    await platform.close()


async def test_a_token_that_is_refused_once_is_tried_again_after_a_minute_and_then_less_and_less(
    clock: SettableClock,
) -> None:
    breaker = CircuitBreaker(clock)
    waits = []
    for _ in range(6):
        breaker.record(401)
        waits.append(breaker.wait)
        clock.advance(seconds=breaker.wait)
        assert breaker.wait == 0
    assert waits == [60, 120, 240, 480, 900, 900]
    breaker.record(200)
    breaker.record(401)
    assert breaker.wait == 60


def test_requests_that_were_under_way_when_the_token_was_refused_make_it_wait_no_longer(clock: SettableClock) -> None:
    breaker = CircuitBreaker(clock)
    for _ in range(5):
        breaker.record(401)
        clock.advance(seconds=1)
    assert breaker.wait == 55
    clock.advance(minutes=1)
    breaker.record(401)
    assert breaker.wait == 120


async def test_what_a_refused_token_keeps_waits_no_longer_than_until_the_token_is_tried_again(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    refused = ApiError(401, 0, "401: Unauthorized")
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    discord_server.fail("POST", MESSAGES, refused)
    result = await platform.send(outgoing(channel))
    assert isinstance(result, Retry)
    assert result.after == 60
    clock.advance(minutes=1)
    discord_server.fail("GET", MESSAGES, refused)
    found = await platform.look_up(outgoing(channel), around(clock.now()))
    assert isinstance(found, Retry)
    assert found.after == 120


async def test_what_a_token_kept_that_was_taken_since_is_sent_soon(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord_server.fail("POST", MESSAGES, ApiError(401, 0, "401: Unauthorized"))
    monkeypatch.setattr(CircuitBreaker, "wait", 0.0)  # as after a request that went through meanwhile
    result = await platform.send(outgoing(channel))
    assert isinstance(result, Retry)
    assert result.after is None


def test_many_refusals_in_a_row_stop_the_rest(clock: SettableClock) -> None:
    breaker = CircuitBreaker(clock)
    for _ in range(MOST_INVALID - 1):
        breaker.record(403)
        breaker.record(429, shared=True)
        breaker.record(404)
    assert breaker.wait == 0
    breaker.record(403)
    assert breaker.wait == 600
    clock.advance(minutes=10)
    assert breaker.wait == 0
    breaker.record(403)
    assert breaker.wait == 0


def test_a_clock_that_is_set_back_does_not_lengthen_the_silence(clock: SettableClock) -> None:
    breaker = CircuitBreaker(clock)
    breaker.record(401)
    assert breaker.wait == 60
    clock.advance(minutes=-60)
    assert breaker.wait == 0
    for _ in range(MOST_INVALID - 1):
        breaker.record(403)  # what was noted by the clock before does not count among them
    assert breaker.wait == 0
    breaker.record(401)
    assert breaker.wait == 120


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("view_channel", "View Channel"),
        ("send_messages", "Send Messages"),
        ("embed_links", "Embed Links"),
        ("send_messages embed_links", "Send Messages” and “Embed Links"),
    ],
)
async def test_a_channel_that_refuses_us_names_the_permission_that_is_missing(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, missing: str, words: str
) -> None:
    await discord_server.allow(channel, **dict.fromkeys(missing.split(), False))
    it = "them" if "and" in words else "it"
    reason = f"I lack “{words}” there. Give {it} to me in the channel's settings, “Permissions”."
    assert reason_of(await platform.send(outgoing(channel))) == reason


async def test_a_thread_that_cannot_be_seen_says_how_it_can_be(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    thread = discord_server.state.open_thread(channel, "private")
    await discord_server.allow(channel, view_channel=False)
    assert reason_of(await platform.send(outgoing(thread))) == CANNOT_VIEW


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.EMPTY, Fault.HTML_PAGE])
async def test_where_the_reason_of_a_refusal_cannot_be_asked_for_all_that_is_needed_is_named(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault
) -> None:
    discord_server.refuse.append(ApiError(403, 50013))
    discord_server.fail("GET", r"/guilds/\d+$", fault)
    result = await platform.send(outgoing(channel))
    assert isinstance(result, Gone)
    assert result.reason.startswith("I lack a permission there. Give me “View Channel”")


async def test_a_deleted_channel_and_a_lost_server_are_gone(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    await platform.send(outgoing(channel))
    del discord_server.state.channels[channel.id]
    assert reason_of(await platform.send(outgoing(channel))) == "The channel was deleted."
    discord_server.state.channels[channel.id] = channel
    discord_server.state.guilds.clear()
    assert isinstance(await platform.send(outgoing(channel)), Gone)


async def test_what_discord_finds_invalid_is_sent_in_a_plainer_form(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    discord_server.refuse.append(ApiError(400, 50035, "Invalid Form Body: components.0.accessory.media.url"))
    assert isinstance(await platform.send(outgoing(channel, REPLY)), Sent)
    first, second = discord_server.sent("POST", MESSAGES)
    assert "cdn.example.org" in str(first.body)
    assert "cdn.example.org" not in str(second.body)
    assert second.body["flags"] == first.body["flags"] == V2
    discord_server.refuse += [ApiError(400, 50035, "Invalid Form Body: components")] * 2
    assert isinstance(await platform.send(outgoing(channel, REPLY, key="embeds")), Sent)
    assert channel.messages[-1]["flags"] == 0
    assert channel.messages[-1]["embeds"][0]["title"] == "Sparse Attention, Again"
    discord_server.refuse += [ApiError(400, 50035, "Invalid Form Body")] * 4
    assert isinstance(await platform.send(outgoing(channel, REPLY, key="other")), Rejected)


async def test_what_was_deleted_is_not_posted_again(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    discord_server.fail("POST", MESSAGES, Fault.ACCEPT_THEN_DROP)
    await platform.send(outgoing(channel))
    discord_server.delete_message(channel, channel.messages[0]["id"])
    assert await platform.send(outgoing(channel)) == Sent("")
    assert isinstance(await platform.send(outgoing(channel, REPLY, key="reply", reply_to="")), Rejected)
    assert channel.messages == []


# --- Threads


async def test_replies_go_into_one_thread_named_like_the_digest(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    for number in range(3):
        assert isinstance(
            await platform.send(outgoing(channel, REPLY, key=f"reply-{number}", reply_to=digest.remote_id)), Sent
        )
    [thread] = discord_server.state.threads_of(channel)
    assert thread.name == "2 new papers · Tuesday, 12 May 2026"
    assert len(thread.messages) == 3
    assert len(channel.messages) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS)
async def test_a_reply_is_found_again_and_never_posted_twice(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel, fault: Fault
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    reply = outgoing(channel, REPLY, key="reply", reply_to=digest.remote_id)
    started = clock.now()
    assert await platform.look_up(reply, around(started)) is LookUp.MISSING
    await platform.send(outgoing(channel, REPLY, key="first", reply_to=digest.remote_id))
    discord_server.fail("POST", f"/channels/{digest.remote_id}/messages$", Fault.DROP, fault)
    assert isinstance(await platform.send(reply), Unknown)
    assert isinstance(await platform.send(reply), Unknown)
    clock.advance(minutes=5)
    found = await platform.look_up(reply, around(started))
    [thread] = discord_server.state.threads_of(channel)
    assert [Sent(message["id"]) for message in thread.messages[1:]] == [found]


# Whoever opens a thread need not be told anything.
@pytest.mark.parametrize(
    "fault", [*(one for one in AMBIGUOUS if one is not Fault.EMPTY), *NOT_DONE, Fault.RATE_LIMITED_LONG]
)
async def test_a_thread_that_cannot_be_opened_now_is_opened_later(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    reply = outgoing(channel, REPLY, key="reply", reply_to=digest.remote_id)
    discord_server.fail("POST", "/threads$", fault)
    assert isinstance(await platform.send(reply), Retry)
    assert isinstance(await platform.send(reply), Sent)
    [thread] = discord_server.state.threads_of(channel)
    assert len(thread.messages) == 1


async def test_where_no_thread_can_be_opened_replies_stand_in_the_channel(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    await discord_server.allow(channel, create_public_threads=False)
    reply = outgoing(channel, REPLY, key="reply", reply_to=digest.remote_id)
    sent = await platform.send(reply)
    assert channel.messages[1]["message_reference"]["message_id"] == digest.remote_id
    clock.advance(minutes=5)
    assert await platform.look_up(reply, around(clock.now() - timedelta(minutes=5))) == sent


async def test_an_archived_thread_is_opened_again_and_a_locked_one_is_left_alone(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    thread = discord_server.state.open_thread(channel, "reading group")
    thread.archived = True
    assert isinstance(await platform.send(outgoing(thread)), Sent)
    assert not thread.archived
    thread.archived = thread.locked = True
    assert isinstance(await platform.send(outgoing(thread, key="other")), Gone)


# --- Forums


async def test_in_a_forum_each_message_is_a_post_of_its_own(
    discord_server: DiscordSimulator, platform: DiscordPlatform, forum: Channel
) -> None:
    digest = await platform.send(outgoing(forum))
    assert isinstance(digest, Sent)
    paper = await platform.send(outgoing(forum, REPLY, key="reply", reply_to=digest.remote_id))
    threads = discord_server.state.threads_of(forum)
    assert [thread.name for thread in threads] == [DIGEST.summary, REPLY.summary]
    assert paper == Sent(str(threads[1].id))
    nameless = replace(REPLY, blocks=(replace(PAPER, title="\u200b"),))
    await platform.send(outgoing(forum, nameless, key="nameless"))
    assert discord_server.state.threads_of(forum)[2].name == PAPER.paper_id


@pytest.mark.parametrize("fault", AMBIGUOUS)
async def test_a_forum_post_is_found_again_because_discord_knows_no_nonce_for_it(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, forum: Channel, fault: Fault
) -> None:
    started = clock.now()
    await platform.send(outgoing(forum, key="earlier"))
    assert await platform.look_up(outgoing(forum), around(started)) is LookUp.MISSING
    discord_server.fail("POST", "/threads$", fault)
    assert isinstance(await platform.send(outgoing(forum)), Unknown)
    thread = discord_server.state.threads_of(forum)[1]
    assert await platform.look_up(outgoing(forum), around(started)) == Sent(str(thread.id))
    assert len(discord_server.sent("POST", "/threads$")) == 2


async def test_a_forum_that_wants_tags_gets_its_first_one(
    discord_server: DiscordSimulator, platform: DiscordPlatform, forum: Channel
) -> None:
    forum.tag_required = True
    assert reason_of(await platform.send(outgoing(forum))) == TAG_MISSING
    forum.tags = {"77": "one", "78": "two"}
    assert isinstance(await platform.send(outgoing(forum)), Sent)
    assert discord_server.sent("POST", "/threads$")[-1].body["applied_tags"] == ["77"]


async def test_a_voice_channel_takes_no_digest(discord_server: DiscordSimulator, platform: DiscordPlatform) -> None:
    voice = discord_server.state.add_channel(discord_server.state.add_guild(), "voice", VOICE)
    assert isinstance(await platform.send(outgoing(voice)), Gone)


async def test_an_address_of_elsewhere_is_rejected(platform: DiscordPlatform) -> None:
    for address in (Address(PlatformName.DISCORD, "1", "general"), Address(PlatformName.WEB, "local", "1")):
        assert isinstance(await platform.send(Outgoing(address=address, message=DIGEST, key="k")), Rejected)


# --- Telling people


async def test_a_person_is_told_in_a_direct_message(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    address = outgoing(channel).address
    assert await platform.tell(address, "4242", REPLY)
    [message] = discord_server.state.channels[discord_server.state.direct[4242]].messages
    assert "Sparse Attention" in str(message)
    discord_server.state.refuses_direct.add(4242)
    assert not await platform.tell(address, "4242", REPLY)
    assert not await platform.tell(address, "somebody", REPLY)


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.HTML_PAGE])
async def test_an_answer_about_a_channel_that_cannot_be_read_loses_nothing(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel, fault: Fault
) -> None:
    post, person = outgoing(channel), "4242"
    discord_server.fail("GET", r"/channels/\d+$", fault, fault, fault)
    assert not await platform.takes_apart(post.address)
    assert isinstance(await platform.send(post), Retry)
    assert isinstance(await platform.look_up(post, around(clock.now())), Retry)
    discord_server.fail("POST", "/users/@me/channels", fault)
    assert not await platform.tell(post.address, person, DIGEST)
    assert isinstance(await platform.send(post), Sent)
    assert len(channel.messages) == 1
