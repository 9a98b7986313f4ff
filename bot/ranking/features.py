"""Features: a paper as a channel's taste sees it.

Words count by tf-idf with (1 + log tf) and cosine length (Manning, Raghavan, Schütze, Introduction to Information
Retrieval, 6.4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.meaning.terms import TermTable, shipped_table, telling_terms, with_pairs
from bot.papers.paper import Paper

if TYPE_CHECKING:  # as in `bot.meaning.vectors`: where nobody votes, nothing is worked out of features
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

TITLE_WEIGHT: Final = 2.0  # a word of the title counts as so many of the abstract
KEYWORD_WEIGHT: Final = 2.0
MOST_AUTHORS: Final = 30
#: Papers whose features are remembered: about 4 kB each.
MOST_REMEMBERED: Final = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A paper's terms (places in the table, ascending) with their tf-idf, of length 1; its authors; its categories."""

    places: Ints
    values: Floats
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def features_of(paper: Paper) -> Features:
    """What taste looks at in a paper."""
    authors = tuple(dict.fromkeys(name.written for name in paper.authors[:MOST_AUTHORS]))
    return _features(paper.title, paper.abstract, paper.keywords, authors, paper.categories)


@lru_cache(MOST_REMEMBERED)
def _features(
    title: str, abstract: str, keywords: tuple[str, ...], authors: tuple[str, ...], categories: tuple[str, ...]
) -> Features:
    table = shipped_table()
    places, values = weighed_terms(title, abstract, keywords, table)
    return Features(places, values, authors, tuple(dict.fromkeys(categories)))


def weighed_terms(title: str, abstract: str, keywords: Sequence[str], table: TermTable) -> tuple[Ints, Floats]:
    """The places of a text's terms in the table, ascending, and the weight of each."""
    import numpy as np

    counts: dict[str, float] = {}
    parts = [(title, TITLE_WEIGHT), (abstract, 1.0), *((keyword, KEYWORD_WEIGHT) for keyword in keywords)]
    for text, weight in parts:
        for term in with_pairs(telling_terms(text)):
            counts[term] = counts.get(term, 0.0) + weight
    known = sorted((place, term) for term in counts if (place := table.place(term)) is not None)
    found = [(1 + math.log(counts[term])) * table.rarity(term) for _, term in known]
    length = math.sqrt(math.fsum(value * value for value in found)) or 1.0
    places = np.array([place for place, _ in known], np.int64)
    return places, np.array([value / length for value in found], np.float64)


def entries(papers: Sequence[Features]) -> tuple[Ints, Ints, Floats]:
    """The row, the place and the value of every term of all papers."""
    import numpy as np

    if not papers:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    rows = np.repeat(np.arange(len(papers)), [len(paper.places) for paper in papers])
    return rows, np.concatenate([paper.places for paper in papers]), np.concatenate([paper.values for paper in papers])


def likeness(one: Features, other: Features) -> float:
    """How alike the words of two papers are, from 0 to 1."""
    import numpy as np

    _, here, there = np.intersect1d(one.places, other.places, assume_unique=True, return_indices=True)
    return float((one.values[here] * other.values[there]).sum())
