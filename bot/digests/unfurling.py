"""Unfurling: the card of a paper that somebody links to."""

from __future__ import annotations

from bot.cards import paper_card
from bot.libraries import Libraries
from bot.messages import PaperBlock
from bot.papers import linked_paper_ids
from bot.ports import PaperStore


class Unfurling:
    """Finds the papers behind links to arXiv and Hugging Face."""

    def __init__(self, papers: PaperStore, libraries: Libraries) -> None:
        self._papers = papers
        self._libraries = libraries

    async def card_of(self, url: str) -> PaperBlock | None:
        """The card of the paper that an address leads to, None for an address that leads to none we can learn of."""
        ids = linked_paper_ids(url)
        if not ids:
            return None
        paper = await self._papers.paper(ids[0]) or await self._libraries.lookup(ids[0])
        return paper_card(paper) if paper else None
