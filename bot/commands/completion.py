"""Completion: the lines that a half-written command might become. Nothing but what is stored here is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from bot.commands.channels.feed import FEED, NEW, OFF, ON
from bot.commands.channels.setting import SETTINGS
from bot.commands.channels.settings import KEYS, MORE_HELP
from bot.commands.lines import split_line
from bot.commands.registry import Command, Kind, Parameter, Registry
from bot.commands.services import Services
from bot.digests.cards import title_of
from bot.errors import UserError
from bot.papers.paper import Paper
from bot.papers.sources import title_of_source
from bot.platforms.command_calls import CommandCall, Completion
from bot.query.categories import CATEGORIES
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.schedules.zones import folded, offered_time_zones

MOST = 25
_SCHEDULES = ("weekdays 09:00", "daily 09:00", "mon,thu 17:30", "instant", "hourly", "monthly 1 09:00")
_FIELDS = (
    "=",
    "title:",
    "abstract:",
    "author:",
    "cat:",
    "org:",
    "source:",
    "doi:",
    "upvotes:>=",
    "after:",
    "has:code",
    "like:",
    "about:",
    "sort:new",
    "sort:top",
)
_CATEGORY = re.compile(r"(?P<before>[-(]*cat:)(?P<typed>[\w.*-]*)", re.IGNORECASE)
_SOURCE = re.compile(r"(?P<before>[-(]*source:)(?P<typed>[\w-]*)", re.IGNORECASE)
_EXAMPLE = re.compile(r"(?P<before>[-(]*like:\(?)(?P<typed>\d{2}[\d.]*)", re.IGNORECASE)
_ID = re.compile(r"\d{4}(\.\d*)?|[a-z-]+(\.[A-Z]{2})?/\d*|doi:\S*")
_WORD = re.compile(r"\w+")
#: Parameters whose value is the rest of the line: it has spaces in it, or is found by any part of what it says.
_WHOLE = frozenset({Kind.TIME_ZONE, Kind.SCHEDULE, Kind.PAPER})
_SHORTEST_BEGINNING = 3  # letters in front of a `*`

#: A value, and what it stands for.
Value = tuple[str, str]


async def complete(registry: Registry, services: Services, call: CommandCall) -> Sequence[Completion]:
    """What `call.line` might become, best first; nothing for a line that is no beginning of a command."""
    line = call.line.removeprefix("/papers ").lstrip()
    try:
        name, _ = split_line(line)
    except UserError:
        return []
    if not line[len(name) :]:
        return _lines("", (_described(command) for command in registry), name)
    try:
        command = registry.get(name)
    except UserError:
        return []
    rest = line[len(name) :].lstrip()
    *before, word = rest.split(" ")
    kept = " ".join([command.name, *before, ""])
    if word.startswith("--"):
        return _lines(kept, _options(command, before), word)
    positional = command.positional
    if not positional:
        return []
    parameter = positional[min(len([one for one in before if one]), len(positional) - 1)]
    if positional[0].kind in _WHOLE:
        return [
            Completion(f"{command.name} {value}", label)
            for value, label in await _whole_values(services, positional[0], rest)
        ][:MOST]
    if parameter.kind is Kind.TOPIC:
        topics = await _topics(services, call)
        small = word.lower()
        return [Completion(f"{kept}{value}", label) for value, label in topics if _is_meant(small, value, label)][:MOST]
    if parameter.kind is Kind.QUERY and positional[0].kind is Kind.TOPIC and not word:
        return [Completion(f"{kept}{query}") for query in await _queries(services, call, before[0])]
    if parameter.kind is Kind.QUERY and (category := _CATEGORY.fullmatch(word)):
        return [
            Completion(f"{kept}{category['before']}{name}", title)
            for name, title in _categories_like(category["typed"])
        ][:MOST]
    if parameter.kind is Kind.SETTING_VALUE and before[:1] == ["sources"]:
        return _lines(kept, [("all", ""), *await _sources(services)], word)
    if parameter.kind is Kind.QUERY and (source := _SOURCE.fullmatch(word)):
        return _lines(kept, ((f"{source['before']}{name}", label) for name, label in await _sources(services)), word)
    if parameter.kind is Kind.QUERY and (example := _EXAMPLE.fullmatch(word)):
        papers = await services.papers.beginning_with(example["typed"], MOST)
        return _lines(kept, [(f"{example['before']}{paper.id}", title_of(paper)) for paper in papers], word)
    return _lines(kept, _values(registry, parameter, before), word)


def _categories_like(typed: str) -> list[Value]:
    """The categories that begin so, those that live first; then those with such a word in what they are called."""
    small = typed.lower()
    begun = [(name, title) for name, title in CATEGORIES.items() if name.lower().startswith(small) and name != typed]
    called = [
        (name, title)
        for name, title in CATEGORIES.items()
        if not name.lower().startswith(small) and any(word.lower().startswith(small) for word in _WORD.findall(title))
    ]
    return begun + called


def _lines(kept: str, values: Iterable[Value], word: str) -> list[Completion]:
    """The values that begin with the word, behind what is written already."""
    small = word.lower()
    return [
        Completion(f"{kept}{value}", label)
        for value, label in values
        if value.lower().startswith(small) and value != word
    ][:MOST]


def _is_meant(typed: str, value: str, label: str) -> bool:
    return value != typed and (value.startswith(typed) or typed in label.lower())


def _described(command: Command) -> Value:
    return command.name, command.summary


def _options(command: Command, before: Sequence[str]) -> list[Value]:
    return [
        (f"--{name}", option.help)
        for name, option in command.options.items()
        if not option.internal and f"--{name}" not in before
    ]


def _values(registry: Registry, parameter: Parameter, before: Sequence[str]) -> list[Value]:
    match parameter.kind:
        case Kind.CHOICE:
            return [(choice, "") for choice in parameter.choices]
        case Kind.COMMAND:
            return [*map(_described, registry), ("query", "how to write searches and topics")]
        case Kind.SETTING:
            helps = {setting.key: setting.help for setting in SETTINGS.values()} | MORE_HELP
            return [(key, helps[key]) for key in KEYS]
        case Kind.SETTING_VALUE:
            key = before[0].lower() if before else ""
            values = SETTINGS[key].values if key in SETTINGS else (ON, OFF, NEW) if key == FEED else ()
            return [(value, "") for value in values]
        case Kind.QUERY:
            return [(field, "") for field in _FIELDS]
        case _:
            return []


async def _sources(services: Services) -> list[Value]:
    return [(name, title_of_source(name)) for name in await services.sources.names()]


async def _topics(services: Services, call: CommandCall) -> list[Value]:
    channel = await services.known_channel(call)
    topics = await services.subscriptions.of_channel(channel.id) if channel else []
    return [(str(topic.number), topic.title) for topic in topics]


async def _queries(services: Services, call: CommandCall, number: str) -> list[str]:
    """What a topic asks for now, to be changed a little."""
    channel = await services.known_channel(call)
    topics = await services.subscriptions.of_channel(channel.id) if channel else []
    return [topic.query for topic in topics if str(topic.number) == number]


async def _whole_values(services: Services, parameter: Parameter, typed: str) -> list[Value]:
    if parameter.kind is Kind.PAPER:
        return [(paper.id, title_of(paper)) for paper in await _papers(services, typed.strip())]
    if parameter.kind is Kind.TIME_ZONE:
        return [(zone, "") for zone in _zones_like(typed)]
    return [(value, "") for value in _SCHEDULES if typed.lower() in value.lower()]


def _zones_like(typed: str) -> list[str]:
    """The zones whose names have what was typed, those first whose city begins with it: people type cities."""
    wanted = folded(typed)
    found = [zone for zone in _zones() if wanted in folded(zone)]
    return sorted(found, key=lambda zone: not folded(zone.rpartition("/")[2]).startswith(wanted))


async def _papers(services: Services, typed: str) -> list[Paper]:
    """Papers by the beginning of their id or by words of their title; without any, the newest listing."""
    if not typed:
        newest = await services.papers.newest_day()
        return (await services.papers.listed_on(newest))[:MOST] if newest else []
    if _ID.fullmatch(typed):
        return await services.papers.beginning_with(typed, MOST)
    *whole, last = _WORD.findall(typed) or [""]
    # The last word is still being written; with a letter or two it may also be nothing yet.
    begun = f"{last}*" if len(last) >= _SHORTEST_BEGINNING else last
    return await _titled(services, [*whole, begun]) or (await _titled(services, whole) if last == begun else [])


async def _titled(services: Services, words: Sequence[str]) -> list[Paper]:
    try:
        query = parse(" ".join(f"title:{word}" for word in words))
    except QueryError:
        return []
    found = await services.index.search(query, limit=MOST)
    papers = await services.papers.papers([hit.paper_id for hit in found.hits])
    return [papers[hit.paper_id] for hit in found.hits if hit.paper_id in papers]


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(offered_time_zones()))
