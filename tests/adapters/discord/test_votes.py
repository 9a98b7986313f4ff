"""Votes: buttons that change the message of all, in channels, threads and forums, also when many press at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.discord.messages.components import PREFIX
from adapters.discord.messages.rendering import Form, render
from adapters.discord.platform import DiscordPlatform
from bot.app.assembly import composer_of
from bot.platforms.command_calls import CommandCall, CommandRunner, Completion, Person, Reply
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import VISITOR, buttons_of, links_of
from tests.simulators.discord_responses import ApiError
from tests.simulators.discord_schema import V2
from tests.simulators.discord_state import BOT_ID, FORUM, Channel
from tests.sources import a_paper

KEYED = r"/webhooks/\d+/[^/]+/messages/@original"


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    await harness.core.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 8)))
    async with running(harness):
        yield harness


def labels(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in buttons_of(message)]


def votes(message: dict[str, Any], paper: str) -> list[str]:
    """The label of the button that votes for a paper."""
    return [one["label"] for one in buttons_of(message) if one["custom_id"].startswith(f"{PREFIX}vote {paper}")]


async def posted(harness: Harness, channel: Channel | None = None) -> dict[str, Any]:
    """A digest in a channel: the first message."""
    place = channel or harness.general
    await harness.say("subscribe", place, query="diffusion", backfill=6)
    await harness.core.engine.deliver()
    return place.messages[0]


async def test_a_digest_of_cards_has_two_buttons_for_each_and_one_for_the_rest(running_harness: Harness) -> None:
    await running_harness.say("settings", key="style", value="cards")
    await running_harness.say("settings", key="limit", value="5")
    digest = await posted(running_harness)
    assert labels(digest) == [*["👍", "⋯"] * 5, "+1 more"]
    assert digest["flags"] & V2


async def test_a_vote_is_counted_on_the_message_for_everyone_and_says_nothing_else(running_harness: Harness) -> None:
    role = running_harness.simulator.state.add_role(running_harness.guild, "Readers")
    await running_harness.simulator.gateway.dispatch(
        "GUILD_ROLE_CREATE",
        {
            "guild_id": str(running_harness.guild.id),
            "role": running_harness.simulator.state.guild_json(running_harness.guild)["roles"][1],
        },
    )
    await running_harness.say("settings", key="mention", value=f"<@&{role}>")
    digest = await posted(running_harness)
    before, first = links_of(digest), digest["components"][0]["content"]
    press = running_harness.simulator.interactions.press
    up, opens = f"{PREFIX}vote 2605.00007 up", f"{PREFIX}show 2605.00007"
    pressed = await press(running_harness.general, digest, up, permissions=VISITOR)
    assert pressed.first == {"type": 6}
    assert [message["id"] for message in pressed.messages] == [digest["id"]]
    assert votes(digest, "2605.00007") == ["👍 1"]
    await press(running_harness.general, digest, up, person=77)
    assert votes(digest, "2605.00007") == ["👍 2"]
    await press(running_harness.general, digest, up)  # taken back
    assert votes(digest, "2605.00007") == ["👍 1"]
    # Against it is voted behind the other button, where only the person sees it.
    opened = await press(running_harness.general, digest, opens)
    assert opened.ephemeral
    voted = await press(running_harness.general, opened.messages[0], opened.buttons["👎"])
    assert "👎 1" in voted.buttons
    # The text with the mention is as it was, nobody is told again, and the message can still be found by its key.
    assert digest["components"][0]["content"] == first
    assert first.startswith(f"<@&{role}>")
    assert links_of(digest) == before
    assert "#" in before[0][1]
    edits = [seen.body for seen in running_harness.simulator.sent("PATCH", KEYED) if "components" in seen.body][-4:]
    assert all(edit["allowed_mentions"] == {"parse": []} and "content" not in edit for edit in edits)


async def test_messages_of_an_earlier_version_stay_embeds_and_their_buttons_work(running_harness: Harness) -> None:
    digest = await posted(running_harness)
    post = await running_harness.store.posts.sent_as((await running_harness.stored()).id, digest["id"])
    assert post is not None
    [(_, composed)] = (await composer_of(running_harness.store).compose([post])).values()
    old = render(composed.message, key=post.key, form=Form.EMBEDS).payload
    digest |= {"flags": 0, "content": old["content"], "embeds": old["embeds"], "components": old["components"]}
    line = f"{PREFIX}vote 2605.00007 up"
    await running_harness.simulator.interactions.press(running_harness.general, digest, line)
    assert digest["flags"] == 0
    assert digest["content"] == old["content"]
    assert digest["embeds"]
    assert votes(digest, "2605.00007") == ["1 · 👍 1"]


async def test_many_votes_at_once_end_with_the_right_count(running_harness: Harness) -> None:
    digest = await posted(running_harness)
    buttons = [f"{PREFIX}vote 2605.00007 up", f"{PREFIX}vote 2605.00006 up"]
    press = running_harness.simulator.interactions.press
    # Not all of them are answered: a state that a newer one has overtaken is not shown, and the newer one says it all.
    crowd = [
        asyncio.create_task(
            press(running_harness.general, digest, buttons[person % 2], permissions=VISITOR, person=person)
        )
        for person in range(1000, 1006)
    ]
    reader = await press(running_harness.general, digest, f"{PREFIX}show 2605.00005", person=7)
    assert "It works." in reader.text
    await eventually(lambda: [*votes(digest, "2605.00007"), *votes(digest, "2605.00006")] == ["👍 3"] * 2)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


class Meanwhile:
    """Commands of one process, while another one takes a vote on the same paper and shows it first."""

    def __init__(self, commands: CommandRunner) -> None:
        self._commands = commands
        self._others = iter([Person(id="99", name="grace")])

    async def run(self, call: CommandCall) -> Reply:
        reply = await self._commands.run(call)
        if call.line.startswith("vote") and (other := next(self._others, None)):
            await self._commands.run(replace(call, person=other))
        return reply

    async def complete(self, call: CommandCall) -> Sequence[Completion]:
        return await self._commands.complete(call)


async def test_a_vote_that_another_process_showed_meanwhile_is_not_taken_back_on_the_message(harness: Harness) -> None:
    await harness.core.news(a_paper(7, abstract="We study diffusion."))
    async with running(harness, commands=Meanwhile(harness.core.commands)):
        digest = await posted(harness)
        await harness.simulator.interactions.press(harness.general, digest, f"{PREFIX}vote 2605.00007 up")
        await eventually(lambda: votes(digest, "2605.00007") == ["👍 2"])


async def test_votes_work_on_messages_from_before_a_restart(running_harness: Harness) -> None:
    digest = await posted(running_harness)
    await running_harness.platform.close()
    server = running_harness.simulator
    server.gateway.ready.clear()
    running_harness.platform = DiscordPlatform(server.token, running_harness.clock, api_url=server.api_url)
    async with running(running_harness):
        await server.interactions.press(running_harness.general, digest, f"{PREFIX}vote 2605.00007 up")
        assert votes(digest, "2605.00007") == ["👍 1"]


async def test_a_vote_in_the_thread_of_a_digest_counts_in_its_channel(running_harness: Harness) -> None:
    await running_harness.say("settings", key="style", value="threads")
    digest = await posted(running_harness)
    for _ in range(7):
        running_harness.clock.advance(seconds=2)
        await running_harness.core.engine.deliver()
    [thread] = running_harness.simulator.state.threads_of(running_harness.general)
    assert thread.owner == BOT_ID
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    reply = thread.messages[0]
    await running_harness.simulator.interactions.press(thread, reply, f"{PREFIX}vote 2605.00007 up")
    assert votes(reply, "2605.00007") == ["👍 1"]
    assert labels(digest) == []
    # What is said there is about the channel.
    assert "diffusion" in (await running_harness.say("topics", thread)).text


async def test_a_vote_on_a_forum_post_and_on_a_shared_card(running_harness: Harness) -> None:
    forum = running_harness.simulator.state.add_channel(running_harness.guild, "papers", FORUM)
    await running_harness.simulator.gateway.dispatch("CHANNEL_CREATE", forum.json())
    question = running_harness.simulator.state.open_thread(forum, "question")
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", question.json())
    await running_harness.say("subscribe", question, query="diffusion", backfill=1)
    await running_harness.core.engine.deliver()
    post = running_harness.simulator.state.threads_of(forum)[1]
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", post.json())
    await running_harness.simulator.interactions.press(post, post.messages[0], f"{PREFIX}vote 2605.00007 up")
    assert votes(post.messages[0], "2605.00007") == ["👍 1"]
    shown = await running_harness.say("show", paper="2605.00003")
    await running_harness.simulator.interactions.press(
        running_harness.general, shown.messages[0], shown.buttons["Share"]
    )
    await running_harness.core.engine.deliver()
    [shared] = running_harness.general.messages
    await running_harness.simulator.interactions.press(running_harness.general, shared, f"{PREFIX}vote 2605.00003 up")
    assert votes(shared, "2605.00003") == ["👍 1"]


async def test_where_there_is_no_message_of_ours_to_change_the_person_is_told(running_harness: Harness) -> None:
    shown = await running_harness.say("show", paper="2605.00003")
    line = f"{PREFIX}vote 2605.00003 up"  # as earlier versions showed it
    message = shown.messages[0] | {
        "components": [{"type": 1, "components": [{"type": 2, "style": 2, "label": "👍", "custom_id": line}]}]
    }
    pressed = await running_harness.simulator.interactions.press(running_harness.general, message, line)
    assert "You voted for" in pressed.text
    assert "👍 1" in pressed.text
    assert pressed.ephemeral


async def test_a_vote_whose_message_cannot_be_changed_is_told_in_words(running_harness: Harness) -> None:
    digest = await posted(running_harness)
    running_harness.simulator.refuse_edits.append(ApiError(404, 10008, "Unknown Message"))
    pressed = await running_harness.simulator.interactions.press(
        running_harness.general, digest, f"{PREFIX}vote 2605.00007 up"
    )
    assert "You voted for" in pressed.text
    assert pressed.ephemeral
    # Without pictures Discord may take it.
    running_harness.simulator.refuse_edits.append(ApiError(400, 50035, "Invalid Form Body"))
    await running_harness.simulator.interactions.press(running_harness.general, digest, f"{PREFIX}vote 2605.00006 up")
    assert votes(digest, "2605.00007") == ["👍 1"]


async def test_buttons_of_an_older_version_still_work(running_harness: Harness) -> None:
    digest = await posted(running_harness)
    digest["components"] = [
        {
            "type": 1,
            "components": [{"type": 2, "style": 2, "label": "Abstract", "custom_id": "papers:abstract 2605.00007"}],
        }
    ]
    pressed = await running_harness.simulator.interactions.press(
        running_harness.general, digest, "papers:abstract 2605.00007"
    )
    assert "It works." in pressed.text
    assert labels(digest) == ["Abstract"]
