"""Forums: every paper is a post with tags for its topics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import discord
import pytest

from adapters.discord.client.error_codes import TAG_MISSING
from adapters.discord.guilds.forum_tags import MOST_TAGS, Forum, applied_tags, missing_tags
from adapters.discord.platform import DiscordPlatform
from bot.channels.channel import ChannelState
from bot.platforms.outcomes import Sent
from tests.adapters.discord.conftest import REPLY, outgoing
from tests.adapters.discord.harness import Harness, running
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_interactions import buttons_of
from tests.simulators.discord_responses import ApiError
from tests.simulators.discord_state import ALL, FORUM, Channel
from tests.sources import a_paper

POSTS = "/threads$"


def tag(number: int, name: str, *, moderated: bool = False) -> dict[str, object]:
    return {"id": str(number), "name": name, "moderated": moderated, "emoji_id": None, "emoji_name": None}


def test_tags_are_those_of_the_topics_by_name() -> None:
    tags = (tag(1, "Diffusion"), tag(2, "AGENTS"), tag(3, "secret", moderated=True), tag(4, "mixture of experts…"))
    forum = Forum(tags=tags)
    assert applied_tags(forum, ["diffusion", "agents", "unknown"]) == ["1", "2"]
    assert applied_tags(forum, ['"mixture of experts" -survey']) == ["4"]
    assert applied_tags(forum, ["secret"]) == []
    assert applied_tags(replace(forum, moderates=True), ["secret"]) == ["3"]
    many = Forum(tags=tuple(tag(number, f"t{number}") for number in range(9)))
    assert applied_tags(many, [f"t{number}" for number in range(9)]) == ["0", "1", "2", "3", "4"]


def test_where_a_tag_is_wanted_the_nearest_is_taken() -> None:
    forum = Forum(tags=(tag(1, "Question"), tag(2, "Image generation"), tag(3, "Papers")), required=True)
    assert applied_tags(forum, ["generation of videos"]) == ["2"]
    assert applied_tags(forum, ["agents"]) == ["3"]
    assert applied_tags(Forum(tags=(tag(1, "Question"),), required=True), ["agents"]) == ["1"]
    assert applied_tags(Forum(tags=(tag(1, "x", moderated=True),), required=True), ["agents"]) == []


def test_tags_are_added_only_where_there_is_room_and_the_bot_may() -> None:
    full = Forum(tags=tuple(tag(number, f"t{number}") for number in range(MOST_TAGS - 1)), manages=True)
    assert missing_tags(full, ["T1", "new", "newer"]) == ["new"]
    assert missing_tags(replace(full, manages=False), ["new"]) == []
    [name] = missing_tags(Forum(manages=True), ['"mixture of experts" diffusion'])
    assert name == "mixture of experts…"
    # What was made once is found again.
    assert applied_tags(Forum(tags=(tag(5, name),)), ['"mixture of experts" diffusion']) == ["5"]


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    await harness.core.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 6)))
    async with running(harness):
        yield harness


async def opened(harness: Harness, forum: Channel) -> Channel:
    """A post of somebody's in a forum, where commands can be given."""
    await harness.simulator.gateway.dispatch("CHANNEL_CREATE", forum.json())
    question = harness.simulator.state.open_thread(forum, "question")
    await harness.simulator.gateway.dispatch("THREAD_CREATE", question.json())
    return question


async def settled(harness: Harness) -> None:
    for _ in range(6):
        await harness.core.engine.deliver()
        harness.clock.advance(seconds=2)


async def test_every_paper_is_a_post_with_its_tag_and_the_last_one_counts_the_rest(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    forum = state.add_channel(running_harness.guild, "papers", FORUM, tags={"7": "Images", "8": "other"})
    question = await opened(running_harness, forum)
    await running_harness.say("settings", question, key="limit", value="3")
    await running_harness.say("settings", question, key="style", value="compact")
    await running_harness.say("subscribe", question, query="diffusion", name="images", backfill=5)
    await settled(running_harness)
    posts = state.threads_of(forum)[1:]
    assert [post.name for post in posts] == [f"Diffusion Study {number}" for number in (3, 4, 5)]
    assert all(post.applied == ["7"] for post in posts)
    labels = [[one["label"] for one in buttons_of(post.messages[0])] for post in posts]
    assert labels[0] == ["👍", "⋯"]
    assert labels[2] == [*labels[0], "+2 more"]
    shown = await running_harness.say("preview", question)
    assert shown.ephemeral


async def test_a_tag_is_made_where_the_bot_may_manage_the_forum(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    managing = discord.Permissions(ALL.value)
    managing.update(manage_channels=True)
    forum = state.add_channel(running_harness.guild, "papers", FORUM, tags={"7": "Images"}, permissions=managing)
    question = await opened(running_harness, forum)
    await running_harness.say("subscribe", question, query="diffusion", backfill=2)
    await settled(running_harness)
    assert list(forum.tags.values()) == ["Images", "diffusion"]
    assert {tuple(post.applied) for post in state.threads_of(forum)[1:]} == {(list(forum.tags)[1],)}
    assert len(running_harness.simulator.sent("PATCH", rf"/channels/{forum.id}$")) == 1


async def test_a_tag_that_cannot_be_made_stops_no_post(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    managing = discord.Permissions(ALL.value)
    managing.update(manage_channels=True)
    forum = state.add_channel(running_harness.guild, "papers", FORUM, permissions=managing)
    question = await opened(running_harness, forum)
    forum.permissions = ALL  # taken away a moment ago
    await running_harness.say("subscribe", question, query="diffusion", backfill=1)
    await settled(running_harness)
    assert [post.applied for post in state.threads_of(forum)[1:]] == [[]]


async def test_a_tag_that_was_deleted_meanwhile_is_left_out(
    discord_server: DiscordSimulator, platform: DiscordPlatform
) -> None:
    forum = discord_server.state.add_channel(discord_server.state.add_guild(), "papers", FORUM, tags={"7": "diffusion"})
    message = replace(REPLY, topics=("Diffusion",))
    assert isinstance(await platform.send(outgoing(forum, message)), Sent)
    assert discord_server.sent("POST", POSTS)[-1].body["applied_tags"] == ["7"]
    forum.tags.clear()
    assert isinstance(await platform.send(outgoing(forum, message, key="other")), Sent)
    assert "applied_tags" not in discord_server.sent("POST", POSTS)[-1].body


async def test_a_forum_that_wants_a_tag_and_has_none_says_what_to_do_and_goes_on_by_itself(
    running_harness: Harness,
) -> None:
    state = running_harness.simulator.state
    forum = state.add_channel(running_harness.guild, "papers", FORUM, tag_required=True)
    question = await opened(running_harness, forum)
    assert TAG_MISSING in (await running_harness.say("subscribe", question, query="diffusion", backfill=2)).text
    await settled(running_harness)
    assert len(running_harness.simulator.sent("POST", POSTS)) == 2  # as it is known, and as it is
    assert TAG_MISSING in (await running_harness.say("status", question)).text
    await settled(running_harness)
    assert len(running_harness.simulator.sent("POST", POSTS)) == 2
    forum.tags = {"7": "Images"}
    await running_harness.simulator.update_channel(forum)
    async with asyncio.timeout(PATIENCE):
        while (await running_harness.stored(forum)).state is not ChannelState.ACTIVE:
            await asyncio.sleep(0.005)
    await settled(running_harness)
    assert [post.applied for post in state.threads_of(forum)[1:]] == [["7"], ["7"]]


async def test_a_shared_paper_gets_a_tag_where_one_is_wanted_and_the_bot_may_make_it(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    managing = discord.Permissions(ALL.value)
    managing.update(manage_channels=True)
    forum = state.add_channel(running_harness.guild, "papers", FORUM, tag_required=True, permissions=managing)
    question = await opened(running_harness, forum)
    shown = await running_harness.say("show", question, paper="2605.00003")
    await running_harness.simulator.interactions.press(question, shown.messages[0], shown.buttons["Share"])
    await settled(running_harness)
    assert list(forum.tags.values()) == ["papers"]


async def test_pictures_that_discord_dislikes_are_left_out(
    discord_server: DiscordSimulator, platform: DiscordPlatform
) -> None:
    forum = discord_server.state.add_channel(discord_server.state.add_guild(), "papers", FORUM)
    discord_server.refuse_posts += [ApiError(400, 50035, "Invalid Form Body")] * 2
    assert isinstance(await platform.send(outgoing(forum, REPLY)), Sent)
    assert "thumbnail" not in str(discord_server.sent("POST", POSTS)[-1].body)
