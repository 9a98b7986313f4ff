"""Enrichment: what the feeds leave out about papers, asked for where it is known."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.clocks import Clock
from bot.errors import SourceError
from bot.intake.lookup import PaperLookup
from bot.papers.ids import is_arxiv_id
from bot.papers.paper import Paper
from bot.papers.store import PaperStore

#: Papers listed so lately are completed: older ones have been, or nobody knows more about them.
RECENT = timedelta(days=3)
#: Papers in one question to arXiv, which wants to be asked rarely and takes many ids at once.
BATCH = 100
#: Who did not know a paper is asked again after so long.
ASK_AGAIN = timedelta(hours=6)
#: A digest waits so long (seconds) for the latest about its papers, and no longer.
TIMEOUT = 3.0
#: What was asked for so lately is fresh enough for a digest.
FRESH = timedelta(hours=1)

_log = structlog.get_logger()


class Enrichment:
    """Completes papers from look-ups; without any it does nothing.

    `catalogue` knows categories, comments and all authors (arXiv), `hub` votes, stars and models (Hugging Face). What
    they add is merged like any other news of a paper, so topics that wait for it find the paper then.
    """

    def __init__(
        self, papers: PaperStore, clock: Clock, *, catalogue: PaperLookup | None = None, hub: PaperLookup | None = None
    ) -> None:
        self._papers = papers
        self._clock = clock
        self._catalogue = catalogue
        self._hub = hub
        self._asked: dict[tuple[PaperLookup, str], datetime] = {}

    async def complete(self) -> int:
        """Asks the catalogue about listed papers that have no category yet; returns how many it knew."""
        if self._catalogue is None:
            return 0
        recent = await self._papers.listed_since(self._clock.now() - RECENT)
        bare = [paper.id for paper in recent if paper.is_on_arxiv and not paper.categories]
        ids = self._not_asked_since(self._catalogue, bare, ASK_AGAIN)[:BATCH]
        if not ids:
            return 0
        try:
            known = await self._catalogue.lookup(ids)
        except SourceError as error:
            _log.warning("papers.not_completed", lookup=self._catalogue.name, reason=str(error))
            return 0
        self._note(self._catalogue, ids)
        await self._merge(known)
        return len(known)

    async def freshen(self, paper_ids: Collection[str]) -> None:
        """Gets the latest about papers that are about to be posted, if that can be had within `TIMEOUT`."""
        ids = self._not_asked_since(self._hub, sorted(filter(is_arxiv_id, paper_ids)), FRESH) if self._hub else []
        if self._hub is None or not ids:
            return
        # Noted before: whoever is slow or fails must not hold up the next digest as well.
        self._note(self._hub, ids)
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._merge(await self._hub.lookup(ids))
        except (SourceError, TimeoutError) as error:
            _log.info("papers.not_freshened", lookup=self._hub.name, reason=str(error) or "too slow")

    async def _merge(self, papers: Sequence[Paper]) -> None:
        known = await self._papers.papers([paper.id for paper in papers])
        news = [_addition(paper, known[paper.id]) for paper in papers if paper.id in known]
        if news:
            await self._papers.import_papers(news)

    def _not_asked_since(self, lookup: PaperLookup, paper_ids: Sequence[str], age: timedelta) -> list[str]:
        now = self._clock.now()
        self._asked = {key: when for key, when in self._asked.items() if timedelta() <= now - when < ASK_AGAIN}
        return [
            paper_id
            for paper_id in paper_ids
            if (when := self._asked.get((lookup, paper_id))) is None or now - when >= age
        ]

    def _note(self, lookup: PaperLookup, paper_ids: Sequence[str]) -> None:
        now = self._clock.now()
        self._asked.update(((lookup, paper_id), now) for paper_id in paper_ids)


def _addition(answer: Paper, known: Paper) -> Paper:
    """What a lookup says, as news about a paper that we have.

    To be asked about a paper does not make it one of those that brought it, and it may not count comments.
    """
    return replace(answer, sources=answer.sources & known.sources, comments=answer.comments or known.comments)
