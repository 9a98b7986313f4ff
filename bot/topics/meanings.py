"""Terms by meaning in the matcher: very many vectors, compared with those of papers at once, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bot.meaning.vectors import Vector, dot_products
from bot.query.models import MeaningModel
from bot.topics.standing_queries import Term

if TYPE_CHECKING:
    from bot.meaning.vectors import Numbers

_NEVER: Final = np.iinfo(np.int32).max
_FIRST_ROOM: Final = 4


class _Rows:
    """The vectors of one version of a model, each in a place of its own."""

    def __init__(self, dimensions: int) -> None:
        self.vectors: Numbers = np.zeros((_FIRST_ROOM, dimensions), np.int8)
        self.thresholds: NDArray[np.int32] = np.full(_FIRST_ROOM, _NEVER, np.int32)
        self.like: list[Term | None] = []
        self.unlike: list[Term | None] = []
        self.places: dict[MeaningModel, int] = {}
        self.free: list[int] = []

    def place_of(self, model: MeaningModel) -> int:
        """Where the model stands; it gets a place if it has none."""
        place = self.places.get(model)
        if place is not None:
            return place
        if self.free:
            place = self.free.pop()
        else:
            place = len(self.like)
            self.like.append(None)
            self.unlike.append(None)
            if place == len(self.vectors):
                self.vectors = np.concatenate([self.vectors, np.zeros_like(self.vectors)])
                self.thresholds = np.concatenate([self.thresholds, np.full_like(self.thresholds, _NEVER)])
        self.places[model] = place
        self.vectors[place] = np.frombuffer(model.numbers, np.int8)
        self.thresholds[place] = model.threshold
        return place

    def free_place(self, model: MeaningModel) -> None:
        place = self.places.pop(model)
        self.thresholds[place] = _NEVER
        self.free.append(place)


class MeaningModels:
    """The terms that ask for papers about something, or not about it."""

    def __init__(self) -> None:
        self._of: dict[str, _Rows] = {}

    @property
    def embedding_models(self) -> frozenset[str]:
        """The versions of embedding models whose vectors of papers are needed."""
        return frozenset(name for name, rows in self._of.items() if rows.places)

    def add(self, model: MeaningModel, term: Term, *, near: bool) -> None:
        """From now on the term is true of papers as near as the model says, or else of those that are not so near."""
        rows = self._of.setdefault(model.model, _Rows(len(model.numbers)))
        (rows.like if near else rows.unlike)[rows.place_of(model)] = term

    def remove(self, model: MeaningModel, *, near: bool) -> None:
        """Nobody asks that any more."""
        rows = self._of[model.model]
        place = rows.places[model]
        (rows.like if near else rows.unlike)[place] = None
        if rows.like[place] is None and rows.unlike[place] is None:
            rows.free_place(model)

    def true_of(self, vectors: Sequence[Sequence[Vector]]) -> list[list[Term]]:
        """The terms that are true of each of some papers with these vectors; none of one without a vector."""
        found: list[list[Term]] = [[] for _ in vectors]
        for name, rows in self._of.items():
            asked = [
                (number, vector.array)
                for number, several in enumerate(vectors)
                for vector in several
                if vector.model == name
            ]
            if not asked or not rows.places:
                continue
            count = len(rows.like)
            products = dot_products(rows.vectors[:count], np.stack([array for _, array in asked]))
            reached = products >= rows.thresholds[:count, np.newaxis]
            excluding = [(place, term) for place, term in enumerate(rows.unlike) if term is not None]
            for column, (number, _) in enumerate(asked):
                near = reached[:, column]
                places = np.flatnonzero(near).tolist()
                found[number] += [term for place in places if (term := rows.like[place]) is not None]
                found[number] += [term for place, term in excluding if not near[place]]
        return found
