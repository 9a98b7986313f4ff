"""Finding papers by words and by meaning.

What matches is found by the index alone, exactly as it says. Meaning adds candidates below, where few papers match.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.errors import EmbeddingError, StorageError
from bot.meaning.collection import Nearness, VectorView
from bot.meaning.fusion import CANDIDATES, fused, weight_of_meaning
from bot.meaning.meaning import Meaning
from bot.meaning.model import embedded_text
from bot.meaning.vectors import WHOLE, Vector
from bot.papers.paper import Paper
from bot.query.queries import Query, plain_words, wanted_words
from bot.search.index import SearchIndex
from bot.search.results import FEW_RESULTS, Hit, SearchPage
from bot.text.words import words

#: Where a query has conditions: so many that meet them are all compared, or so many of the nearest looked through.
_LOOKED_THROUGH: Final = 5_000

#: A paper that has none of the words is not shown when what it means is further away (a cosine of 0.2): nonsense and
#: what nobody writes about have nearest papers, too.
_LEAST: Final = WHOLE // 5

_log = structlog.get_logger()


class Finder:
    """Searches, and looks for similar papers. Without a model both go by words alone."""

    def __init__(self, index: SearchIndex, meaning: Meaning) -> None:
        self._index = index
        self._meaning = meaning

    async def search(self, query: Query, *, limit: int, offset: int = 0, asked: str = "") -> SearchPage:
        """A page of the papers that match, and with the first one related ones, if few do.

        `asked` is what the person wrote, where the query is not all of it. Raises `SearchIndexError`.
        """
        page = await self._index.search(query, limit=limit, offset=offset)
        if offset or page.total >= FEW_RESULTS or not query.has_words:
            return page
        try:
            related = await self._related(query, page, asked, min(limit, FEW_RESULTS - page.total))
        except EmbeddingError:
            return page  # by words alone: `Meaning.problem` says why
        return replace(page, related=related)

    async def similar(self, paper: Paper, *, limit: int) -> tuple[Hit, ...]:
        """Papers about the same things, best first, without the paper itself. Raises `SearchIndexError`."""
        by_words = await self._index.similar(paper, limit=CANDIDATES)
        try:
            view = await self._view()
            vector = view.vector_of(paper.id) or await self._meaning.vector(embedded_text(paper))
        except EmbeddingError:
            return by_words[:limit]
        near = await asyncio.to_thread(view.nearest, vector, CANDIDATES + 1)
        others = [one for one in near if one.paper_id != paper.id][:CANDIDATES]
        return tuple(fused(by_words, _compared(view, vector, others, by_words))[:limit])

    async def _related(self, query: Query, page: SearchPage, asked: str, limit: int) -> tuple[Hit, ...]:
        text = question(query, asked)
        view = await self._view()
        vector = await self._meaning.vector(text)
        by_meaning = await self._nearest(query, page, view, vector)
        by_words = await self._index.loosely(query, limit=CANDIDATES)
        best = fused(by_words, _compared(view, vector, by_meaning, by_words), weight_of_meaning(len(words(text))))
        faint = {one.paper_id for one in by_meaning if one.product < _LEAST} - {hit.paper_id for hit in by_words}
        return await self._index.with_snippets(query, [hit for hit in best if hit.paper_id not in faint][:limit])

    async def _nearest(self, query: Query, page: SearchPage, view: VectorView, vector: Vector) -> Sequence[Nearness]:
        """The papers nearest in meaning that do not match but meet the query's conditions."""
        if plain_words(query) is not None:  # it has no conditions, and the few that match are quickly told
            if page.total > len(page.hits):
                page = await self._index.search(query, limit=FEW_RESULTS)
            matching = {hit.paper_id for hit in page.hits}
            near = await asyncio.to_thread(view.nearest, vector, CANDIDATES + len(matching))
            return [one for one in near if one.paper_id not in matching][:CANDIDATES]
        eligible = await self._index.eligible(query, _LOOKED_THROUGH)
        for most in (2 * CANDIDATES, _LOOKED_THROUGH):
            near = await asyncio.to_thread(view.nearest, vector, most, eligible)
            beside = await self._index.beside(query, [one.paper_id for one in near])
            if len(beside) >= CANDIDATES or len(near) < most:
                break
        return [one for one in near if one.paper_id in beside][:CANDIDATES]

    async def _view(self) -> VectorView:
        """The vectors of papers; raises `EmbeddingError` if they cannot be had."""
        try:
            return await self._meaning.view()
        except StorageError as error:
            _log.warning("meaning.unreadable", reason=str(error))
            raise EmbeddingError(f"vectors cannot be read: {error}") from error


def _compared(
    view: VectorView, vector: Vector, by_meaning: Sequence[Nearness], by_words: Sequence[Hit]
) -> list[Nearness]:
    """What all candidates mean, those that were found by their words as well."""
    known = {one.paper_id for one in by_meaning}
    others = [hit.paper_id for hit in by_words if hit.paper_id not in known]
    return [*by_meaning, *view.nearest(vector, len(others), among=others)]


def question(query: Query, asked: str) -> str:
    """What is looked for by its meaning: what a person wrote, less what only the query language knows."""
    return asked.strip() if asked and plain_words(query) is not None else " ".join(wanted_words(query))
