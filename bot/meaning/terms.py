"""The table of terms that comes with the program: how common words, and two words in a row, are in papers."""

from __future__ import annotations

import gzip
import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from bot.text.words import stemmed, words

FILE: Final = "terms.tsv.gz"
#: Words that say nothing about what a paper is about.
STOP_WORDS: Final = frozenset([
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "for", "with", "by", "from", "as", "is", "are",
    "was", "were", "be", "been", "being", "this", "that", "these", "those", "it", "its", "we", "our", "they",
    "their", "i", "you", "he", "she", "his", "her", "which", "who", "what", "how", "when", "where", "why",
    "can", "could", "may", "might", "will", "would", "shall", "should", "do", "does", "did", "has", "have",
    "had", "not", "no", "nor", "but", "if", "than", "then", "so", "such", "via", "using", "use", "used", "into",
    "over", "under", "between", "both", "each", "other", "more", "most", "some", "any", "all", "only", "also",
    "however", "while", "there", "here", "about", "at", "up", "out", "through", "across", "within", "without",
    "during", "before", "after", "above", "below", "against", "toward", "towards", "upon", "per", "et", "al",
])  # fmt: skip
_PROBES: Final = "agents reasoning reasonable animations interpretability studies series biases Schrödinger diffused"


class TermTable:
    """In how many of `papers` papers a term, or two terms in a row (`x y`), stand.

    A term is known by its place in the table; what is not in it, the rare, is left out of tastes.
    """

    def __init__(self, analyser: str, papers: int, frequencies: Mapping[str, int]) -> None:
        self.analyser = analyser
        self.papers = papers
        self.terms = tuple(frequencies)
        self._frequencies = array("q", frequencies.values())
        self._places = {term: place for place, term in enumerate(self.terms)}
        self._rarity = array("d", (math.log((papers + 1) / (frequency + 1)) + 1 for frequency in self._frequencies))
        self._unseen = math.log(papers + 1) + 1

    def __len__(self) -> int:
        return len(self.terms)

    def place(self, term: str) -> int | None:
        """Where the term stands in the table, None if it does not."""
        return self._places.get(term)

    def rarity(self, term: str) -> float:
        """The inverse document frequency: at least 1; that of a term in no paper, if it is not in the table."""
        place = self._places.get(term)
        return self._unseen if place is None else self._rarity[place]

    @cached_property
    def version(self) -> str:
        """What tells one table from another: any other frequency makes it another one."""
        rows = (f"{term}\t{frequency}" for term, frequency in zip(self.terms, self._frequencies, strict=True))
        head = f"{self.analyser}\t{self.papers}"
        return hashlib.sha256("\n".join([head, *rows]).encode()).hexdigest()[:12]

    @classmethod
    def parse(cls, lines: Iterable[str]) -> TermTable:
        """The text of a table: `analyser<TAB>papers`, then `term<TAB>frequency` a line.

        Raises `ValueError` for anything else.
        """
        rows = iter(lines)
        analyser, papers = next(rows, "").rstrip("\n").split("\t")
        pairs = (row.rstrip("\n").split("\t") for row in rows)
        return cls(analyser, int(papers), {term: int(frequency) for term, frequency in pairs})


def analyser_version() -> str:
    """What tells one analyser from another: which words it makes one."""
    return hashlib.sha256(" ".join(stemmed(words(_PROBES))).encode()).hexdigest()[:12]


@lru_cache(1)
def shipped_table() -> TermTable:
    """The table that comes with the program."""
    with (files("bot.meaning") / FILE).open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as lines:
        return TermTable.parse(lines)


def telling_terms(text: str) -> list[str]:
    """The terms of a text in their order, without single letters and stop words."""
    return stemmed([word for word in words(text) if len(word) > 1 and word not in STOP_WORDS])


def with_pairs(terms: list[str]) -> list[str]:
    """The terms, and behind them every two of them in a row."""
    return [*terms, *map(" ".join, pairwise(terms))]


def written_forms(texts: Iterable[str]) -> dict[str, str]:
    """For each term the form in which it is written most often in these texts."""
    forms: dict[str, Counter[str]] = {}
    for text in texts:
        written = words(text)
        for term, word in zip(stemmed(written), written, strict=True):
            forms.setdefault(term, Counter())[word] += 1
    return {term: max(counted, key=lambda word: (counted[word], word)) for term, counted in forms.items()}
