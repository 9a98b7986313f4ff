"""Commands, completions and buttons: from what a person does in Discord to what they see, with the real core."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import discord
import pytest

from adapters.discord.interactions.command_tree import command_options, command_tree, fingerprint, line_of
from adapters.discord.interactions.handler import NO_CHANNEL
from adapters.discord.interactions.translations import TRANSLATIONS, Translations
from adapters.discord.messages.components import CONFIRMED_PREFIX, PREFIX
from adapters.discord.platform import DiscordPlatform
from bot.commands.lines import read_arguments, split_line
from bot.commands.registry import Command, Kind
from bot.commands.runner import REGISTRY
from bot.messages.message import Message
from bot.platforms.command_calls import CommandCall, CommandRunner, Completion, Reply
from tests.adapters.discord.harness import Harness, running
from tests.clocks import NOON
from tests.patience import PATIENCE
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import MANAGER, OWNER, VISITOR, File, Role, buttons_of, links_of, text_of
from tests.simulators.discord_responses import ApiError, Fault
from tests.simulators.discord_schema import SCHEMA
from tests.simulators.discord_state import FORUM
from tests.sources import a_paper

VALUES: dict[str, dict[str, Any]] = {
    "help": {"command": "search"},
    "search": {"query": 'diffusion OR "mixture of experts"', "page": 1},
    "trending": {"period": "week"},
    "show": {"paper": "2605.00001"},
    "why": {"paper": "2605.00001"},
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
    "save": {"paper": "2605.00001"},
    "saved": {"format": "bibtex"},
    "unsave": {"paper": "2605.00001"},
    "bib": {"period": "week"},
}


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    """A harness with a running bot and twelve papers in the feed."""
    await harness.core.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 13)))
    async with running(harness):
        yield harness


# --- Definitions


def test_the_definitions_stay_within_what_discord_takes() -> None:
    *groups, _ = command_tree(REGISTRY)
    texts: list[str] = []

    def collect(definition: dict[str, object]) -> None:
        texts.extend(str(definition.get(part, "")) for part in ("name", "description"))
        for inner in (*definition.get("options", ()), *definition.get("choices", ())):  # type: ignore[misc]
            collect(inner)

    for papers in groups:
        assert len(papers["options"]) <= 25
        assert all(len(command["options"]) <= 25 for command in papers["options"])
        texts.clear()
        collect(papers)
        assert sum(map(len, texts)) <= 8000


GERMAN = {
    "search": "suchen",
    "find papers, best matches first": "Artikel finden, die besten zuerst",
    "query": "anfrage",
    "week": "Woche",
}


@pytest.mark.parametrize("translations", [TRANSLATIONS, {"de": GERMAN}])
def test_translations_stay_within_what_discord_takes(translations: Translations) -> None:
    """Wherever a translation is put in, it stands beside the English one, and follows Discord's rules."""
    told = command_tree(REGISTRY, translations)
    for definition in told:
        assert SCHEMA.problems("ApplicationCommandUpdateRequest", definition) == []
    longest = 0

    def look(definition: dict[str, Any], *, choice: bool = False) -> None:
        nonlocal longest
        names = [definition["name"], *definition.get("name_localizations", {}).values()]
        words = [definition.get("description", ""), *definition.get("description_localizations", {}).values()]
        longest += max(map(len, names)) + max(map(len, words))
        assert set(definition.get("name_localizations", {})) <= {str(locale) for locale in discord.Locale}
        if (not choice and definition.get("type") != 3) or "required" in definition:
            assert all(re.fullmatch(r"[-_'\w]{1,32}", name) and name == name.lower() for name in names)
        assert all(len(word) <= 100 for word in words)
        for option in definition.get("options", ()):
            look(option)
        for one in definition.get("choices", ()):
            look(one, choice=True)

    look(told[0])
    assert longest <= 8000
    assert ("suchen" in str(told)) is bool(translations)


def test_another_translation_is_another_fingerprint() -> None:
    plain, german = command_tree(REGISTRY), command_tree(REGISTRY, {"de": GERMAN})
    assert fingerprint(plain) != fingerprint(german)
    assert fingerprint(german) == fingerprint(command_tree(REGISTRY, {"de": dict(GERMAN)}))
    assert fingerprint(german) != fingerprint(command_tree(REGISTRY, {"de": {**GERMAN, "week": "Arbeitswoche"}}))


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
    ours = command_tree(REGISTRY)
    assert fingerprint(reversed(ours)) == fingerprint(ours)
    changed = command_tree(REGISTRY)
    changed[0]["options"][0]["description"] += "!"
    assert fingerprint(changed) != fingerprint(ours)


def test_the_data_of_an_interaction_is_read_with_its_focus() -> None:
    data = {
        "options": [
            {"name": "search", "type": 1, "options": [{"name": "query", "type": 3, "value": "x", "focused": True}]}
        ]
    }
    read = command_options(data)
    assert (read.command, dict(read.values), read.focused) == ("search", {"query": "x"}, "query")


# --- Registration


async def test_commands_are_registered_once_and_again_only_when_they_change(harness: Harness) -> None:
    server = harness.simulator
    async with running(harness):
        # That goes on beside everything else: nobody waits for it.
        names = ["papers", "papers-manage", "Find papers here"]
        await eventually(lambda: [one["name"] for one in server.commands] == names)
    harness.platform = DiscordPlatform(server.token, harness.clock, api_url=server.api_url)
    server.gateway.ready.clear()
    async with running(harness) as bot:
        assert "scope=bot+applications.commands" in bot.invite_url
        assert "permissions=309237730304" in bot.invite_url
        await eventually(lambda: len(server.sent("GET", "/commands")) > 1)
    assert len(server.sent("PUT", "/commands$")) == 1
    options = len(server.commands[0]["options"])
    server.commands[0]["options"].pop()
    harness.platform = DiscordPlatform(server.token, harness.clock, api_url=server.api_url)
    server.gateway.ready.clear()
    async with running(harness):
        await eventually(lambda: len(server.commands[0]["options"]) == options)
    assert len(server.sent("PUT", "/commands$")) == 2


# --- Commands


@pytest.mark.parametrize("name", [command.name for command in REGISTRY])
async def test_every_command_is_answered_to_the_person_alone(running_harness: Harness, name: str) -> None:
    await running_harness.say("subscribe", query="diffusion")
    if name == "merge":
        await running_harness.say("subscribe", query="agents")
    answer = await running_harness.say(name, **VALUES.get(name, {}))
    assert answer.first == {"type": 5, "data": {"flags": 64}}
    assert answer.ephemeral
    assert answer.text.strip()
    assert "does not fit" not in answer.text
    assert "There is no" not in answer.text


async def test_a_mistake_is_explained(running_harness: Harness) -> None:
    answer = await running_harness.say("schedule", when="whenever I like")
    assert "I do not know the schedule `whenever i like`" in answer.text


async def test_only_who_may_manage_the_channel_changes_it(running_harness: Harness) -> None:
    refused = await running_harness.simulator.interactions.command(
        running_harness.general, "subscribe", permissions=VISITOR, query="diffusion"
    )
    assert "Only people who may manage" in refused.text
    assert (await running_harness.store.health.facts(NOON)).rows["subscriptions"] == 0
    shown = await running_harness.simulator.interactions.command(running_harness.general, "topics", permissions=VISITOR)
    assert "Only people" not in shown.text


async def test_a_command_that_discord_still_shows_after_it_was_removed_is_explained(running_harness: Harness) -> None:
    assert "no command" in (await running_harness.say("frobnicate")).text
    typing = await running_harness.simulator.interactions.command(
        running_harness.general, "frobnicate", focused="query", query="x"
    )
    assert typing.choices == []


class Slow:
    """Commands that wait until they are let go."""

    def __init__(self, commands: CommandRunner) -> None:
        self.released = asyncio.Event()
        self._commands = commands

    async def run(self, call: CommandCall) -> Reply:
        await self.released.wait()
        return await self._commands.run(call)

    async def complete(self, call: CommandCall) -> Sequence[Completion]:
        return await self._commands.complete(call)


async def test_discord_hears_from_us_before_any_work_is_done(harness: Harness) -> None:
    slow = Slow(harness.core.commands)
    async with running(harness, commands=slow):
        asked = asyncio.create_task(harness.say("today"))
        interactions = harness.simulator.interactions.by_token
        await eventually(lambda: interactions and all(one.first for one in interactions.values()))
        assert not asked.done()
        slow.released.set()
        assert (await asked).messages


async def test_who_asked_just_before_the_bot_stops_still_gets_the_answer(harness: Harness) -> None:
    slow = Slow(harness.core.commands)
    async with running(harness, commands=slow):
        asked = asyncio.create_task(harness.say("today"))
        interactions = harness.simulator.interactions.by_token
        await eventually(lambda: interactions and all(one.first for one in interactions.values()))
        asyncio.get_running_loop().call_later(0.05, slow.released.set)
    async with asyncio.timeout(PATIENCE):
        assert (await asked).messages


async def test_a_first_answer_whose_receipt_was_lost_counts(running_harness: Harness) -> None:
    running_harness.simulator.fail("POST", "/callback", Fault.ACCEPT_THEN_ERROR)
    assert (await running_harness.say("today")).text


@pytest.mark.parametrize(
    "fault",
    [
        Fault.ACCEPT_THEN_DROP,
        Fault.DROP,
        Fault.HTML_PAGE,
        Fault.EMPTY,
        Fault.ODD_LIMITS,
        Fault.RATE_LIMITED_BARE,
        Fault.RATE_LIMITED_PAGE,
    ],
)
@pytest.mark.parametrize("path", ["/callback", "/messages/@original"])
async def test_an_answer_arrives_whatever_discord_says_to_it(running_harness: Harness, fault: Fault, path: str) -> None:
    running_harness.simulator.fail("POST" if path == "/callback" else "PATCH", path, fault)
    answer = await running_harness.say("today")
    assert "papers listed" in answer.text
    await asyncio.sleep(0.05)
    assert "went wrong" not in answer.text


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RATE_LIMITED_BARE, Fault.RATE_LIMITED_PAGE])
async def test_what_a_button_adds_arrives_whole_when_discord_is_slow_or_breaks_off(
    running_harness: Harness, fault: Fault
) -> None:
    interactions, simulator = running_harness.simulator.interactions, running_harness.simulator
    await running_harness.say("save", paper="2605.00003")
    shown = await running_harness.say("saved")
    simulator.fail("POST", "/webhooks/", fault)
    await interactions.press(running_harness.general, shown.messages[0], shown.buttons["CSV"])
    assert "2605.00003" in simulator.files["reading-list.csv"]


async def test_a_limit_that_lasts_for_minutes_leaves_an_answer_unsaid_and_nothing_waiting(
    running_harness: Harness,
) -> None:
    simulator = running_harness.simulator
    simulator.fail("POST", "/callback", Fault.RATE_LIMITED_LONG)
    asking = asyncio.create_task(running_harness.say("today"))
    await eventually(lambda: simulator.sent("POST", "/callback"))
    await asyncio.sleep(1)
    assert not asking.done()
    asking.cancel()
    assert len(simulator.sent("POST", "/callback")) == 1
    assert (await running_harness.say("today")).text


async def test_an_answer_that_comes_too_late_troubles_nobody_else(running_harness: Harness) -> None:
    running_harness.simulator.interactions.answer_within = -1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await running_harness.say("today")
    running_harness.simulator.interactions.answer_within = PATIENCE
    assert (await running_harness.say("today")).text


async def test_a_refused_answer_is_replaced_by_a_sentence_for_commands_buttons_and_forms(
    running_harness: Harness,
) -> None:
    server, people = running_harness.simulator, running_harness.simulator.interactions
    refusal = ApiError(400, 50035, "Invalid Form Body")
    sentence = "Discord did not take my answer"

    server.refuse_edits.append(refusal)
    plain = await running_harness.say("today")
    assert "Diffusion Study 12" in plain.text
    assert plain.messages[0]["embeds"]  # a layout is not all that there is
    server.refuse_edits += [refusal] * 2
    assert sentence in (await running_harness.say("today")).text

    await running_harness.say("subscribe", query="diffusion", backfill=2)
    await running_harness.core.engine.deliver()
    [digest] = running_harness.general.messages
    before = str(digest)
    server.refuse_follow_ups += [refusal] * 2
    pressed = await people.press(running_harness.general, digest, buttons_of(digest)[1]["custom_id"])
    assert sentence in pressed.text
    assert pressed.ephemeral
    assert str(digest) == before

    results = await running_harness.say("search", query="diffusion")
    first = str(results.messages[0])
    next_page = next(custom_id for label, custom_id in results.buttons.items() if "Next" in label)
    server.refuse_edits.append(refusal)
    assert sentence in (await people.press(running_harness.general, results.messages[0], next_page)).text
    assert str(results.messages[0]) == first

    opened = await people.command(running_harness.general, "subscribe")
    server.refuse_edits.append(refusal)
    assert sentence in (await people.submit(running_harness.general, opened, query="quant*")).text


async def test_what_comes_without_its_channel_is_answered_in_words(running_harness: Harness) -> None:
    people, nowhere = running_harness.simulator.interactions, {"channel": None, "channel_id": None}
    for name in ("topics", "help"):
        command = {"id": "1", "name": "papers", "type": 1, "options": [{"name": name, "type": 1, "options": []}]}
        answer = await people._do(2, running_harness.general, command, MANAGER, changes=nowhere)
        assert answer.text == NO_CHANNEL


async def test_a_button_works_where_discord_does_not_say_that_its_message_is_a_layout(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion", backfill=2)
    await running_harness.core.engine.deliver()
    [digest] = running_harness.general.messages
    thumb = next(button["custom_id"] for button in buttons_of(digest) if "vote" in button["custom_id"])
    assert any(component["type"] == discord.ComponentType.container.value for component in digest["components"])
    await running_harness.simulator.interactions.press(running_harness.general, digest | {"flags": 0}, thumb)
    channel = await running_harness.stored()
    votes = await running_harness.store.reading.vote_states([channel.id])
    assert votes[channel.id].up + votes[channel.id].down == 1


async def test_a_refused_file_is_shown_below_a_button_too(running_harness: Harness) -> None:
    await running_harness.say("save", paper="2605.00001")
    shown = await running_harness.say("saved")
    running_harness.simulator.refuse_follow_ups.append(ApiError(413, 40005, "Request entity too large"))
    pressed = await running_harness.simulator.interactions.press(
        running_harness.general, shown.messages[0], shown.buttons["CSV"]
    )
    assert "```" in pressed.text
    assert "2605.00001" in pressed.text


async def test_a_long_answer_comes_in_several_messages(harness: Harness) -> None:
    class Verbose(Slow):
        async def run(self, call: CommandCall) -> Reply:
            first = await super().run(call)
            blocks = first.message.blocks * 12
            return Reply(message=Message(summary="x", blocks=blocks))

    commands = Verbose(harness.core.commands)
    commands.released.set()
    async with running(harness, commands=commands):
        answer = await harness.say("help")
        await eventually(lambda: len(answer.messages) > 1)
        assert answer.ephemeral


# --- Completion


@pytest.mark.parametrize(
    ("name", "focused", "values", "expected"),
    [
        ("help", "command", {"command": "sub"}, "subscribe"),
        ("search", "query", {"query": "attention cat:cs.c"}, "attention cat:cs.CL"),
        ("search", "query", {"query": "(-cat:CS."}, "(-cat:cs.AI"),
        ("edit", "query", {"topic": "1", "query": ""}, "diffusion"),
        ("settings", "key", {"key": ""}, "role"),
        ("show", "paper", {"paper": ""}, "2605.00012"),
        ("similar", "paper", {"paper": "2605.0000"}, "2605.00009"),
        ("save", "paper", {"paper": "diffusion study 1"}, "2605.00001"),
        ("unsave", "paper", {"paper": "stud"}, "2605.00003"),
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
    running_harness: Harness, name: str, focused: str, values: dict[str, Any], expected: str
) -> None:
    await running_harness.say("subscribe", query="diffusion")
    answer = await running_harness.simulator.interactions.command(
        running_harness.general, name, focused=focused, **values
    )
    assert expected in [choice["value"] for choice in answer.choices]
    assert len(answer.choices) <= 25


async def test_completions_say_what_numbers_and_ids_stand_for(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion OR quant*", name="Small models")
    ask = running_harness.simulator.interactions.command
    topics = await ask(running_harness.general, "unsubscribe", focused="topic", topic="SMALL")
    assert topics.choices == [{"name": "1 · Small models", "value": "1"}]
    papers = await ask(running_harness.general, "show", focused="paper", paper="study 7")
    assert papers.choices[0] == {"name": "2605.00007 · Diffusion Study 7", "value": "2605.00007"}
    commands = await ask(running_harness.general, "help", focused="command", command="unsub")
    assert commands.choices == [{"name": "unsubscribe · remove a topic", "value": "unsubscribe"}]
    for typed in ('"', "2605.99999", "((", "x" * 300, "-" * 20, "title:", "*", "@everyone"):
        nothing = await ask(running_harness.general, "show", focused="paper", paper=typed)
        assert all(len(choice["name"]) <= 100 and len(choice["value"]) <= 100 for choice in nothing.choices)


# --- Mentions


async def add_role(harness: Harness, name: str) -> int:
    role = harness.simulator.state.add_role(harness.guild, name)
    told = harness.simulator.state.guild_json(harness.guild)["roles"][-1]
    await harness.simulator.gateway.dispatch("GUILD_ROLE_CREATE", {"guild_id": str(harness.guild.id), "role": told})
    return role


async def test_a_role_is_chosen_from_the_real_ones_and_is_the_only_ping(running_harness: Harness) -> None:
    role = await add_role(running_harness, "Readers")
    asked = await running_harness.simulator.interactions.command(
        running_harness.general, "settings", focused="value", key="mention", value="read"
    )
    assert asked.choices == [{"name": "@Readers", "value": f"<@&{role}>"}]
    await running_harness.say("settings", key="mention", value=f"<@&{role}>")
    await running_harness.say("subscribe", query="diffusion", backfill=3)
    await running_harness.next_digest()
    [message] = running_harness.general.messages
    assert text_of(message).strip().startswith(f"<@&{role}> ")
    assert message["mention_roles"] == [str(role)]


async def test_a_role_is_an_option_of_its_own(running_harness: Harness) -> None:
    role = await add_role(running_harness, "Readers")
    [settings] = [one for one in command_tree(REGISTRY)[1]["options"] if one["name"] == "settings"]
    assert [one["type"] for one in settings["options"] if one["name"] == "role"] == [8]
    answer = await running_harness.say("settings", key="mention", role=Role(str(role)))
    assert "Readers" in answer.text
    assert (await running_harness.stored()).settings.mention == f"<@&{role}>"
    for values in ({}, {"key": "limit"}):
        refused = await running_harness.say("settings", **values, role=Role(str(role)))
        assert "Choose a `key` as well" in refused.text.replace("\\", "")


@pytest.mark.parametrize("value", ["@everyone", "<@4242424242424242424>", "<@&999999999999999999>", "EVERYONE"])
async def test_nobody_else_can_be_chosen(running_harness: Harness, value: str) -> None:
    everyone = f"<@&{running_harness.guild.id}>"
    answer = await running_harness.say("settings", key="mention", value=everyone if value == "EVERYONE" else value)
    assert "role" in answer.text
    await running_harness.say("subscribe", query="diffusion")
    assert (await running_harness.stored()).settings.mention == ""


async def test_a_role_may_be_set_that_changes_topics_everywhere_in_the_server(running_harness: Harness) -> None:
    role = await add_role(running_harness, "Curators")
    ask = running_harness.simulator.interactions.command
    offered = await ask(running_harness.general, "settings", focused="value", key="role", value="cur")
    assert offered.choices == [{"name": "@Curators", "value": f"<@&{role}>"}]
    value = f"<@&{role}>"
    refused = await ask(running_harness.general, "settings", key="role", value=value)
    assert "Only people who manage the whole server" in refused.text
    for other in (f"<@&{running_harness.guild.id}>", "<@&999999999999999999>"):
        foreign = await ask(running_harness.general, "settings", permissions=OWNER, key="role", value=other)
        assert "That is no role of this server" in foreign.text
    done = await ask(running_harness.general, "settings", permissions=OWNER, key="role", value=value)
    assert "**@Curators**" in done.text.replace("\\", "")
    assert "<@&" not in (await running_harness.say("settings")).text
    assert (
        "Only people" in (await ask(running_harness.general, "subscribe", permissions=VISITOR, query="diffusion")).text
    )
    running_harness.simulator.interactions.roles = [role]
    assert (
        "Topic 1 added"
        in (await ask(running_harness.general, "subscribe", permissions=VISITOR, query="diffusion")).text
    )
    # Who manages the channel by Discord's word needs no role.
    running_harness.simulator.interactions.roles = []
    assert "Topic 2 added" in (await running_harness.say("subscribe", query="quant*")).text


async def test_a_reading_list_follows_its_reader_into_every_server(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    elsewhere = state.add_guild("Elsewhere")
    there = state.add_channel(elsewhere)
    await running_harness.simulator.add_guild(elsewhere.id)
    await running_harness.say("save", paper="2605.00003")
    assert "Diffusion Study 3" in (await running_harness.say("saved", there)).text


# --- Files


async def test_a_bibliography_is_a_file_in_an_answer_that_only_the_person_sees(running_harness: Harness) -> None:
    await running_harness.say("save", paper="2605.00003")
    await running_harness.say("save", paper="2605.00004")
    answer = await running_harness.say("saved", format="bibtex")
    [message] = answer.messages
    assert [file["filename"] for file in message["attachments"]] == ["reading-list.bib"]
    assert running_harness.simulator.files["reading-list.bib"].count("2605.0000") >= 2
    assert "```" not in answer.text
    shown = await running_harness.say("saved")
    pressed = await running_harness.simulator.interactions.press(
        running_harness.general, shown.messages[0], shown.buttons["CSV"]
    )
    assert pressed.ephemeral
    assert "reading-list.csv" in running_harness.simulator.files


async def test_a_topic_is_made_of_a_file_that_comes_with_the_command(running_harness: Harness) -> None:
    title = "Diffusion Study 3"
    bibliography = f"@article{{a, title = {{{title}}}}}\n@article{{b, title = {{Müller’s Other Work}}}}\n"
    answer = await running_harness.say("subscribe", file=File("Zotero.bib", bibliography.encode("cp1252")))
    assert "papers like" in answer.text
    assert title in answer.text
    assert "Müller’s Other Work" in answer.text
    assert "like:2605.00003" in (await running_harness.say("topics")).text


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (File("a.bib", b"@article{a, title = {X}}", refused=404), "did not hand that file over"),
        (File("a.bib", b"@article{a, title = {X}}", refused=403), "did not hand that file over"),
        (File("a.bib", b"@article{a, title = {X}}", refused=401), "did not hand that file over"),
        (File("a.pdf", b"%PDF-1.7 \0\1\2"), "is no text"),
        (File("a.bib", b""), "is empty"),
        (File("a.bib", b"", size=90_000_000), "has 90.0 MB"),
        (File("a.txt", b"nothing that names a paper"), "None of these references"),
    ],
)
async def test_a_file_that_cannot_be_read_gets_a_sentence(
    running_harness: Harness, file: File, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in (await running_harness.say("subscribe", query="like", file=file)).text
    assert "no topics yet" in (await running_harness.say("topics")).text
    assert "discord.nothing_is_sent" not in capsys.readouterr().out


async def test_where_files_are_refused_the_bibliography_is_shown(running_harness: Harness) -> None:
    for number in range(1, 13):
        await running_harness.say("save", paper=f"2605.{number:05}")
    running_harness.simulator.refuse_edits.append(ApiError(403, 50013, "Missing Permissions"))
    answer = await running_harness.say("saved", format="bibtex")
    assert "```" in answer.text
    assert "2605.00012" in answer.text
    assert not answer.messages[-1]["attachments"]


# --- What Discord does not send, or not yet


def given_to(name: str, *options: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "name": "papers", "type": 1, "options": [{"name": name, "type": 1, "options": list(options)}]}


QUERY = {"name": "query", "type": 3, "value": "study"}
TODAY = given_to("today")
PERSON = {"id": "4242", "username": "ada", "global_name": "ada", "discriminator": "0", "avatar": None}
PRIVATE = {"guild_id": None, "guild": None, "member": None, "user": PERSON, "context": 1}
FORM = {"type": 18, "component": {"type": 4, "custom_id": "query", "value": "quant*"}}


@pytest.mark.parametrize(
    ("kind", "data", "changes", "words"),
    [
        (2, TODAY, PRIVATE, "papers listed"),
        (2, given_to("subscribe", QUERY), PRIVATE, "I work in the channels of servers"),
        (2, TODAY, {"member": None, "user": PERSON}, "papers listed"),
        (2, TODAY, {"channel": None}, "papers listed"),
        (2, TODAY, {"version": None, "attachment_size_limit": None}, "papers listed"),
        (2, TODAY, {"locale": None, "guild_locale": "zz-ZZ", "entitlements": None, "context": 9}, "papers listed"),
        (2, TODAY, {"authorizing_integration_owners": {"1": "4242"}}, "papers listed"),
        (2, {"id": "1", "name": "papers", "type": 1}, {}, "no command"),
        (2, {"id": "1", "name": "gazette", "type": 1, "options": [QUERY]}, {}, "no command"),
        (2, given_to("search", QUERY, {"name": "mood", "type": 99, "value": "?"}), {}, "for `study`"),
        (2, given_to("search", {"name": "query", "type": 3}), {}, "needs what to look for"),
        (2, given_to("history", {"name": "count", "type": 10, "value": 2.5}), {}, "does not fit"),
        (2, {"id": "2", "name": "Find papers here", "type": 3, "target_id": "9", "resolved": None}, {}, "no words"),
        (5, {"custom_id": "another-form", "components": []}, {}, "another version of me"),
        (5, {"custom_id": "papers-form:subscribe", "components": []}, {}, "needs a query"),
        (5, {"custom_id": "papers-form:subscribe", "components": [{"component": None}, FORM]}, {}, "Topic 1 added"),
        (5, {"custom_id": "papers-form:edit 99", "components": [FORM]}, {}, "has no topics"),
    ],
)
async def test_whatever_comes_is_answered(
    running_harness: Harness, kind: int, data: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    answer = await running_harness.simulator.interactions.unusual(running_harness.general, kind, data, **changes)
    assert words in answer.text
    assert answer.ephemeral


@pytest.mark.parametrize(
    "channel",
    [
        None,
        *({"id": "77", "type": kind.value} for kind in discord.ChannelType if kind.name not in ("private", "group")),
        {"id": "77", "type": 99, "name": "of the future"},
        {"id": "77", "type": 11, "name": "thread", "parent_id": "78", "thread_metadata": {"locked": False}},
    ],
)
async def test_what_is_asked_in_a_channel_that_the_bot_does_not_know_is_answered(
    running_harness: Harness, channel: dict[str, Any] | None
) -> None:
    member = {"user": {"id": "4242"}, "permissions": str(MANAGER.value)}
    changes = {"channel_id": "77", "channel": channel, "member": member}
    answer = await running_harness.simulator.interactions.unusual(
        running_harness.general, 2, given_to("subscribe", QUERY), **changes
    )
    assert "Topic 1 added" in answer.text


async def test_a_button_of_a_message_that_is_told_of_in_few_words_is_answered(running_harness: Harness) -> None:
    shown = await running_harness.say("show", paper="2605.00001")
    message = {part: shown.messages[0][part] for part in ("id", "channel_id", "author", "components", "flags")}
    data = {"custom_id": shown.buttons["Save"], "component_type": 2, "id": 1}
    answer = await running_harness.simulator.interactions.unusual(running_harness.general, 3, data, message=message)
    assert "Saved" in answer.buttons


async def test_a_button_outside_of_servers_is_answered(running_harness: Harness) -> None:
    shown = await running_harness.say("show", paper="2605.00001")
    data = {"custom_id": shown.buttons["Save"], "component_type": 2, "id": 1}
    private = {**PRIVATE, "message": shown.messages[0]}
    answer = await running_harness.simulator.interactions.unusual(running_harness.general, 3, data, **private)
    assert "Saved" in answer.buttons
    assert "Share" not in answer.buttons
    share = {"type": 2, "style": 2, "label": "Share", "custom_id": f"{PREFIX}share 2605.00001"}
    shown.messages[0]["components"] = [{"type": 1, "components": [share]}]
    data = {"custom_id": share["custom_id"], "component_type": 2, "id": 1}
    answer = await running_harness.simulator.interactions.unusual(running_harness.general, 3, data, **private)
    assert "I work in the channels of servers" in answer.text


@pytest.mark.parametrize("options", [[QUERY], [], [{"name": "query", "type": 3, "focused": True}]])
async def test_whatever_is_typed_is_completed(running_harness: Harness, options: list[dict[str, Any]]) -> None:
    answer = await running_harness.simulator.interactions.unusual(
        running_harness.general, 4, given_to("search", *options)
    )
    assert answer.choices


# --- Buttons


async def test_results_have_one_button_each_that_opens_the_paper(running_harness: Harness) -> None:
    answer = await running_harness.say("search", query="diffusion")
    [results] = answer.messages
    assert [button["label"] for button in buttons_of(results)] == [*["⋯"] * 5, "Next ›"]
    opened = await running_harness.simulator.interactions.press(
        running_harness.general, results, buttons_of(results)[0]["custom_id"]
    )
    chosen = await running_harness.simulator.interactions.press(
        running_harness.general, opened.messages[0], opened.buttons["Save"]
    )
    assert "Saved" in chosen.buttons
    assert "Diffusion Study 12" in (await running_harness.say("saved")).text


async def test_every_kind_of_button_and_menu_is_answered(running_harness: Harness) -> None:
    """Whatever commands show to be pressed, and what comes from pressing it, can be pressed."""
    press, choose = running_harness.simulator.interactions.press, running_harness.simulator.interactions.choose
    await running_harness.say("subscribe", query="diffusion", name="Diffusers")
    await running_harness.core.news(*(a_paper(number) for number in range(20, 31)))
    for number in (*range(1, 12), *range(20, 25)):
        await running_harness.say("save", paper=f"2605.{number:05}")
    waiting = [await running_harness.say(command.name, **VALUES.get(command.name, {})) for command in REGISTRY]
    waiting += [await running_harness.say("topics"), await running_harness.say("search", query="study", page=2)]
    seen: set[str] = set()
    refused = ("There is no", "does not fit", "needs", "takes nothing")
    while waiting:
        answer = waiting.pop(0)
        pressable = [(label, line) for label, line in answer.buttons.items()]
        for label, custom_id in pressable:
            kind = f"{custom_id.removeprefix(PREFIX).split()[0]} {label.rpartition('· ')[2]}"
            if kind in seen:
                continue
            message = next((one for one in answer.messages if custom_id in str(one["components"])), None)
            if message is None:
                continue  # a button before it gave the card a new form
            seen.add(kind)
            pressed = await press(running_harness.general, message, custom_id)
            if sure := [line for line in pressed.buttons.values() if line.startswith(CONFIRMED_PREFIX)]:
                pressed = await press(running_harness.general, pressed.messages[-1], sure[0])
            assert pressed.modal or pressed.text.strip(), kind
            assert not any(words in pressed.text for words in refused), (kind, pressed.text)
            waiting.append(pressed)
        for name, menu in answer.menus.items():
            if name not in seen:
                seen.add(name)
                [message] = [one for one in answer.messages if name in str(one["components"])][:1]
                chosen = await choose(running_harness.general, message, menu, menu["options"][-1]["value"])
                assert chosen.text.strip()
                assert not any(words in chosen.text for words in refused), (name, chosen.text)
    assert seen >= {
        "show ⋯",
        "similar Similar",
        "save Save",
        "vote 👍",
        "vote 👎",
        "share Share",
        "edit Edit",
        "unsubscribe Remove",
        "subscribe Add it again",
        "topics Topics",
        "saved BibTeX",
        "saved My list",
        "unsave Remove",
        "search ‹ Back",
        "saved Next ›",
    }


async def test_pages_turn_in_place(running_harness: Harness) -> None:
    answer = await running_harness.say("search", query="diffusion")
    first, shown = dict(answer.messages[0]), answer.text
    label = next(label for label in answer.buttons if "Next" in label or "next" in label)
    turned = await running_harness.simulator.interactions.press(
        running_harness.general, answer.messages[0], answer.buttons[label]
    )
    assert turned.first == {"type": 6}
    assert turned.messages[0]["id"] == first["id"]
    assert turned.text != shown
    assert len(links_of(turned.messages[0])) == 5


@pytest.mark.parametrize("typed", ["new york", "new-york", "NEW_Y", "sao pau", "São", "zur"])
async def test_cities_complete_as_zones(running_harness: Harness, typed: str) -> None:
    city = {"n": "America/New_York", "s": "America/Sao_Paulo", "z": "Europe/Zurich"}[typed[0].lower()]
    answer = await running_harness.simulator.interactions.command(
        running_harness.general, "timezone", focused="zone", zone=typed
    )
    assert city in [choice["value"] for choice in answer.choices]
    assert city in (await running_harness.say("timezone", zone=city)).text.replace("\\", "")


async def test_a_compact_digest_of_eleven_is_one_message(running_harness: Harness) -> None:
    await running_harness.say("settings", key="style", value="compact")
    await running_harness.say("subscribe", query="diffusion", backfill=11)
    await running_harness.next_digest()
    [digest] = running_harness.general.messages
    assert all(f"Diffusion Study {number}" in text_of(digest) for number in range(2, 13))


async def test_links_of_a_message_that_are_not_shown_are_said(running_harness: Harness) -> None:
    links = " ".join(f"https://arxiv.org/abs/2605.{number:05}" for number in range(1, 8))
    message = running_harness.simulator.state.message(running_harness.general.id, {"content": links})
    answer = await running_harness.simulator.interactions.on_message(
        running_harness.general, message, "Find papers here"
    )
    await eventually(lambda: "links to 2 more: 2605.00006, 2605.00007" in answer.text)


async def test_a_button_still_works_after_a_restart_and_answers_only_who_pressed_it(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion", backfill=2)
    await running_harness.next_digest()
    [digest] = running_harness.general.messages
    custom_id = buttons_of(digest)[1]["custom_id"]
    assert custom_id.startswith(f"{PREFIX}show ")
    await running_harness.platform.close()
    server = running_harness.simulator
    server.gateway.ready.clear()
    running_harness.platform = DiscordPlatform(server.token, running_harness.clock, api_url=server.api_url)
    async with running(running_harness):
        before = str(digest)
        pressed = await server.interactions.press(running_harness.general, digest, custom_id, permissions=VISITOR)
        assert "It works." in pressed.text
        assert pressed.ephemeral
        assert str(digest) == before


async def test_sharing_posts_to_the_channel(running_harness: Harness) -> None:
    answer = await running_harness.say("show", paper="2605.00003")
    button = answer.buttons["Share"]
    shared = await running_harness.simulator.interactions.press(running_harness.general, answer.messages[0], button)
    assert "Shared" in shared.text
    assert shared.messages[0]["id"] != answer.messages[0]["id"]  # the card stays
    await running_harness.core.engine.deliver()
    [post] = running_harness.general.messages
    assert "ada" in text_of(post)
    assert "2605.00003" in text_of(post)


async def test_a_forged_button_may_do_nothing_that_its_presser_may_not(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion")
    answer = await running_harness.say("topics")
    message = answer.messages[0]
    message["components"] = [
        {"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": f"{PREFIX}unsubscribe 1"}]}
    ]
    pressed = await running_harness.simulator.interactions.press(
        running_harness.general, message, f"{PREFIX}unsubscribe 1", permissions=VISITOR
    )
    assert "Only people who may manage" in pressed.text


# --- The menu of messages


async def test_the_papers_of_a_digest_are_found_in_it(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion", backfill=2)
    await running_harness.core.engine.deliver()
    [digest] = running_harness.general.messages
    answer = await running_harness.simulator.interactions.on_message(
        running_harness.general, digest, "Find papers here"
    )
    await eventually(lambda: len(answer.messages) == 2)
    assert "2605.00012" in answer.text
    assert "2605.00011" in answer.text


async def test_papers_that_a_message_links_to_are_shown(running_harness: Harness) -> None:
    message = running_harness.simulator.state.message(
        running_harness.general.id,
        {"content": "see https://arxiv.org/abs/2605.00004v2 and https://arxiv.org/pdf/2605.00005"},
    )
    answer = await running_harness.simulator.interactions.on_message(
        running_harness.general, message, "Find papers here"
    )
    await eventually(lambda: "2605.00005" in answer.text)
    assert "2605.00004" in answer.text
    assert answer.ephemeral


async def test_a_message_without_links_is_searched_for(running_harness: Harness) -> None:
    message = running_harness.simulator.state.message(
        running_harness.general.id, {"content": "Anything on diffusion & -- (title: x)?"}
    )
    answer = await running_harness.simulator.interactions.on_message(
        running_harness.general, message, "Find papers here"
    )
    assert "Diffusion Study" in answer.text
    empty = running_harness.simulator.state.message(running_harness.general.id, {"content": "!!"})
    assert (
        "no words"
        in (
            await running_harness.simulator.interactions.on_message(running_harness.general, empty, "Find papers here")
        ).text
    )


# --- Threads, forums and what is missing


async def test_a_thread_is_a_channel_of_its_own_and_a_forum_post_speaks_for_its_forum(running_harness: Harness) -> None:
    state = running_harness.simulator.state
    thread = state.open_thread(running_harness.general, "reading group")
    forum = state.add_channel(running_harness.guild, "papers", FORUM)
    question = state.open_thread(forum, "question")
    for channel in (forum, thread, question):
        event = "THREAD_CREATE" if channel.is_thread else "CHANNEL_CREATE"
        await running_harness.simulator.gateway.dispatch(event, channel.json())
    await running_harness.say("subscribe", thread, query="diffusion")
    await running_harness.say("subscribe", question, query="diffusion", backfill=2)
    assert (await running_harness.stored(thread)).name == "reading group"
    assert (await running_harness.stored(forum)).name == "papers"
    await running_harness.next_digest(forum)
    running_harness.clock.advance(seconds=2)
    await running_harness.core.engine.deliver()
    # Each paper is a post of its own, the best of them on top.
    assert [thread.name for thread in state.threads_of(forum)][1:] == ["Diffusion Study 11", "Diffusion Study 12"]


@pytest.mark.parametrize(
    ("permission", "name"),
    [("view_channel", "View Channel"), ("send_messages", "Send Messages"), ("embed_links", "Embed Links")],
)
async def test_what_is_missing_is_said_before_the_first_digest_fails(
    running_harness: Harness, permission: str, name: str
) -> None:
    await running_harness.simulator.allow(running_harness.general, **{permission: False})
    answer = await running_harness.say("subscribe", query="diffusion")
    assert "I cannot post here yet" in answer.text
    assert f"“{name}”" in answer.text
    await running_harness.simulator.allow(running_harness.general, **{permission: True})
    assert "I cannot post here yet" not in (await running_harness.say("subscribe", query="quant*")).text


async def test_that_a_thread_is_locked_is_said_before_the_first_digest_fails(running_harness: Harness) -> None:
    thread = running_harness.simulator.state.open_thread(running_harness.general, "reading group")
    thread.locked = True
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    assert "Unlock it" in (await running_harness.say("subscribe", thread, query="diffusion")).text
