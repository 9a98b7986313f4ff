"""Searching: from what a person wrote to a page of papers, the same for chats, the terminal and the web."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.channels.channel import Channel
from bot.errors import StorageError
from bot.intake.lookup import PaperLookups
from bot.intake.store import SourceStore
from bot.meaning.examples import Examples
from bot.meaning.finding import Finder
from bot.messages.message import Span
from bot.papers.paper import Paper
from bot.papers.sources import SourceName, title_of_source
from bot.papers.store import PaperStore
from bot.query.parser import parse
from bot.query.queries import Query, plain_words, with_words
from bot.search.index import SearchIndex
from bot.search.questions import without_question
from bot.search.results import Hit
from bot.topics.store import SubscriptionStore

#: With fewer results the sources are asked as well.
THIN = 3
#: Similar papers that are compared, so that those of other people come first.
_COMPARED = 3

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Result:
    """A paper that was found. `snippet` is the part of its abstract that says why, empty where none does."""

    paper: Paper
    snippet: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of what a search found.

    `query` is what was looked for, `page` which page of `pages` it is (from 1), `total` how many papers match.
    `related` are papers that do not, and come with the first page where few do.
    """

    query: Query
    page: int
    pages: int
    total: int
    results: tuple[Result, ...]
    related: tuple[Result, ...]

    @property
    def known(self) -> frozenset[str]:
        """The papers that it shows."""
        return frozenset(result.paper.id for result in (*self.results, *self.related))


@dataclass(frozen=True, slots=True)
class Meant:
    """What was probably meant instead of words that hardly any paper has: the words, and the whole query."""

    words: tuple[str, ...]
    text: str


class Searching:
    """Finds papers for people."""

    def __init__(
        self,
        *,
        papers: PaperStore,
        sources: SourceStore,
        subscriptions: SubscriptionStore,
        index: SearchIndex,
        finder: Finder,
        examples: Examples,
        lookups: PaperLookups,
    ) -> None:
        self._papers = papers
        self._sources = sources
        self._subscriptions = subscriptions
        self._index = index
        self._finder = finder
        self._examples = examples
        self._lookups = lookups

    async def find(self, asked: str, *, size: int, page: int = 1, channel: Channel | None = None) -> Found:
        """A page of what the text finds; the last one where there are fewer.

        Terms by example are decided as by the topics of `channel`. Raises `UserError` for what cannot be understood,
        and `StorageError`.
        """
        query = without_question(parse(asked, sources=await self._sources.names()), asked)
        query = await self._decided(query, channel)
        page = max(page, 1)
        found = await self._finder.search(query, limit=size, offset=(page - 1) * size, asked=asked)
        if page > (last := pages(found.total, size)):  # an old button or address, and less is found by now
            page = last
            found = await self._finder.search(query, limit=size, offset=(page - 1) * size, asked=asked)
        papers = await self._papers.papers([hit.paper_id for hit in (*found.hits, *found.related)])
        return Found(
            query=query,
            page=page,
            pages=pages(found.total, size),
            total=found.total,
            results=_results(found.hits, papers),
            related=_results(found.related, papers),
        )

    async def elsewhere(self, query: Query, known: Collection[str], limit: int) -> dict[SourceName, list[Paper]]:
        """What the sources' own search finds for plain words, less what is `known`. It may take seconds."""
        words = plain_words(query)
        if words is None:
            return {}
        shown = set(known)
        news: dict[SourceName, list[Paper]] = {}
        for source, papers in (await self._lookups.search(words, limit)).items():
            if fresh := [paper for paper in papers if paper.id not in shown]:
                shown.update(paper.id for paper in fresh)
                news[source] = fresh
        return news

    async def meant(self, query: Query) -> Meant | None:
        """What was probably meant by words that hardly any paper has; None where nothing is spelt nearly so."""
        try:
            nearest = await self._index.nearest_words(query)
        except StorageError as error:
            _log.warning("search.no_spelling", reason=str(error))
            return None
        words = {word: others[0] for word, others in nearest.items()}
        return Meant(tuple(words.values()), with_words(query, words)) if words else None

    async def similar(self, paper: Paper, *, limit: int) -> tuple[Result, ...]:
        """Papers like it, those first that none of the same people wrote: theirs are like it anyway."""
        hits = await self._finder.similar(paper, limit=_COMPARED * limit)
        papers = await self._papers.papers([hit.paper_id for hit in hits])
        team = set(paper.authors)
        same = {other.id for other in papers.values() if not team.isdisjoint(other.authors)}
        return _results(sorted(hits, key=lambda hit: hit.paper_id in same)[:limit], papers)

    async def why_nothing(self) -> str:
        """Why nothing can be found at all; empty where there is something to find."""
        if await self._papers.count():
            return ""
        failing = [title_of_source(state.name) for state in await self._sources.states() if state.failures]
        if not failing:
            return "I know no papers yet, so there is nothing to find: the first come when the feeds are read."
        return (
            f"I know no papers yet, so there is nothing to find: {' and '.join(failing)} cannot be read at the moment."
        )

    async def _decided(self, query: Query, channel: Channel | None) -> Query:
        if not query.by_example():
            return query
        topics = await self._subscriptions.of_channel(channel.id) if channel else []
        return await self._examples.decided(query, known=tuple(model for topic in topics for model in topic.models))


def pages(total: int, size: int) -> int:
    """How many pages so many results fill; nothing is one empty page."""
    return max(-(-total // size), 1)


def _results(hits: Sequence[Hit], papers: Mapping[str, Paper]) -> tuple[Result, ...]:
    return tuple(Result(papers[hit.paper_id], hit.snippet) for hit in hits if hit.paper_id in papers)
