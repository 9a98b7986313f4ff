"""People's own topics in Discord: direct messages are a channel, and nobody is pinged who did not ask for it."""

from __future__ import annotations

from typing import Any

from bot.channels.channel import Address, ChannelState, PlatformName
from bot.channels.channel import Channel as StoredChannel
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import ADA, VISITOR, buttons_of, text_of
from tests.simulators.discord_responses import ApiError
from tests.simulators.discord_schema import V2
from tests.simulators.discord_state import BOT_ID, Channel
from tests.sources import a_paper

AGENTS = a_paper(1, title="On agents", abstract="All about agents.")
BOTH = a_paper(2, title="Diffusion for agents", abstract="Agents that use diffusion.")
PERSON = {"id": str(ADA), "username": "ada", "global_name": "ada", "discriminator": "0", "avatar": None}
PRIVATE = {"guild_id": None, "guild": None, "member": None, "user": PERSON, "context": 1}


def direct(harness: Harness) -> Channel:
    return harness.simulator.state.channels[harness.simulator.state.direct[ADA]]


async def own(harness: Harness) -> StoredChannel:
    found = await harness.store.channels.find(Address(PlatformName.DISCORD, "@me", str(direct(harness).id)))
    assert found is not None
    return found


async def follow_agents(harness: Harness) -> None:
    await harness.say("subscribe", query="diffusion")
    answer = await harness.say("interests", action="add", what="agents", permissions=VISITOR)
    assert "which everybody there can read" in answer.text


def allowed(harness: Harness, channel: Channel) -> list[Any]:
    sent = harness.simulator.sent("POST", rf"/channels/{channel.id}/messages$")
    return [request.body["allowed_mentions"] for request in sent]


async def test_papers_reach_the_channel_or_the_person_and_ping_only_who_asked(harness: Harness) -> None:
    async with running(harness):
        await follow_agents(harness)
        await harness.core.news(AGENTS, BOTH)
        await harness.next_digest()
        assert f"for <@{ADA}>" in text_of(harness.general.messages[0])
        assert allowed(harness, harness.general) == [{"parse": []}]
        (message,) = direct(harness).messages
        assert "On agents" in text_of(message)
        assert "Diffusion for agents" not in text_of(message)
        await harness.say("interests", action="pings", what="on", permissions=VISITOR)
        await harness.core.news(a_paper(3, title="More agents", abstract="Diffusion and agents."))
        await harness.next_digest()
        assert allowed(harness, harness.general)[1:] == [{"parse": [], "users": [str(ADA)]}]


async def test_in_direct_messages_a_person_changes_what_is_theirs(harness: Harness) -> None:
    async with running(harness):
        await follow_agents(harness)
        await harness.simulator.write_directly("schedule daily 07:00")
        await eventually(lambda: any(one["author"]["id"] == str(BOT_ID) for one in direct(harness).messages))
        assert (await own(harness)).schedule == "daily 07:00"
        assert (await harness.stored()).schedule == "weekdays 09:00"
        data = {"id": "1", "name": "papers", "type": 1, "options": [{"name": "topics", "type": 1, "options": []}]}
        answer = await harness.simulator.interactions.unusual(direct(harness), 2, data, **PRIVATE)
        assert "agents" in answer.text


async def test_who_takes_no_messages_is_told_once_in_the_channel(harness: Harness) -> None:
    async with running(harness):
        await follow_agents(harness)
        path = rf"/channels/{direct(harness).id}/messages$"
        harness.simulator.fail("POST", path, ApiError(403, 50007, "Cannot send messages to this user"))
        await harness.core.news(AGENTS)
        await harness.next_digest()
        assert (await own(harness)).state is ChannelState.BROKEN
        assert direct(harness).messages == []
        assert "takes no direct messages" in (await harness.say("today")).text
        assert "takes no direct messages" not in (await harness.say("today")).text
        await harness.core.engine.deliver()
        assert len(harness.simulator.sent("POST", path)) == 1
        await harness.say("interests", action="resume")
        await harness.core.engine.deliver()
        assert "On agents" in text_of(direct(harness).messages[0])


async def test_votes_and_reactions_count_in_direct_messages(harness: Harness) -> None:
    async with running(harness):
        await follow_agents(harness)
        await harness.core.news(AGENTS)
        await harness.next_digest()
        (alone,) = direct(harness).messages
        assert alone["flags"] & V2
        up = next(one["custom_id"] for one in buttons_of(alone) if "vote" in one["custom_id"])
        changes = {"message": alone, "channel": {"id": str(direct(harness).id), "type": 1}}
        data = {"custom_id": up, "component_type": 2, "id": 1}
        pressed = await harness.simulator.interactions.unusual(direct(harness), 3, data, **PRIVATE, **changes)
        assert [message["id"] for message in pressed.messages] == [alone["id"]]
        await harness.simulator.react(direct(harness), alone, "👍", person=77)
        await eventually(lambda: "👍 2" in [one["label"] for one in buttons_of(alone)])
