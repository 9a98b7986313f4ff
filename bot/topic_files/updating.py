"""Updating a file: only what changed is written anew, so that comments, order and spelling stay what people made them.

It is done on the text itself, by the places of what stands there. What is written in brackets, and no longer true, is
written anew on lines of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.channels.channel import Address, ChannelSettings
from bot.commands.channels.setting import SETTINGS, Here
from bot.commands.channels.settings import SCHEDULE, TIME_ZONE
from bot.commands.topics.wording import MIN_UPVOTES
from bot.errors import UserError
from bot.schedules.parsing import parse_schedule
from bot.schedules.zones import parse_time_zone
from bot.text.typed import value_typed
from bot.topic_files.document import ChannelEntry, TopicDocument, TopicEntry, models_written
from bot.topic_files.nodes import Node
from bot.topic_files.pairing import paired, says_the_same
from bot.topic_files.writing import (
    NOBODY,
    Contents,
    as_topic,
    channel_lines,
    item,
    more_of,
    nested,
    scalar,
    setting_value,
    settings_written,
    topic_lines,
    topics_lines,
    written,
)
from bot.topics.store import TopicOptions

_MODELS: Final = "models"


@dataclass(slots=True)
class _Text:
    """A text, and what is to be put in place of parts of it."""

    text: str
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def put(self, start: int, end: int, new: str) -> None:
        self.edits.append((start, end, new))

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """The beginning of the next line; `at` may stand at the end of one, behind its line break."""
        if at and self.text[at - 1] == "\n":
            return at
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def drop_lines(self, start: int, end: int) -> None:
        self.put(self.line_start(start), self.line_end(end), "")

    def add_lines(self, behind: int, lines: Sequence[str], column: int) -> None:
        """Puts lines behind the one in which a place is, as far in as that column (from 1)."""
        at = self.line_end(behind)
        missing = "" if at == 0 or self.text[at - 1] == "\n" else "\n"
        self.put(at, at, missing + "".join(f"{' ' * (column - 1)}{line}\n" for line in lines))

    def replace_value(self, node: Node, new: str) -> None:
        """Puts a value on one line in place of another one."""
        old = self.text[node.start.at : node.end]
        kept = old[len(old.rstrip("\n")) :] if node.text is not None else ""
        space = " " if old == "" and not self.text[: node.start.at].endswith(" ") else ""
        self.put(node.start.at, node.end, space + new + kept)

    def replace_block(self, node: Node, lines: Sequence[str], column: int, *, in_line: bool) -> None:
        """Puts lines in place of a list or mapping; `in_line` where the first of them stands behind a `- `."""
        block = f"\n{' ' * (column - 1)}".join(lines)
        end = len(self.text[: node.end].rstrip()) if not node.flow else node.end
        self.put(node.start.at, end, block if in_line else f"\n{' ' * (column - 1)}{block}")

    def result(self) -> str:
        text = self.text
        for _, (start, end, new) in sorted(enumerate(self.edits), key=lambda one: (one[1][0], one[0]), reverse=True):
            text = text[:start] + new + text[end:]
        return text


def updated(
    document: TopicDocument,
    places: Mapping[Address, int],
    contents: Mapping[Address, Contents],
    here: Mapping[Address, Here],
    *,
    drops_others: bool,
) -> str:
    """The text of the file with these contents. `places` are the entries of channels in it."""
    listed = document.tree.get("channels") if document.tree else None
    new = [one for address, one in contents.items() if address not in places]
    if listed is None or not listed.items or listed.flow:
        comments = [line for line in document.text.split("\n") if line.startswith("#")] if document.tree is None else []
        if document.tree is not None and listed is not None and (listed.flow or listed.is_nothing) and contents:
            text = _Text(document.text)
            text.replace_block(listed, _items(list(contents.values())), 1, in_line=False)
            return text.result()
        return written(list(contents.values())) if not comments else "\n".join([*comments, *_without_head(contents)])
    text = _Text(document.text)
    kept = 0
    for address, place in places.items():
        entry = document.channels[place]
        if address in contents:
            kept += 1
            _channel(text, entry, contents[address], here[address])
        elif drops_others:
            text.drop_lines(_dash(text, entry.node), _end(text, entry.node))
        else:
            kept += 1
    column = _dash_column(text, listed.items[0])
    if new:
        text.add_lines(_end(text, listed.items[-1]), _items(new), column)
    elif not kept:
        return written([])
    return text.result()


def _items(channels: Sequence[Contents]) -> list[str]:
    return [line for channel in channels for line in item(channel_lines(channel))]


def _without_head(contents: Mapping[Address, Contents]) -> list[str]:
    text = written(list(contents.values()))
    return [line for line in text.split("\n") if not line.startswith("#")] or [NOBODY]


def _end(text: _Text, node: Node) -> int:
    """The index behind what stands there last."""
    return len(text.text[: node.end].rstrip())


def _dash(text: _Text, node: Node) -> int:
    """The index of the `-` of an entry of a list."""
    return text.text.rfind("-", 0, node.start.at)


def _dash_column(text: _Text, node: Node) -> int:
    at = _dash(text, node)
    return at - text.line_start(at) + 1


def _channel(text: _Text, entry: ChannelEntry, channel: Contents, here: Here) -> None:
    node = entry.node
    if node.flow:
        if not _says(entry, channel, here):
            text.replace_block(node, channel_lines(channel), node.start.column, in_line=True)
        return
    column = node.start.column
    missing: list[str] = []
    for key, value, is_same in (
        (SCHEDULE, channel.schedule, _same_schedule),
        (TIME_ZONE, channel.time_zone, _same_zone),
    ):
        there = entry.values.get(key)
        if there is None:
            missing.append(f"{key}: {scalar(value)}")
        elif not is_same(there.text, value):
            text.replace_value(_value(node, key), scalar(value))
    if missing:
        text.add_lines(_end(text, _value(node, "channel")), missing, column)
    _settings(text, entry, channel.settings, here)
    topics = node.get("topics")
    if topics is None:
        text.add_lines(_end(text, node), topics_lines(channel.topics), column)
    elif not topics.items or topics.flow:
        if not _topics_say(entry.topics or (), channel.topics):
            lines = topics_lines(channel.topics)
            if lines[1:]:
                text.replace_block(topics, lines[1:], column, in_line=False)
            else:
                text.replace_value(topics, "[]")
    elif not channel.topics:
        text.drop_lines(_dash(text, topics.items[0]), _end(text, topics))
        named = next(key for key, value in node.pairs or () if value is topics)
        text.put(named.end, named.end + 1, ": []")
    else:
        _topics(text, topics, entry.topics or (), channel.topics)


def _settings(text: _Text, entry: ChannelEntry, settings: ChannelSettings, here: Here) -> None:
    node, column = entry.node.get("settings"), entry.node.start.column
    wanted = settings_written(settings)
    if node is None:
        lines = ["settings:", *nested([f"{key}: {value}" for key, value in wanted.items()])]
        text.add_lines(_end(text, _value(entry.node, "channel")), lines, column)
        return
    different = {key for key in wanted if not _setting_says(entry, key, settings, here)}
    if not different:
        return
    if not node.pairs or node.flow:
        text.replace_block(node, [f"{key}: {value}" for key, value in wanted.items()], column + 2, in_line=False)
        return
    missing = []
    for key in wanted:
        if key not in different:
            continue
        there = node.get(key)
        if there is None:
            missing.append(f"{key}: {wanted[key]}")
        elif there.items and not there.flow:
            text.replace_block(there, [setting_value(SETTINGS[key].typed(settings))], column + 4, in_line=False)
        else:
            text.replace_value(there, wanted[key])
    if missing:
        text.add_lines(_end(text, node), missing, node.start.column)


def _topics(text: _Text, listed: Node, entries: Sequence[TopicEntry], topics: Sequence[TopicOptions]) -> None:
    pairs = _pairs(entries, topics)
    for place, entry in enumerate(entries):
        if place not in pairs:
            text.drop_lines(_dash(text, entry.node), _end(text, entry.node))
        elif not _topic_says(entry, topics[pairs[place]]):
            _topic(text, entry, topics[pairs[place]])
    new = [topic for place, topic in enumerate(topics) if place not in pairs.values()]
    if new and listed.items:
        lines = [line for topic in new for line in item(topic_lines(topic))]
        text.add_lines(_end(text, listed), lines, _dash_column(text, listed.items[0]))


def _topic(text: _Text, entry: TopicEntry, topic: TopicOptions) -> None:
    node, more = entry.node, more_of(topic)
    first = node.pairs[0][0].text if node.pairs else ""
    gone = [key.text for key, _ in node.pairs or () if key.text != "query" and key.text not in more]
    if node.flow or first in gone or (first == _MODELS and models_written(entry) != topic.models):
        text.replace_block(node, topic_lines(topic), node.start.column, in_line=True)
        return
    if not says_the_same(entry.query.text, topic.query):
        text.replace_value(_value(node, "query"), scalar(topic.query))
    same = {
        "name": entry.name == topic.name,
        MIN_UPVOTES.name: entry.min_upvotes == topic.min_upvotes,
        "instant": entry.instant == topic.instant,
        _MODELS: models_written(entry) == topic.models,
    }
    for key, value in node.pairs or ():
        name = key.text or ""
        if name == "query" or same[name]:
            continue
        if name == _MODELS or name not in more:
            text.drop_lines(key.start.at, max(_end(text, value), key.end))
        else:
            text.replace_value(value, more[name][0].partition(": ")[2])
    there = {key.text for key, _ in node.pairs or ()}
    added = [
        line for key, lines in more.items() if not same[key] and (key not in there or key == _MODELS) for line in lines
    ]
    if added:
        text.add_lines(_end(text, node), added, node.start.column)


def _value(node: Node, key: str) -> Node:
    found = node.get(key)
    if found is None:
        raise LookupError(key)
    return found


def _pairs(entries: Sequence[TopicEntry], topics: Sequence[TopicOptions]) -> dict[int, int]:
    numbered = [as_topic(topic, place) for place, topic in enumerate(topics)]
    return {place: topic.id for place, topic in paired(entries, numbered).items()}


def _topic_says(entry: TopicEntry, topic: TopicOptions) -> bool:
    return (
        says_the_same(entry.query.text, topic.query)
        and entry.name == topic.name
        and entry.min_upvotes == topic.min_upvotes
        and entry.instant == topic.instant
        and models_written(entry) == topic.models
    )


def _topics_say(entries: Sequence[TopicEntry], topics: Sequence[TopicOptions]) -> bool:
    pairs = _pairs(entries, topics)
    return len(pairs) == len(entries) == len(topics) and all(
        _topic_says(entries[place], topics[topic]) for place, topic in pairs.items()
    )


def _setting_says(entry: ChannelEntry, key: str, settings: ChannelSettings, here: Here) -> bool:
    there, typed = entry.values.get(key), SETTINGS[key].typed(settings)
    if there is None or there.text == typed:
        return there is not None
    try:
        return SETTINGS[key].typed(SETTINGS[key].read(settings, value_typed(there.text), here)) == typed
    except UserError:
        return False


def _says(entry: ChannelEntry, channel: Contents, here: Here) -> bool:
    """Whether the entry says all that the channel has, and nothing else."""
    schedule, zone = entry.values.get(SCHEDULE), entry.values.get(TIME_ZONE)
    return (
        schedule is not None
        and _same_schedule(schedule.text, channel.schedule)
        and zone is not None
        and _same_zone(zone.text, channel.time_zone)
        and all(_setting_says(entry, key, channel.settings, here) for key in SETTINGS)
        and entry.topics is not None
        and _topics_say(entry.topics, channel.topics)
    )


def _same_schedule(text: str, schedule: str) -> bool:
    try:
        return schedule in (text, parse_schedule(text).text)
    except UserError:
        return False


def _same_zone(text: str, zone: str) -> bool:
    try:
        return zone in (text, parse_time_zone(text).key)
    except UserError:
        return False
