"""Finding papers: what a search index answers, and what it reads.

The index is derived data. A query finds a paper here if and only if `bot.matching` says that it matches: both compare
words as `bot.analysis` gives them, by the meaning written at `bot.query.nodes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.messages import Span
from bot.papers import Paper
from bot.query import Query

#: With fewer exact results than this, papers that have only some of the words are offered as well (DESIGN section 4).
FEW_RESULTS = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that was found. Scores are comparable within one answer only; results in order of time have none (0).

    `snippet` is a part of the abstract, with the words that were looked for in bold; empty if none of them is there.
    """

    paper_id: str
    score: float
    snippet: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results, best first. `total` counts all that match.

    `related` are papers that do not match but have some of the words and meet the query's other conditions. They come
    with the first page, when fewer than `FEW_RESULTS` match, and are no more than are missing to as many.
    """

    total: int
    hits: tuple[Hit, ...]
    related: tuple[Hit, ...] = ()


class SearchIndex(Protocol):
    """Finds papers. All methods may raise `bot.errors.StorageError`."""

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> SearchPage: ...

    async def similar(self, paper: Paper, *, limit: int) -> tuple[Hit, ...]:
        """Papers about the same things, without the paper itself; it need not be known to the index."""
        ...

    async def refresh(self) -> int:
        """Takes over what changed in the database since the last time; returns how many papers that were."""
        ...

    async def close(self) -> None: ...


class PaperFeed(Protocol):
    """The part of `bot.ports.PaperStore` that an index follows.

    Change numbers grow and are shared with other things than papers: those of papers have gaps, and `last_change` may
    be larger than that of any paper.
    """

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]: ...

    async def last_change(self) -> int: ...

    async def count(self) -> int: ...
