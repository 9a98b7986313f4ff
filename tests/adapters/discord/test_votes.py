"""Votes: buttons that change the message of all, in channels, threads and forums, also when many press at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.discord.messages.components import PREFIX
from adapters.discord.platform import DiscordPlatform
from bot.platforms.command_calls import CommandCall, CommandRunner, Completion, Person, Reply
from tests.adapters.discord.house import House, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import VISITOR
from tests.simulators.discord_wire import ApiError
from tests.simulators.discord_world import BOT_ID, FORUM, Channel
from tests.sources import a_paper

KEYED = r"/webhooks/\d+/[^/]+/messages/@original"


@pytest.fixture
async def lively(house: House) -> AsyncIterator[House]:
    await house.town.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 8)))
    async with running(house):
        yield house


def labels(message: dict[str, Any]) -> list[str]:
    return [one["label"] for row in message["components"] for one in row["components"]]


def votes(message: dict[str, Any], paper: str) -> list[str]:
    """The labels of the vote buttons of a paper, up and down."""
    buttons = [one for row in message["components"] for one in row["components"]]
    return [one["label"] for one in buttons if one["custom_id"].startswith(f"{PREFIX}vote {paper}")]


async def posted(house: House, channel: Channel | None = None) -> dict[str, Any]:
    """A digest in a channel: the first message."""
    place = channel or house.general
    await house.say("subscribe", place, query="diffusion", backfill=6)
    await house.town.engine.deliver()
    return place.messages[0]


async def test_a_digest_of_cards_has_a_row_of_buttons_for_each_and_one_for_the_rest(lively: House) -> None:
    await lively.say("settings", key="limit", value="5")
    first = await posted(lively)
    lively.clock.advance(seconds=2)
    await lively.town.engine.deliver()
    second = lively.general.messages[1]
    names = ("Abstract", "Similar", "Save", "👍", "👎")
    assert labels(first) == [f"{number} · {name}" for number in (1, 2, 3, 4) for name in names]
    assert labels(second) == [*(f"5 · {name}" for name in names), "+1 more"]
    assert second["embeds"][0]["title"].startswith("5 · ")


async def test_a_vote_is_counted_on_the_message_for_everyone_and_says_nothing_else(lively: House) -> None:
    role = lively.simulator.world.add_role(lively.guild, "Readers")
    await lively.simulator.gateway.dispatch(
        "GUILD_ROLE_CREATE",
        {"guild_id": str(lively.guild.id), "role": lively.simulator.world.guild_json(lively.guild)["roles"][1]},
    )
    await lively.say("settings", key="mention", value=f"<@&{role}>")
    digest = await posted(lively)
    before, content = [embed.get("url") for embed in digest["embeds"]], digest["content"]
    press = lively.simulator.interactions.press
    up, down = f"{PREFIX}vote 2605.00007 up", f"{PREFIX}vote 2605.00007 down"
    pressed = await press(lively.general, digest, up, permissions=VISITOR)
    assert pressed.first == {"type": 6}
    assert [message["id"] for message in pressed.messages] == [digest["id"]]
    assert votes(digest, "2605.00007") == ["1 · 👍 1", "1 · 👎"]
    await press(lively.general, digest, down, person=77)
    assert votes(digest, "2605.00007") == ["1 · 👍 1", "1 · 👎 1"]
    await press(lively.general, digest, up)  # taken back
    assert votes(digest, "2605.00007") == ["1 · 👍", "1 · 👎 1"]
    # The text with the mention is as it was, nobody is told again, and the message can still be found by its key.
    assert digest["content"] == content
    assert content.startswith(f"<@&{role}>")
    assert [embed.get("url") for embed in digest["embeds"]] == before
    assert "#" in digest["embeds"][1]["url"]
    edits = [seen.body for seen in lively.simulator.sent("PATCH", KEYED) if "components" in seen.body][-3:]
    assert all(edit["allowed_mentions"] == {"parse": []} and "content" not in edit for edit in edits)


async def test_many_votes_at_once_end_with_the_right_count(lively: House) -> None:
    digest = await posted(lively)
    buttons = [f"{PREFIX}vote 2605.00007 up", f"{PREFIX}vote 2605.00006 down"]
    press = lively.simulator.interactions.press
    # Not all of them are answered: a state that a newer one has overtaken is not shown, and the newer one says it all.
    crowd = [
        asyncio.create_task(press(lively.general, digest, buttons[person % 2], permissions=VISITOR, person=person))
        for person in range(1000, 1006)
    ]
    reader = await press(lively.general, digest, f"{PREFIX}abstract 2605.00005", person=7)
    assert "It works." in reader.text
    await eventually(
        lambda: (
            [*votes(digest, "2605.00007"), *votes(digest, "2605.00006")] == ["1 · 👍 3", "1 · 👎", "2 · 👍", "2 · 👎 3"]
        )
    )
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


async def test_a_vote_that_another_process_showed_meanwhile_is_not_taken_back_on_the_message(house: House) -> None:
    await house.town.news(a_paper(7, abstract="We study diffusion."))
    async with running(house, commands=Meanwhile(house.town.commands)):
        digest = await posted(house)
        await house.simulator.interactions.press(house.general, digest, f"{PREFIX}vote 2605.00007 up")
        await eventually(lambda: votes(digest, "2605.00007") == ["👍 2", "👎"])


async def test_votes_work_on_messages_from_before_a_restart(lively: House) -> None:
    digest = await posted(lively)
    await lively.platform.close()
    server = lively.simulator
    server.gateway.ready.clear()
    lively.platform = DiscordPlatform(server.token, lively.clock, api_url=server.api_url)
    async with running(lively):
        await server.interactions.press(lively.general, digest, f"{PREFIX}vote 2605.00007 up")
        assert votes(digest, "2605.00007") == ["1 · 👍 1", "1 · 👎"]


async def test_a_vote_in_the_thread_of_a_digest_counts_in_its_channel(lively: House) -> None:
    await lively.say("settings", key="style", value="threads")
    digest = await posted(lively)
    for _ in range(7):
        lively.clock.advance(seconds=2)
        await lively.town.engine.deliver()
    [thread] = lively.simulator.world.threads_of(lively.general)
    assert thread.owner == BOT_ID
    await lively.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    reply = thread.messages[0]
    await lively.simulator.interactions.press(thread, reply, f"{PREFIX}vote 2605.00007 up")
    assert votes(reply, "2605.00007") == ["👍 1", "👎"]
    assert digest["components"] == []
    # What is said there is about the channel.
    assert "diffusion" in (await lively.say("topics", thread)).text


async def test_a_vote_on_a_forum_post_and_on_a_shared_card(lively: House) -> None:
    forum = lively.simulator.world.add_channel(lively.guild, "papers", FORUM)
    await lively.simulator.gateway.dispatch("CHANNEL_CREATE", forum.json())
    question = lively.simulator.world.open_thread(forum, "question")
    await lively.simulator.gateway.dispatch("THREAD_CREATE", question.json())
    await lively.say("subscribe", question, query="diffusion", backfill=1)
    await lively.town.engine.deliver()
    post = lively.simulator.world.threads_of(forum)[1]
    await lively.simulator.gateway.dispatch("THREAD_CREATE", post.json())
    await lively.simulator.interactions.press(post, post.messages[0], f"{PREFIX}vote 2605.00007 up")
    assert votes(post.messages[0], "2605.00007") == ["👍 1", "👎"]
    shown = await lively.say("show", paper="2605.00003")
    await lively.simulator.interactions.press(lively.general, shown.messages[0], shown.buttons["Share to channel"])
    await lively.town.engine.deliver()
    [shared] = lively.general.messages
    await lively.simulator.interactions.press(lively.general, shared, f"{PREFIX}vote 2605.00003 down")
    assert votes(shared, "2605.00003") == ["👍", "👎 1"]


async def test_where_there_is_no_message_of_ours_to_change_the_person_is_told(lively: House) -> None:
    shown = await lively.say("show", paper="2605.00003")
    pressed = await lively.simulator.interactions.press(lively.general, shown.messages[0], shown.buttons["👍"])
    assert "You voted for" in pressed.text
    assert "👍 1" in pressed.text
    assert pressed.ephemeral


async def test_a_vote_whose_message_cannot_be_changed_is_told_in_words(lively: House) -> None:
    digest = await posted(lively)
    lively.simulator.refuse_edits.append(ApiError(404, 10008, "Unknown Message"))
    pressed = await lively.simulator.interactions.press(lively.general, digest, f"{PREFIX}vote 2605.00007 up")
    assert "You voted for" in pressed.text
    assert pressed.ephemeral
    lively.simulator.refuse_edits.append(ApiError(400, 50035, "Invalid Form Body"))
    await lively.simulator.interactions.press(lively.general, digest, f"{PREFIX}vote 2605.00006 up")
    assert votes(digest, "2605.00007") == ["1 · 👍 1", "1 · 👎"]


async def test_buttons_of_an_older_version_still_work(lively: House) -> None:
    digest = await posted(lively)
    digest["components"] = [
        {
            "type": 1,
            "components": [{"type": 2, "style": 2, "label": "Abstract", "custom_id": "papers:abstract 2605.00007"}],
        }
    ]
    pressed = await lively.simulator.interactions.press(lively.general, digest, "papers:abstract 2605.00007")
    assert "It works." in pressed.text
    assert labels(digest) == ["Abstract"]
