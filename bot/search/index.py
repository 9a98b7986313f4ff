"""Finding papers: what a search index answers, and what it reads.

The index is derived data. A query finds a paper here if and only if `bot.topics.matcher` says that it matches: both
compare words as `bot.text.words` gives them, by the meaning written at `bot.query.syntax`. Terms by example are decided
by the models that they bring along.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.papers.paper import Paper
from bot.query.models import WordModel
from bot.query.queries import Query
from bot.query.syntax import Node
from bot.search.results import Hit, SearchPage


class SearchIndex(Protocol):
    """Finds papers. All methods may raise `bot.errors.StorageError`."""

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> SearchPage: ...

    async def counts(self, query: Query, conditions: Sequence[Node]) -> list[int]:
        """How many papers match the query and each of these further conditions."""
        ...

    async def similar(self, paper: Paper, *, limit: int) -> tuple[Hit, ...]:
        """Papers with the same words, without the paper itself; it need not be known to the index."""
        ...

    async def loosely(self, query: Query, *, limit: int) -> tuple[Hit, ...]:
        """Papers that do not match but have some of the words and meet the other conditions, without snippets."""
        ...

    async def beside(self, query: Query, paper_ids: Collection[str]) -> frozenset[str]:
        """Those of the papers that do not match but meet every condition that is not about words."""
        ...

    async def eligible(self, query: Query, most: int) -> frozenset[str] | None:
        """All papers that meet every condition that is not about words; None if those are more than so many."""
        ...

    async def with_snippets(self, query: Query, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The hits with what they say about the words that were looked for."""
        ...

    async def best_scores(self, model: WordModel, among: Query, *, limit: int) -> list[int]:
        """The highest scores by a model of the papers that a query finds, the highest first; none of 0."""
        ...

    async def nearest_words(self, query: Query) -> dict[str, tuple[str, ...]]:
        """For words of the query that hardly any paper has: those of papers that are spelt nearly so, best first."""
        ...

    async def forms(self, query: Query) -> dict[str, tuple[str, ...]]:
        """For words of the query that match in all their forms: the forms that papers have, the commonest first."""
        ...

    async def refresh(self) -> int:
        """Takes over what changed in the database since the last time; returns how many papers that were."""
        ...

    async def behind(self) -> int:
        """How many papers changed in the database that it has not taken over, up to a bound of its own."""
        ...

    async def close(self) -> None: ...


class PaperFeed(Protocol):
    """The part of `bot.papers.store.PaperStore` that an index follows.

    Change numbers grow and are shared with other things than papers: those of papers have gaps, and `last_change` may
    be larger than that of any paper.
    """

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]: ...

    async def gone_papers(self, after: int) -> Sequence[str]:
        """The ids of papers that were deleted after that change, as far back as it is kept: some days."""
        ...

    async def last_change(self) -> int: ...

    async def count(self) -> int: ...
