"""Writing: what channels have, as the lines of a file."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import Final

import yaml

from bot.channels.channel import Address, Channel, ChannelSettings, PlatformName
from bot.commands.channels.setting import SETTINGS
from bot.query.models import MeaningModel, Models, WordModel
from bot.topics.store import TopicOptions
from bot.topics.subscription import Subscription

VERSION: Final = "1"
HEAD: Final = (
    "# Topics of channels. `paperround topics apply` sets every channel that is named here to what stands here,",
    "# topics that are not here any more are removed from it, and channels that are not named stay as they are.",
    f"version: {VERSION}",
)
NOBODY: Final = "channels: []"
INDENT: Final = "  "
_WIDTH: Final = 100
#: What needs no quotes in any version of YAML, by any reader; what else does not either, PyYAML knows.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
#: What is a number to readers of YAML 1.2 (10.3.2), and only a text to PyYAML, which reads 1.1.
_NUMBER = re.compile(r"[-+]?(?:0o[0-7]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)")
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a file says of a channel: all that `topics apply` may change there. Topics are in the order of numbers."""

    address: Address
    name: str
    schedule: str
    time_zone: str
    settings: ChannelSettings
    topics: tuple[TopicOptions, ...]


def contents_of(channel: Channel, topics: Sequence[TopicOptions]) -> Contents:
    return Contents(
        address=channel.address,
        name=channel.name,
        schedule=channel.schedule,
        time_zone=channel.time_zone,
        settings=channel.settings,
        topics=tuple(topics),
    )


def as_topic(options: TopicOptions, number: int = 0) -> Subscription:
    """The topic that a file tells of, to be compared with those that there are; its `id` is its `number`."""
    return Subscription(
        id=number,
        channel_id=0,
        number=number,
        name=options.name,
        query=options.query,
        min_upvotes=options.min_upvotes,
        instant=options.instant,
        since=0,
        created_by="",
        models=options.models,
    )


def written(channels: Sequence[Contents]) -> str:
    """A whole file."""
    if not channels:
        return "\n".join([*HEAD, NOBODY, ""])
    lines = [line for channel in channels for line in item(channel_lines(channel))]
    return "\n".join([*HEAD, "channels:", *lines, ""])


def item(lines: Sequence[str]) -> list[str]:
    """An entry of a list."""
    return [f"- {line}" if number == 0 else f"{INDENT}{line}" for number, line in enumerate(lines)]


def nested(lines: Sequence[str]) -> list[str]:
    return [f"{INDENT}{line}" for line in lines]


def channel_lines(channel: Contents) -> list[str]:
    """What stands in the entry of a channel."""
    return [
        f"channel: {scalar(str(channel.address))}",
        *([f"name: {scalar(channel.name)}"] if channel.address.platform is not PlatformName.WEB else []),
        f"schedule: {scalar(channel.schedule)}",
        f"timezone: {scalar(channel.time_zone)}",
        "settings:",
        *nested([f"{key}: {value}" for key, value in settings_written(channel.settings).items()]),
        *topics_lines(channel.topics),
    ]


def settings_written(settings: ChannelSettings) -> dict[str, str]:
    """The value of each setting, as it stands in a file."""
    return {key: setting_value(setting.typed(settings)) for key, setting in SETTINGS.items()}


def setting_value(typed: str) -> str:
    # Numbers and switches are read as the words that they are, whatever another reader of YAML makes of them.
    return typed if typed in ("on", "off", "none") or typed.isdecimal() else scalar(typed)


def topics_lines(topics: Sequence[TopicOptions]) -> list[str]:
    return ["topics:", *(line for topic in topics for line in item(topic_lines(topic)))] if topics else ["topics: []"]


def topic_lines(topic: TopicOptions) -> list[str]:
    """What stands in the entry of a topic."""
    return [f"query: {scalar(topic.query)}", *(line for lines in more_of(topic).values() for line in lines)]


def more_of(topic: TopicOptions) -> dict[str, list[str]]:
    """What stands there besides the query, by its key."""
    more = {}
    if topic.name:
        more["name"] = [f"name: {scalar(topic.name)}"]
    if topic.min_upvotes is not None:
        more["min-upvotes"] = [f"min-upvotes: {topic.min_upvotes}"]
    if topic.instant:
        more["instant"] = ["instant: true"]
    if topic.models:
        more["models"] = models_lines(topic.models)
    return more


def models_lines(models: Models) -> list[str]:
    return ["models:", *(line for term, model in models for line in item(_model_lines(term, model)))]


def _model_lines(term: str, model: WordModel | MeaningModel) -> list[str]:
    lines = [f"of: {scalar(term)}", f"threshold: {model.threshold}"]
    if isinstance(model, MeaningModel):
        return [*lines, f"model: {scalar(model.model)}", "numbers: >-", *_folded(b64encode(model.numbers).decode())]
    return [
        *lines,
        f"table: {scalar(model.table)}",
        *(["titles:", *(f"- {scalar(title)}" for title in model.titles)] if model.titles else ["titles: []"]),
        "weights: >-",
        *_folded(" ".join(f"{term}={weight}" for term, weight in model.weights.items())),
    ]


def _folded(text: str) -> list[str]:
    return nested(wrap(text, _WIDTH, break_on_hyphens=False))


@lru_cache(4096)
def scalar(text: str) -> str:
    """A text on one line, in quotes where it needs them."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    style = '"' if not text.isprintable() else "'" if _NUMBER.fullmatch(text) else None
    dumped: str = yaml.safe_dump({"x": text}, width=10_000_000, allow_unicode=True, default_style=style)
    return dumped.partition(": ")[2].removesuffix("\n")
