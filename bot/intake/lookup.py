"""Libraries: where papers can be asked for that no feed has shown us."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.errors import SourceError
from bot.papers import Paper, SourceName
from bot.ports import Library, PaperStore

#: A person waits for the answer: who has not answered by then is left out.
PATIENCE = 8.0  # seconds

_log = structlog.get_logger()


class Libraries:
    """Asks all libraries at once, and keeps what they know: it can be found from then on and is news to nobody."""

    def __init__(self, libraries: Sequence[Library], papers: PaperStore) -> None:
        self._libraries = libraries
        self._papers = papers

    async def search(self, words: str, limit: int) -> dict[SourceName, list[Paper]]:
        """The best matches of each library that has any."""
        answers = await asyncio.gather(*(self._search(library, words, limit) for library in self._libraries))
        found = {library.name: list(papers) for library, papers in zip(self._libraries, answers, strict=True) if papers}
        await self._keep([paper for papers in found.values() for paper in papers])
        return found

    async def lookup(self, paper_id: str) -> Paper | None:
        """The paper with that id, from the first library that has it; None if nobody does."""
        for library in self._libraries:
            papers = await self._lookup(library, paper_id)
            if papers:
                await self._keep(papers)
                return await self._papers.paper(paper_id)
        return None

    async def _search(self, library: Library, words: str, limit: int) -> Sequence[Paper]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await library.search(words, limit)
        except (SourceError, TimeoutError) as error:
            _log.warning("library.unanswered", library=library.name.value, reason=str(error) or "too slow")
            return ()

    async def _lookup(self, library: Library, paper_id: str) -> Sequence[Paper]:
        try:
            async with asyncio.timeout(PATIENCE):
                return [paper for paper in await library.lookup([paper_id]) if paper.id == paper_id]
        except (SourceError, TimeoutError) as error:
            _log.warning("library.unanswered", library=library.name.value, reason=str(error) or "too slow")
            return ()

    async def _keep(self, papers: Sequence[Paper]) -> None:
        if papers:
            await self._papers.import_papers(papers)
