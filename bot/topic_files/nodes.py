"""YAML as a tree whose every part knows its place: only plain lists, mappings and text, bounded in every way.

Nothing is constructed of what a file says: a value is the text that stands there. Anchors, aliases and tags are
refused, so that no small file stands for a large one and none makes anything but text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from bot.errors import UserError

LARGEST_FILE: Final = 16_000_000  # characters
MOST_NODES: Final = 2_000_000
DEEPEST: Final = 8  # a file of topics needs six
MOST_MISTAKES: Final = 20  # that are told at once
_SURROGATE = re.compile("[\ud800-\udfff]")
_PARSER: Any = getattr(yaml, "CLoader", yaml.Loader)  # of which only the events are asked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1, `at` is the index of its first character."""

    line: int
    column: int
    at: int


@dataclass(slots=True)
class Node:
    """A value in a file: `text`, or a list of `items`, or a mapping of `pairs`. `end` is the index behind its last
    character, `flow` says that it is written in brackets, `plain` that its text stands there without quotes."""

    start: Place
    end: int = 0
    text: str | None = None
    plain: bool = False
    flow: bool = False
    items: list[Node] | None = None
    pairs: list[tuple[Node, Node]] | None = None
    key: Node | None = field(default=None, repr=False)  # of a mapping under way, whose value comes next
    names: set[str] = field(default_factory=set, repr=False)  # of the keys that it has

    @property
    def is_nothing(self) -> bool:
        """Whether it says that there is nothing: no text at all, `~` or `null`."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")

    def get(self, name: str) -> Node | None:
        """The value of a key of this mapping."""
        return next((value for key, value in self.pairs or () if key.text == name), None)


class MistakeError(UserError):
    """A mistake at a place in a file."""

    def __init__(self, sentence: str, place: Place) -> None:
        super().__init__(sentence)
        self.place = place


class TopicFileError(UserError):
    """What is wrong with files of topics: a line for each mistake, each with its file, line and column."""

    def __init__(self, mistakes: list[tuple[str, MistakeError]]) -> None:
        lines = [f"{name}:{one.place.line}:{one.place.column}: {one}" for name, one in mistakes[:MOST_MISTAKES]]
        if len(mistakes) > MOST_MISTAKES:
            lines.append(f"… and {len(mistakes) - MOST_MISTAKES} more.")
        super().__init__("\n".join([*lines, "Nothing was changed."]))


BEGINNING: Final = Place(1, 1, 0)


def tree_of(text: str) -> Node | None:
    """What a file says; None where it says nothing at all. Raises `MistakeError`."""
    if len(text) > LARGEST_FILE:
        raise MistakeError(f"This file has more than {LARGEST_FILE // 1_000_000} million characters.", BEGINNING)
    if odd := _SURROGATE.search(text):
        raise MistakeError("This is no text in UTF-8.", _place_in(text, odd.start()))
    try:
        return _built(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1, mark.index) if mark else BEGINNING
        raise MistakeError(f"This is no YAML: {error.problem or error.context}.", place) from error
    except yaml.reader.ReaderError as error:
        place = _place_in(text, error.position if isinstance(error.position, int) else 0)
        raise MistakeError(f"This is no YAML: {error.reason}.", place) from error
    except yaml.YAMLError as error:
        raise MistakeError(f"This is no YAML: {error}.", BEGINNING) from error


def _place_in(text: str, at: int) -> Place:
    before = text[:at]
    return Place(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1, at)


def _events(text: str) -> Iterator[Any]:
    parser = _PARSER(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    finally:
        parser.dispose()


def _place_of(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1, event.start_mark.index)


def _built(events: Iterator[Any]) -> Node | None:
    root: Node | None = None
    open_nodes: list[Node] = []
    for count, event in enumerate(events):
        if count > MOST_NODES:
            raise MistakeError(f"This file has more than {MOST_NODES:,} values.", _place_of(event))
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise MistakeError("A file is one document: leave out this `---`.", _place_of(event))
        end: int = event.end_mark.index
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            ended = open_nodes.pop()
            ended.key = None
            if ended.flow or not (ended.items or ended.pairs):
                ended.end = end
            if open_nodes:
                open_nodes[-1].end = ended.end
        elif isinstance(event, yaml.NodeEvent):
            node = _node_of(event)
            if not open_nodes:
                root = node
            else:
                _put(open_nodes[-1], node)
            if node.text is None:
                open_nodes.append(node)
                if len(open_nodes) > DEEPEST:
                    raise MistakeError("This is deeper inside lists than anything of a topic is.", node.start)
    return root


def _node_of(event: Any) -> Node:
    place, end = _place_of(event), int(event.end_mark.index)
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise MistakeError("Names for parts of a file (`&…` and `*…`) are not read here: write it out.", place)
    if event.tag:
        raise MistakeError("Types (`!…`) are not read here: write the value alone.", place)
    if isinstance(event, yaml.ScalarEvent):
        return Node(place, end, text=event.value, plain=event.style is None or event.style == "")
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(place, end, items=[], flow=bool(event.flow_style))
    return Node(place, end, pairs=[], flow=bool(event.flow_style))


def _put(parent: Node, node: Node) -> None:
    parent.end = node.end
    if parent.items is not None:
        parent.items.append(node)
    elif parent.key is None:
        if node.text is None:
            raise MistakeError("The name of a value has to be text.", node.start)
        parent.key = node
    else:
        name = parent.key.text or ""
        if name in parent.names:
            raise MistakeError(f"`{name[:60]}` is there twice.", parent.key.start)
        parent.names.add(name)
        if parent.pairs is not None:
            parent.pairs.append((parent.key, node))
        parent.key = None
