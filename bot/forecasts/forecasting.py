"""Forecasts: what a query would have brought as a topic, and what another query would bring instead."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.digests.excerpts import excerpt, marked, sentence_of
from bot.forecasts.volume import Volume, all_of, of_sources, volume_of
from bot.meaning.examples import days_known, newest_known
from bot.meaning.terms import shipped_table, telling_terms, written_forms
from bot.messages.message import Span
from bot.papers.paper import Paper
from bot.papers.sources import SourceName, in_order
from bot.papers.store import PaperStore
from bot.query.queries import Query
from bot.query.syntax import Days, Node, Not, Number, NumberField, Sort
from bot.search.index import SearchIndex
from bot.text.words import stemmed, words

#: Papers among which a word is looked for that half of them have.
SAMPLED: Final = 200
#: Days among which the newest papers that are like examples are looked for, one after the other.
LOOKED_BACK: Final = (14, 112, 896)
ABOUT_HALF: Final = (0.35, 0.6)


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """A paper that a query finds, with the words that it looks for marked in its title and in a sentence of it."""

    paper: Paper
    title: tuple[Span, ...]
    sentence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What another query finds and the first did not, and the other way round, in the last `days` days.

    `gained` and `lost` are all of them, `won` and `missed` the newest few.
    """

    days: int
    gained: int
    lost: int
    won: Sequence[Paper]
    missed: Sequence[Paper]


class Forecasts:
    """Says what queries would have brought. All methods may raise `StorageError`."""

    def __init__(self, *, papers: PaperStore, index: SearchIndex) -> None:
        self._papers = papers
        self._index = index

    async def volume(self, wanted: Query, sources: Sequence[SourceName]) -> Volume | None:
        """How many papers of the last days it finds, of these sources; None where no papers are known."""
        newest = await self.newest()
        return await self.volume_until(newest, wanted, sources) if newest else None

    async def volume_until(self, newest: date, wanted: Query, sources: Sequence[SourceName]) -> Volume:
        """How many papers it finds of the days up to that one, of these sources."""
        return await volume_of(self._index, wanted, newest, sources)

    async def latest(self, wanted: Query, limit: int, sources: Collection[SourceName] | None = None) -> list[Paper]:
        """The newest papers that it finds, of these sources alone where some are named."""
        if sources:
            wanted = wanted.meeting(of_sources(in_order(sources)))
        newest = await self.newest() if wanted.by_example() else None
        if newest is not None:
            # To compare all papers with examples takes long, and most often those of the last days are enough. Where
            # they are not, of which few are alike, it does not matter.
            for days in LOOKED_BACK:
                lately = Days(newest - timedelta(days=days), newest + timedelta(days=1))
                papers = await self._newest_of(wanted.meeting(lately), limit)
                if len(papers) == limit:
                    return papers
        return await self._newest_of(wanted, limit)

    async def _newest_of(self, wanted: Query, limit: int) -> list[Paper]:
        found = await self._index.search(Query.of(wanted.root, Sort.NEW), limit=limit)
        papers = await self._papers.papers([hit.paper_id for hit in found.hits])
        return [papers[hit.paper_id] for hit in found.hits if hit.paper_id in papers]

    async def found(self, wanted: Query, limit: int, sources: Collection[SourceName] | None = None) -> list[FoundPaper]:
        """The newest papers that it finds, of these sources alone where some are named, with what it finds in them."""
        papers = await self.latest(wanted, limit, sources)
        return await asyncio.to_thread(lambda: [found_in(wanted, paper) for paper in papers])

    async def halving_word(self, wanted: Query) -> str | None:
        """A word that about half of the newest papers that it finds have; None where there is none."""
        return await asyncio.to_thread(halving_word, wanted, await self.latest(wanted, SAMPLED))

    async def changes(self, before: Query, after: Query, named: int) -> Changes | None:
        """What changes with the other query, so many papers of either kind by name; None where none are known."""
        newest = await self.newest()
        if newest is None:
            return None
        lately, days = await days_known(self._index, newest)
        pages = [
            await self._index.search(Query.of(one.meeting(lately, _not(other.root)).root, Sort.NEW), limit=named)
            for one, other in ((after, before), (before, after))
        ]
        papers = await self._papers.papers([hit.paper_id for page in pages for hit in page.hits])
        won, missed = ([papers[hit.paper_id] for hit in page.hits if hit.paper_id in papers] for page in pages)
        return Changes(days, pages[0].total, pages[1].total, won, missed)

    async def per_day(self, wanted: Query, sources: Sequence[SourceName], bounds: Sequence[int] = ()) -> list[float]:
        """How many papers a day it finds lately, of these sources, and how many with each of these upvotes or more."""
        newest = await self.newest()
        if newest is None:
            return [0.0] * (1 + len(bounds))
        lately, days = await days_known(self._index, newest)
        conditions = [[lately, of_sources(sources)]]
        conditions += [[lately, of_sources(sources), Number(NumberField.UPVOTES, bound, None)] for bound in bounds]
        counts = await self._index.counts(wanted, [all_of(*some) for some in conditions])
        return [count / days for count in counts]

    async def newest(self) -> date | None:
        """The day of the newest paper, None where none are known."""
        return await newest_known(self._papers, self._index)


def _not(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)


def found_in(wanted: Query, paper: Paper) -> FoundPaper:
    """The paper, with what the query finds in it."""
    shown = excerpt(wanted.text, paper.title, paper.summary, paper.abstract)
    plain = sentence_of(paper.title, paper.summary, paper.abstract)
    return FoundPaper(paper, marked(wanted.text, paper.title), shown or ((Span(plain),) if plain else ()))


def halving_word(wanted: Query, papers: Sequence[Paper]) -> str | None:
    """A word that about half of the papers have, the one that is rarest elsewhere; None where there is none."""
    return next(iter(dividing_words(wanted, papers, *ABOUT_HALF)), None)


def dividing_words(wanted: Query, papers: Sequence[Paper], low: float, high: float) -> list[str]:
    """Words that a share of the papers from `low` to `high` have, those first that are rarest elsewhere."""
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    having = Counter(term for one in texts for term in set(telling_terms(one)))
    asked = set(stemmed(words(wanted.text)))
    found = [term for term, count in having.items() if term not in asked and low <= count / max(len(papers), 1) <= high]
    table = shipped_table()
    written = written_forms(texts)
    return [written[term] for term in sorted(found, key=lambda term: (table.rarity(term), term), reverse=True)]
