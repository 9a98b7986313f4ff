"""Terms by example in the matcher: very many models of words, scored together.

For each word that any model knows there are the models that know it and their weights, as in an inverted index; of the
words that very many know, the weights in all models, in a row. A paper's scores are sums over its words. They are whole
numbers that fit into 16 bits (`bot.query.models.LARGEST_SUM`), so it does not matter how they are added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.query.models import LARGEST_SUM, WordModel
from bot.topics.standing_queries import Term

Places: TypeAlias = NDArray[np.int32]
Weights: TypeAlias = NDArray[np.int16]

#: No score reaches this.
_NEVER: Final = 2 * LARGEST_SUM + 1
_FIRST_ROOM: Final = 4
#: A word that more than one in so many models know has a row, as soon as there are some models; with half as many it
#: loses it again. To add a row takes a hundredth of the time for each model that to add at some places does, but rows
#: take memory: some forty megabytes for the words of ten thousand models, a hundred for those of a hundred thousand.
_ROW_FOR_ONE_IN: Final = 64
_ROW_FOR_ONE_IN_MANY: Final = 16
_MANY: Final = 32_768
_LEAST_FOR_ROWS: Final = 1_000
AT_ONCE: Final = 32  # papers whose scores are in memory together


class _Postings:
    """The models that know a word: their places, and the weights of the word in them."""

    __slots__ = ("count", "places", "row", "weights")

    def __init__(self) -> None:
        self.count = 0
        self.places: Places = np.empty(_FIRST_ROOM, np.int32)
        self.weights: Weights = np.empty(_FIRST_ROOM, np.int16)
        self.row: Weights | None = None
        """The weights in all models, where very many know the word: then it is not in the other two."""

    def add(self, place: int, weight: int) -> None:
        if self.row is not None:
            self.row[place] = weight
        else:
            if self.count == len(self.places):
                self.places = np.resize(self.places, 2 * self.count)
                self.weights = np.resize(self.weights, 2 * self.count)
            self.places[self.count], self.weights[self.count] = place, weight
        self.count += 1

    def remove(self, place: int) -> None:
        self.count -= 1
        if self.row is not None:
            self.row[place] = 0
            return
        at = int(np.argmax(self.places[: self.count + 1] == place))
        self.places[at], self.weights[at] = self.places[self.count], self.weights[self.count]

    def settle(self, room: int) -> None:
        """Takes the form that is right for so many models."""
        if self.row is not None and (len(self.row) != room or self.count * 2 * _for_one_in(room) < room):
            known = np.flatnonzero(self.row).astype(np.int32)
            self.places, self.weights, self.row = known, self.row[known], None
        if self.row is None and room >= _LEAST_FOR_ROWS and self.count * _for_one_in(room) > room:
            row: Weights = np.zeros(room, np.int16)
            row[self.places[: self.count]] = self.weights[: self.count]
            self.row, self.places, self.weights = row, self.places[:0], self.weights[:0]

    def add_to(self, several: Sequence[Weights]) -> None:
        """Adds the weights to each of several papers' scores: what is read from memory is read once for all."""
        if self.row is not None:
            for scores in several:
                np.add(scores, self.row, out=scores)
            return
        places, weights = self.places[: self.count], self.weights[: self.count]
        for scores in several:
            scores[places] += weights


def _for_one_in(room: int) -> int:
    return _ROW_FOR_ONE_IN if room <= _MANY else _ROW_FOR_ONE_IN_MANY


class WordModels:
    """The terms that ask for likeness in words, each in a place of its own."""

    def __init__(self) -> None:
        self._postings: dict[str, _Postings] = {}
        self._terms: list[Term | None] = []
        self._thresholds: Weights = np.full(_FIRST_ROOM, _NEVER, np.int16)
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
                self._make_room()
        self._places[model] = place
        self._thresholds[place] = min(model.threshold, _NEVER)
        room = len(self._thresholds)
        for word, weight in model.weights.items():
            postings = self._postings.get(word)
            if postings is None:
                postings = self._postings[word] = _Postings()
            postings.add(place, weight)
            if postings.row is None and postings.count * _for_one_in(room) > room:
                postings.settle(room)

    def remove(self, model: WordModel) -> None:
        """The model is asked no more."""
        place = self._places.pop(model)
        for word in model.weights:
            postings = self._postings[word]
            postings.remove(place)
            if not postings.count:
                del self._postings[word]
        self._terms[place] = None
        self._thresholds[place] = _NEVER
        self._free.append(place)

    def true_of(self, texts: Sequence[Collection[str]], titles: Sequence[Collection[str]]) -> list[list[Term]]:
        """The terms that are true of each of some papers with these words in their texts and titles."""
        found: list[list[Term]] = []
        for start in range(0, len(texts), AT_ONCE):
            end = start + AT_ONCE
            found += self._true_of(texts[start:end], titles[start:end])
        return found

    def _true_of(self, texts: Sequence[Collection[str]], titles: Sequence[Collection[str]]) -> Iterator[list[Term]]:
        several = list(np.zeros((len(texts), len(self._thresholds)), np.int16))
        having: defaultdict[str, list[Weights]] = defaultdict(list)
        for scores, text, title in zip(several, texts, titles, strict=True):
            for word in chain(text, title):  # those of the title are in the text as well, and count twice
                having[word].append(scores)
        for word, theirs in having.items():
            if (postings := self._postings.get(word)) is not None:
                postings.add_to(theirs)
        for scores in several:
            reached = np.flatnonzero(scores >= self._thresholds)
            yield [term for place in reached.tolist() if (term := self._terms[place]) is not None]

    def _make_room(self) -> None:
        room = 2 * len(self._thresholds)
        thresholds: Weights = np.full(room, _NEVER, np.int16)
        thresholds[: len(self._thresholds)] = self._thresholds
        self._thresholds = thresholds
        for postings in self._postings.values():
            postings.settle(room)
