"""Taste: what a channel's votes have taught about words, authors and categories.

Kernel ridge regression on +1 and -1 (Rifkin, Yeo, Poggio 2003, "Regularized least-squares classification"): voted
papers against background papers, each class weighing 1 in all. With strong regularisation it tends to Rocchio's formula
(Introduction to Information Retrieval, 9.1). Before the first 👍 nothing is learnt: from 👎 alone, orders get worse.
Whatever the order of the votes, the taste is the same; there is no chance in it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import starmap
from typing import Final

import numpy as np

from bot.meaning.terms import shipped_table
from bot.ranking.background import RIDGE, Background, category_counts
from bot.ranking.features import Features, Floats, Ints, entries, likeness
from bot.reading.votes import CastVote

AUTHORS_WEIGHT: Final = 0.3  # beside words, whose scores have a standard deviation of 1 over the background
CATEGORIES_WEIGHT: Final = 0.3
CATEGORY_SMOOTHING: Final = 5.0  # papers as the background has them, added to the liked ones
LEAST_SHARE: Final = 0.004  # of the largest weight; words with less are dropped
MEAN_SHARE: Final = 0.5  # of the mean of the likes (Rocchio) beside the regression: steadier than either
MOST_VOTES: Final = 100  # papers, the weightiest; the rest has faded or would make learning slow
HALF_LIFE: Final = timedelta(days=180)
MOST_ON_ONE: Final = 2.0  # votes: ten people's 👍 are not ten papers
MOST_LIKES_COUNTED: Final = 40  # from so many the taste does not grow against the prior
#: Weights and points are whole thousandths, so that the last bits of a machine's arithmetic decide nothing.
SCALE: Final = 1000
_FADED: Final = 1e-3


def _no_places() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """For each word (`places` in the table of terms), author and category a whole number of thousandths of a point.

    A point is a standard deviation of the words' scores over the background, times the strength of the evidence.
    `middle` is what the mean background paper's words have. `liked` says for every liked paper how many points being
    just like it brings, `likes_of` how many liked papers each author has.
    """

    places: Ints = field(default_factory=_no_places)
    weights: Ints = field(default_factory=_no_places)
    authors: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    middle: int = 0
    liked: Mapping[str, tuple[float, Features]] = field(default_factory=dict)
    likes_of: Mapping[str, int] = field(default_factory=dict)

    @property
    def learnt(self) -> bool:
        return self.places.size > 0 or bool(self.authors or self.categories)

    def points(self, paper: Features) -> int:
        """Thousandths of a point above (or below) the mean background paper; 0 for all while nothing is learnt."""
        if not self.learnt:
            return 0
        found = float((self._weights_of(paper.places) * paper.values).sum()) - self.middle
        if paper.authors:
            found += sum(self.authors.get(name, 0) for name in paper.authors) / math.sqrt(len(paper.authors))
        if paper.categories:
            found += sum(self.categories.get(name, 0) for name in paper.categories) / len(paper.categories)
        return round(found)

    def most_like(self, paper: Features) -> tuple[str, int]:
        """The liked paper that speaks most for this one, and the thousandths of a point that it brings."""
        points = starmap(
            lambda liked, one: (round(SCALE * one[0] * likeness(paper, one[1])), liked), self.liked.items()
        )
        best, liked = max(points, key=lambda pair: (pair[0], pair[1]), default=(0, ""))
        return liked, best

    def without(self, names: Collection[str]) -> Taste:
        """The taste that knows nothing of these words (nor of two words with one of them), authors and categories."""
        if not names or not self.learnt:
            return self
        gone = frozenset(names)
        terms = shipped_table().terms
        kept = [not (terms[place] in gone or gone.intersection(terms[place].split())) for place in self.places.tolist()]
        mask = np.array(kept, bool)
        return replace(
            self,
            places=self.places[mask],
            weights=self.weights[mask],
            authors={name: weight for name, weight in self.authors.items() if name not in gone},
            categories={name: weight for name, weight in self.categories.items() if name not in gone},
            likes_of={name: count for name, count in self.likes_of.items() if name not in gone},
        )

    def terms(self) -> list[str]:
        """The terms that speak for a paper or against one."""
        terms = shipped_table().terms
        return [terms[place] for place in self.places.tolist()]

    def strongest_terms(self, *, liked: bool, most: int) -> list[str]:
        """The terms that speak most for a paper, or against one, the strongest first."""
        terms = shipped_table().terms
        weights = self.weights if liked else -self.weights
        best = np.argsort(-weights, kind="stable")[:most]
        return [terms[self.places[place]] for place in best.tolist() if weights[place] > 0]

    def _weights_of(self, places: Ints) -> Ints:
        if not self.places.size:
            return np.zeros(len(places), np.int64)
        found = np.minimum(np.searchsorted(self.places, places), self.places.size - 1)
        return np.where(self.places[found] == places, self.weights[found], 0)


#: Nothing learnt: only the prior orders.
NO_TASTE: Final = Taste()


def learn(votes: Iterable[CastVote], features: Mapping[str, Features], background: Background, now: datetime) -> Taste:
    """The taste of these votes. `features` are those of papers that are known; votes on others do not count."""
    papers = _by_paper(votes, features, now)
    ups = math.fsum(weight for _, weight, _ in papers if weight > 0)
    if ups <= 0 or background.size < 2:
        return NO_TASTE
    voted = [one for _, _, one in papers]
    weights = np.array([weight for _, weight, _ in papers])
    factors, rest = _solve(voted, weights, ups, background)
    mean = np.where(weights > 0, weights / ups, 0.0)
    cross = background.dots(voted).T
    scores, mean_scores = background.gram @ rest + cross @ factors, cross @ mean
    spread, mean_spread = float(scores.std()), float(mean_scores.std())
    if spread < 1e-9 or mean_spread < 1e-9:
        return NO_TASTE
    # Both in standard deviations over the background.
    factors = (1 - MEAN_SHARE) * factors / spread + MEAN_SHARE * mean / mean_spread
    rest = (1 - MEAN_SHARE) * rest / spread
    middle = float(((1 - MEAN_SHARE) * scores / spread + MEAN_SHARE * mean_scores / mean_spread).mean())
    strength = SCALE * math.sqrt(min(ups, MOST_LIKES_COUNTED))
    _, places, values = entries(voted)
    lengths = [len(one.places) for one in voted]
    words = background.combined(rest) + np.bincount(places, values * np.repeat(factors, lengths), background.terms)
    words[np.abs(words) < LEAST_SHARE * np.abs(words).max()] = 0.0
    whole = np.rint(strength * words).astype(np.int64)
    kept = np.flatnonzero(whole)
    return Taste(
        places=kept,
        weights=whole[kept],
        authors=_author_weights(papers, strength * AUTHORS_WEIGHT),
        categories=_category_weights(papers, background.categories, strength * CATEGORIES_WEIGHT),
        middle=round(strength * middle),
        liked={
            paper_id: (round(strength * factor) / SCALE, one)
            for (paper_id, weight, one), factor in zip(papers, factors.tolist(), strict=True)
            if weight > 0 and factor > 0
        },
        likes_of=Counter(name for _, weight, one in papers if weight > 0 for name in one.authors),
    )


_Voted = tuple[str, float, Features]


def _solve(voted: Sequence[Features], weights: Floats, ups: float, background: Background) -> tuple[Floats, Floats]:
    """The factors of the voted and of the background papers in the sum that is the taste's words."""
    downs = float(-weights[weights < 0].sum())
    # A 👎 weighs as a 👍 does, and all of them no more than the likes.
    shares = np.where(weights > 0, weights / ups, -weights / max(ups, downs))
    cross = background.dots(voted) + 1  # + 1: the constant feature
    # Block elimination: only a system of the size of the votes is left to be solved.
    back = cross @ background.inverse
    reduced = _gram(voted) + 1 + np.diag(RIDGE / shares) - back @ cross.T
    factors = np.linalg.solve(reduced, np.sign(weights) + back.sum(axis=1))
    return factors, background.inverse @ (-1 - cross.T @ factors)


def _gram(papers: Sequence[Features]) -> Floats:
    rows, places, values = entries(papers)
    used, columns = np.unique(places, return_inverse=True)
    shared = np.bincount(columns, minlength=len(used)) > 1  # the others only count on the diagonal
    squares = np.bincount(rows[~shared[columns]], values[~shared[columns]] ** 2, len(papers))
    dense = np.zeros((len(papers), int(shared.sum())))
    kept = shared[columns]
    dense[rows[kept], (np.cumsum(shared) - 1)[columns[kept]]] = values[kept]
    gram: Floats = dense @ dense.T + np.diag(squares)
    return gram


def _by_paper(votes: Iterable[CastVote], features: Mapping[str, Features], now: datetime) -> list[_Voted]:
    """Votes on the same paper add up, each faded by its age; the weightiest stay, in the order of their ids."""
    found: dict[str, list[float]] = {}
    for vote in votes:
        if vote.paper_id in features:
            age = max(now - vote.at, timedelta())
            found.setdefault(vote.paper_id, []).append((1 if vote.up else -1) * 0.5 ** (age / HALF_LIFE))
    # fsum is exact: the order of votes changes nothing.
    sums = {paper: max(-MOST_ON_ONE, min(MOST_ON_ONE, math.fsum(weights))) for paper, weights in found.items()}
    weighty = (paper for paper, total in sums.items() if abs(total) > _FADED)
    kept = sorted(weighty, key=lambda paper: (-abs(sums[paper]), paper))[:MOST_VOTES]
    return [(paper, sums[paper], features[paper]) for paper in sorted(kept)]


def _author_weights(papers: Sequence[_Voted], scale: float) -> dict[str, int]:
    """Only who was voted on has a weight: the logarithm of the votes."""
    votes: dict[str, list[float]] = {}
    for _, weight, paper in papers:
        for name in paper.authors:
            votes.setdefault(name, []).append(weight)
    sums = {name: math.fsum(weights) for name, weights in votes.items()}
    return {name: round(scale * math.copysign(math.log1p(abs(found)), found)) for name, found in sums.items()}


def _category_weights(papers: Sequence[_Voted], stored: Mapping[str, float], scale: float) -> dict[str, int]:
    """How much more often likes are in a category than the background is: the logarithm of the ratio, smoothed.

    A paper whose categories are not known is neither better nor worse; that is why this is no part of the regression.
    """
    liked = category_counts((paper, weight) for _, weight, paper in papers if weight > 0)
    likes, all_stored = math.fsum(liked.values()), math.fsum(stored.values())
    weights = {}
    for name in sorted({*liked, *stored}) if liked and stored else ():
        usual = (stored.get(name, 0.0) + 0.5) / (all_stored + 0.5)
        smoothed = (liked.get(name, 0.0) + CATEGORY_SMOOTHING * usual) / (likes + CATEGORY_SMOOTHING)
        weights[name] = round(scale * math.log(smoothed / usual))
    return weights
