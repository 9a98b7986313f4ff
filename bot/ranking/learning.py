"""Learning: the taste of a channel, made of its votes.

Kernel ridge regression on +1 and -1 (Rifkin, Yeo, Poggio 2003, "Regularized least-squares classification"): voted
papers against background papers, each class weighing 1 in all. With strong regularisation it tends to Rocchio's formula
(Introduction to Information Retrieval, 9.1). Before the first 👍 nothing is learnt: from 👎 alone, orders get worse.
Whatever the order of the votes, the taste is the same; there is no chance in it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from bot.ranking.background import RIDGE, Background, category_counts
from bot.ranking.features import Features, entries
from bot.ranking.taste import NO_TASTE, SCALE, Taste
from bot.reading.votes import CastVote

if TYPE_CHECKING:
    from bot.ranking.features import Floats

AUTHORS_WEIGHT: Final = 0.3  # beside words, whose scores have a standard deviation of 1 over the background
CATEGORIES_WEIGHT: Final = 0.3
CATEGORY_SMOOTHING: Final = 5.0  # papers as the background has them, added to the liked ones
LEAST_SHARE: Final = 0.004  # of the largest weight; words with less are dropped
MEAN_SHARE: Final = 0.5  # of the mean of the likes (Rocchio) beside the regression: steadier than either
MOST_VOTES: Final = 100  # papers, the weightiest; the rest has faded or would make learning slow
HALF_LIFE: Final = timedelta(days=180)
MOST_ON_ONE: Final = 2.0  # votes: ten people's 👍 are not ten papers
MOST_LIKES_COUNTED: Final = 40  # from so many the taste does not grow against the prior
_FADED: Final = 1e-3


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
