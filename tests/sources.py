"""A source whose lists a test writes, and papers to put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.errors import SourceError
from bot.papers.paper import Listing, Paper
from bot.papers.sources import ARXIV, HUGGINGFACE, SourceName
from bot.papers.store import DayAnswer
from tests.papers.names import names

#: The day that `tests.clocks.NOON` is in.
TODAY = date(2026, 5, 12)


def a_paper(number: int = 1, **changes: Any) -> Paper:
    """A paper about diffusion with five upvotes, unless said otherwise."""
    paper = Paper(
        id=f"2605.{number:05}",
        title=f"Diffusion Study {number}",
        abstract="We study diffusion. It works.",
        authors=names("Ada Lovelace", "Alan Turing"),
        published_on=date(2026, 5, 11),
        sources=frozenset({HUGGINGFACE}),
        upvotes=5,
    )
    return replace(paper, **changes)


class ScriptedSource:
    """Implements `bot.intake.source.Source`."""

    def __init__(self, name: SourceName = HUGGINGFACE) -> None:
        self.days: dict[date, list[Paper]] = {}
        self.readings: list[date] = []
        self.error: SourceError | None = None
        self._name = name

    @property
    def name(self) -> SourceName:
        return self._name

    def list(self, *papers: Paper, day: date = TODAY) -> None:
        """Lists papers on a day, after those that are there; a paper that is there already is brought up to date."""
        listed = {paper.id: paper for paper in self.days.get(day, [])}
        listed.update((paper.id, replace(paper, featured_on=day, sources=frozenset({self._name}))) for paper in papers)
        self.days[day] = list(listed.values())

    async def newest_day(self) -> date | None:
        if self.error:
            raise self.error
        return max(self.days, default=None)

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        if self.error:
            raise self.error
        self.readings.append(day)
        papers = self.days.get(day, [])
        # A validator that says what the list says, so that only a changed day is read again.
        current = repr(papers)
        if validator == current:
            return DayAnswer(day=day, validator=current, unchanged=True)
        listings = tuple(
            Listing(source=self._name, day=day, paper=paper, rank=rank) for rank, paper in enumerate(papers, 1)
        )
        return DayAnswer(day=day, listings=listings, validator=current)


class ScriptedLookup:
    """Implements `bot.intake.lookup.PaperLookup`: knows some papers, and finds those with one of the words."""

    def __init__(self, *papers: Paper, name: SourceName = ARXIV) -> None:
        self.error: SourceError | None = None
        self.questions: list[str] = []
        self._papers = [replace(paper, sources=frozenset({name})) for paper in papers]
        self._name = name

    @property
    def name(self) -> SourceName:
        return self._name

    async def search(self, words: str, limit: int) -> Sequence[Paper]:
        self.questions.append(words)
        if self.error:
            raise self.error
        return [paper for paper in self._papers if any(word in paper.title.lower() for word in words.split())][:limit]

    async def lookup(self, paper_ids: Sequence[str]) -> Sequence[Paper]:
        if self.error:
            raise self.error
        return [paper for paper in self._papers if paper.id in paper_ids]
