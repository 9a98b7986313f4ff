"""Topics in words: how people name them, and how commands show them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from bot.channels.channel import Channel
from bot.commands.registry import Kind, Parameter
from bot.commands.services import Services
from bot.errors import UserError
from bot.messages.message import Button, ButtonStyle, Span, code
from bot.query.errors import QueryError
from bot.query.explanations import explain
from bot.query.parser import parse
from bot.query.queries import Query
from bot.text.suggestions import closest, quoted
from bot.text.typed import in_quotes, unquoted, value_typed
from bot.topics.matcher import same
from bot.topics.subscription import Subscription

LONGEST_NAME = 60

MIN_UPVOTES = Parameter(
    name="min-upvotes",
    help="only papers with so many upvotes, as soon as they have them",
    kind=Kind.NUMBER,
    option=True,
)
NAME = Parameter(name="name", help="what to call the topic", option=True)
TOPIC = Parameter(name="topic", help="a topic's number", kind=Kind.TOPIC, required=True)


def read_name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise UserError(f"That name is too long: at most {LONGEST_NAME} characters.", about=NAME.name)
    return name


def refuse_double(query: Query, wanted: Query, topics: Sequence[Subscription], named_in: int | None = None) -> None:
    """Raises `UserError` if a topic has this query, or finds the same by its options: in whatever spelling.

    People may name a topic of their own in several channels; those that were `named_in` another one are none of it.
    """
    whose = "This channel has" if named_in is None else "You have"
    change = "/papers edit" if named_in is None else "/papers interests edit"
    for topic in topics:
        if topic.named_in == named_in and is_about(topic, query, wanted):
            written = "" if topic.query == query.text else f", {quoted(topic.query)}"
            raise UserError(
                f"{whose} that topic already: it is number {topic.number}{written}. "
                f"`{change} {topic.number}` changes it."
            )


def is_about(topic: Subscription, query: Query, wanted: Query) -> bool:
    """Whether the topic has this query, or finds with its options what `wanted` does: in whatever spelling."""
    try:
        return same(parse(query.text), parse(topic.query)) or same(wanted, topic.wanted)
    except QueryError:
        return False


async def topic_named(services: Services, channel: Channel, asked: str, *, shown_by: str = "topics") -> Subscription:
    """The topic that a person means by its number, name or query. `shown_by` is the command that lists them."""
    topics = await services.subscriptions.of_channel(channel.id)
    if not topics:
        raise UserError("This channel has no topics. `/papers subscribe QUERY` adds one.")
    number = value_typed(asked).lstrip("#").rstrip(".")
    asked = asked.strip()
    # Buttons name topics by their numbers, and another topic may be called so.
    for topic in topics:
        if number == str(topic.number):
            return topic
    for topic in topics:
        if {asked.casefold(), unquoted(asked).casefold()} & {
            topic.name.casefold() or topic.query.casefold(),
            topic.query.casefold(),
        }:
            return topic
    with suppress(QueryError):
        query = parse(asked)
        for topic in topics:
            if is_about(topic, query, query):
                return topic
    shown = asked if len(asked) <= 60 else asked[:59] + "…"
    titles = {topic.title: topic.number for topic in topics}
    if near := closest(asked, list(titles)):
        raise UserError(f"There is no topic “{shown}” here. Did you mean number {titles[near]}, “{near}”?")
    raise UserError(f"There is no topic “{shown}” here. `/papers {shown_by}` shows their numbers.")


def titled(topic: Subscription) -> list[str | Span]:
    return [topic.name, " (", code(topic.query), ")"] if topic.name else [code(topic.query)]


def described(topic: Subscription) -> tuple[Span, ...]:
    try:
        words = explain(topic.wanted)
    except QueryError:
        return (Span("I cannot read this query any more; please edit it"),)
    first, *rest = words
    return (Span(first.text[:1].upper() + first.text[1:], first.bold, first.italic, first.code), *rest)


def as_written(topic: Subscription, instant: str = "--instant") -> str:
    """The topic as somebody would type it again; `instant` is how the command takes that option."""
    parts = [topic.query]
    if topic.min_upvotes is not None:
        parts.append(f"--min-upvotes {topic.min_upvotes}")
    if topic.instant:
        parts.append(instant)
    if topic.name:
        parts.append(f"--name {in_quotes(topic.name)}")
    return " ".join(parts)


def remove_button(topic: Subscription, label: str) -> Button:
    return Button(label, f"unsubscribe {topic.number}", ButtonStyle.DANGER)
