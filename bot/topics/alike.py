"""Terms by example in the matcher: very many models of words, scored together.

For each word that any model knows there are the models that know it and their weights, as in an inverted index. A
paper's scores are sums over its words; they are whole numbers, so it does not matter how they are added up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.query.models import WordModel
from bot.topics.standing_queries import Term

Ints: TypeAlias = NDArray[np.int32]

_NEVER: Final = np.iinfo(np.int32).max
_FIRST_ROOM: Final = 4


class _Postings:
    """The models that know a word: their places, and the weights of the word in them."""

    __slots__ = ("count", "places", "weights")

    def __init__(self) -> None:
        self.count = 0
        self.places: Ints = np.empty(_FIRST_ROOM, np.int32)
        self.weights: Ints = np.empty(_FIRST_ROOM, np.int32)

    def add(self, place: int, weight: int) -> None:
        if self.count == len(self.places):
            self.places = np.resize(self.places, 2 * self.count)
            self.weights = np.resize(self.weights, 2 * self.count)
        self.places[self.count], self.weights[self.count] = place, weight
        self.count += 1

    def remove(self, place: int) -> None:
        at = int(np.argmax(self.places[: self.count] == place))
        self.count -= 1
        self.places[at], self.weights[at] = self.places[self.count], self.weights[self.count]

    def add_to(self, scores: Ints, times: int) -> None:
        places, weights = self.places[: self.count], self.weights[: self.count]
        scores[places] += times * weights if times > 1 else weights


class WordModels:
    """The terms that ask for likeness in words, each in a place of its own."""

    def __init__(self) -> None:
        self._postings: dict[str, _Postings] = {}
        self._terms: list[Term | None] = []
        self._thresholds: Ints = np.empty(_FIRST_ROOM, np.int32)
        self._places: dict[WordModel, int] = {}
        self._free: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, model: WordModel, term: Term) -> None:
        """From now on the term is true of what the model says is like its examples."""
        if self._free:
            place = self._free.pop()
            self._terms[place] = term
        else:
            place = len(self._terms)
            self._terms.append(term)
            if place == len(self._thresholds):
                self._thresholds = np.resize(self._thresholds, 2 * place)
        self._places[model] = place
        self._thresholds[place] = model.threshold
        for word, weight in model.weights:
            self._postings.setdefault(word, _Postings()).add(place, weight)

    def remove(self, model: WordModel) -> None:
        """The model is asked no more."""
        place = self._places.pop(model)
        for word, _ in model.weights:
            postings = self._postings[word]
            postings.remove(place)
            if not postings.count:
                del self._postings[word]
        self._terms[place] = None
        self._thresholds[place] = _NEVER
        self._free.append(place)

    def true_of(self, texts: Sequence[Collection[str]], titles: Sequence[Collection[str]]) -> list[list[Term]]:
        """The terms that are true of each of some papers with these words in their texts and titles."""
        count = len(self._terms)
        scores: Ints = np.empty(count, np.int32)
        found = []
        for text, title in zip(texts, titles, strict=True):
            scores.fill(0)
            for word in text:
                if (postings := self._postings.get(word)) is not None:
                    postings.add_to(scores, 2 if word in title else 1)
            reached = np.flatnonzero(scores >= self._thresholds[:count])
            found.append([term for place in reached.tolist() if (term := self._terms[place]) is not None])
        return found
