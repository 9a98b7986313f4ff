"""The document: what a file says, read and checked as far as that needs nothing but the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from bot.commands.channels.setting import SETTINGS
from bot.commands.channels.settings import SCHEDULE, TIME_ZONE
from bot.commands.lines import number_of
from bot.commands.topics.subscribing import MOST_TOPICS
from bot.commands.topics.wording import MIN_UPVOTES, read_name
from bot.errors import UserError
from bot.query.errors import QueryError
from bot.query.models import MeaningModel, Models, WordModel
from bot.text.lists import listed
from bot.text.suggestions import closest, quoted
from bot.topic_files.models import read_model
from bot.topic_files.nodes import BEGINNING, MistakeError, Node, Place, tree_of
from bot.topic_files.writing import VERSION

TOP_KEYS: Final = ("version", "channels")
CHANNEL_KEYS: Final = ("channel", "name", SCHEDULE, TIME_ZONE, "settings", "topics")
TOPIC_KEYS: Final = ("query", "name", MIN_UPVOTES.name, "instant", "models")
LONGEST_VALUE: Final = 2_000  # characters, of anything but weights
T = TypeVar("T")
_SWITCH: Final = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


@dataclass(frozen=True, slots=True)
class Written:
    """A value that somebody wrote, and where."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model of a term by example."""

    of: Written
    model: WordModel | MeaningModel


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicEntry:
    """A topic in a file. `models` is None where none are named: they stay what they are, or are made."""

    node: Node
    query: Written
    name: str = ""
    min_upvotes: int | None = None
    instant: bool = False
    models: tuple[ModelEntry, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEntry:
    """A channel in a file. `values` are its schedule, time zone and settings, as far as they are named; `topics` is
    None where nothing is said of them."""

    node: Node
    channel: Written
    name: str
    values: Mapping[str, Written]
    topics: tuple[TopicEntry, ...] | None


@dataclass(frozen=True, slots=True)
class TopicDocument:
    """A file. `name` is what it is called, for mistakes in it."""

    name: str
    text: str
    tree: Node | None
    channels: tuple[ChannelEntry, ...]


class Mistakes:
    """What was found to be wrong in the files of one run, so that people read of all of it at once."""

    def __init__(self) -> None:
        self.found: list[tuple[str, MistakeError]] = []

    @contextmanager
    def of(self, file: str, place: Place | None = None) -> Iterator[None]:
        """Takes a mistake in that file, at that place where it does not say a better one."""
        try:
            yield
        except MistakeError as error:
            self.found.append((file, error))
        except UserError as error:
            self.found.append((file, MistakeError(str(error), place or BEGINNING)))


def read_document(name: str, text: str, mistakes: Mistakes) -> TopicDocument:
    """What the file says; what is wrong goes to the mistakes, and what is about that is left out."""
    text = text.removeprefix("\ufeff")
    channels: list[ChannelEntry] = []
    tree = None
    with mistakes.of(name):
        tree = tree_of(text)
        if tree is not None:
            _known_keys(tree, TOP_KEYS, "a file of topics")
            version = tree.get("version")
            if version is not None and version.text != VERSION:
                raise MistakeError(f"This version of Paper Round reads files of version {VERSION}.", version.start)
            for node in _items(tree.get("channels"), "channels"):
                with mistakes.of(name, node.start):
                    channels.append(_channel_of(name, node, mistakes))
    return TopicDocument(name, text, tree, tuple(channels))


def _channel_of(file: str, node: Node, mistakes: Mistakes) -> ChannelEntry:
    _known_keys(node, CHANNEL_KEYS, "a channel")
    channel = _needed(node, "channel", "a channel needs its address, like `channel: web/general`")
    values: dict[str, Written] = {}
    for key in (SCHEDULE, TIME_ZONE):
        if (value := node.get(key)) is not None:
            values[key] = Written(_text(value, key), value.start)
    if (settings := node.get("settings")) is not None:
        with mistakes.of(file, settings.start):
            if not settings.is_nothing:
                _known_keys(settings, tuple(SETTINGS), "the settings")
            for named, set_to in settings.pairs or ():
                with mistakes.of(file, set_to.start):
                    values[named.text or ""] = Written(_setting(named.text or "", set_to), set_to.start)
    name = node.get("name")
    topics = node.get("topics")
    return ChannelEntry(
        node=node,
        channel=channel,
        name=_text(name, "name") if name else "",
        values=values,
        topics=None if topics is None else _topics_of(file, topics, mistakes),
    )


def _topics_of(file: str, node: Node, mistakes: Mistakes) -> tuple[TopicEntry, ...]:
    items = _items(node, "topics")
    if len(items) > MOST_TOPICS:
        raise MistakeError(f"A channel has at most {MOST_TOPICS} topics, and these are {len(items)}.", node.start)
    found = []
    for topic in items:
        with mistakes.of(file, topic.start):
            found.append(_topic_of(topic))
    return tuple(found)


def _topic_of(node: Node) -> TopicEntry:
    _known_keys(node, TOPIC_KEYS, "a topic")
    query = _needed(node, "query", "a topic needs its query, like `query: diffusion distillation`")
    name, least, instant, models = (node.get(key) for key in TOPIC_KEYS[1:])
    return TopicEntry(
        node=node,
        query=query,
        name=_at(name, lambda value: read_name(_text(value, "name"))) if name and not name.is_nothing else "",
        min_upvotes=_at(least, lambda value: number_of(MIN_UPVOTES, _text(value, MIN_UPVOTES.name)) or None)
        if least and not least.is_nothing
        else None,
        instant=_at(instant, _switch) if instant else False,
        models=None if models is None else tuple(_model_of(one) for one in _items(models, "models")),
    )


def _model_of(node: Node) -> ModelEntry:
    of = _needed(node, "of", "a model needs the term that it is of, like `of: like:2604.13035`")
    return ModelEntry(of, read_model(node))


def models_written(entry: TopicEntry) -> Models:
    """The models that a topic has in its file."""
    return tuple((one.of.text, one.model) for one in entry.models or ())


def query_place(written: Written, error: QueryError, node: Node) -> Place:
    """Where in the file the part of a query stands that is meant, as far as it is on one line there."""
    value = node.get("query")
    if value is None or written.text != error.query or "\n" in written.text:
        return written.place
    shift = error.position + (0 if value.plain else 1)
    return Place(written.place.line, written.place.column + shift, written.place.at + shift)


def _known_keys(node: Node, known: Collection[str], what: str) -> None:
    """Raises for a key that is not known, and for what has no keys at all."""
    if node.pairs is None:
        raise MistakeError(f"Here {what} should stand: {listed(f'`{key}:`' for key in known)}.", node.start)
    for key, _ in node.pairs:
        if key.text not in known:
            name = key.text or ""
            near = closest(name, list(known))
            proposal = f"Did you mean `{near}`?" if near else f"There are {listed(f'`{one}`' for one in known)}."
            raise MistakeError(f"There is no {quoted(name)} in {what}. {proposal}", key.start)


def _needed(node: Node, key: str, sentence: str) -> Written:
    value = node.get(key)
    if value is None or not (text := _text(value, key).strip()):
        raise MistakeError(f"{sentence[0].upper()}{sentence[1:]}.", (value or node).start)
    return Written(text, value.start)


def _items(node: Node | None, key: str) -> Sequence[Node]:
    if node is None or node.is_nothing:
        return ()
    if node.items is None:
        raise MistakeError(f"`{key}` is a list: each entry begins with `- `.", node.start)
    return node.items


def _text(node: Node, key: str) -> str:
    if node.text is None:
        raise MistakeError(f"`{key}` is one value, no list and nothing with parts.", node.start)
    if len(node.text) > LONGEST_VALUE:
        raise MistakeError(f"`{key}` has {len(node.text)} characters; {LONGEST_VALUE} is the most.", node.start)
    return "" if node.is_nothing else node.text


def _setting(key: str, node: Node) -> str:
    """A setting as it would be typed in a command."""
    if node.items is not None:
        return ", ".join(_text(one, key) for one in node.items) or "none"
    if node.is_nothing and SETTINGS[key].may_be_empty:
        return "none"
    text = _text(node, key)
    if not text.strip():
        raise MistakeError(f"`{key}` needs a value. It is {SETTINGS[key].help}.", node.start)
    return {"true": "on", "false": "off"}.get(text.lower(), text) if node.plain else text


def _switch(node: Node) -> bool:
    value = _SWITCH.get(_text(node, "instant").lower())
    if value is None:
        raise MistakeError("`instant` is `true` or `false`: whether papers are posted when they are found.", node.start)
    return value


def _at(node: Node, read: Callable[[Node], T]) -> T:
    """What is read of a value; what is wrong with it is so at its place."""
    try:
        return read(node)
    except MistakeError:
        raise
    except UserError as error:
        raise MistakeError(str(error), node.start) from error
