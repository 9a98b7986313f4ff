"""Decisions: whether a topic gets a paper for its channel, and what speaks against it.

The matching decides with `decide`, and `/papers why` explains with it: there is no second copy of these rules.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.meaning.vectors import NO_VECTORS, PaperVectors
from bot.papers.paper import FirstListing, Paper, StoredPaper
from bot.papers.sources import SourceName
from bot.query.queries import Query
from bot.query.syntax import And, Node, Not, Or
from bot.topics.matcher import matches
from bot.topics.subscription import Subscription

#: For how long after its listing a paper is matched again when it changes. Votes grow for days.
MATCHED_AGAIN_FOR = timedelta(days=14)


class Verdict(StrEnum):
    """What becomes of a paper by one topic."""

    WANTED = "wanted"
    NOT_MATCHED = "not matched"
    TOO_LONG_AGO = "too long ago"
    OLDER_THAN_TOPIC = "older than the topic"
    SOURCE_LEFT_OUT = "source left out"


def is_current(stored: StoredPaper, now: datetime) -> bool:
    """Whether a source first listed the paper so lately that changes of it still matter to topics."""
    return any(_is_lately(listing, now) for listing in (stored.first, *stored.by_source.values()))


def _is_lately(listing: FirstListing, now: datetime) -> bool:
    return listing.at >= now - MATCHED_AGAIN_FOR


def decide(
    stored: StoredPaper,
    topic: Subscription,
    *,
    matched: bool,
    watching: bool,
    sources: frozenset[SourceName] | None,
    baselines: Collection[tuple[int, str]],
    now: datetime,
) -> Verdict:
    """Whether a paper is wanted by a topic, whose query finds it or not (`matched`).

    `watching` says that the topic's query watches numbers, `sources` are those that the channel takes papers from
    (None for all), and `baselines` the ids of topics with those of papers that qualified already when the topic was
    set. The paper is as new to the channel as the first listing by one of its sources.
    """
    if not matched:
        return Verdict.NOT_MATCHED
    listing = stored.listed_by(sources)
    if listing is None:
        return Verdict.SOURCE_LEFT_OUT
    if not (listing.change > topic.since or (watching and (topic.id, stored.paper.id) not in baselines)):
        return Verdict.OLDER_THAN_TOPIC
    if not _is_lately(listing, now):
        return Verdict.TOO_LONG_AGO
    return Verdict.WANTED


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a query finds a paper, or does not: parts of the query as one would write them.

    `for_it` are terms that are true of the paper and looked for, `against_it` is the first part that has to be true
    and is not, empty where the query finds the paper.
    """

    for_it: tuple[str, ...]
    against_it: str = ""


def evidence(query: Query, paper: Paper, vectors: PaperVectors = NO_VECTORS) -> Evidence:
    """What of the query is true of the paper, asked of the same matcher that decides."""
    true = [term for term in _looked_for(query.root) if _is_true(term, paper, vectors)]
    found = tuple(dict.fromkeys(Query.of(term).text for term in true))
    parts = query.root.nodes if isinstance(query.root, And) else (query.root,)
    failed = next((part for part in parts if not _is_true(part, paper, vectors)), None)
    return Evidence(found, Query.of(failed).text if failed is not None else "")


def _is_true(node: Node, paper: Paper, vectors: PaperVectors) -> bool:
    return matches(Query.of(node), paper, vectors)


def _looked_for(node: Node) -> list[Node]:
    """The terms of a query that are not excluded."""
    match node:
        case Not():
            return []
        case And(nodes) | Or(nodes):
            return [term for inner in nodes for term in _looked_for(inner)]
        case _:
            return [node]
