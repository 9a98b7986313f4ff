"""Forms: what a modal begins with that adds or changes a topic."""

from __future__ import annotations

import base64
import hashlib

from bot.channels.channel import Address, Channel
from bot.channels.store import ChannelStore
from bot.platforms.command_calls import CommandCall
from bot.platforms.permissions import may_manage
from bot.text.typed import DASHES, in_quotes
from bot.topics.store import SubscriptionStore, TopicOptions

#: What changes with a topic's form. The order is that of its marks.
_FIELDS = ("query", "name", "min-upvotes", "instant")
_MARK_LENGTH = 8


def marks_of(options: TopicOptions) -> str:
    """What a form remembers of the topic that it begins with: a hash of each field, in 32 characters.

    With them its line says what somebody changed, and what others changed meanwhile stays.
    """
    return "".join(_mark(value) for value in _values(options, str(options.min_upvotes or "")).values())


def line_of(
    options: TopicOptions,
    *,
    number: int | None = None,
    marks: str = "",
    min_upvotes: str = "",
    backfill: str = "",
    for_me: bool = False,
) -> str:
    """The command that a filled form stands for: `edit` for the topic with that number, else `subscribe`.

    An `edit` says what is not as the `marks` say that it was. With `for_me` it becomes a topic of the person's own.
    Numbers are what a person wrote; the command says what is wrong with them. The query comes last, behind `--` where
    something in it could be taken for an option.
    """
    values, words = _values(options, min_upvotes), options.query.split()
    name, least, older = values["name"], values["min-upvotes"], "".join(backfill.split())
    if number is not None:
        changed = changed_fields(options, min_upvotes, marks)
        parts = [f"edit {number}"]
        parts += [f"--min-upvotes {least}"] if "min-upvotes" in changed else []
        parts += [f"--instant {values['instant']}"] if "instant" in changed else []
        parts += [f"--name {in_quotes(name or 'none')}"] if "name" in changed else []
        words = words if "query" in changed else []
    else:
        parts = ["subscribe"]
        parts += [f"--min-upvotes {least}"] if least != "0" else []
        parts += ["--instant"] if options.instant else []
        parts += [f"--backfill {older}"] if older else []
        parts += [f"--name {in_quotes(name)}"] if name else []
        parts += ["--for me"] if for_me else []
    return " ".join([*parts, *(["--"] if any(map(_may_be_option, words)) else []), *words])


def changed_fields(options: TopicOptions, min_upvotes: str, marks: str) -> set[str]:
    """The fields that are not as the marks say; all of them without marks."""
    known = [marks[start : start + _MARK_LENGTH] for start in range(0, len(marks), _MARK_LENGTH)]
    marked = dict(zip(_FIELDS, known, strict=False))
    return {name for name, value in _values(options, min_upvotes).items() if marked.get(name) != _mark(value)}


def _values(options: TopicOptions, min_upvotes: str) -> dict[str, str]:
    return {
        "query": " ".join(options.query.split()),
        "name": " ".join(options.name.split()),
        "min-upvotes": "".join(min_upvotes.split()) or "0",
        "instant": "on" if options.instant else "off",
    }


def _mark(value: str) -> str:
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest)[:_MARK_LENGTH].decode()


def _may_be_option(word: str) -> bool:
    """Whether a word begins with more than the hyphen that excludes what follows."""
    return word[0] in DASHES and (word[0] != "-" or word[1:2] == "" or word[1] in DASHES)


class TopicForms:
    """Reads what is there now; what a form says is then done by the commands themselves."""

    def __init__(self, channels: ChannelStore, subscriptions: SubscriptionStore) -> None:
        self._channels = channels
        self._subscriptions = subscriptions

    async def topic_of(self, address: Address, number: int) -> TopicOptions | None:
        """The topic with that number in a channel."""
        channel = await self.channel_at(address)
        topics = await self._subscriptions.of_channel(channel.id) if channel else []
        return next(
            (
                TopicOptions(query=topic.query, name=topic.name, min_upvotes=topic.min_upvotes, instant=topic.instant)
                for topic in topics
                if topic.number == number
            ),
            None,
        )

    async def may_manage(self, call: CommandCall) -> bool:
        """Whether the person may change what the form is about."""
        return await may_manage(call, self._channels)

    async def channel_at(self, address: Address) -> Channel | None:
        """The channel, None where nobody has set anything up."""
        return await self._channels.find(address)
