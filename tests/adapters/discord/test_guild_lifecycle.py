"""The bot's life in Discord: servers and channels that come and go, a gateway that breaks, posts that go out once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import discord
import pytest
import structlog

from adapters.discord import bot as discord_bot
from adapters.discord.bot import OFFLINE_TIMEOUT
from adapters.discord.client.error_codes import IN_TROUBLE, NOT_HERE, REFUSED_TOKEN, UNREACHABLE
from adapters.discord.guilds.missing_access import TIMED_OUT
from adapters.discord.guilds.permissions import NEEDED, can_post, invite_url, may_manage, missing
from adapters.discord.platform import DiscordPlatform
from bot.channels.channel import Address, ChannelState, PlatformName, Workspace
from bot.errors import OperatorError
from bot.messages.message import Message, Paragraph, text
from bot.platforms.access import Means
from bot.platforms.outcomes import Gone, Outgoing
from bot.platforms.platform import UnservedError
from bot.posting.roles import Duty
from storage.store import SqlStore
from tests.adapters.discord.harness import Harness, make_bot, running
from tests.patience import PATIENCE
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import links_of
from tests.simulators.discord_responses import ApiError, Fault
from tests.simulators.discord_state import APPLICATION_ID, FORUM, Channel
from tests.sources import a_paper

MESSAGES = r"/channels/\d+/messages$"


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    """A harness with a running bot, some papers, and a topic."""
    await harness.core.news(*(a_paper(number) for number in range(1, 5)))
    async with running(harness):
        await harness.say("subscribe", query="diffusion", backfill=3)
        yield harness


async def becomes(harness: Harness, state: ChannelState, channel: Channel | None = None) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await harness.stored(channel)).state is not state:
            await asyncio.sleep(0.005)


# --- Servers and channels


async def test_a_lost_server_stops_its_channels_and_a_new_invitation_lets_them_go_on(running_harness: Harness) -> None:
    server = running_harness.simulator
    await server.remove_guild(running_harness.guild.id)
    await becomes(running_harness, ChannelState.BROKEN)
    assert "removed from this server" in (await running_harness.stored()).reason
    server.state.guilds[running_harness.guild.id] = running_harness.guild
    await server.add_guild(running_harness.guild.id)
    await becomes(running_harness, ChannelState.ACTIVE)
    await running_harness.next_digest()
    assert len(running_harness.general.messages) == 1


async def test_an_outage_changes_nothing(running_harness: Harness) -> None:
    await running_harness.simulator.outage(running_harness.guild.id)
    await eventually(lambda: running_harness.platform.client.guilds[0].unavailable)
    assert (await running_harness.stored()).state is ChannelState.ACTIVE
    await running_harness.simulator.add_guild(running_harness.guild.id)
    await eventually(lambda: not running_harness.platform.client.guilds[0].unavailable)
    assert (await running_harness.stored()).state is ChannelState.ACTIVE


async def test_a_server_that_was_lost_while_nobody_listened_is_noticed_at_the_next_start(harness: Harness) -> None:
    await harness.core.news(a_paper())
    elsewhere = harness.simulator.state.add_guild("Elsewhere")
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
    del harness.simulator.state.guilds[harness.guild.id]
    harness.simulator.gateway.ready.clear()
    harness.platform = DiscordPlatform(harness.simulator.token, harness.clock, api_url=harness.simulator.api_url)
    async with running(harness):
        await becomes(harness, ChannelState.BROKEN)
    assert elsewhere.id in harness.simulator.state.guilds


async def test_a_deleted_channel_stops(running_harness: Harness) -> None:
    await running_harness.simulator.delete_channel(running_harness.general)
    await becomes(running_harness, ChannelState.BROKEN)
    assert (await running_harness.stored()).reason == "The channel was deleted."


async def test_a_locked_thread_stops_an_unlocked_one_goes_on_and_a_deleted_one_is_gone(
    running_harness: Harness,
) -> None:
    thread = running_harness.simulator.state.open_thread(running_harness.general, "reading group")
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await running_harness.say("subscribe", thread, query="diffusion")
    thread.locked = True
    await running_harness.simulator.update_channel(thread)
    await becomes(running_harness, ChannelState.BROKEN, thread)
    thread.locked = False
    await running_harness.simulator.update_channel(thread)
    await becomes(running_harness, ChannelState.ACTIVE, thread)
    await running_harness.simulator.delete_channel(thread)
    await becomes(running_harness, ChannelState.BROKEN, thread)


async def test_a_channel_goes_on_by_itself_when_its_permission_is_back(running_harness: Harness) -> None:
    await running_harness.store.channels.join_workspace((await running_harness.stored()).address, "Lab")
    await running_harness.simulator.allow(running_harness.general, send_messages=False)
    await running_harness.next_digest()
    assert (await running_harness.stored()).state is ChannelState.BROKEN
    told = running_harness.simulator.state.channels[running_harness.simulator.state.direct[4242]].messages
    assert len(told) == 1
    assert told[0]["content"].endswith(f" <#{running_harness.general.id}>")
    assert "#general in Lab" in str(told)
    assert "I lack “Send Messages” there." in str(told)
    await running_harness.simulator.allow(running_harness.general, send_messages=True)
    await becomes(running_harness, ChannelState.ACTIVE)
    await running_harness.core.engine.deliver()
    assert len(running_harness.general.messages) == 1
    assert len(told) == 1


async def test_a_bot_that_is_timed_out_says_so(running_harness: Harness) -> None:
    member = {
        **running_harness.simulator.state.guild_json(running_harness.guild)["members"][0],
        "guild_id": str(running_harness.guild.id),
    }
    until = (discord.utils.utcnow() + timedelta(hours=1)).isoformat()
    await running_harness.simulator.gateway.dispatch(
        "GUILD_MEMBER_UPDATE", {**member, "communication_disabled_until": until}
    )
    await eventually(lambda: running_harness.platform.client.guilds[0].me.is_timed_out())
    running_harness.simulator.refuse.append(ApiError(403, 50013))
    await running_harness.next_digest()
    assert (await running_harness.stored()).reason == TIMED_OUT
    await running_harness.simulator.gateway.dispatch("GUILD_MEMBER_UPDATE", member)
    await becomes(running_harness, ChannelState.ACTIVE)


async def test_a_server_that_does_not_tell_of_the_bot_itself_is_asked(running_harness: Harness) -> None:
    server = running_harness.simulator
    guild = server.state.add_guild("Elsewhere")
    channel = server.state.add_channel(guild)
    await server.gateway.dispatch("GUILD_CREATE", {**server.state.guild_json(guild), "members": []})
    await eventually(lambda: running_harness.platform.client.get_channel(channel.id))
    found = running_harness.platform.client.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    assert not can_post(found)
    channel.permissions = discord.Permissions(view_channel=True, embed_links=True)
    address = Address(PlatformName.DISCORD, str(guild.id), str(channel.id))
    message = Message(summary="x", blocks=(Paragraph(text("x")),))
    refused = await running_harness.platform.send(Outgoing(address=address, message=message, key="k"))
    assert isinstance(refused, Gone)
    assert refused.reason.startswith("I lack “Send Messages” there.")


async def test_another_permission_does_not_wake_what_is_still_refused(running_harness: Harness) -> None:
    await running_harness.simulator.allow(running_harness.general, send_messages=False)
    await running_harness.next_digest()
    await running_harness.simulator.allow(running_harness.general, read_message_history=False)
    channel = running_harness.platform.client.get_channel(running_harness.general.id)
    assert isinstance(channel, discord.TextChannel)
    await eventually(lambda: not channel.permissions_for(channel.guild.me).read_message_history)
    assert not can_post(channel)
    assert (await running_harness.stored()).state is ChannelState.BROKEN


async def test_a_server_that_was_lost_with_the_session_is_noticed_by_its_end(harness: Harness) -> None:
    """discord.py keeps a server that is not in the next session's list."""
    server = harness.simulator
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
        del server.state.guilds[harness.guild.id]
        server.gateway.ready.clear()
        await server.gateway.invalidate()
        await eventually(server.gateway.ready.is_set)
        await becomes(harness, ChannelState.BROKEN)
        [workspace] = await harness.store.channels.workspaces(PlatformName.DISCORD)
        assert workspace.left_at is not None
        assert harness.platform.client.get_guild(harness.guild.id) is not None
    assert (await harness.stored()).state is ChannelState.BROKEN


async def test_a_server_with_an_outage_at_the_start_is_not_lost(harness: Harness) -> None:
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
    harness.simulator.state.guilds[harness.guild.id].unavailable = True
    harness.simulator.gateway.ready.clear()
    async with running(harness):
        await eventually(lambda: harness.simulator.sent("GET", "/users/@me/guilds"))
        assert (await harness.stored()).state is ChannelState.ACTIVE
    [workspace] = await harness.store.channels.workspaces(PlatformName.DISCORD)
    assert workspace.left_at is None


async def test_a_server_that_only_the_list_forgot_is_not_lost(harness: Harness) -> None:
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
    server = harness.simulator
    server.gateway.forgets = {harness.guild.id}
    server.gateway.ready.clear()
    bot = make_bot(harness)
    task = asyncio.create_task(bot.run())
    await eventually(lambda: server.sent("GET", f"/guilds/{harness.guild.id}$"))
    assert (await harness.stored()).state is ChannelState.ACTIVE
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_leaving_and_coming_back_are_noted_with_the_servers_name(running_harness: Harness) -> None:
    server = running_harness.simulator

    async def workspace(condition: Callable[[Workspace], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition((await running_harness.store.channels.workspaces(PlatformName.DISCORD))[0]):
                await asyncio.sleep(0.005)

    await workspace(lambda one: one.name == "Lab")
    await server.rename_guild(running_harness.guild.id, "Laboratory")
    await workspace(lambda one: one.name == "Laboratory" and one.left_at is None)
    await server.outage(running_harness.guild.id)
    await server.add_guild(running_harness.guild.id)
    await server.remove_guild(running_harness.guild.id)
    await workspace(lambda one: one.left_at is not None)
    server.state.guilds[running_harness.guild.id] = running_harness.guild
    await server.add_guild(running_harness.guild.id)
    await workspace(lambda one: one.left_at is None)


async def test_names_of_channels_and_threads_are_followed(running_harness: Harness) -> None:
    thread = running_harness.simulator.state.open_thread(running_harness.general, "reading group")
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await running_harness.say("subscribe", thread, query="diffusion")
    for place in (running_harness.general, thread):
        place.name = f"new {place.name}"
        await running_harness.simulator.update_channel(place)
        async with asyncio.timeout(PATIENCE):
            while (await running_harness.stored(place)).name != place.name:
                await asyncio.sleep(0.005)


async def test_with_a_channel_its_threads_are_lost(running_harness: Harness) -> None:
    forum = running_harness.simulator.state.add_channel(running_harness.guild, "papers", FORUM)
    await running_harness.simulator.gateway.dispatch("CHANNEL_CREATE", forum.json())
    thread = running_harness.simulator.state.open_thread(running_harness.general, "reading group")
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await running_harness.say("subscribe", thread, query="diffusion")
    await running_harness.say("subscribe", forum, query="diffusion")
    await running_harness.simulator.delete_channel(running_harness.general)
    await becomes(running_harness, ChannelState.BROKEN, thread)
    assert (await running_harness.stored(forum)).state is ChannelState.ACTIVE
    await running_harness.simulator.delete_channel(forum)
    await becomes(running_harness, ChannelState.BROKEN, forum)


async def test_another_role_of_the_bot_lets_a_channel_go_on(running_harness: Harness) -> None:
    await running_harness.store.channels.break_channels(
        (await running_harness.stored()).address, "Refused.", whole_workspace=False
    )
    await running_harness.simulator.give_role(running_harness.guild.id, "Bots")
    await becomes(running_harness, ChannelState.ACTIVE)


async def test_a_permission_that_came_back_while_nobody_listened_is_noticed_at_the_next_start(harness: Harness) -> None:
    await harness.core.news(a_paper())
    async with running(harness):
        await harness.say("subscribe", query="diffusion", backfill=1)
    allowed, harness.general.permissions = harness.general.permissions, discord.Permissions(view_channel=True)
    await harness.next_digest()
    assert (await harness.stored()).state is ChannelState.BROKEN
    harness.general.permissions = allowed
    harness.simulator.gateway.ready.clear()
    async with running(harness):
        await becomes(harness, ChannelState.ACTIVE)


@pytest.mark.parametrize(
    "reason",
    [TIMED_OUT, NOT_HERE, *(f"Nothing could be posted for a day. {why}" for why in (REFUSED_TOKEN, UNREACHABLE))],
)
async def test_what_is_over_once_discord_lets_us_in_stops_no_channel_any_longer(harness: Harness, reason: str) -> None:
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
        await harness.say("subscribe", harness.simulator.state.add_channel(harness.guild, "other"), query="agents")
    for channel, why in (("general", reason), ("other", f"Nothing could be posted for an hour. {IN_TROUBLE}")):
        stored = next(
            one for one in await harness.store.channels.on_platform(PlatformName.DISCORD) if one.name == channel
        )
        await harness.store.channels.break_channels(stored.address, why, whole_workspace=False)
    harness.simulator.gateway.ready.clear()
    async with running(harness):
        await becomes(harness, ChannelState.ACTIVE)
    states = {one.name: one.state for one in await harness.store.channels.on_platform(PlatformName.DISCORD)}
    assert states["other"] is ChannelState.BROKEN


# --- Taking turns


async def test_a_bot_that_lost_its_shift_leaves_and_comes_back_with_the_next_one(harness: Harness) -> None:
    other = SqlStore(harness.store.database.url)
    leadership, account = harness.core.engine.leadership, harness.platform.account
    gateway = harness.simulator.gateway
    serving = asyncio.create_task(leadership.serve(PlatformName.DISCORD, Duty.LISTENING, make_bot(harness).run))
    await leadership.renew()
    await eventually(lambda: gateway.open)
    await harness.say("subscribe", query="diffusion")
    await harness.store.locks.release_all()
    assert await other.locks.acquire(account)
    await leadership.renew()
    await eventually(lambda: not gateway.open)
    assert not serving.done()
    await other.close()
    await leadership.renew()
    await eventually(lambda: gateway.open)
    shown = await harness.say("topics")
    assert shown.messages
    label, custom_id = next(iter(shown.buttons.items()))
    pressed = await harness.simulator.interactions.press(harness.general, shown.messages[0], custom_id)
    assert pressed.first, label
    assert harness.announced == ["Discord: " + invite_url(APPLICATION_ID) + " adds the bot to a server"]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_what_two_processes_hear_is_done_by_the_one_that_answers_first(running_harness: Harness) -> None:
    """As for a moment while one takes over, or when somebody starts a second bot with the same token."""
    server = running_harness.simulator
    second = DiscordPlatform(server.token, running_harness.clock, api_url=server.api_url)
    serving = asyncio.create_task(make_bot(running_harness, second).run())
    await eventually(lambda: server.gateway.open == 2)
    for number in range(2, 7):
        assert f"Topic {number} added" in (await running_harness.say("subscribe", query=f"agents{number}")).text
    await eventually(lambda: len(server.sent("POST", "/callback")) == 1 + 2 * 5)
    assert not any("already" in one.text for one in server.interactions.by_token.values())
    # A form, too, is opened once, and may be submitted to the other one.
    opened = await server.interactions.command(running_harness.general, "subscribe")
    assert "Topic 7 added" in (await server.interactions.submit(running_harness.general, opened, query="quant*")).text
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await second.close()


async def test_a_bot_without_a_connection_leaves_discord_to_another_process(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    bot = make_bot(harness)
    serving = asyncio.create_task(bot.run())
    await eventually(lambda: gateway.open and harness.platform.client.is_connected)
    bot._offline_timeout = 0.3
    await asyncio.sleep(1.5)
    assert not serving.done()
    gateway.is_shut = True
    await gateway.drop()
    with pytest.raises(UnservedError):
        await asyncio.wait_for(serving, PATIENCE)
    assert not gateway.open


async def test_a_bot_that_never_gets_a_connection_leaves_discord_too(harness: Harness) -> None:
    harness.simulator.fail("GET", "/users/@me$", *[Fault.DROP] * 1000)
    with pytest.raises(UnservedError):
        await asyncio.wait_for(make_bot(harness, offline_timeout=0.3).run(), PATIENCE)


# --- The gateway


async def test_a_connection_that_only_looks_open_is_replaced(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.heartbeat_interval = 100
    harness.platform.client._connection.heartbeat_timeout = 0.4
    async with running(harness):
        await eventually(lambda: gateway.heartbeats > 1)
        before, gateway.is_silent = gateway.resumes, True
        await eventually(lambda: not gateway.open)
        gateway.is_silent = False
        await eventually(lambda: gateway.resumes > before)
        assert (await harness.say("topics")).messages
        assert len(gateway.identifies) == 1


async def test_no_session_is_begun_by_itself_either_when_few_are_left(running_harness: Harness) -> None:
    """discord.py begins another one for every session that Discord calls invalid, all day long."""
    gateway = running_harness.simulator.gateway
    gateway.sessions_left = (99, 600)
    gateway.ready.clear()
    looked = len(running_harness.simulator.sent("GET", "/gateway/bot$"))
    lost_at = time.monotonic()
    await gateway.invalidate()
    await eventually(lambda: len(running_harness.simulator.sent("GET", "/gateway/bot$")) > looked)
    await eventually(gateway.ready.is_set)
    assert time.monotonic() - lost_at > 0.6
    assert len(gateway.identifies) == 2


async def test_commands_that_cannot_be_registered_hold_up_nothing(harness: Harness) -> None:
    server = harness.simulator
    server.fail("PUT", "/commands$", *[Fault.UNAVAILABLE] * 3)
    server.fail("GET", "/commands$", Fault.DROP)
    async with running(harness):
        assert (await harness.say("topics")).messages
        await eventually(lambda: server.commands)
    assert len(server.sent("PUT", "/commands$")) == 4
    assert len(server.gateway.identifies) == 1


def test_nothing_is_said_about_voice() -> None:
    """In a process of its own, since the library says it once."""
    program = (
        "import logging; logging.basicConfig(); "
        "from adapters.discord.platform import DiscordPlatform; from bot.clocks import SystemClock; "
        "DiscordPlatform('a-token', SystemClock())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""


async def test_commands_work_after_every_way_of_losing_the_gateway(running_harness: Harness) -> None:
    gateway = running_harness.simulator.gateway
    gateway.ready.clear()
    await gateway.ask_to_reconnect()
    await eventually(gateway.ready.is_set)
    assert gateway.resumes == 1
    assert (await running_harness.say("topics")).messages

    # The session is lost: discord.py would go back to the address that it knows by heart.
    gateway.ready.clear()
    await gateway.invalidate()
    await eventually(gateway.ready.is_set)
    assert len(gateway.identifies) == 2
    assert (await running_harness.say("topics")).messages


async def test_what_happens_while_the_connection_is_down_is_answered_when_it_is_back(running_harness: Harness) -> None:
    gateway = running_harness.simulator.gateway
    gateway.ready.clear()
    await gateway.drop()
    answer = await asyncio.wait_for(running_harness.say("topics"), PATIENCE)
    assert answer.messages
    assert gateway.resumes == 1
    assert len(gateway.identifies) == 1


async def test_an_event_that_cannot_be_read_is_survived(running_harness: Harness) -> None:
    """Fields are missing or are not what they were: of each kind of event that we hear, in two ways."""
    gateway, channel = running_harness.simulator.gateway, running_harness.general.json()
    server = running_harness.simulator.state.guild_json(running_harness.guild)
    nameless = {name: value for name, value in server.items() if name != "name"}
    strange: list[tuple[str, object]] = [
        ("GUILD_UPDATE", nameless),
        ("GUILD_CREATE", {"id": "1"}),
        ("GUILD_CREATE", {**server, "id": "17", "channels": [{**channel, "type": None}], "roles": None}),
        ("CHANNEL_UPDATE", {**channel, "type": 4242}),
        ("CHANNEL_UPDATE", {**channel, "permission_overwrites": "none"}),
        ("CHANNEL_CREATE", {**channel, "id": "new"}),
        ("THREAD_UPDATE", {"id": channel["id"], "guild_id": channel["guild_id"]}),
        ("GUILD_ROLE_UPDATE", {"guild_id": channel["guild_id"], "role": []}),
        ("GUILD_MEMBER_UPDATE", {"guild_id": channel["guild_id"]}),
        ("INTERACTION_CREATE", {}),
        ("INTERACTION_CREATE", {"id": "1", "type": 99, "token": "t", "application_id": "2", "version": 1}),
        ("INTERACTION_CREATE", {"id": "1", "type": 3, "token": "t", "application_id": "2", "version": 1, "data": {}}),
        ("GUILD_DELETE", None),
        ("SOMETHING_NEW", {}),
    ]
    for event, data in strange:
        await gateway.dispatch(event, data)
    await running_harness.simulator.rename_guild(running_harness.guild.id, "Laboratory")
    await eventually(lambda: running_harness.platform.client.guilds[0].name == "Laboratory")
    assert (await running_harness.say("topics")).messages
    assert len(gateway.identifies) == 1
    assert not gateway.resumes


async def test_a_session_whose_beginning_cannot_be_read_is_begun_again(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.ready_lacks = ["user", "resume_gateway_url"]
    serving = asyncio.create_task(make_bot(harness).run())
    await eventually(lambda: len(gateway.identifies) == 3 and gateway.open == 1)
    assert (await harness.say("topics")).messages
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@pytest.mark.parametrize("garbage", [b"garbage\x00\x00\xff\xff", b"null", b"{no json"])
async def test_after_garbage_on_the_gateway_another_session_begins(harness: Harness, garbage: bytes) -> None:
    gateway = harness.simulator.gateway
    serving = asyncio.create_task(make_bot(harness).run())
    await eventually(lambda: gateway.open and harness.platform.client.is_connected)
    before, connection = harness.platform.client, gateway.sessions[0].connection
    assert connection is not None
    packed = garbage if b"\xff" in garbage else connection.packer.compress(garbage) + connection.packer.flush(2)
    await connection.socket.send_bytes(packed)
    await eventually(lambda: harness.platform.client is not before and harness.platform.client.is_connected)
    assert (await harness.say("topics")).messages
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_no_privileged_intent_is_asked_for(running_harness: Harness) -> None:
    asked = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True)
    assert running_harness.simulator.gateway.identifies[0]["intents"] == asked.value
    privileged = discord.Intents(members=True, presences=True, message_content=True).value
    assert not running_harness.simulator.gateway.intents() & privileged


async def test_a_wrong_token_stops_with_what_to_do(harness: Harness) -> None:
    platform = DiscordPlatform("wrong", harness.clock, api_url=harness.simulator.api_url)
    with pytest.raises(OperatorError, match="PAPERROUND_DISCORD_TOKEN"):
        await make_bot(harness, platform).run()
    await platform.close()


async def test_a_wrong_token_beside_another_platform_is_tried_again_until_it_works(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_bot, "CONNECTION_CHECK_INTERVAL", 0.02)
    server, access = harness.simulator, harness.platform.access
    server.token, token = "another", server.token
    bot = make_bot(harness, only_platform=False)
    running_bot, posting = asyncio.create_task(bot.run()), asyncio.create_task(bot.watch())
    await eventually(lambda: len(server.requests) > 3 and access.is_refused(PlatformName.DISCORD, Means.LISTENING))
    bot._offline_timeout = 0.05  # which does not count as long as the token is refused
    (refusal,) = access.refusals
    assert refusal.advice.startswith("Discord refuses the token. Copy it again from https://discord.com/developers")
    await asyncio.sleep(0.2)
    bot._offline_timeout = OFFLINE_TIMEOUT
    server.token = token
    await eventually(lambda: server.gateway.open and not access.refusals)
    for task in (running_bot, posting):
        assert not task.done()
        task.cancel()
    await asyncio.gather(running_bot, posting, return_exceptions=True)
    await harness.platform.close()


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
async def test_what_discord_refuses_once_it_let_us_in_ends_no_other_platform(harness: Harness, code: int) -> None:
    """A token that is reset, or an intent that is switched off, while Slack and the web are served as well."""
    gateway = harness.simulator.gateway
    with structlog.testing.capture_logs() as events:
        async with running(harness):
            gateway.token, token = "another", gateway.token
            await gateway.close(code)
            await eventually(lambda: harness.platform.access.refusals)
            gateway.token = token
            await eventually(lambda: gateway.open and harness.platform.client.guilds)
            assert (await harness.say("topics")).messages
            assert not harness.platform.access.refusals
    told = [one for one in events if one["event"].startswith("platform.")]
    assert [(one["event"], one["means"]) for one in told] == [
        ("platform.refused", "listening"),
        ("platform.granted", "listening"),
    ]


async def test_a_bot_that_used_up_its_sessions_does_not_start_another_one_yet(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.sessions_left = (3, 3_600_000)
    task = asyncio.create_task(make_bot(harness, harness.platform).run())
    await eventually(lambda: harness.simulator.sent("GET", "/gateway/bot$"))
    await asyncio.sleep(0.1)
    assert gateway.identifies == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    gateway.sessions_left = (3, 20)
    async with running(harness):
        assert len(gateway.identifies) == 1


async def test_the_bot_waits_for_a_discord_that_is_down(harness: Harness) -> None:
    server = harness.simulator
    server.fail("GET", "/users/@me$", Fault.UNAVAILABLE)
    server.fail("GET", "/oauth2", Fault.DROP)
    server.fail("GET", "/commands$", Fault.ERROR)
    server.fail("PUT", "/commands$", Fault.UNAVAILABLE)
    server.fail("GET", "/gateway/bot$", Fault.UNAVAILABLE)
    async with running(harness) as bot:
        assert bot.invite_url
        assert (await harness.say("topics")).messages


# --- Delivery


@pytest.mark.parametrize("style", ["compact", "cards", "threads"])
async def test_every_paper_is_posted_once_whatever_goes_wrong(running_harness: Harness, style: str) -> None:
    server = running_harness.simulator
    await running_harness.say("settings", key="style", value=style)
    await running_harness.core.news(*(a_paper(number) for number in range(11, 24)))
    server.fail(
        "POST",
        MESSAGES,
        Fault.ACCEPT_THEN_DROP,
        Fault.DROP,
        Fault.ACCEPT_THEN_ERROR,
        Fault.RATE_LIMITED,
        Fault.ERROR,
        Fault.HTML_PAGE,
        Fault.RATE_LIMITED_LONG,
        Fault.UNAVAILABLE,
    )
    server.fail("GET", MESSAGES, Fault.ERROR, Fault.DROP)
    server.fail("POST", "/threads$", Fault.ACCEPT_THEN_DROP, Fault.ERROR)
    await running_harness.next_digest()
    await running_harness.core.settle(hours=2)
    papers = Counter(shown(running_harness))
    assert set(papers.values()) == {1}
    assert set(papers) >= {f"2605.{number:05}" for number in range(11, 24)}
    assert (await running_harness.store.posts.open_in((await running_harness.stored()).id)) == 0


def shown(harness: Harness) -> list[str]:
    """The ids of the papers in a channel, each as often as it is there; in threads only the replies count."""
    threads = harness.simulator.state.threads_of(harness.general)
    messages = [message for thread in threads for message in thread.messages] if threads else harness.general.messages
    found = []
    for message in messages:
        papers = (address.partition("https://huggingface.co/papers/")[2] for _, address in links_of(message))
        found += [paper.partition("#")[0] for paper in papers if paper]
    return found


# --- Permissions


async def test_the_threads_of_one_digest_are_called_alike(harness: Harness) -> None:
    await harness.core.news(*(a_paper(number) for number in range(1, 23)))
    async with running(harness):
        await harness.say("settings", key="style", value="threads")
        await harness.say("settings", key="limit", value="30")
        await harness.say("subscribe", query="diffusion", backfill=22)
        for _ in range(24):
            harness.clock.advance(seconds=2)
            await harness.core.engine.deliver()
    threads = harness.simulator.state.threads_of(harness.general)
    name = "22 older papers · Tuesday, 12 May 2026"
    assert {thread.name: len(thread.messages) for thread in threads} == {name: 20, f"{name} (2)": 2}


def test_the_invite_link_asks_for_exactly_what_is_needed() -> None:
    url = invite_url(42)
    assert url == (
        f"https://discord.com/oauth2/authorize?client_id=42&scope=bot+applications.commands&permissions={NEEDED.value}"
    )
    assert missing(NEEDED) == missing(NEEDED, thread=True) == []
    assert missing(discord.Permissions()) == ["View Channel", "Send Messages", "Embed Links"]
    assert missing(discord.Permissions(administrator=True)) == []


def test_managing_a_channel_is_discords_manage_channels() -> None:
    assert may_manage(discord.Permissions(manage_channels=True))
    assert may_manage(discord.Permissions(administrator=True))
    assert not may_manage(discord.Permissions(manage_messages=True, manage_guild=True))
