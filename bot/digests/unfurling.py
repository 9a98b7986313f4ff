"""Unfurling: the card of a paper that somebody links to."""

from __future__ import annotations

from bot.digests.cards import paper_card
from bot.intake.lookup import PaperLookups
from bot.messages.message import PaperBlock
from bot.papers.ids import linked_paper_ids
from bot.papers.store import PaperStore


class Unfurling:
    """Finds the papers behind links to arXiv and Hugging Face."""

    def __init__(self, papers: PaperStore, lookups: PaperLookups) -> None:
        self._papers = papers
        self._lookups = lookups

    async def card_of(self, url: str) -> PaperBlock | None:
        """The card of the paper that an address leads to, None for an address that leads to none we can learn of."""
        ids = linked_paper_ids(url)
        if not ids:
            return None
        paper = await self._papers.paper(ids[0]) or await self._lookups.lookup(ids[0])
        return paper_card(paper, delivered=False) if paper else None
