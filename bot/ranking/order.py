"""The order of papers for a channel: prior, taste, and a little for upvotes and freshness.

Pure: the same papers, topics, votes and day always give the same order. Nothing is left to chance: orders that try out
papers at random were measured, and are worse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from bot.channels.channel import Order
from bot.papers.paper import Paper
from bot.query.models import Models
from bot.ranking.features import features_of
from bot.ranking.prior import best_fit, example_behind
from bot.ranking.taste import SCALE, Taste

PRIOR_WEIGHT: Final = 6.0  # of a fit of 1, in points
UPVOTES_WEIGHT: Final = 0.1  # for each e-fold
FRESHNESS_WEIGHT: Final = 0.2  # for a paper of today
FRESHNESS_HALF_LIFE: Final = 3.0  # days


class ReasonKind(StrEnum):
    """What speaks most for a paper."""

    TOPIC = "topic"
    EXAMPLE = "example"
    LIKED = "liked"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper is shown: a query that it matches, an example of a topic, a paper that was liked here, or an author.

    `about` is that query, the example's title, the paper's id, or the author's name; `count` how many papers of theirs
    were liked.
    """

    kind: ReasonKind
    about: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paper that may be shown, and the queries of the topics that brought it.

    `models` are what the terms by example of these are decided by.
    """

    paper: Paper
    queries: tuple[str, ...]
    models: Models = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate in its place. Points are whole thousandths: `points` in all, `prior` of them from the topics."""

    candidate: Candidate
    points: int
    prior: int
    query: str

    @property
    def paper(self) -> Paper:
        return self.candidate.paper


def newest_first(paper: Paper) -> tuple[date, str]:
    """The sort key of recency, to be used with `reverse=True`."""
    return (paper.day or date.min, paper.id)


def _by_upvotes(paper: Paper) -> tuple[int, date, str]:
    return (paper.upvotes, *newest_first(paper))


def ranked(candidates: Iterable[Candidate], order: Order, taste: Taste, today: date) -> list[Ranked]:
    """The candidates, best first. Of equal ones the most upvoted comes first, then the most recent."""
    found = [_judged(candidate, taste, today) for candidate in candidates]
    match order:
        case Order.FIT:
            return sorted(found, key=lambda one: (one.points, *_by_upvotes(one.paper)), reverse=True)
        case Order.UPVOTES:
            return sorted(found, key=lambda one: _by_upvotes(one.paper), reverse=True)
        case Order.NEW:
            return sorted(found, key=lambda one: newest_first(one.paper), reverse=True)


def reason_for(one: Ranked, taste: Taste) -> Reason | None:
    """The strongest reason for what is shown; None where the topics look for no words and nothing like it was liked."""
    best = Reason(ReasonKind.TOPIC, one.query) if one.query else None
    if example := example_behind(one.paper, one.query, one.candidate.models):
        best = Reason(ReasonKind.EXAMPLE, example)
    if not taste.learnt:
        return best
    seen = features_of(one.paper)
    liked, points = taste.most_like(seen)
    if liked == one.paper.id or points <= one.prior:
        return best
    # An author who was liked more than once says more than any one paper of theirs.
    known = [(count, name) for name in seen.authors if (count := taste.likes_of.get(name, 0)) > 1]
    if known and taste.authors.get(max(known)[1], 0) > 0:
        count, name = max(known)
        return Reason(ReasonKind.AUTHOR, name, count)
    return Reason(ReasonKind.LIKED, liked)


def _judged(candidate: Candidate, taste: Taste, today: date) -> Ranked:
    paper = candidate.paper
    prior, query = best_fit(paper, candidate.queries, candidate.models)
    from_prior = round(SCALE * PRIOR_WEIGHT * prior)
    age = max((today - paper.day).days, 0) if paper.day else math.inf
    mild = UPVOTES_WEIGHT * math.log1p(max(paper.upvotes, 0)) + FRESHNESS_WEIGHT * 0.5 ** (age / FRESHNESS_HALF_LIFE)
    from_taste = taste.points(features_of(paper)) if taste.learnt else 0
    return Ranked(candidate, from_prior + round(SCALE * mild) + from_taste, from_prior, query)
