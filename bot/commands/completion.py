"""Completion: the lines that a half-written command might become."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

from bot.commands.lines import split_line
from bot.commands.registry import Command, Kind, Parameter, Registry
from bot.commands.services import Services
from bot.commands.settings import KEYS, SETTINGS
from bot.errors import UserError
from bot.ports import CommandCall

MOST = 12
_SCHEDULES = ("weekdays 09:00", "daily 09:00", "mon,thu 17:30", "instant", "hourly", "monthly 1 09:00")
_FIELDS = ("title:", "abstract:", "author:", "cat:", "org:", "upvotes:>=", "after:", "has:code", "sort:new", "sort:top")


async def complete(registry: Registry, services: Services, call: CommandCall) -> Sequence[str]:
    """Whole lines that `call.line` might become, best first; none for a line that is no beginning of a command."""
    line = call.line.removeprefix("/papers ").lstrip()
    name, _ = split_line(line)
    if not line[len(name) :]:
        return [command.name for command in registry if command.name.startswith(name.lower())][:MOST]
    try:
        command = registry.get(name)
    except UserError:
        return []
    rest = line[len(name) :].lstrip()
    *before, word = rest.split(" ")
    kept = " ".join([command.name, *before])
    options = [
        f"--{name}" for name, option in command.options.items() if not option.internal and f"--{name}" not in before
    ]
    if word.startswith("--"):
        values: Sequence[str] = options
    else:
        values = await _values(registry, services, call, command, len([one for one in before if one]), before)
        if len(command.positional) == 1 and command.positional[0].kind in (Kind.TIME_ZONE, Kind.SCHEDULE):
            # Their values have spaces in them, or are found by any part of them.
            return [f"{command.name} {value}" for value in values if rest.lower() in value.lower()][:MOST]
    return [f"{kept} {value}" for value in values if value.lower().startswith(word.lower()) and value != word][:MOST]


async def _values(
    registry: Registry, services: Services, call: CommandCall, command: Command, place: int, before: Sequence[str]
) -> Sequence[str]:
    positional = command.positional
    if not positional:
        return []
    parameter: Parameter = positional[min(place, len(positional) - 1)]
    match parameter.kind:
        case Kind.CHOICE:
            return parameter.choices
        case Kind.COMMAND:
            return [command.name for command in registry]
        case Kind.SETTING:
            return KEYS
        case Kind.SETTING_VALUE:
            setting = SETTINGS.get(before[0].lower()) if before else None
            return setting.values if setting else ()
        case Kind.SCHEDULE:
            return _SCHEDULES
        case Kind.TIME_ZONE:
            return sorted(available_timezones())
        case Kind.QUERY:
            return _FIELDS
        case Kind.TOPIC:
            channel = await services.known_channel(call)
            topics = await services.store.subscriptions.of_channel(channel.id) if channel else []
            return [str(topic.number) for topic in topics]
        case _:
            return ()
