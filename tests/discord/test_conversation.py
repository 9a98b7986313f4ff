"""Commands, completions and buttons: from what a person does in Discord to what they see, with the real core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from adapters.discord.buttons import PREFIX
from adapters.discord.definitions import definitions, fingerprint, given, line_of
from adapters.discord.platform import DiscordPlatform
from bot.commands import REGISTRY
from bot.commands.lines import read_arguments, split_line
from bot.commands.registry import Command, Kind
from bot.messages import Message
from bot.ports import CommandCall, CommandRunner, Reply
from tests.discord.house import House, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import VISITOR
from tests.simulators.discord_wire import Fault
from tests.simulators.discord_world import FORUM
from tests.sources import a_paper

VALUES: dict[str, dict[str, Any]] = {
    "help": {"command": "search"},
    "search": {"query": 'diffusion OR "mixture of experts"', "page": 1},
    "trending": {"period": "week"},
    "show": {"paper": "2605.00001"},
    "similar": {"paper": "2605.00001"},
    "subscribe": {"query": "quant*", "min_upvotes": 3, "instant": True, "backfill": 2, "name": 'Small "fast" models'},
    "unsubscribe": {"topic": "1"},
    "edit": {"topic": "1", "query": "diffusion OR quant*", "min_upvotes": 1, "instant": "off", "name": "New name"},
    "merge": {"topic": "1", "other": "2"},
    "schedule": {"when": "mon,thu 17:30"},
    "timezone": {"zone": "Europe/Berlin"},
    "settings": {"key": "limit", "value": "7"},
    "pause": {"until": "until 2026-12-24"},
    "history": {"count": 5},
}


@pytest.fixture
async def lively(house: House) -> AsyncIterator[House]:
    """A house with a running bot and twelve papers in the feed."""
    await house.town.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 13)))
    async with running(house):
        yield house


# --- Definitions


def test_the_definitions_stay_within_what_discord_takes() -> None:
    papers, _ = definitions(REGISTRY)
    assert len(papers["options"]) <= 25
    assert all(len(command["options"]) <= 25 for command in papers["options"])
    texts: list[str] = []

    def collect(definition: dict[str, object]) -> None:
        texts.extend(str(definition.get(part, "")) for part in ("name", "description"))
        for inner in (*definition.get("options", ()), *definition.get("choices", ())):  # type: ignore[misc]
            collect(inner)

    collect(papers)
    assert sum(map(len, texts)) <= 8000


@pytest.mark.parametrize("command", list(REGISTRY), ids=lambda command: command.name)
def test_options_become_the_line_that_a_person_would_type(command: Command) -> None:
    values = {name.replace("_", "-"): value for name, value in VALUES.get(command.name, {}).items()}
    name, rest = split_line(line_of(command, values))
    arguments = read_arguments(command, rest)
    assert name == command.name
    assert set(arguments.values) == set(values)
    for parameter in command.parameters:
        if parameter.name in values and parameter.kind is not Kind.SWITCH:
            expected = values[parameter.name]
            assert arguments.values[parameter.name] == (
                expected.replace('"', "'") if parameter.option and isinstance(expected, str) else expected
            )


def test_a_switch_that_is_off_is_not_in_the_line() -> None:
    command = REGISTRY.get("subscribe")
    assert line_of(command, {"query": "x", "instant": False}) == "subscribe x"
    assert line_of(command, {"query": "x", "instant": True}) == "subscribe --instant x"


def test_what_discord_gives_back_has_the_same_fingerprint_and_a_change_another() -> None:
    ours = definitions(REGISTRY)
    assert fingerprint(reversed(ours)) == fingerprint(ours)
    changed = definitions(REGISTRY)
    changed[0]["options"][0]["description"] += "!"
    assert fingerprint(changed) != fingerprint(ours)


def test_the_data_of_an_interaction_is_read_with_its_focus() -> None:
    data = {"options": [{"name": "search", "type": 1, "options": [{"name": "query", "value": "x", "focused": True}]}]}
    read = given(data)
    assert (read.command, dict(read.values), read.focused) == ("search", {"query": "x"}, "query")


# --- Registration


async def test_commands_are_registered_once_and_again_only_when_they_change(house: House) -> None:
    async with running(house):
        assert [command["name"] for command in house.simulator.commands] == ["papers", "Find papers here"]
    server = house.simulator
    house.platform = DiscordPlatform(server.token, house.clock, api_url=server.api_url)
    server.gateway.ready.clear()
    async with running(house) as bot:
        assert "scope=bot+applications.commands" in bot.invite_url
        assert "permissions=309237730304" in bot.invite_url
    assert len(server.sent("PUT", "/commands$")) == 1
    server.commands[0]["options"].pop()
    house.platform = DiscordPlatform(server.token, house.clock, api_url=server.api_url)
    server.gateway.ready.clear()
    async with running(house):
        assert len(server.commands[0]["options"]) == len(list(REGISTRY))
    assert len(server.sent("PUT", "/commands$")) == 2


# --- Commands


@pytest.mark.parametrize("name", [command.name for command in REGISTRY])
async def test_every_command_is_answered_to_the_person_alone(lively: House, name: str) -> None:
    await lively.say("subscribe", query="diffusion")
    if name == "merge":
        await lively.say("subscribe", query="agents")
    answer = await lively.say(name, **VALUES.get(name, {}))
    assert answer.first == {"type": 5, "data": {"flags": 64}}
    assert answer.ephemeral
    assert answer.text.strip()
    assert "does not fit" not in answer.text
    assert "There is no" not in answer.text


async def test_a_mistake_is_explained(lively: House) -> None:
    answer = await lively.say("schedule", when="whenever I like")
    assert "I do not know the schedule `whenever i like`" in answer.text


async def test_only_who_may_manage_the_channel_changes_it(lively: House) -> None:
    refused = await lively.simulator.interactions.command(
        lively.general, "subscribe", permissions=VISITOR, query="diffusion"
    )
    assert "Only people who may manage" in refused.text
    assert (await lively.store.counts())["subscriptions"] == 0
    shown = await lively.simulator.interactions.command(lively.general, "topics", permissions=VISITOR)
    assert "Only people" not in shown.text


async def test_a_command_that_discord_still_shows_after_it_was_removed_is_explained(lively: House) -> None:
    assert "no command" in (await lively.say("frobnicate")).text
    typing = await lively.simulator.interactions.command(lively.general, "frobnicate", focused="query", query="x")
    assert typing.choices == []


class Slow:
    """Commands that wait until they are let go."""

    def __init__(self, commands: CommandRunner) -> None:
        self.released = asyncio.Event()
        self._commands = commands

    async def run(self, call: CommandCall) -> Reply:
        await self.released.wait()
        return await self._commands.run(call)

    async def complete(self, call: CommandCall) -> Sequence[str]:
        return await self._commands.complete(call)


async def test_discord_hears_from_us_before_any_work_is_done(house: House) -> None:
    slow = Slow(house.town.commands)
    async with running(house, commands=slow):
        asked = asyncio.create_task(house.say("today"))
        interactions = house.simulator.interactions.by_token
        await eventually(lambda: interactions and all(one.first for one in interactions.values()))
        assert not asked.done()
        slow.released.set()
        assert (await asked).messages


async def test_a_first_answer_whose_receipt_was_lost_counts(lively: House) -> None:
    lively.simulator.fail("POST", "/callback", Fault.ACCEPT_THEN_ERROR)
    assert (await lively.say("today")).text


async def test_an_answer_that_comes_too_late_troubles_nobody_else(lively: House) -> None:
    lively.simulator.interactions.patience = -1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await lively.say("today")
    lively.simulator.interactions.patience = 3
    assert (await lively.say("today")).text


async def test_a_long_answer_comes_in_several_messages(house: House) -> None:
    class Verbose(Slow):
        async def run(self, call: CommandCall) -> Reply:
            first = await super().run(call)
            blocks = first.message.blocks * 12
            return Reply(message=Message(summary="x", blocks=blocks))

    commands = Verbose(house.town.commands)
    commands.released.set()
    async with running(house, commands=commands):
        answer = await house.say("help")
        await eventually(lambda: len(answer.messages) > 1)
        assert answer.ephemeral


# --- Completion


@pytest.mark.parametrize(
    ("name", "focused", "values", "expected"),
    [
        ("help", "command", {"command": "sub"}, "subscribe"),
        ("search", "query", {"query": "attention ti"}, "attention title:"),
        ("schedule", "when", {"when": "mon"}, "monthly 1 09:00"),
        ("timezone", "zone", {"zone": "berl"}, "Europe/Berlin"),
        ("settings", "key", {"key": "st"}, "style"),
        ("settings", "value", {"key": "style", "value": "t"}, "threads"),
        ("unsubscribe", "topic", {"topic": ""}, "1"),
        ("edit", "topic", {"topic": ""}, "1"),
    ],
)
async def test_options_are_completed(
    lively: House, name: str, focused: str, values: dict[str, Any], expected: str
) -> None:
    await lively.say("subscribe", query="diffusion")
    answer = await lively.simulator.interactions.command(lively.general, name, focused=focused, **values)
    assert expected in [choice["value"] for choice in answer.choices]
    assert len(answer.choices) <= 25


# --- Mentions


async def test_a_role_is_chosen_from_the_real_ones_and_is_the_only_ping(lively: House) -> None:
    role = lively.simulator.world.add_role(lively.guild, "Readers")
    await lively.simulator.gateway.dispatch(
        "GUILD_ROLE_CREATE",
        {"guild_id": str(lively.guild.id), "role": lively.simulator.world.guild_json(lively.guild)["roles"][1]},
    )
    asked = await lively.simulator.interactions.command(
        lively.general, "settings", focused="value", key="mention", value="read"
    )
    assert asked.choices == [{"name": "@Readers", "value": f"<@&{role}>"}]
    await lively.say("settings", key="mention", value=f"<@&{role}>")
    await lively.say("subscribe", query="diffusion", backfill=3)
    await lively.next_digest()
    [message] = lively.general.messages
    assert message["content"].startswith(f"<@&{role}> ")
    assert message["mention_roles"] == [str(role)]


@pytest.mark.parametrize("value", ["@everyone", "<@4242424242424242424>", "<@&999999999999999999>", "EVERYONE"])
async def test_nobody_else_can_be_chosen(lively: House, value: str) -> None:
    everyone = f"<@&{lively.guild.id}>"
    answer = await lively.say("settings", key="mention", value=everyone if value == "EVERYONE" else value)
    assert "role" in answer.text
    await lively.say("subscribe", query="diffusion")
    assert (await lively.stored()).settings.mention == ""


# --- Buttons


async def test_pages_turn_in_place(lively: House) -> None:
    answer = await lively.say("search", query="diffusion")
    first = dict(answer.messages[0])
    label = next(label for label in answer.buttons if "Next" in label or "next" in label)
    turned = await lively.simulator.interactions.press(lively.general, answer.messages[0], answer.buttons[label])
    assert turned.first == {"type": 6}
    assert turned.messages[0]["id"] == first["id"]
    assert turned.messages[0]["embeds"] != first["embeds"]


async def test_a_button_still_works_after_a_restart_and_answers_only_who_pressed_it(lively: House) -> None:
    await lively.say("subscribe", query="diffusion", backfill=2)
    await lively.next_digest()
    [digest] = lively.general.messages
    custom_id = digest["components"][0]["components"][0]["custom_id"]
    assert custom_id.startswith(f"{PREFIX}abstract ")
    await lively.platform.close()
    server = lively.simulator
    server.gateway.ready.clear()
    lively.platform = DiscordPlatform(server.token, lively.clock, api_url=server.api_url)
    async with running(lively):
        before = str(digest)
        pressed = await server.interactions.press(lively.general, digest, custom_id, permissions=VISITOR)
        assert "It works." in pressed.text
        assert pressed.ephemeral
        assert str(digest) == before


async def test_sharing_posts_to_the_channel(lively: House) -> None:
    answer = await lively.say("show", paper="2605.00003")
    button = answer.buttons["Share to channel"]
    shared = await lively.simulator.interactions.press(lively.general, answer.messages[0], button)
    assert "Shared" in shared.text
    assert shared.messages[0]["id"] != answer.messages[0]["id"]  # the card stays
    await lively.town.engine.deliver()
    [post] = lively.general.messages
    assert "ada" in str(post["embeds"])
    assert "2605.00003" in str(post["embeds"])


async def test_a_forged_button_may_do_nothing_that_its_presser_may_not(lively: House) -> None:
    await lively.say("subscribe", query="diffusion")
    answer = await lively.say("topics")
    message = answer.messages[0]
    message["components"] = [
        {"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": f"{PREFIX}unsubscribe 1"}]}
    ]
    pressed = await lively.simulator.interactions.press(
        lively.general, message, f"{PREFIX}unsubscribe 1", permissions=VISITOR
    )
    assert "Only people who may manage" in pressed.text


# --- The menu of messages


async def test_papers_that_a_message_links_to_are_shown(lively: House) -> None:
    message = lively.simulator.world.message(
        lively.general.id, {"content": "see https://arxiv.org/abs/2605.00004v2 and https://arxiv.org/pdf/2605.00005"}
    )
    answer = await lively.simulator.interactions.on_message(lively.general, message, "Find papers here")
    await eventually(lambda: "2605.00005" in answer.text)
    assert "2605.00004" in answer.text
    assert answer.ephemeral


async def test_a_message_without_links_is_searched_for(lively: House) -> None:
    message = lively.simulator.world.message(lively.general.id, {"content": "Anything on diffusion & -- (title: x)?"})
    answer = await lively.simulator.interactions.on_message(lively.general, message, "Find papers here")
    assert "Diffusion Study" in answer.text
    empty = lively.simulator.world.message(lively.general.id, {"content": "!!"})
    assert (
        "no words" in (await lively.simulator.interactions.on_message(lively.general, empty, "Find papers here")).text
    )


# --- Threads, forums and what is missing


async def test_a_thread_is_a_channel_of_its_own_and_a_forum_post_speaks_for_its_forum(lively: House) -> None:
    world = lively.simulator.world
    thread = world.open_thread(lively.general, "reading group")
    forum = world.add_channel(lively.guild, "papers", FORUM)
    question = world.open_thread(forum, "question")
    for channel in (forum, thread, question):
        event = "THREAD_CREATE" if channel.is_thread else "CHANNEL_CREATE"
        await lively.simulator.gateway.dispatch(event, channel.json())
    await lively.say("subscribe", thread, query="diffusion")
    await lively.say("subscribe", question, query="diffusion", backfill=2)
    assert (await lively.stored(thread)).name == "reading group"
    assert (await lively.stored(forum)).name == "papers"
    await lively.next_digest(forum)
    assert [thread.name for thread in world.threads_of(forum)][1:] == ["Diffusion Study 12 and 1 other paper"]


@pytest.mark.parametrize(
    ("permission", "name"),
    [("view_channel", "View Channel"), ("send_messages", "Send Messages"), ("embed_links", "Embed Links")],
)
async def test_what_is_missing_is_said_before_the_first_digest_fails(lively: House, permission: str, name: str) -> None:
    await lively.simulator.allow(lively.general, **{permission: False})
    answer = await lively.say("subscribe", query="diffusion")
    assert "I cannot post here yet" in answer.text
    assert f"“{name}”" in answer.text
    await lively.simulator.allow(lively.general, **{permission: True})
    assert "I cannot post here yet" not in (await lively.say("subscribe", query="quant*")).text
