"""Taste: what a channel's votes have taught about words, authors and categories (`bot.ranking.learning`)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import TYPE_CHECKING, Final, cast

from bot.meaning.terms import shipped_table
from bot.ranking.features import Features, likeness

if TYPE_CHECKING:
    from bot.ranking.features import Ints

#: Weights and points are whole thousandths, so that the last bits of a machine's arithmetic decide nothing.
SCALE: Final = 1000
#: No places, no weights: without NumPy, which nobody needs before somebody votes.
_NONE: Final = cast("Ints", ())


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """For each word (`places` in the table of terms), author and category a whole number of thousandths of a point.

    A point is a standard deviation of the words' scores over the background, times the strength of the evidence.
    `middle` is what the mean background paper's words have. `liked` says for every liked paper how many points being
    just like it brings, `likes_of` how many liked papers each author has.
    """

    places: Ints = _NONE
    weights: Ints = _NONE
    authors: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    middle: int = 0
    liked: Mapping[str, tuple[float, Features]] = field(default_factory=dict)
    likes_of: Mapping[str, int] = field(default_factory=dict)

    @property
    def learnt(self) -> bool:
        return len(self.places) > 0 or bool(self.authors or self.categories)

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
        places, weights = self.places, self.weights
        if len(places):
            import numpy as np

            mask = np.array([not (term in gone or gone.intersection(term.split())) for term in self.terms()], bool)
            places, weights = places[mask], weights[mask]
        return replace(
            self,
            places=places,
            weights=weights,
            authors={name: weight for name, weight in self.authors.items() if name not in gone},
            categories={name: weight for name, weight in self.categories.items() if name not in gone},
            likes_of={name: count for name, count in self.likes_of.items() if name not in gone},
        )

    def terms(self) -> list[str]:
        """The terms that speak for a paper or against one."""
        terms = shipped_table().terms
        return [terms[place] for place in self.places]

    def strongest_terms(self, *, liked: bool, most: int) -> list[str]:
        """The terms that speak most for a paper, or against one, the strongest first."""
        if not len(self.places):
            return []
        terms = shipped_table().terms
        weights = self.weights if liked else -self.weights
        best = (-weights).argsort(kind="stable")[:most]
        return [terms[self.places[place]] for place in best.tolist() if weights[place] > 0]

    def _weights_of(self, places: Ints) -> Ints:
        import numpy as np

        if not len(self.places):
            return np.zeros(len(places), np.int64)
        found = np.minimum(np.searchsorted(self.places, places), self.places.size - 1)
        return np.where(self.places[found] == places, self.weights[found], 0)


#: Nothing learnt: only the prior orders.
NO_TASTE: Final = Taste()
