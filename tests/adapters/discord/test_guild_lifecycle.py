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

from adapters.discord.guilds.permissions import NEEDED, can_post, invite_url, may_manage, missing
from adapters.discord.guilds.refusals import TIMED_OUT
from adapters.discord.platform import DiscordPlatform
from bot.channels.channel import Address, ChannelState, PlatformName, Workspace
from bot.errors import OperatorError
from bot.messages.message import Message, Paragraph, text
from bot.platforms.outcomes import Gone, Outgoing
from bot.platforms.platform import UnservedError
from storage.store import SqlStore
from tests.adapters.discord.house import House, a_bot, running
from tests.simulators.discord import eventually
from tests.simulators.discord_wire import ApiError, Fault
from tests.simulators.discord_world import APPLICATION_ID, FORUM, Channel
from tests.sources import a_paper

MESSAGES = r"/channels/\d+/messages$"


@pytest.fixture
async def lively(house: House) -> AsyncIterator[House]:
    """A house with a running bot, some papers, and a topic."""
    await house.town.news(*(a_paper(number) for number in range(1, 5)))
    async with running(house):
        await house.say("subscribe", query="diffusion", backfill=3)
        yield house


async def becomes(house: House, state: ChannelState, channel: Channel | None = None) -> None:
    async with asyncio.timeout(5):
        while (await house.stored(channel)).state is not state:
            await asyncio.sleep(0.005)


# --- Servers and channels


async def test_a_lost_server_stops_its_channels_and_a_new_invitation_lets_them_go_on(lively: House) -> None:
    server = lively.simulator
    await server.remove_guild(lively.guild.id)
    await becomes(lively, ChannelState.BROKEN)
    assert "removed from this server" in (await lively.stored()).reason
    server.world.guilds[lively.guild.id] = lively.guild
    await server.add_guild(lively.guild.id)
    await becomes(lively, ChannelState.ACTIVE)
    await lively.next_digest()
    assert len(lively.general.messages) == 1


async def test_an_outage_changes_nothing(lively: House) -> None:
    await lively.simulator.outage(lively.guild.id)
    await eventually(lambda: lively.platform.client.guilds[0].unavailable)
    assert (await lively.stored()).state is ChannelState.ACTIVE
    await lively.simulator.add_guild(lively.guild.id)
    await eventually(lambda: not lively.platform.client.guilds[0].unavailable)
    assert (await lively.stored()).state is ChannelState.ACTIVE


async def test_a_server_that_was_lost_while_nobody_listened_is_noticed_at_the_next_start(house: House) -> None:
    await house.town.news(a_paper())
    elsewhere = house.simulator.world.add_guild("Elsewhere")
    async with running(house):
        await house.say("subscribe", query="diffusion")
    del house.simulator.world.guilds[house.guild.id]
    house.simulator.gateway.ready.clear()
    house.platform = DiscordPlatform(house.simulator.token, house.clock, api_url=house.simulator.api_url)
    async with running(house):
        await becomes(house, ChannelState.BROKEN)
    assert elsewhere.id in house.simulator.world.guilds


async def test_a_deleted_channel_stops(lively: House) -> None:
    await lively.simulator.delete_channel(lively.general)
    await becomes(lively, ChannelState.BROKEN)
    assert (await lively.stored()).reason == "The channel was deleted."


async def test_a_locked_thread_stops_an_unlocked_one_goes_on_and_a_deleted_one_is_gone(lively: House) -> None:
    thread = lively.simulator.world.open_thread(lively.general, "reading group")
    await lively.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await lively.say("subscribe", thread, query="diffusion")
    thread.locked = True
    await lively.simulator.update_channel(thread)
    await becomes(lively, ChannelState.BROKEN, thread)
    thread.locked = False
    await lively.simulator.update_channel(thread)
    await becomes(lively, ChannelState.ACTIVE, thread)
    await lively.simulator.delete_channel(thread)
    await becomes(lively, ChannelState.BROKEN, thread)


async def test_a_channel_goes_on_by_itself_when_its_permission_is_back(lively: House) -> None:
    await lively.store.channels.join_workspace((await lively.stored()).address, "Lab")
    await lively.simulator.allow(lively.general, send_messages=False)
    await lively.next_digest()
    assert (await lively.stored()).state is ChannelState.BROKEN
    told = lively.simulator.world.channels[lively.simulator.world.direct[4242]].messages
    assert len(told) == 1
    assert told[0]["content"] == f"<#{lively.general.id}>"
    assert "#general in Lab" in str(told)
    assert "I lack “Send Messages” there." in str(told)
    await lively.simulator.allow(lively.general, send_messages=True)
    await becomes(lively, ChannelState.ACTIVE)
    await lively.town.engine.deliver()
    assert len(lively.general.messages) == 1
    assert len(told) == 1


async def test_a_bot_that_is_timed_out_says_so(lively: House) -> None:
    member = {**lively.simulator.world.guild_json(lively.guild)["members"][0], "guild_id": str(lively.guild.id)}
    until = (discord.utils.utcnow() + timedelta(hours=1)).isoformat()
    await lively.simulator.gateway.dispatch("GUILD_MEMBER_UPDATE", {**member, "communication_disabled_until": until})
    await eventually(lambda: lively.platform.client.guilds[0].me.is_timed_out())
    lively.simulator.refuse.append(ApiError(403, 50013))
    await lively.next_digest()
    assert (await lively.stored()).reason == TIMED_OUT
    await lively.simulator.gateway.dispatch("GUILD_MEMBER_UPDATE", member)
    await becomes(lively, ChannelState.ACTIVE)


async def test_a_server_that_does_not_tell_of_the_bot_itself_is_asked(lively: House) -> None:
    server = lively.simulator
    guild = server.world.add_guild("Elsewhere")
    channel = server.world.add_channel(guild)
    await server.gateway.dispatch("GUILD_CREATE", {**server.world.guild_json(guild), "members": []})
    await eventually(lambda: lively.platform.client.get_channel(channel.id))
    found = lively.platform.client.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    assert not can_post(found)
    channel.permissions = discord.Permissions(view_channel=True, embed_links=True)
    address = Address(PlatformName.DISCORD, str(guild.id), str(channel.id))
    message = Message(summary="x", blocks=(Paragraph(text("x")),))
    refused = await lively.platform.send(Outgoing(address=address, message=message, key="k"))
    assert isinstance(refused, Gone)
    assert refused.reason.startswith("I lack “Send Messages” there.")


async def test_another_permission_does_not_wake_what_is_still_refused(lively: House) -> None:
    await lively.simulator.allow(lively.general, send_messages=False)
    await lively.next_digest()
    await lively.simulator.allow(lively.general, read_message_history=False)
    channel = lively.platform.client.get_channel(lively.general.id)
    assert isinstance(channel, discord.TextChannel)
    await eventually(lambda: not channel.permissions_for(channel.guild.me).read_message_history)
    assert not can_post(channel)
    assert (await lively.stored()).state is ChannelState.BROKEN


async def test_a_server_that_was_lost_with_the_session_is_noticed_by_its_end(house: House) -> None:
    """discord.py keeps a server that is not in the next session's list."""
    server = house.simulator
    async with running(house):
        await house.say("subscribe", query="diffusion")
        del server.world.guilds[house.guild.id]
        server.gateway.ready.clear()
        await server.gateway.invalidate()
        await eventually(server.gateway.ready.is_set, within=15)
        await becomes(house, ChannelState.BROKEN)
        [workspace] = await house.store.channels.workspaces(PlatformName.DISCORD)
        assert workspace.left_at is not None
        assert house.platform.client.get_guild(house.guild.id) is not None
    assert (await house.stored()).state is ChannelState.BROKEN


async def test_a_server_with_an_outage_at_the_start_is_not_lost(house: House) -> None:
    async with running(house):
        await house.say("subscribe", query="diffusion")
    house.simulator.world.guilds[house.guild.id].unavailable = True
    house.simulator.gateway.ready.clear()
    async with running(house):
        await eventually(lambda: house.simulator.sent("GET", "/users/@me/guilds"))
        assert (await house.stored()).state is ChannelState.ACTIVE
    [workspace] = await house.store.channels.workspaces(PlatformName.DISCORD)
    assert workspace.left_at is None


async def test_a_server_that_only_the_list_forgot_is_not_lost(house: House) -> None:
    async with running(house):
        await house.say("subscribe", query="diffusion")
    server = house.simulator
    server.gateway.forgets = {house.guild.id}
    server.gateway.ready.clear()
    bot = a_bot(house)
    task = asyncio.create_task(bot.run())
    await eventually(lambda: server.sent("GET", f"/guilds/{house.guild.id}$"), within=10)
    assert (await house.stored()).state is ChannelState.ACTIVE
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_leaving_and_coming_back_are_noted_with_the_servers_name(lively: House) -> None:
    server = lively.simulator

    async def workspace(condition: Callable[[Workspace], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition((await lively.store.channels.workspaces(PlatformName.DISCORD))[0]):
                await asyncio.sleep(0.005)

    await workspace(lambda one: one.name == "Lab")
    await server.rename_guild(lively.guild.id, "Laboratory")
    await workspace(lambda one: one.name == "Laboratory" and one.left_at is None)
    await server.outage(lively.guild.id)
    await server.add_guild(lively.guild.id)
    await server.remove_guild(lively.guild.id)
    await workspace(lambda one: one.left_at is not None)
    server.world.guilds[lively.guild.id] = lively.guild
    await server.add_guild(lively.guild.id)
    await workspace(lambda one: one.left_at is None)


async def test_names_of_channels_and_threads_are_followed(lively: House) -> None:
    thread = lively.simulator.world.open_thread(lively.general, "reading group")
    await lively.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await lively.say("subscribe", thread, query="diffusion")
    for place in (lively.general, thread):
        place.name = f"new {place.name}"
        await lively.simulator.update_channel(place)
        async with asyncio.timeout(5):
            while (await lively.stored(place)).name != place.name:
                await asyncio.sleep(0.005)


async def test_with_a_channel_its_threads_are_lost(lively: House) -> None:
    forum = lively.simulator.world.add_channel(lively.guild, "papers", FORUM)
    await lively.simulator.gateway.dispatch("CHANNEL_CREATE", forum.json())
    thread = lively.simulator.world.open_thread(lively.general, "reading group")
    await lively.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await lively.say("subscribe", thread, query="diffusion")
    await lively.say("subscribe", forum, query="diffusion")
    await lively.simulator.delete_channel(lively.general)
    await becomes(lively, ChannelState.BROKEN, thread)
    assert (await lively.stored(forum)).state is ChannelState.ACTIVE
    await lively.simulator.delete_channel(forum)
    await becomes(lively, ChannelState.BROKEN, forum)


async def test_another_role_of_the_bot_lets_a_channel_go_on(lively: House) -> None:
    await lively.store.channels.break_channels((await lively.stored()).address, "Refused.", whole_workspace=False)
    await lively.simulator.give_role(lively.guild.id, "Bots")
    await becomes(lively, ChannelState.ACTIVE)


async def test_a_permission_that_came_back_while_nobody_listened_is_noticed_at_the_next_start(house: House) -> None:
    await house.town.news(a_paper())
    async with running(house):
        await house.say("subscribe", query="diffusion", backfill=1)
    allowed, house.general.permissions = house.general.permissions, discord.Permissions(view_channel=True)
    await house.next_digest()
    assert (await house.stored()).state is ChannelState.BROKEN
    house.general.permissions = allowed
    house.simulator.gateway.ready.clear()
    async with running(house):
        await becomes(house, ChannelState.ACTIVE)


# --- Taking turns


async def test_a_bot_that_lost_its_shift_leaves_and_comes_back_with_the_next_one(house: House) -> None:
    other = SqlStore(house.store.database.url)
    leadership, account = house.town.engine.leadership, house.platform.account
    gateway = house.simulator.gateway
    serving = asyncio.create_task(leadership.serve(PlatformName.DISCORD, a_bot(house).run))
    await leadership.renew()
    await eventually(lambda: gateway.open)
    await house.say("subscribe", query="diffusion")
    await house.store.locks.release_all()
    assert await other.locks.acquire(account)
    await leadership.renew()
    await eventually(lambda: not gateway.open)
    assert not serving.done()
    await other.close()
    await leadership.renew()
    await eventually(lambda: gateway.open, within=10)
    shown = await house.say("topics")
    assert shown.messages
    label, custom_id = next(iter(shown.buttons.items()))
    pressed = await house.simulator.interactions.press(house.general, shown.messages[0], custom_id)
    assert pressed.first, label
    assert house.announced == ["Discord: " + invite_url(APPLICATION_ID) + " adds the bot to a server"]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_what_two_processes_hear_is_done_by_the_one_that_answers_first(lively: House) -> None:
    """As for a moment while one takes over, or when somebody starts a second bot with the same token."""
    server = lively.simulator
    second = DiscordPlatform(server.token, lively.clock, api_url=server.api_url)
    serving = asyncio.create_task(a_bot(lively, second).run())
    await eventually(lambda: server.gateway.open == 2, within=10)
    for number in range(2, 7):
        assert f"Topic {number} added" in (await lively.say("subscribe", query=f"agents{number}")).text
    await eventually(lambda: len(server.sent("POST", "/callback")) == 1 + 2 * 5)
    assert not any("already" in one.text for one in server.interactions.by_token.values())
    # A form, too, is opened once, and may be submitted to the other one.
    opened = await server.interactions.command(lively.general, "subscribe")
    assert "Topic 7 added" in (await server.interactions.submit(lively.general, opened, query="quant*")).text
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await second.close()


async def test_a_bot_without_a_connection_leaves_discord_to_another_process(house: House) -> None:
    gateway = house.simulator.gateway
    bot = a_bot(house)
    serving = asyncio.create_task(bot.run())
    await eventually(lambda: gateway.open and house.platform.client.hears, within=10)
    bot._offline_timeout = 0.3
    await asyncio.sleep(1.5)
    assert not serving.done()
    gateway.is_shut = True
    await gateway.drop()
    with pytest.raises(UnservedError):
        await asyncio.wait_for(serving, 10)
    assert not gateway.open


async def test_a_bot_that_never_gets_a_connection_leaves_discord_too(house: House) -> None:
    house.simulator.fail("GET", "/users/@me$", *[Fault.DROP] * 1000)
    with pytest.raises(UnservedError):
        await asyncio.wait_for(a_bot(house, offline_timeout=0.3).run(), 10)


# --- The gateway


async def test_a_connection_that_only_looks_open_is_replaced(house: House) -> None:
    gateway = house.simulator.gateway
    gateway.heartbeat_interval = 100
    house.platform.client._connection.heartbeat_timeout = 0.4
    async with running(house):
        await eventually(lambda: gateway.heartbeats > 1)
        gateway.is_dumb = True
        await asyncio.sleep(0.6)
        gateway.is_dumb = False
        await eventually(lambda: gateway.resumes, within=15)
        assert (await house.say("topics")).messages
        assert len(gateway.identifies) == 1


async def test_no_session_is_begun_by_itself_either_when_few_are_left(lively: House) -> None:
    """discord.py begins another one for every session that Discord calls invalid, all day long."""
    gateway = lively.simulator.gateway
    gateway.sessions_left = (99, 600)
    gateway.ready.clear()
    looked = len(lively.simulator.sent("GET", "/gateway/bot$"))
    lost_at = time.monotonic()
    await gateway.invalidate()
    await eventually(lambda: len(lively.simulator.sent("GET", "/gateway/bot$")) > looked, within=30)
    assert len(gateway.identifies) == 1
    await eventually(gateway.ready.is_set, within=15)
    assert time.monotonic() - lost_at > 0.6
    assert len(gateway.identifies) == 2


async def test_commands_that_cannot_be_registered_hold_up_nothing(house: House) -> None:
    server = house.simulator
    server.fail("PUT", "/commands$", *[Fault.UNAVAILABLE] * 3)
    server.fail("GET", "/commands$", Fault.DROP)
    async with running(house):
        assert (await house.say("topics")).messages
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


async def test_commands_work_after_every_way_of_losing_the_gateway(lively: House) -> None:
    gateway = lively.simulator.gateway
    gateway.ready.clear()
    await gateway.ask_to_reconnect()
    await eventually(gateway.ready.is_set)
    assert gateway.resumes == 1
    assert (await lively.say("topics")).messages

    # The session is lost: discord.py would go back to the address that it knows by heart.
    gateway.ready.clear()
    await gateway.invalidate()
    await eventually(gateway.ready.is_set, within=15)
    assert len(gateway.identifies) == 2
    assert (await lively.say("topics")).messages


async def test_what_happens_while_the_connection_is_down_is_answered_when_it_is_back(lively: House) -> None:
    gateway = lively.simulator.gateway
    gateway.ready.clear()
    await gateway.drop()
    lively.simulator.interactions.answer_within = 30
    answer = await asyncio.wait_for(lively.say("topics"), 15)
    assert answer.messages
    assert gateway.resumes == 1
    assert len(gateway.identifies) == 1


async def test_an_event_that_cannot_be_read_is_survived(lively: House) -> None:
    """Fields are missing or are not what they were: of each kind of event that we hear, in two ways."""
    gateway, channel = lively.simulator.gateway, lively.general.json()
    server = lively.simulator.world.guild_json(lively.guild)
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
    await lively.simulator.rename_guild(lively.guild.id, "Laboratory")
    await eventually(lambda: lively.platform.client.guilds[0].name == "Laboratory")
    assert (await lively.say("topics")).messages
    assert len(gateway.identifies) == 1
    assert not gateway.resumes


async def test_a_session_whose_beginning_cannot_be_read_is_begun_again(house: House) -> None:
    gateway = house.simulator.gateway
    gateway.ready_lacks = ["user", "resume_gateway_url"]
    serving = asyncio.create_task(a_bot(house).run())
    await eventually(lambda: len(gateway.identifies) == 3 and gateway.open == 1, within=15)
    assert (await house.say("topics")).messages
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@pytest.mark.parametrize("garbage", [b"garbage\x00\x00\xff\xff", b"null", b"{no json"])
async def test_after_garbage_on_the_gateway_another_session_begins(house: House, garbage: bytes) -> None:
    gateway = house.simulator.gateway
    serving = asyncio.create_task(a_bot(house).run())
    await eventually(lambda: gateway.open and house.platform.client.hears, within=10)
    before, connection = house.platform.client, gateway.sessions[0].connection
    assert connection is not None
    packed = garbage if b"\xff" in garbage else connection.packer.compress(garbage) + connection.packer.flush(2)
    await connection.socket.send_bytes(packed)
    await eventually(lambda: house.platform.client is not before and house.platform.client.hears, within=10)
    assert (await house.say("topics")).messages
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_no_privileged_intent_is_asked_for(lively: House) -> None:
    assert lively.simulator.gateway.identifies[0]["intents"] == discord.Intents(guilds=True).value
    privileged = discord.Intents(members=True, presences=True, message_content=True).value
    assert not lively.simulator.gateway.intents() & privileged


async def test_a_wrong_token_stops_with_what_to_do(house: House) -> None:
    platform = DiscordPlatform("wrong", house.clock, api_url=house.simulator.api_url)
    with pytest.raises(OperatorError, match="PAPERROUND_DISCORD_TOKEN"):
        await a_bot(house, platform).run()
    await platform.close()


async def test_a_token_that_was_reset_while_we_listened_stops_too(house: House) -> None:
    bot = a_bot(house, house.platform)
    task = asyncio.create_task(bot.run())
    await eventually(house.simulator.gateway.ready.is_set)
    await house.simulator.gateway.close(4004)
    with pytest.raises(OperatorError, match="PAPERROUND_DISCORD_TOKEN"):
        await asyncio.wait_for(task, 10)


async def test_a_bot_that_used_up_its_sessions_does_not_start_another_one_yet(house: House) -> None:
    gateway = house.simulator.gateway
    gateway.sessions_left = (3, 3_600_000)
    task = asyncio.create_task(a_bot(house, house.platform).run())
    await eventually(lambda: house.simulator.sent("GET", "/gateway/bot$"))
    await asyncio.sleep(0.1)
    assert gateway.identifies == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    gateway.sessions_left = (3, 20)
    async with running(house):
        assert len(gateway.identifies) == 1


async def test_the_bot_waits_for_a_discord_that_is_down(house: House) -> None:
    server = house.simulator
    server.fail("GET", "/users/@me$", Fault.UNAVAILABLE)
    server.fail("GET", "/oauth2", Fault.DROP)
    server.fail("GET", "/commands$", Fault.ERROR)
    server.fail("PUT", "/commands$", Fault.UNAVAILABLE)
    server.fail("GET", "/gateway/bot$", Fault.UNAVAILABLE)
    async with running(house) as bot:
        assert bot.invite_url
        assert (await house.say("topics")).messages


# --- Delivery


@pytest.mark.parametrize("style", ["compact", "cards", "threads"])
async def test_every_paper_is_posted_once_whatever_goes_wrong(lively: House, style: str) -> None:
    server = lively.simulator
    await lively.say("settings", key="style", value=style)
    await lively.town.news(*(a_paper(number) for number in range(11, 24)))
    server.fail(
        "POST",
        MESSAGES,
        Fault.ACCEPT_THEN_DROP,
        Fault.DROP,
        Fault.ACCEPT_THEN_ERROR,
        Fault.RATE_LIMITED,
        Fault.ERROR,
        Fault.NONSENSE,
        Fault.RATE_LIMITED_LONG,
        Fault.UNAVAILABLE,
    )
    server.fail("GET", MESSAGES, Fault.ERROR, Fault.DROP)
    server.fail("POST", "/threads$", Fault.ACCEPT_THEN_DROP, Fault.ERROR)
    await lively.next_digest()
    await lively.town.settle(hours=2)
    papers = Counter(shown(lively))
    assert set(papers.values()) == {1}
    assert set(papers) >= {f"2605.{number:05}" for number in range(11, 24)}
    assert (await lively.store.posts.open_in((await lively.stored()).id)) == 0


def shown(house: House) -> list[str]:
    """The ids of the papers in a channel, each as often as it is there; in threads only the replies count."""
    threads = house.simulator.world.threads_of(house.general)
    messages = [message for thread in threads for message in thread.messages] if threads else house.general.messages
    found = []
    for message in messages:
        for embed in message["embeds"]:
            text = f"({embed.get('url', '')}) {embed.get('description', '') if 'url' not in embed else ''}"
            found += [part.split("#")[0].split(")")[0] for part in text.split("https://huggingface.co/papers/")[1:]]
    return found


# --- Permissions


async def test_the_threads_of_one_digest_are_called_alike(house: House) -> None:
    await house.town.news(*(a_paper(number) for number in range(1, 13)))
    async with running(house):
        await house.say("settings", key="style", value="threads")
        await house.say("subscribe", query="diffusion", backfill=12)
        for _ in range(14):
            house.clock.advance(seconds=2)
            await house.town.engine.deliver()
    threads = house.simulator.world.threads_of(house.general)
    name = "12 older papers · Tuesday, 12 May 2026"
    assert {thread.name: len(thread.messages) for thread in threads} == {name: 10, f"{name} (2)": 2}


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
