"""Who may do what in Discord: a test for each row of the table in deploy/docs/discord.md."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from adapters.discord.interactions.command_tree import command_tree
from adapters.discord.messages.components import CONFIRMED_PREFIX, PREFIX
from bot.commands.runner import REGISTRY
from bot.errors import StorageError
from bot.topics.forms import TopicForms
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord_interactions import MANAGER, OWNER, VISITOR, buttons_of
from tests.simulators.discord_state import BOT_ID, FORUM, Channel, Json
from tests.sources import a_paper

#: A server that the bot is not in, where somebody has the app for themselves.
BROUGHT_ALONG = {"authorizing_integration_owners": {"1": "4242"}}
READER = discord.Permissions(view_channel=True)
PAPER = a_paper(3).id


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    await harness.core.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 6)))
    async with running(harness):
        yield harness


async def share(harness: Harness, permissions: discord.Permissions, channel: Channel | None = None) -> str:
    place = channel or harness.general
    answer = await harness.say("show", place, paper=PAPER)
    button = answer.buttons["Share"]
    pressed = await harness.simulator.interactions.press(place, answer.messages[0], button, permissions=permissions)
    await harness.core.engine.deliver()
    return pressed.text


async def test_a_member_finds_papers_and_sees_what_the_channel_gets(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion")
    for name, values in (
        ("search", {"query": "diffusion"}),
        ("today", {}),
        ("topics", {}),
        ("settings", {}),
        ("status", {}),
        ("preview", {}),
        ("saved", {}),
    ):
        answer = await running_harness.say(name, permissions=READER, **values)
        assert "Only people" not in answer.text, name
    for name, values in (
        ("subscribe", {"query": "agents"}),
        ("edit", {"topic": "1", "query": "agents"}),
        ("unsubscribe", {"topic": "1"}),
        ("schedule", {"when": "hourly"}),
        ("settings", {"key": "limit", "value": "5"}),
        ("now", {}),
        ("pause", {}),
    ):
        answer = await running_harness.say(name, permissions=VISITOR, **values)
        assert "Only people who may manage this channel" in answer.text, name


async def test_sharing_takes_the_right_to_write(running_harness: Harness) -> None:
    for _ in range(5):
        assert "Only people who may write" in await share(running_harness, READER)
    assert running_harness.general.messages == []
    assert "Shared" in await share(running_harness, VISITOR)
    for _ in range(4):
        assert "within the last hour" in await share(running_harness, VISITOR)
    assert len(running_harness.general.messages) == 1


async def test_who_manages_channels_changes_topics(running_harness: Harness) -> None:
    answer = await running_harness.say("subscribe", query="diffusion", permissions=MANAGER)
    assert "Only people" not in answer.text
    answer = await running_harness.say("settings", permissions=MANAGER, key="role", value="none")
    assert "manage the whole server" in answer.text


async def test_who_manages_the_server_says_which_role_changes_topics(running_harness: Harness) -> None:
    role = running_harness.simulator.state.add_role(running_harness.guild, "curators")
    await running_harness.simulator.give_role(running_harness.guild.id, "another")
    await running_harness.simulator.gateway.dispatch(
        "GUILD_UPDATE", running_harness.simulator.state.guild_json(running_harness.guild)
    )
    answer = await running_harness.say("settings", permissions=OWNER, key="role", value=f"<@&{role}>")
    assert "curators" in answer.text
    assert "Integrations" in answer.text
    running_harness.simulator.interactions.roles = [role]
    answer = await running_harness.say("subscribe", query="diffusion", permissions=VISITOR)
    assert "Only people" not in answer.text


async def test_a_thread_is_a_channel_of_its_own_and_one_below_a_digest_is_its_channel(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    own = state.open_thread(running_harness.general, "reading group")
    below = state.open_thread(running_harness.general, "digest", owner=BOT_ID)
    for thread in (own, below):
        await running_harness.simulator.update_channel(thread)
    await running_harness.say("subscribe", own, query="diffusion")
    await running_harness.say("subscribe", below, query="agents")
    assert (await running_harness.stored(own)).name == "reading group"
    assert (await running_harness.stored()).name == "general"
    in_threads = discord.Permissions(view_channel=True, send_messages_in_threads=True)
    assert "Shared" in await share(running_harness, in_threads, own)
    assert "Only people who may write" in await share(running_harness, in_threads, below)


async def test_what_is_said_in_a_post_of_a_forum_is_about_the_forum(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    forum = state.add_channel(running_harness.guild, "papers", FORUM)
    post = state.open_thread(forum, "a post")
    await running_harness.simulator.gateway.dispatch("CHANNEL_CREATE", forum.json())
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", post.json())
    await running_harness.say("subscribe", post, query="diffusion")
    assert (await running_harness.stored(forum)).name == "papers"


@pytest.mark.parametrize(
    ("name", "expected"), [("subscribe", "add me to the server"), ("search", "5 papers for diffusion")]
)
async def test_an_app_that_is_not_in_the_server_only_finds_papers(
    running_harness: Harness, name: str, expected: str
) -> None:
    """Discord's “external apps”: people may bring an app along that nobody added to the server."""
    option = {"name": name, "type": 1, "options": [{"name": "query", "type": 3, "value": "diffusion"}]}
    data = {"id": "1", "name": "papers", "type": 1, "options": [option]}
    answer = await running_harness.simulator.interactions.unusual(running_harness.general, 2, data, **BROUGHT_ALONG)
    assert expected in answer.text.replace("*", "").replace("`", "")


async def test_where_somebody_brings_the_app_along_nothing_of_the_channel_is_read(running_harness: Harness) -> None:
    """Though the bot was in that server once, and knows the channel: its votes, and what it was sent."""
    await running_harness.say("subscribe", query="diffusion", backfill=1)
    await running_harness.core.engine.deliver()
    [digest] = running_harness.general.messages
    vote = next(one["custom_id"] for one in buttons_of(digest) if "vote" in one["custom_id"])
    paper = vote.split()[1]
    await running_harness.simulator.interactions.press(running_harness.general, digest, vote)
    assert "👍 1" in (await running_harness.say("show", paper=paper)).buttons
    option = {"name": "show", "type": 1, "options": [{"name": "paper", "type": 3, "value": paper}]}
    shown = await running_harness.simulator.interactions.unusual(
        running_harness.general, 2, {"id": "1", "name": "papers", "type": 1, "options": [option]}, **BROUGHT_ALONG
    )
    assert shown.ephemeral
    assert {"Similar", "Save"} <= set(shown.buttons)
    assert not set(shown.buttons) & {"👍", "👍 1", "👎", "Share", "Not this", "Why here?"}
    saved = await running_harness.simulator.interactions.unusual(
        running_harness.general,
        3,
        {"custom_id": shown.buttons["Save"], "component_type": 2, "id": 1},
        message=shown.messages[0],
        **BROUGHT_ALONG,
    )
    assert "Saved" in saved.buttons
    # The reading list is the person's, wherever they look at it.
    assert paper in (await running_harness.say("saved")).text


def test_commands_about_papers_work_everywhere_and_those_about_a_channel_in_servers() -> None:
    papers, managing, menu = command_tree(REGISTRY)
    for command in (papers, menu):
        assert (command["contexts"], command["integration_types"]) == ([0, 1, 2], [0, 1])
        assert "default_member_permissions" not in command
    alone, _, _ = command_tree(REGISTRY, for_users=False)
    assert (alone["contexts"], alone["integration_types"]) == ([0, 1], [0])
    assert (managing["contexts"], managing["integration_types"]) == ([0], [0])
    assert managing["default_member_permissions"] == discord.Permissions(manage_channels=True).value
    changing = {command.name for command in REGISTRY if command.manages}
    assert {option["name"] for option in managing["options"]} == changing
    # What is in both only shows something in the first.
    both = changing & {option["name"] for option in papers["options"]}
    assert all(not option["options"] for option in papers["options"] if option["name"] in both)


# --- What cannot be undone


async def test_a_topic_is_removed_only_after_a_second_look(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion", name="Pictures")
    people = running_harness.simulator.interactions
    listed = await running_harness.say("topics")
    remove = listed.buttons["Remove"]
    asked = await people.press(running_harness.general, listed.messages[0], remove)
    assert "Remove topic 1, “Pictures” (diffusion)" in asked.text
    assert asked.ephemeral
    assert "Pictures" in (await running_harness.say("topics")).text
    custom_id = asked.buttons["Remove"]
    assert custom_id == f"{CONFIRMED_PREFIX}unsubscribe 1"
    await people.press(running_harness.general, asked.messages[-1], custom_id)
    assert "Pictures" not in (await running_harness.say("topics")).text


async def test_where_the_database_does_not_answer_nothing_is_asked_and_that_is_said(
    running_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise StorageError("the disk is full")

    await running_harness.say("subscribe", query="diffusion")
    listed = await running_harness.say("topics")
    remove = listed.buttons["Remove"]
    with monkeypatch.context() as patched:
        patched.setattr(TopicForms, "may_manage", broken)
        pressed = await running_harness.simulator.interactions.press(
            running_harness.general, listed.messages[0], remove
        )
    assert "I cannot reach my database just now, so nothing was changed." in pressed.text
    assert pressed.ephemeral
    assert "diffusion" in (await running_harness.say("topics")).text


@pytest.mark.parametrize("prefix", [PREFIX, CONFIRMED_PREFIX])
async def test_who_may_not_remove_a_topic_is_not_asked(running_harness: Harness, prefix: str) -> None:
    await running_harness.say("subscribe", query="diffusion")
    listed = await running_harness.say("topics")
    message = listed.messages[0]
    button: Json = {"type": 2, "style": 4, "label": "Remove", "custom_id": f"{prefix}unsubscribe 1"}
    message["components"] = [{"type": 1, "components": [button]}]
    pressed = await running_harness.simulator.interactions.press(
        running_harness.general, message, button["custom_id"], permissions=VISITOR
    )
    assert "Only people who may manage" in pressed.text
    assert "diffusion" in (await running_harness.say("topics")).text
