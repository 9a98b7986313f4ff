"""Refusals: every code that Discord documents has a class, and only what a refusal is about is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.discord.client.error_codes import OTHER_ROUTES, REFUSALS, STATUSES, Refusal
from adapters.discord.platform import DiscordPlatform
from bot.platforms.outcomes import Gone, GoneScope, LookUp, Rejected, Retry, SendResult, Sent
from bot.platforms.refusals import About, Then
from tests.adapters.discord.conftest import DIGEST, REPLY, outgoing
from tests.clocks import SettableClock
from tests.platforms import around
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_responses import STRANGE_REFUSALS, ApiError, Fault
from tests.simulators.discord_state import ANNOUNCEMENT, FORUM, Channel

MESSAGES = r"/channels/\d+/messages$"
THREADS = r"/channels/\d+/messages/\d+/threads$"
DOCUMENTED = [
    int(code)
    for line in (Path(__file__).parent / "documented_error_codes.txt").read_text().splitlines()
    if not line.startswith("#")
    for code in line.split()
]


@pytest.fixture
def channel(discord_server: DiscordSimulator) -> Channel:
    return discord_server.state.add_channel(discord_server.state.add_guild())


@pytest.fixture
def forum(discord_server: DiscordSimulator) -> Channel:
    return discord_server.state.add_channel(discord_server.state.add_guild(), "papers", FORUM)


def test_every_documented_code_has_a_class() -> None:
    assert len(DOCUMENTED) == 240
    assert [code for code in DOCUMENTED if code not in REFUSALS and code not in OTHER_ROUTES] == []
    assert set(REFUSALS) & OTHER_ROUTES == set()
    assert (set(REFUSALS) | OTHER_ROUTES) <= set(DOCUMENTED)


def test_every_documented_status_has_a_class() -> None:
    """https://docs.discord.com/developers/topics/opcodes-and-status-codes#http; 5xx is handled before the table."""
    assert set(STATUSES) >= {304, 400, 401, 403, 404, 405, 429, 502}


def test_a_reason_is_a_sentence_for_people() -> None:
    for refusal in {*REFUSALS.values(), *STATUSES.values()}:
        assert refusal.reason[0].isupper()
        assert refusal.reason.endswith(".")
        assert "<" not in refusal.reason
        assert not any(character.isdigit() for character in refusal.reason)


@pytest.mark.parametrize("fault", STRANGE_REFUSALS)
async def test_a_page_an_empty_body_and_code_0_are_about_us_and_pass(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault
) -> None:
    for method, path in (("GET", r"/channels/\d+$"), ("POST", MESSAGES)):
        discord_server.fail(method, path, fault)
        result = await platform.send(outgoing(channel))
        assert isinstance(result, Retry), result
        assert result.known
        assert "<" not in result.reason + result.detail
    assert isinstance(await platform.send(outgoing(channel)), Sent)


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_what_passes_is_tried_again_and_what_does_not_says_what_it_is_about(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, status: int
) -> None:
    """Each code, refused as often as it is tried, in any form."""
    wrong = []
    for code in sorted(REFUSALS.keys() | OTHER_ROUTES | {1, 99, 999_999}):
        discord_server.refuse[:] = [ApiError(status, code)] * 4
        result = await platform.send(outgoing(channel, REPLY, key=f"{code}"))
        if (_kind_of(result)) != _expected(code):
            wrong.append((code, result))
    discord_server.refuse.clear()
    assert wrong == []


def _kind_of(result: SendResult) -> object:
    match result:
        case Gone(scope=scope):
            return Gone, scope
        case Retry(known=known):
            return Retry, known
        case _:
            return type(result)


def _expected(code: int) -> object:
    match REFUSALS.get(code):
        case _ if code == 10008:
            return Sent  # it was posted, and deleted since
        case None:
            return Retry, False
        case Refusal(about=About.CHANNEL, then=Then.OTHERWISE):
            return Retry, False
        case Refusal(about=About.US) | Refusal(then=Then.LATER):
            return Retry, True
        case Refusal(about=About.WORKSPACE):
            return Gone, GoneScope.WORKSPACE
        case Refusal(about=About.CHANNEL | About.THREAD | About.PERSON):
            return Gone, GoneScope.CHANNEL
        case _:
            return Rejected


@pytest.mark.parametrize("code", [40004, 40006, 130000, 40333, 20028, 40062, 110000])
async def test_a_refusal_that_passes_loses_nothing(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, forum: Channel, code: int
) -> None:
    discord_server.fail("POST", MESSAGES, ApiError(400, code))
    discord_server.fail("POST", r"/threads$", ApiError(403, code))
    for place in (channel, forum):
        assert isinstance(await platform.send(outgoing(place)), Retry)
        assert isinstance(await platform.send(outgoing(place)), Sent)


# --- Threads


@pytest.mark.parametrize("code", [160006, 160007, 50013, 50024, 50021])
async def test_where_no_thread_can_be_opened_replies_stand_beside_the_digest(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, code: int
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    discord_server.fail("POST", THREADS, ApiError(400, code))
    assert isinstance(await platform.send(outgoing(channel, REPLY, key="r", reply_to=digest.remote_id)), Sent)
    assert channel.messages[-1]["message_reference"]["message_id"] == digest.remote_id


async def test_a_reply_needs_no_history_to_stand_beside_the_digest(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    discord_server.fail("POST", THREADS, ApiError(400, 160007))
    discord_server.fail("POST", f"/channels/{channel.id}/messages$", ApiError(400, 160002))
    assert isinstance(await platform.send(outgoing(channel, REPLY, key="r", reply_to=digest.remote_id)), Sent)
    assert "message_reference" not in channel.messages[-1]


async def test_a_deleted_thread_is_no_deleted_channel(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    first = outgoing(channel, REPLY, key="first", reply_to=digest.remote_id)
    assert isinstance(await platform.send(first), Sent)
    await discord_server.delete_channel(discord_server.state.channels[int(digest.remote_id)])
    second = outgoing(channel, REPLY, key="second", reply_to=digest.remote_id)
    result = await platform.send(second)
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.THREAD
    clock.advance(minutes=5)
    assert await platform.look_up(second, around(clock.now())) is LookUp.MISSING
    assert isinstance(await platform.send(outgoing(channel, key="the next digest")), Sent)


async def test_a_deleted_channel_is_gone_with_its_threads(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    reply = outgoing(channel, REPLY, key="reply", reply_to=digest.remote_id)
    await platform.send(reply)
    await discord_server.delete_channel(channel)
    for result in (await platform.send(reply), await platform.look_up(reply, around(clock.now()))):
        assert isinstance(result, Gone)
        assert result.scope is GoneScope.CHANNEL
        assert result.reason == "The channel was deleted."


@pytest.mark.parametrize("error", [ApiError(403, 160005), ApiError(403, 50013), ApiError(403, 50001)])
async def test_a_thread_that_takes_nothing_stops_no_channel(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, error: ApiError
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    await platform.send(outgoing(channel, REPLY, key="first", reply_to=digest.remote_id))
    discord_server.fail("POST", f"/channels/{digest.remote_id}/messages", error)
    result = await platform.send(outgoing(channel, REPLY, key="second", reply_to=digest.remote_id))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.THREAD


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN_PAGE, ApiError(400, 40006), ApiError(429, 20028)])
async def test_trouble_while_a_thread_is_opened_passes(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, fault: Fault | ApiError
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    reply = outgoing(channel, REPLY, key="first", reply_to=digest.remote_id)
    discord_server.fail("POST", THREADS, fault)
    assert isinstance(await platform.send(reply), Retry)
    assert isinstance(await platform.send(reply), Sent)
    assert len(discord_server.state.threads_of(channel)) == 1


@pytest.mark.parametrize("code", [200001, 20031])
async def test_a_name_that_is_not_allowed_is_replaced_by_a_plain_one(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel, forum: Channel, code: int
) -> None:
    digest = await platform.send(outgoing(channel))
    assert isinstance(digest, Sent)
    discord_server.fail("POST", r"/threads$", ApiError(400, code))
    await platform.send(outgoing(channel, REPLY, key="r", reply_to=digest.remote_id))
    discord_server.fail("POST", r"/threads$", ApiError(400, code))
    await platform.send(outgoing(forum, REPLY, key="f"))
    names = [thread.name for place in (channel, forum) for thread in discord_server.state.threads_of(place)]
    assert names == ["Papers", "2604.13035"]


# --- Forms


async def test_what_no_layout_and_no_embed_can_say_is_said_in_text(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, channel: Channel
) -> None:
    started = clock.now()
    discord_server.fail("POST", MESSAGES, *[ApiError(400, 50035)] * 3)
    post = outgoing(channel)
    sent = await platform.send(post)
    [message] = channel.messages
    assert sent == Sent(message["id"])
    assert message["embeds"] == []
    assert "Sparse Attention, Again" in message["content"]
    assert "https://huggingface.co/papers/2604.13035" in message["content"]
    discord_server.forget_nonces()
    clock.advance(minutes=10)
    assert await platform.look_up(post, around(started)) == sent


async def test_one_link_that_is_not_taken_costs_no_digest(
    discord_server: DiscordSimulator, platform: DiscordPlatform, channel: Channel
) -> None:
    discord_server.fail("POST", MESSAGES, ApiError(400, 240000))
    assert isinstance(await platform.send(outgoing(channel, DIGEST)), Sent)
    assert len(discord_server.sent("POST", MESSAGES)) == 2


# --- Guilds


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN_PAGE, Fault.NOT_FOUND_CODE_0, Fault.NOT_FOUND_EMPTY])
async def test_a_look_up_ends_with_trouble_instead_of_a_guess(
    discord_server: DiscordSimulator,
    platform: DiscordPlatform,
    clock: SettableClock,
    channel: Channel,
    forum: Channel,
    fault: Fault,
) -> None:
    started = clock.now()
    await platform.send(outgoing(channel))
    await platform.send(outgoing(forum, REPLY))
    clock.advance(minutes=5)
    for place, path in ((channel, "/messages"), (forum, "/threads/active$"), (forum, r"/messages/\d+$")):
        discord_server.fail("GET", path, fault)
        message = REPLY if place is forum else DIGEST
        assert isinstance(await platform.look_up(outgoing(place, message), around(started)), Retry)


async def test_a_guild_that_is_left_loses_no_post_whose_outcome_is_unknown(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, forum: Channel
) -> None:
    started = clock.now()
    await platform.send(outgoing(forum, REPLY))
    discord_server.fail("GET", "/threads/active$", ApiError(404, 10004))
    found = await platform.look_up(outgoing(forum, REPLY), around(started))
    assert isinstance(found, Gone)
    assert found.scope is GoneScope.WORKSPACE


async def test_an_announcement_channel_with_too_many_threads_gets_its_replies_in_the_channel(
    discord_server: DiscordSimulator, platform: DiscordPlatform
) -> None:
    news = discord_server.state.add_channel(discord_server.state.add_guild(), "news", ANNOUNCEMENT)
    digest = await platform.send(outgoing(news))
    assert isinstance(digest, Sent)
    discord_server.fail("POST", THREADS, ApiError(400, 160007))
    assert isinstance(await platform.send(outgoing(news, REPLY, key="r", reply_to=digest.remote_id)), Sent)
