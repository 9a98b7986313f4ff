"""The registry as Discord knows it: one command with subcommands, and the way back from options to a line.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.client.interaction_payloads import Json
from adapters.discord.interactions.translations import LOCALIZED, TRANSLATIONS, Translations, localized
from adapters.discord.messages.command_mentions import GROUP, MANAGERS_GROUP
from adapters.discord.messages.markup import cut
from adapters.discord.messages.mentions import mention_of
from bot.commands.registry import Command, Kind, Parameter, Registry
from bot.platforms.command_calls import Completion
from bot.text.typed import QUOTES, SINGLE_QUOTES, in_quotes

MESSAGE_COMMAND = "Find papers here"
DESCRIPTION = 100
MOST_CHOICES = 25
CHOICE = 100  # characters of a choice's name and of its value

SUBCOMMAND, STRING, INTEGER, BOOLEAN, ROLE, ATTACHMENT = 1, 3, 4, 5, 8, 11
CHAT_INPUT, MESSAGE = 1, 3
#: In servers only, and only where somebody added the bot to the whole server.
_SERVERS_ONLY = {"contexts": [0], "integration_types": [0]}
#: Also in direct messages.
_SERVERS_AND_DIRECT = {"contexts": [0, 1], "integration_types": [0]}
#: Also wherever somebody is who added the app for themselves.
_EVERYWHERE = {"contexts": [0, 1, 2], "integration_types": [0, 1]}
#: The option for settings that take a role: Discord lets people choose one of the server's.
ROLE_OPTION = "role"
#: The option for a file.
FILE_OPTION = "file"
_COMPLETED = frozenset(
    {
        Kind.QUERY,
        Kind.COMMAND,
        Kind.TOPIC,
        Kind.PAPER,
        Kind.SCHEDULE,
        Kind.TIME_ZONE,
        Kind.SETTING,
        Kind.SETTING_VALUE,
    }
)

Value = str | int | bool


def command_tree(
    registry: Registry, translations: Translations = TRANSLATIONS, *, for_users: bool = True
) -> list[Json]:
    """What Discord is told: `/papers …` with typed options, `/papers-manage …`, and the entry in the menu of messages.

    `for_users` is whether people can add the app for themselves; then what is about papers works wherever they are.
    Which of them Discord shows to whom is only a default of ours: who may do what is looked at with every command.
    """
    places = _EVERYWHERE if for_users else _SERVERS_AND_DIRECT
    everybody = {
        "name": GROUP,
        "type": CHAT_INPUT,
        "description": "Research papers for this channel",
        "options": [
            _subcommand(command, shows_only=command.manages)
            for command in registry
            if not command.manages or command.changes_with
        ],
        **places,
    }
    managers = {
        "name": MANAGERS_GROUP,
        "type": CHAT_INPUT,
        "description": "What this channel gets, and when: for those who manage channels",
        "default_member_permissions": discord.Permissions(manage_channels=True).value,
        "options": [_subcommand(command) for command in registry if command.manages],
        **_SERVERS_ONLY,
    }
    known = [everybody, managers, {"name": MESSAGE_COMMAND, "type": MESSAGE, **places}]
    return [localized(definition, translations) for definition in known]


def ids_of(commands: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The ids under which Discord registered its commands, by their names."""
    return {str(command["name"]): int(command["id"]) for command in commands}


def fingerprint(commands: Iterable[Mapping[str, Any]]) -> str:
    """The same for command_tree that mean the same, whether they are ours or come back from Discord."""
    return json.dumps(sorted((_essence(command) for command in commands), key=json.dumps), sort_keys=True)


def _essence(definition: Mapping[str, Any]) -> Json:
    """What we say about a command or an option, without what Discord adds and what says nothing."""
    kept: Json = {}
    for name in (
        "name",
        "type",
        "description",
        "required",
        "autocomplete",
        "min_value",
        "max_value",
        "default_member_permissions",
        "choices",
        *LOCALIZED,
    ):
        if (value := definition.get(name)) not in (None, False, [], ""):
            kept[name] = value
    if "default_member_permissions" in kept:
        kept["default_member_permissions"] = str(kept["default_member_permissions"])  # as Discord gives it back
    if "choices" in kept:
        kept["choices"] = [
            {part: choice[part] for part in ("name", "value", "name_localizations") if choice.get(part)}
            for choice in kept["choices"]
        ]
    for name in ("contexts", "integration_types"):
        if definition.get(name):
            kept[name] = sorted(definition[name])
    if definition.get("options"):
        kept["options"] = [_essence(option) for option in definition["options"]]
    return kept


def _subcommand(command: Command, *, shows_only: bool = False) -> Json:
    """`shows_only` leaves out what changes something."""
    # Discord wants required options in front of the others.
    shown = [parameter for parameter in command.parameters if not parameter.internal and not shows_only]
    parameters = sorted(shown, key=lambda parameter: not parameter.required)
    options = [_option(parameter, required=parameter.required and not command.opens_modal) for parameter in parameters]
    if any(parameter.kind is Kind.SETTING_VALUE for parameter in shown):
        options.append({"name": ROLE_OPTION, "type": ROLE, "description": "in place of a value that is a role"})
    if command.file and not shows_only:
        options.append({"name": FILE_OPTION, "type": ATTACHMENT, "description": cut(command.file, DESCRIPTION)})
    return {
        "name": command.name,
        "type": SUBCOMMAND,
        "description": cut(command.summary, DESCRIPTION),
        "options": options,
    }


def _option(parameter: Parameter, *, required: bool) -> Json:
    option: Json = {
        "name": parameter.name,
        "description": cut(parameter.help, DESCRIPTION),
        "type": {Kind.NUMBER: INTEGER, Kind.SWITCH: BOOLEAN}.get(parameter.kind, STRING),
        "required": required,
    }
    if parameter.kind is Kind.NUMBER:
        option |= {"min_value": parameter.minimum, "max_value": parameter.maximum}
    if parameter.kind is Kind.CHOICE:
        option["choices"] = [{"name": choice, "value": choice} for choice in parameter.choices]
    if parameter.kind in _COMPLETED:
        option["autocomplete"] = True
    return option


# --- From options to a line -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """What a person chose: the subcommand, its options, what they are typing just now, and the id of a file."""

    command: str
    values: Mapping[str, Value]
    focused: str | None = None
    file: str | None = None


def command_options(data: Mapping[str, Any]) -> CommandOptions:
    """Reads the data of an interaction. Of a command that is not ours, or not any more, only the name is known."""
    subcommand = next((option for option in named_options(data) if option.get("type") == SUBCOMMAND), None)
    if subcommand is None:
        return CommandOptions(str(data.get("name") or ""), {})
    options = named_options(subcommand)
    focused = next((option["name"] for option in options if option.get("focused")), None)
    file = next((str(option.get("value")) for option in options if option.get("type") == ATTACHMENT), None)
    values = {
        option["name"]: option["value"]
        for option in options
        if isinstance(option.get("value"), str | int | float) and option.get("type") != ATTACHMENT
    }
    for role in (str(option.get("value")) for option in options if option.get("type") == ROLE):
        if role.isascii() and role.isdecimal():
            values["value"] = mention_of(int(role))
    return CommandOptions(subcommand["name"], values, focused, file)


def named_options(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The options of an interaction, or of a subcommand in it, that are ones."""
    options = data.get("options")
    if not isinstance(options, list):
        return []
    return [option for option in options if isinstance(option, dict) and isinstance(option.get("name"), str)]


def line_of(command: Command, values: Mapping[str, Value]) -> str:
    """The line that means the same, as a person would type it elsewhere."""
    words = [command.name]
    for parameter in command.parameters:
        value = values.get(parameter.name)
        if parameter.option and value is not None and value is not False:
            words.append(f"--{parameter.name}" if value is True else f"--{parameter.name} {_quoted(str(value))}")
    words += [str(values[parameter.name]).strip() for parameter in command.positional if parameter.name in values]
    return " ".join(word for word in words if word)


def beginning_of(command: Command, values: Mapping[str, Value], focused: str) -> str:
    """What stands in front of the option that is being typed, when a line of the command is."""
    before = []
    for parameter in command.positional:
        if parameter.name == focused:
            break
        before.append(str(values.get(parameter.name, "")).strip())
    return " ".join(word for word in [command.name, *before] if word) + " "


def choices(beginning: str, offered: Sequence[Completion]) -> list[tuple[str, str]]:
    """What the option may be, as names and values, from the whole lines that the core offers."""
    values = {one.line.removeprefix(beginning): one.label for one in offered if one.line.startswith(beginning)}
    return [
        (cut(f"{value} · {label}" if label else value, CHOICE), value)
        for value, label in values.items()
        if value.strip() and len(value) <= CHOICE
    ][:MOST_CHOICES]


def _quoted(value: str) -> str:
    """In quotes, unless it is one word without any."""
    plain = not any(sign.isspace() or sign in QUOTES or sign in SINGLE_QUOTES for sign in value)
    return value if plain else in_quotes(value)
