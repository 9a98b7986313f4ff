"""Terms by example, decided: their models are made of the papers that they name, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, timedelta
from typing import Final

from bot.errors import EmbeddingError, UserError
from bot.meaning.meaning import Meaning
from bot.meaning.vectors import WHOLE
from bot.meaning.word_models import score, with_threshold, word_model
from bot.papers.paper import Paper
from bot.papers.sources import SourceName
from bot.papers.store import PaperStore
from bot.query.models import MeaningModel, Models, WordModel
from bot.query.queries import Query
from bot.query.syntax import About, And, Days, Everything, FromSource, Like, Node, Not, Or, PaperId, Sort
from bot.search.index import SearchIndex

#: How many days are looked back on to tell how many papers a day something brings: all days of the week count the same.
DAYS: Final = 14
#: No threshold is below this part of what the least alike of the examples themselves score: where hardly any papers
#: are known, everything would be among the few best.
LEAST_LIKENESS: Final = 0.03

#: The nearness (a dot product, `bot.meaning.vectors`) of what is about something where no papers say what is usual: a
#: cosine of 0.35; and the least that any threshold is: 0.15.
USUAL_NEARNESS: Final = 35 * WHOLE // 100
LEAST_NEARNESS: Final = 15 * WHOLE // 100
MOST_COMPARED: Final = 50_000  # papers of the last days

#: Asks others for a paper; raises `UserError` when nobody knows it.
FindPaper = Callable[[str], Awaitable[Paper]]


class Examples:
    """Makes the models of terms by example, and sets their thresholds by the papers of the last days."""

    def __init__(self, *, papers: PaperStore, index: SearchIndex, meaning: Meaning, find: FindPaper) -> None:
        self._papers = papers
        self._index = index
        self._meaning = meaning
        self._find = find

    async def decided(
        self, query: Query, *, sources: Collection[SourceName] | None = None, known: Models = ()
    ) -> Query:
        """The query with a model for each of its terms by example: one of `known`, else a new one.

        A new one lets through about as many papers a week of these sources (of all, with None) as the term says.
        Raises `UserError` where an example is not known to anybody, and `StorageError`.
        """
        there = {term for term, _ in known}
        query = query.with_models(known)
        made: list[tuple[str, WordModel | MeaningModel]] = [
            (
                Query.of(term).text,
                await (self._word_model(term, sources) if isinstance(term, Like) else self.meant(term, sources)),
            )
            for term in query.by_example()
            if term.model is None and Query.of(term).text not in there
        ]
        return query.with_models(tuple(made))

    async def papers_of(self, term: Like) -> list[Paper]:
        """The examples of a term, asked for elsewhere if need be. Raises `UserError` for one that nobody knows."""
        stored = await self._papers.papers(term.papers)
        return [stored.get(paper_id) or await self._find(paper_id) for paper_id in term.papers]

    async def meant(self, term: About, sources: Collection[SourceName] | None = None) -> MeaningModel:
        """The model of a term by meaning, by the embedding model that there is.

        Its threshold is set by the papers of the last days that have a vector. Raises `UserError` without a model.
        """
        try:
            vector = await self._meaning.vector(term.words)
            view = await self._meaning.view_of(vector.model)
        except EmbeddingError as error:
            raise UserError(f"`about:` needs a model that understands text, and there is none here: {error}") from error
        if (newest := await newest_known(self._papers, self._index)) is None:
            return MeaningModel(vector.model, vector.numbers, USUAL_NEARNESS)
        lately, days = await days_known(self._index, newest)
        found = await self._index.search(Query.of(_all([lately, *_of_sources(sources)]), Sort.NEW), limit=MOST_COMPARED)
        ids = [hit.paper_id for hit in found.hits]
        # As long as many of them wait for their vectors, the share of those that have one is what counts.
        known = sum(paper_id in view.places for paper_id in ids)
        wanted = round(term.share * days / 7 * known / max(len(ids), 1))
        if not wanted:
            return MeaningModel(vector.model, vector.numbers, USUAL_NEARNESS)
        nearest = await asyncio.to_thread(view.nearest, vector, wanted, ids)
        threshold = nearest[-1].product if len(nearest) == wanted else LEAST_NEARNESS
        return MeaningModel(vector.model, vector.numbers, max(threshold, LEAST_NEARNESS))

    async def _word_model(self, term: Like, sources: Collection[SourceName] | None) -> WordModel:
        examples = await self.papers_of(term)
        model = word_model(examples)
        if model is None:
            raise UserError(f"No paper can be like {term.papers[0]}: there is nothing in its title and abstract.")
        least = max(1, round(LEAST_LIKENESS * min(score(model, paper) for paper in examples)))
        newest = await newest_known(self._papers, self._index)
        if newest is None:
            return with_threshold(model, least)
        lately, days = await days_known(self._index, newest)
        wanted = max(1, round(term.share * days / 7))
        among: list[Node] = [lately, *(Not(PaperId(paper.id)) for paper in examples), *_of_sources(sources)]
        scores = await self._index.best_scores(model, Query.of(_all(among)), limit=wanted)
        return with_threshold(model, max(least, scores[-1]) if len(scores) == wanted else least)


async def newest_known(papers: PaperStore, index: SearchIndex) -> date | None:
    """The day of the newest listing, or of the newest paper where none was listed. Raises `StorageError`."""
    if newest := await papers.newest_day():
        return newest
    found = await index.search(Query.of(Everything(), Sort.NEW), limit=1)
    known = await papers.papers([hit.paper_id for hit in found.hits])
    return next((paper.day for paper in known.values()), None)


async def days_known(index: SearchIndex, newest: date) -> tuple[Days, int]:
    """The last days up to the newest, from the first on of which any papers are known, and how many these are.

    Raises `StorageError`.
    """
    days = [newest - timedelta(days=back) for back in reversed(range(DAYS))]
    counts = await index.counts(Query.of(Everything()), [Days(day, day + timedelta(days=1)) for day in days])
    first = next((day for day, count in zip(days, counts, strict=True) if count), newest)
    end = newest + timedelta(days=1)
    return Days(first, end), (end - first).days


def _of_sources(sources: Collection[SourceName] | None) -> list[Node]:
    return [_any([FromSource(source) for source in sorted(sources)])] if sources else []


def _all(nodes: Sequence[Node]) -> Node:
    return And(tuple(nodes)) if len(nodes) > 1 else nodes[0]  # type: ignore[arg-type]  # none of them is an And


def _any(nodes: Sequence[Node]) -> Node:
    return Or(tuple(nodes)) if len(nodes) > 1 else nodes[0]  # type: ignore[arg-type]  # none of them is an Or
