"""The store of vectors. They are derived data: whatever is lost is made again, and backups leave them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.meaning.vectors import Vector
from bot.papers.paper import Paper


@dataclass(frozen=True, slots=True)
class VectorChange:
    """A vector that is new or took the place of another one. Numbers grow in the order of commits, with gaps."""

    change: int
    paper_id: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many papers there are, and how many of them have a vector of a model."""

    papers: int
    embedded: int

    @property
    def waiting(self) -> int:
        return max(self.papers - self.embedded, 0)


async def vectors_for(
    store: VectorStore, models: Iterable[str], paper_ids: Sequence[str]
) -> dict[str, tuple[Vector, ...]]:
    """The vectors of papers by these versions of models, by their ids. Without models nothing is asked."""
    found: defaultdict[str, tuple[Vector, ...]] = defaultdict(tuple)
    for model in sorted(models):
        for paper_id, vector in (await store.vectors(model, paper_ids)).items():
            found[paper_id] += (vector,)
    return dict(found)


class VectorStore(Protocol):
    """Vectors of papers, by model. A paper has at most one of each; when its text changes, it has none until there is
    one of the new text. All methods may raise `bot.errors.StorageError`.
    """

    async def waiting(self, model: str, limit: int) -> Sequence[str]:
        """Papers without a vector of this model: those that were listed last first, then the others, newest first."""
        ...

    async def add(self, embedded: Sequence[tuple[Paper, Vector]]) -> int:
        """Keeps the vectors of papers whose text is still what they were made from; returns how many."""
        ...

    async def vectors(self, model: str, paper_ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors that there are of these papers."""
        ...

    async def changed_vectors(self, model: str, after: int, limit: int) -> Sequence[VectorChange]:
        """Vectors by growing change number: none can appear behind a reader."""
        ...

    async def last_change(self) -> int:
        """The number of the last change of any vector."""
        ...

    async def coverage(self, model: str, since: datetime | None = None) -> Coverage:
        """How far a model has got: with all papers, or with those that were first listed after `since`."""
        ...

    async def current_model(self) -> str | None:
        """The model that topics go by; None before the first was chosen."""
        ...

    async def make_current(self, model: str) -> None:
        """From now on topics go by this model."""
        ...

    async def forget_others(self, models: Sequence[str], limit: int) -> int:
        """Deletes up to so many vectors of models other than these; returns how many."""
        ...
