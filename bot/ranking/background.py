"""The background: some of the latest papers, against which what a channel likes is told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from bot.ranking.features import Features, entries

if TYPE_CHECKING:
    from bot.ranking.features import Floats

RIDGE: Final = 0.1


class Background:
    """Papers, and what depends on them alone: their Gram matrix, inverted, and how common categories are."""

    def __init__(self, papers: Sequence[Features], terms: int) -> None:
        self.size = len(papers)
        self.terms = terms
        rows, places, values = entries(papers)
        by_place = np.argsort(places, kind="stable")  # postings, as in an inverted index
        self._rows, self._values, self._places = rows[by_place], values[by_place], places[by_place]
        self._starts = np.searchsorted(self._places, np.arange(terms + 1))
        self.gram = self.dots(papers)
        self.inverse = np.linalg.inv(self.gram + 1 + np.eye(self.size) * (RIDGE * self.size))
        self.categories = category_counts((paper, 1.0) for paper in papers)

    def dots(self, others: Sequence[Features]) -> Floats:
        """How alike the words of each of the others (rows) are to those of each paper (columns)."""
        rows, places, values = entries(others)
        counts = self._starts[places + 1] - self._starts[places]
        postings = np.arange(counts.sum()) + np.repeat(self._starts[places] - (np.cumsum(counts) - counts), counts)
        cells = np.repeat(rows, counts) * self.size + self._rows[postings]
        products = np.repeat(values, counts) * self._values[postings]
        sums: Floats = np.bincount(cells, products, len(others) * self.size).astype(np.float64)
        return sums.reshape(len(others), self.size)

    def combined(self, factors: Floats) -> Floats:
        """The sum of all papers' words, each paper times its factor, by place."""
        sums: Floats = np.bincount(self._places, self._values * factors[self._rows], self.terms).astype(np.float64)
        return sums


def category_counts(papers: Iterable[tuple[Features, float]]) -> dict[str, float]:
    """How much of the papers each category has; a paper in two has half its weight in each."""
    counts: dict[str, float] = {}
    for paper, weight in papers:
        for name in paper.categories:
            counts[name] = counts.get(name, 0.0) + weight / len(paper.categories)
    return counts
