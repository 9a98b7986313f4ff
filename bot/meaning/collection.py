"""The vectors of all papers in memory, kept up with the store: what is compared with a question."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.meaning.store import VectorChange, VectorStore
from bot.meaning.vectors import Vector, dot_products

if TYPE_CHECKING:
    from bot.meaning.vectors import Numbers

AT_ONCE = 2_000  # vectors that are read in one piece
_ROOM = 1_024  # rows that there is room for at the least


@dataclass(frozen=True, slots=True)
class Nearness:
    """A paper, and its exact dot product with what was asked about: 160,000 is the same."""

    paper_id: str
    product: int


@dataclass(frozen=True, slots=True)
class VectorView:
    """The vectors as they were at one moment: row `n` of `rows` is the paper `paper_ids[n]`.

    May be read in any thread. `paper_ids` and `places` may have later papers, too, which are none of this view's.
    """

    model: str
    paper_ids: Sequence[str]
    places: dict[str, int]
    rows: Numbers

    def vector_of(self, paper_id: str) -> Vector | None:
        place = self.places.get(paper_id)
        return Vector(self.model, self.rows[place].tobytes()) if place is not None and place < len(self.rows) else None

    def nearest(self, vector: Vector, limit: int, among: Collection[str] | None = None) -> list[Nearness]:
        """The papers nearest to a vector of the same model, the nearest first; of equals the larger id.

        With `among` only those of them that have a vector.
        """
        import numpy as np

        if among is None:
            places = np.arange(len(self.rows))
            products = dot_products(self.rows, vector.array)
        else:
            known = (self.places.get(paper_id) for paper_id in among)
            places = np.array([place for place in known if place is not None and place < len(self.rows)], dtype=int)
            products = dot_products(self.rows[places], vector.array)
        if limit < 1 or not len(products):
            return []
        if len(products) > limit:
            least = np.partition(products, len(products) - limit)[len(products) - limit]
            enough = products >= least  # equals of the last one are compared by their ids
            places, products = places[enough], products[enough]
        pairs = zip(places.tolist(), products.tolist(), strict=True)
        found = [Nearness(self.paper_ids[place], product) for place, product in pairs]
        found.sort(key=lambda near: near.paper_id, reverse=True)
        found.sort(key=lambda near: near.product, reverse=True)
        return found[:limit]


class Vectors:
    """The vectors of one model. Nothing is in memory before the first `follow`, nor after `release`."""

    def __init__(self, store: VectorStore, model: str) -> None:
        self.model = model
        self._store = store
        self._one_follows = asyncio.Lock()
        self._forget()

    def _forget(self) -> None:
        import numpy as np

        self._paper_ids: list[str] = []
        self._places: dict[str, int] = {}
        self._rows: Numbers = np.zeros((0, 0), dtype=np.int8)
        self._followed_to = 0

    async def follow(self) -> VectorView:
        """Takes over what is new in the store, and shows everything. Raises `StorageError`."""
        async with self._one_follows:
            last = await self._store.last_change()
            while self._followed_to < last:
                changes = await self._store.changed_vectors(self.model, self._followed_to, AT_ONCE)
                self._take(changes)
                self._followed_to = changes[-1].change if len(changes) == AT_ONCE else max(last, self._followed_to)
            return self.view()

    def view(self) -> VectorView:
        """Everything that was taken over so far."""
        return VectorView(self.model, self._paper_ids, self._places, self._rows[: len(self._paper_ids)])

    async def release(self) -> None:
        """Gives back the memory; views that are in use stay what they are."""
        async with self._one_follows:
            self._forget()

    def _take(self, changes: Sequence[VectorChange]) -> None:
        if not changes:
            return
        import numpy as np

        new = {change.paper_id: change.vector for change in changes}
        old = [paper_id for paper_id in new if paper_id in self._places]
        if not self._rows.shape[1]:
            self._rows = np.zeros((0, len(changes[0].vector.numbers)), dtype=np.int8)
        needed = len(self._paper_ids) + len(new) - len(old)
        if needed > len(self._rows) or old:  # whoever looks at the rows that there are keeps them as they are
            room = max(needed + needed // 4, _ROOM) if needed > len(self._rows) else len(self._rows)
            rows = np.zeros((room, self._rows.shape[1]), dtype=np.int8)
            rows[: len(self._paper_ids)] = self._rows[: len(self._paper_ids)]
            self._rows = rows
        for paper_id, vector in new.items():
            if paper_id not in self._places:
                self._places[paper_id] = len(self._paper_ids)
                self._paper_ids.append(paper_id)
            self._rows[self._places[paper_id]] = vector.array
