"""A first word where the bot was added: once, in the first channel that it may write to."""

from __future__ import annotations

import discord
import pytest

from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import text_of
from tests.simulators.discord_responses import Fault
from tests.simulators.discord_state import ANNOUNCEMENT


@pytest.mark.parametrize("again", [1, 2])
async def test_a_server_that_adds_the_bot_is_told_what_to_do(harness: Harness, again: int) -> None:
    simulator = harness.simulator
    async with running(harness):
        await eventually(lambda: len(simulator.commands) == 3)
        await harness.platform.client.wait_until_ready()
        await eventually(lambda: harness.announced)
        guild = simulator.state.add_guild("Institute")
        simulator.state.add_channel(guild, "rules", permissions=discord.Permissions(view_channel=True))
        simulator.state.add_channel(guild, "news", ANNOUNCEMENT)
        talk = simulator.state.add_channel(guild, "talk")
        other = simulator.state.add_channel(guild, "other")
        await simulator.add_guild(guild.id)
        await eventually(lambda: talk.messages)
        if again == 2:  # invited anew, moments later
            simulator.state.guilds.pop(guild.id)
            simulator.state.guilds[guild.id] = guild
            await simulator.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)})
            await simulator.add_guild(guild.id)
            await eventually(lambda: len(simulator.sent("POST", "/messages$")) == 2)
    assert len(talk.messages) == 1
    assert other.messages == []
    said = text_of(talk.messages[0])
    assert "</papers-manage subscribe:" in said
    assert "</papers search:" in said


async def test_servers_that_were_there_before_are_not_welcomed(harness: Harness) -> None:
    async with running(harness):
        await harness.say("help")
    assert harness.general.messages == []


async def test_a_welcome_that_is_refused_is_not_missed(harness: Harness) -> None:
    simulator = harness.simulator
    async with running(harness):
        await harness.platform.client.wait_until_ready()
        await eventually(lambda: harness.announced)
        guild = simulator.state.add_guild("Institute")
        simulator.state.add_channel(guild, "talk")
        simulator.fail("POST", "/messages$", Fault.FORBIDDEN_PAGE)
        await simulator.add_guild(guild.id)
        await eventually(lambda: simulator.sent("POST", "/messages$"))
        assert (await harness.say("help")).messages
