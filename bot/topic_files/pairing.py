"""Pairing: which topic of a channel an entry of a file is about, so that one which only changed keeps its history."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.topic_files.document import TopicEntry
from bot.topics.matcher import same
from bot.topics.subscription import Subscription

#: Two queries of which so much is the same are taken for one that somebody changed.
ALIKE: Final = 0.6


def canonical(query: str) -> str:
    """A query as it is kept; the text itself where it cannot be read (any more)."""
    try:
        return parse(query).text
    except QueryError:
        return query


def says_the_same(text: str, query: str) -> bool:
    """Whether a text asks what a query does, in other words or in another order."""
    if query in (text, canonical(text)):
        return True
    try:
        return same(parse(text), parse(query))
    except QueryError:
        return False


def paired(entries: Sequence[TopicEntry], topics: Sequence[Subscription]) -> dict[int, Subscription]:
    """The topic that each entry is about, by the place of the entry; entries that are of new topics are left out.

    It is the one with that query, else the one with that name, else the one whose query is most like it.
    """
    found: dict[int, Subscription] = {}
    left = {topic.id: topic for topic in topics}
    queries = [canonical(entry.query.text) for entry in entries]

    def take(place: int, topic: Subscription) -> None:
        found[place] = left.pop(topic.id)

    by_query = {topic.query: topic for topic in topics}
    for place, query in enumerate(queries):
        topic = by_query.get(entries[place].query.text) or by_query.get(query)
        if topic is not None and topic.id in left:
            take(place, topic)
    for place, entry in enumerate(entries):
        if place not in found and entry.name:
            named = [topic for topic in left.values() if topic.name.casefold() == entry.name.casefold()]
            if len(named) == 1:
                take(place, named[0])
    alike = [
        (difflib.SequenceMatcher(None, topic.query, query).ratio(), place, topic)
        for place, query in enumerate(queries)
        if place not in found
        for topic in left.values()
        # A topic whose name is another one is another topic.
        if not (topic.name and entries[place].name)
    ]
    for ratio, place, topic in sorted(alike, key=lambda one: (-one[0], one[1], one[2].number)):
        if ratio >= ALIKE and place not in found and topic.id in left:
            take(place, topic)
    return found
