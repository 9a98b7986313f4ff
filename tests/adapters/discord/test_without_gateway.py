"""A process that only posts: it has no gateway connection, and asks Discord for what others are told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace

import discord
import pytest

from adapters.discord.client import requests
from adapters.discord.interactions.command_tree import command_tree
from adapters.discord.messages.command_mentions import CommandMentions
from adapters.discord.platform import DiscordPlatform
from adapters.discord.reachability import Reachability
from bot.commands.runner import REGISTRY
from bot.errors import SettingsError
from bot.messages.message import Message, Paragraph, code
from bot.platforms.outcomes import LookUp, Retry, Sent
from bot.platforms.platform import UnservedError
from tests.adapters.discord.conftest import REPLY, outgoing
from tests.clocks import SettableClock
from tests.platforms import around
from tests.simulators.discord import DiscordSimulator, eventually
from tests.simulators.discord_responses import Fault
from tests.simulators.discord_state import FORUM, Channel

MESSAGES = r"/channels/\d+/messages$"
COMMANDS = r"/applications/\d+/commands$"


@pytest.fixture
def channel(discord_server: DiscordSimulator) -> Channel:
    return discord_server.state.add_channel(discord_server.state.add_guild())


async def test_a_message_that_never_came_is_missed_in_a_channel_that_is_empty(
    platform: DiscordPlatform, discord_server: DiscordSimulator, clock: SettableClock, channel: Channel
) -> None:
    started = clock.now()
    discord_server.fail("POST", MESSAGES, Fault.DROP)
    await platform.send(outgoing(channel))
    clock.advance(minutes=5)
    assert await platform.look_up(outgoing(channel), around(started)) is LookUp.MISSING
    channel.permissions = discord.Permissions(view_channel=True, send_messages=True)
    assert await platform.look_up(outgoing(channel), around(started)) is LookUp.CANNOT_TELL


async def test_a_tag_is_made_in_a_forum_and_what_is_allowed_there_is_asked_once(
    platform: DiscordPlatform, discord_server: DiscordSimulator
) -> None:
    managing = discord.Permissions.all_channel()
    forum = discord_server.state.add_channel(
        discord_server.state.add_guild(), "papers", FORUM, tags={"7": "Images"}, permissions=managing
    )
    for key, topic in (("a" * 24, "diffusion"), ("b" * 24, "agents"), ("c" * 24, "diffusion")):
        assert isinstance(await platform.send(outgoing(forum, replace(REPLY, topics=(topic,)), key=key)), Sent)
    assert list(forum.tags.values()) == ["Images", "diffusion", "agents"]
    diffusion, agents = list(forum.tags)[1:]
    assert [post.applied for post in discord_server.state.threads_of(forum)] == [[diffusion], [agents], [diffusion]]
    assert len(discord_server.sent("GET", r"/guilds/\d+/channels$")) == 1


async def test_messages_mention_the_commands_that_a_gateway_registered(
    platform: DiscordPlatform, discord_server: DiscordSimulator
) -> None:
    mentions = CommandMentions(REGISTRY)
    platform.localized = mentions.localized
    hint = Message(summary="", blocks=(Paragraph((code("/papers resume"),)),))
    guild = discord_server.state.add_guild()
    watching = asyncio.create_task(Reachability(platform, mentions, ask_every=0.02, ask_again=0.01).watch())
    await eventually(lambda: discord_server.sent("GET", COMMANDS))
    await platform.client.log_in()
    await platform.client.http.bulk_upsert_global_commands(
        platform.client.application_id or 0, command_tree(REGISTRY, for_users=True)
    )
    await eventually(lambda: mentions.ids)
    (block,) = platform.localized(hint).blocks
    assert isinstance(block, Paragraph)
    assert block.spans[0].text == f"</papers-manage resume:{mentions.ids['papers-manage']}>"
    assert not discord_server.gateway.identifies
    # The token is refused meanwhile, and works again.
    discord_server.token, token = "another", discord_server.token
    await eventually(lambda: platform.access.refusals)
    discord_server.token = token
    await eventually(lambda: not platform.access.refusals)
    assert isinstance(await platform.send(outgoing(discord_server.state.add_channel(guild))), Sent)
    watching.cancel()
    await asyncio.wait((watching,))


async def test_what_waits_for_its_turn_when_the_connection_is_made_anew_ends_nothing(
    platform: DiscordPlatform, discord_server: DiscordSimulator, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    waits, goes_on = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.set()
        await goes_on.wait()
        await asyncio.sleep(seconds)

    monkeypatch.setattr(requests, "asyncio", SimpleNamespace(sleep=sleep))
    mentions, now = CommandMentions(REGISTRY), time.monotonic()
    platform.client.pace.refused(now - 0.1, now, 0.5)
    watching = asyncio.create_task(Reachability(platform, mentions, ask_every=0.02, ask_again=0.01).watch())
    sending = asyncio.create_task(platform.send(outgoing(channel, key="1" * 24)))
    await waits.wait()
    await platform.start_over()
    goes_on.set()
    assert isinstance(await sending, Retry)
    await eventually(lambda: discord_server.sent("GET", COMMANDS))
    assert not watching.done()
    assert len(channel.messages) == 1
    watching.cancel()
    await asyncio.wait((watching,))


async def test_a_wrong_token_ends_it_and_a_discord_that_does_not_answer_is_left_to_others(
    clock: SettableClock, discord_server: DiscordSimulator
) -> None:
    mentions = CommandMentions(REGISTRY)
    refused = DiscordPlatform("wrong", clock, api_url=discord_server.api_url)
    with pytest.raises(SettingsError, match="Discord refuses the token"):
        await Reachability(refused, mentions).watch()
    silent = DiscordPlatform("token", clock, api_url="http://127.0.0.1:9/api/v10")
    with pytest.raises(UnservedError, match="no answer from Discord"):
        await Reachability(silent, mentions, ask_again=0.01, unanswered_timeout=0.05).watch()
