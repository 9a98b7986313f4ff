"""What a command says of itself is true, for every command: platforms go by nothing else."""

from __future__ import annotations

import pytest

from adapters.discord.interactions.command_tree import command_tree
from bot.commands.registry import Command
from bot.commands.runner import REGISTRY
from tests.core import Core
from tests.sources import a_paper

COMMANDS = list(REGISTRY._commands.values())
PAPER = "2605.00001"
WORDS = {
    "search": "search diffusion",
    "help": "help",
    "today": "today",
    "trending": "trending",
    "saved": "saved",
    "sources": "sources",
}


def line_of(command: Command) -> str:
    return WORDS.get(command.name, f"{command.name} {PAPER}")


@pytest.mark.parametrize("command", [one for one in COMMANDS if not one.needs_channel], ids=lambda one: one.name)
async def test_one_that_needs_no_channel_works_without_and_adds_none(core: Core, command: Command) -> None:
    await core.news(a_paper(1))
    assert not command.manages
    reply = await core.ask(line_of(command))
    assert not reply.failed or command.name == "unsave"
    assert await core.store.channels.find(core.address()) is None


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.personal], ids=lambda one: one.name)
@pytest.mark.parametrize("before", ["save", "unsave"])
async def test_one_that_changes_the_reading_list_says_so(core: Core, command: Command, before: str) -> None:
    await core.news(a_paper(1))
    await core.say(f"save {PAPER}")
    await core.say(f"{before} {PAPER}")
    known = await core.say("saved")
    await core.ask(line_of(command))
    changed = await core.say("saved") != known
    assert not changed or command.changes_reading_list
    assert not command.changes_reading_list or changed or command.name == before


def test_what_changes_the_reading_list_is_personal() -> None:
    assert all(command.personal for command in COMMANDS if command.changes_reading_list)


def test_one_that_opens_a_modal_requires_something_that_discord_does_not() -> None:
    tree = {
        option["name"]: option["options"]
        for definition in command_tree(REGISTRY)
        for option in definition.get("options", [])
    }
    for command in REGISTRY:
        required = [parameter.name for parameter in command.parameters if parameter.required]
        asked = [option["name"] for option in tree[command.name] if option.get("required")]
        assert asked == ([] if command.opens_modal else required), command.name
        assert required or not command.opens_modal, command.name
