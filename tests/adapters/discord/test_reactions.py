"""Reactions are votes: below messages that show one paper, also when they are taken back, also after a reconnect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.discord.messages.components import PREFIX
from bot.channels.channel import PlatformName
from bot.reading.lists import Reader
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import buttons_of
from tests.simulators.discord_responses import ApiError
from tests.simulators.discord_state import BOT_ID, FORUM, Channel
from tests.sources import a_paper

PAPER = "2605.00007"


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    await harness.core.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 8)))
    async with running(harness):
        yield harness


def vote(message: dict[str, Any], paper: str = PAPER) -> str:
    """The label of the button that votes for a paper."""
    [label] = [one["label"] for one in buttons_of(message) if one["custom_id"] == f"{PREFIX}vote {paper} up"]
    return str(label)


async def one_paper(harness: Harness, channel: Channel | None = None) -> dict[str, Any]:
    """A digest of one paper in a channel."""
    place = channel or harness.general
    await harness.say("subscribe", place, query="diffusion", backfill=1)
    await harness.core.engine.deliver()
    return place.messages[-1]


async def test_a_reaction_counts_and_one_that_is_taken_back_does_not(running_harness: Harness) -> None:
    server, here = running_harness.simulator, running_harness.general
    message = await one_paper(running_harness)
    text = message["components"][0]
    await server.react(here, message, "👍")
    await server.react(here, message, "👍🏽", person=77)
    await eventually(lambda: vote(message) == "👍 2")
    assert message["components"][0] == text
    assert server.sent("PATCH", r"^/channels/\d+/messages/")[-1].body["allowed_mentions"] == {"parse": []}
    await server.react(here, message, "👍", away=True)
    await eventually(lambda: vote(message) == "👍 1")
    await server.react(here, message, "👎", person=77)  # changes their mind
    await eventually(lambda: vote(message) == "👍")
    assert len(server.sent("GET", f"/messages/{message['id']}$")) == 1


async def test_what_is_put_there_and_taken_away_at_once_ends_as_it_should(running_harness: Harness) -> None:
    message = await one_paper(running_harness)
    for away in (False, True, False, True, False):
        await running_harness.simulator.react(running_harness.general, message, "👍", away=away)
    await running_harness.simulator.react(running_harness.general, message, "👍", person=77)
    await eventually(lambda: vote(message) == "👍 2")


async def test_a_bookmark_saves(running_harness: Harness) -> None:
    message = await one_paper(running_harness)
    await running_harness.simulator.react(running_harness.general, message, "🔖")
    reader, reading = Reader(PlatformName.DISCORD, "", "4242"), running_harness.store.reading

    async def saved(count: int) -> None:
        for _ in range(1000):
            if await reading.saved_count(reader) == count:
                return
        raise AssertionError(f"not {count}")

    await saved(1)
    await running_harness.simulator.react(running_harness.general, message, "🔖", away=True)
    await saved(0)


async def test_what_counts_for_nothing_is_not_even_asked_about(running_harness: Harness) -> None:
    server, here = running_harness.simulator, running_harness.general
    message = await one_paper(running_harness)
    theirs = await server.write(here, "I like this")
    await server.react(here, message, "👍", person=BOT_ID)
    await server.react(here, message, "👍", person=99, bot=True)
    await server.react(here, message, "🎉")
    await server.react(here, message, "👍:123456789012345678")
    await server.react(here, theirs, "👍")
    assert not server.sent("GET", "/messages/")
    await server.react(here, theirs, "👍", away=True)  # nothing says whose message it is
    await server.react(here, message, "👍")
    await eventually(lambda: vote(message) == "👍 1")
    assert len(server.sent("PATCH", r"^/channels/\d+/messages/")) == 1


async def test_below_several_papers_a_reaction_is_no_vote(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion", backfill=3)
    await running_harness.core.engine.deliver()
    [digest] = running_harness.general.messages
    await running_harness.simulator.react(running_harness.general, digest, "👍")
    await running_harness.say("topics")
    assert vote(digest) == "👍"


async def test_reactions_in_a_digests_thread_and_below_a_forums_post_count_in_the_channel(
    running_harness: Harness,
) -> None:
    server = running_harness.simulator
    await running_harness.say("settings", key="style", value="threads")
    await one_paper(running_harness)
    running_harness.clock.advance(seconds=2)
    await running_harness.core.engine.deliver()
    [thread] = server.state.threads_of(running_harness.general)
    reply = thread.messages[0]
    await server.react(thread, reply, "👍")  # the gateway has not told of the thread
    await eventually(lambda: vote(reply) == "👍 1")
    forum = server.state.add_channel(running_harness.guild, "papers", FORUM)
    await server.gateway.dispatch("CHANNEL_CREATE", forum.json())
    question = server.state.open_thread(forum, "question")
    await server.gateway.dispatch("THREAD_CREATE", question.json())
    await running_harness.say("subscribe", question, query="diffusion", backfill=1)
    await running_harness.core.engine.deliver()
    post = server.state.threads_of(forum)[1]
    await server.gateway.dispatch("THREAD_CREATE", post.json())
    await server.react(post, post.messages[0], "👍")
    await eventually(lambda: vote(post.messages[0]) == "👍 1")


async def test_reactions_that_were_missed_count_when_the_connection_is_back(running_harness: Harness) -> None:
    server = running_harness.simulator
    message = await one_paper(running_harness)
    await server.react(running_harness.general, message, "👍")
    await eventually(lambda: vote(message) == "👍 1")
    await server.gateway.drop()
    await server.react(running_harness.general, message, "👍", away=True)
    await server.react(running_harness.general, message, "👍", person=77)
    await server.react(running_harness.general, message, "👍", person=78)
    await eventually(lambda: vote(message) == "👍 2")
    assert server.gateway.resumes == 1


async def test_a_vote_counts_though_the_message_cannot_be_changed(running_harness: Harness) -> None:
    server = running_harness.simulator
    message = await one_paper(running_harness)
    server.refuse_edits.append(ApiError(403, 50001, "Missing Access"))
    await server.react(running_harness.general, message, "👍")
    await eventually(lambda: server.sent("PATCH", r"^/channels/\d+/messages/"))
    await server.react(running_harness.general, message, "👍", person=77)
    await eventually(lambda: vote(message) == "👍 2")
