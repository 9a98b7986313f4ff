"""PaperLookups: where papers can be asked for that no feed has shown us."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from bot.errors import SourceError, UserError
from bot.papers.ids import is_arxiv_id
from bot.papers.paper import Paper
from bot.papers.sources import SourceName
from bot.papers.store import PaperStore

#: A person waits for the answer: who has not answered by then is left out.
TIMEOUT = 8.0  # seconds

_log = structlog.get_logger()


class PaperLookups:
    """Asks all lookups at once, and keeps what they know: it can be found from then on and is news to nobody."""

    def __init__(self, lookups: Sequence[PaperLookup], papers: PaperStore) -> None:
        self._lookups = lookups
        self._papers = papers

    async def search(self, words: str, limit: int) -> dict[SourceName, list[Paper]]:
        """The best matches of each lookup that has any."""
        answers = await asyncio.gather(*(self._search(lookup, words, limit) for lookup in self._lookups))
        found = {lookup.name: list(papers) for lookup, papers in zip(self._lookups, answers, strict=True) if papers}
        await self._keep([paper for papers in found.values() for paper in papers])
        return found

    async def known(self, paper_id: str) -> Paper:
        """The paper, asked for where it is not known here. Raises `UserError` when nobody knows it."""
        paper = await self._papers.paper(paper_id) or await self.lookup(paper_id)
        if paper is None:
            asked = "arXiv did not tell me about it" if is_arxiv_id(paper_id) else "no feed that I read has shown it"
            raise UserError(f"I do not know {paper_id}, and {asked}. Look at the number once more, or try later.")
        return paper

    async def lookup(self, paper_id: str) -> Paper | None:
        """The paper with that id, from the first lookup that has it; None if nobody does."""
        if not is_arxiv_id(paper_id):
            return None  # nobody whom we ask knows others
        for lookup in self._lookups:
            papers = await self._lookup(lookup, paper_id)
            if papers:
                await self._keep(papers)
                return await self._papers.paper(paper_id)
        return None

    async def _search(self, lookup: PaperLookup, words: str, limit: int) -> Sequence[Paper]:
        try:
            async with asyncio.timeout(TIMEOUT):
                return await lookup.search(words, limit)
        except (SourceError, TimeoutError) as error:
            _log.warning("lookup.unanswered", lookup=lookup.name, reason=str(error) or "too slow")
            return ()

    async def _lookup(self, lookup: PaperLookup, paper_id: str) -> Sequence[Paper]:
        try:
            async with asyncio.timeout(TIMEOUT):
                return [paper for paper in await lookup.lookup([paper_id]) if paper.id == paper_id]
        except (SourceError, TimeoutError) as error:
            _log.warning("lookup.unanswered", lookup=lookup.name, reason=str(error) or "too slow")
            return ()

    async def _keep(self, papers: Sequence[Paper]) -> None:
        if papers:
            await self._papers.import_papers(papers)


class PaperLookup(Protocol):
    """A place that answers questions about papers. Both methods raise `bot.errors.SourceError`."""

    @property
    def name(self) -> SourceName: ...

    async def search(self, words: str, limit: int) -> Sequence[Paper]:
        """The best matches for plain words, best first."""
        ...

    async def lookup(self, paper_ids: Sequence[str]) -> Sequence[Paper]:
        """Those of the papers that it knows."""
        ...
