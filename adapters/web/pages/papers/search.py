"""The page on which people search: results as they type, and filters that edit what they wrote."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_key, channel_path, paper_path
from adapters.web.messages.marks import NO_MARKS, Marks
from adapters.web.pages.choice import chosen_channel, with_params
from adapters.web.pages.papers.marking import Marking
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from bot.channels.channel import Channel
from bot.clocks import Clock
from bot.digests.cards import result_card
from bot.errors import UserError
from bot.library.library import Library
from bot.library.searching import THIN, Found, Meant, Result
from bot.messages.message import PaperBlock
from bot.papers.ids import paper_id_of
from bot.papers.sources import SourceName, title_of_source
from bot.query.categories import CATEGORIES
from bot.query.errors import QueryError
from bot.query.filters import Filter, filters_of, sorted_by, with_filter, without_filter
from bot.query.printing import printed
from bot.query.queries import Query, plain_words
from bot.query.syntax import Author, Category, Days, Feature, FromSource, Has, Not, Number, NumberField, Sort
from bot.search.results import FEW_RESULTS
from bot.text.typed import as_typed
from bot.text.words import words

SIZE = 20  # papers on a page
LAST_PAGE = 500
MOST_OFFERED = 8  # entries of a list of filters
ELSEWHERE = 10  # papers from each source's own search
_AGES = (("Last 7 days", 7), ("Last 30 days", 30), ("Last 12 months", 365))
_UPVOTES = (5, 20, 50, 100)
_FEATURES = {Feature.CODE: "With code", Feature.PROJECT: "With a project page", Feature.MODEL: "With a model"}
_SORTS = {Sort.RELEVANCE: "Best match", Sort.NEW: "Newest", Sort.TOP: "Most upvoted"}
#: What an empty page offers: each shows another part of the language.
EXAMPLES: Final = MappingProxyType(
    {
        "diffusion distillation": "both words",
        '"mixture of experts" -survey': "the phrase, and without a word",
        "llm OR agent": "either word",
        "author:hinton": "somebody’s papers",
        "cat:cs.CL upvotes:>=20": "an arXiv category, with many upvotes",
        "quant* has:code": "words that begin so, with code",
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that edits the query. One that is `chosen` shows how things are."""

    label: str
    path: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A list of filters of one kind."""

    label: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Example:
    """A query to begin with, and what it finds."""

    label: str
    finds: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What stands below the query. With an `error` there is nothing else, but `pointed`: the place that is meant.

    `near` is whether the first group has what comes near where no paper has all of the query.
    """

    error: str = ""
    pointed: str = ""
    text: str = ""
    total: int = 0
    first: int = 1
    page: int = 1
    pages: int = 1
    cards: Sequence[PaperBlock] = ()
    groups: Sequence[tuple[str, Sequence[PaperBlock]]] = ()
    near: bool = False
    nothing: str = ""
    meant: Meant | None = None
    meant_path: str = ""
    chips: Sequence[Choice] = ()
    offers: Sequence[Offer] = ()
    sorts: Sequence[Choice] = ()
    earlier: str = ""
    later: str = ""
    elsewhere: str = ""
    topic: str = ""
    marks: Marks = NO_MARKS


class SearchPage:
    """`/search`, and its results alone for a page that is open already."""

    def __init__(
        self,
        *,
        library: Library,
        marking: Marking,
        clock: Clock,
        pages: Pages,
        shells: Shells,
    ) -> None:
        self._library = library
        self._marking = marking
        self._clock = clock
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [Route("/search", self.show), Route("/search/results", self.results)]

    async def show(self, request: Request) -> Response:
        asked, channel = _asked(request), await chosen_channel(request, self._shells)
        key = channel_key(channel.address) if channel else ""
        # People paste what they look at.
        if asked and not asked.lower().startswith("doi:") and (paper_id := paper_id_of(as_typed(asked))):
            return RedirectResponse(with_params(paper_path(paper_id), c=key), status_code=303)
        page = await asyncio.to_thread(
            self._pages.page,
            "search.html",
            await self._shells.around(request, Place.SEARCH),
            asked=asked,
            results=await self._found(request, asked, channel) if asked else None,
            starts=await self._starts(key),
            examples=_examples(key),
            chosen=self._shells.view(request, channel) if channel else None,
        )
        return HTMLResponse(page)

    async def results(self, request: Request) -> Response:
        """The results alone; an empty query has the filters to begin with."""
        asked, channel = _asked(request), await chosen_channel(request, self._shells)
        key = channel_key(channel.address) if channel else ""
        results = await self._found(request, asked, channel) if asked else None
        starts = await self._starts(key)
        html = await asyncio.to_thread(
            self._pages.fragment, "results.html", results=results, starts=starts, examples=_examples(key)
        )
        return HTMLResponse(html)

    async def _found(self, request: Request, asked: str, channel: Channel | None) -> Results:
        searching = self._library.searching
        number = request.query_params.get("page", "")
        page = min(int(number), LAST_PAGE) if number.isascii() and number.isdigit() and len(number) < 6 else 1
        try:
            found = await searching.find(asked, size=SIZE, page=page, channel=channel)
        except QueryError as error:
            return Results(error=str(error), pointed=error.pointed)
        except UserError as error:
            return Results(error=str(error))
        groups = (
            [("Related" if found.total else "Papers that come near", _cards(found.related))] if found.related else []
        )
        asks_elsewhere = found.total < THIN and plain_words(found.query) is not None
        if asks_elsewhere and request.query_params.get("elsewhere"):
            others = await searching.elsewhere(found.query, found.known, ELSEWHERE)
            groups += [(f"Found at {title_of_source(one)}", [result_card(paper) for paper in papers])
                       for one, papers in others.items()]  # fmt: skip
        cards = _cards(found.results)
        shown = [card.paper_id for some in (cards, *(some for _, some in groups)) for card in some]
        few = found.page == 1 and found.total < FEW_RESULTS
        meant = await searching.meant(found.query) if few else None
        return self._page_of(
            asked,
            found,
            channel_key(channel.address) if channel else "",
            cards=cards,
            groups=groups,
            meant=meant,
            nothing="" if shown else await searching.why_nothing() or "No paper has all of this.",
            names=await self._sources(),
            asks_elsewhere=asks_elsewhere and not request.query_params.get("elsewhere"),
            topic=with_params(f"{channel_path(channel.address)}/topics/new", query=found.query.text) if channel else "",
            marks=await self._marking.marks(request, channel, shown),
        )

    def _page_of(
        self,
        asked: str,
        found: Found,
        key: str,
        *,
        meant: Meant | None,
        names: Sequence[SourceName],
        asks_elsewhere: bool,
        cards: Sequence[PaperBlock],
        groups: Sequence[tuple[str, Sequence[PaperBlock]]],
        nothing: str,
        topic: str,
        marks: Marks,
    ) -> Results:
        def path(text: str, **more: str | int | None) -> str:
            return with_params("/search", q=text, c=key, **more)

        query = found.query
        return Results(
            text=query.text,
            total=found.total,
            first=(found.page - 1) * SIZE + 1,
            page=found.page,
            pages=min(found.pages, LAST_PAGE),
            cards=cards,
            groups=groups,
            near=not found.total and bool(found.related),
            nothing=nothing,
            meant=meant,
            meant_path=path(meant.text) if meant else "",
            chips=[Choice(_words(one), path(without_filter(asked, query, one)), True) for one in filters_of(query)],
            offers=self._offers(asked, query, key, names, found.results),
            sorts=[
                Choice(label, path(sorted_by(asked, query, sort)), query.sort is sort) for sort, label in _SORTS.items()
            ],
            earlier=path(asked, page=found.page - 1 if found.page > 2 else None) if found.page > 1 else "",
            later=path(asked, page=found.page + 1) if found.page < min(found.pages, LAST_PAGE) else "",
            elsewhere=path(asked, elsewhere=1) if asks_elsewhere else "",
            topic=topic,
            marks=marks,
        )

    async def _starts(self, key: str) -> Sequence[Offer]:
        """The filters where nothing is written yet."""
        return self._offers("", None, key, await self._sources(), ())

    def _offers(
        self, asked: str, query: Query | None, key: str, names: Sequence[SourceName], results: Sequence[Result]
    ) -> list[Offer]:
        """What the results have most of, and what everything can be asked for."""
        there = filters_of(query) if query else []

        def offer(label: str, filters: Iterable[tuple[str, Filter]]) -> Offer:
            chosen = [
                Choice(words, with_params("/search", q=with_filter(asked, query, one), c=key))
                for words, one in filters
                if one not in there
            ]
            return Offer(label, chosen[:MOST_OFFERED])

        today = self._clock.now().date()
        categories = Counter(name for result in results for name in result.paper.categories if name in CATEGORIES)
        authors = Counter(name.written for result in results for name in result.paper.authors)
        usual = [name for name, _ in categories.most_common()] or ["cs.CL", "cs.CV", "cs.LG", "cs.AI", "cs.RO"]
        offers = [
            offer("Category", ((f"{name} · {CATEGORIES[name]}", Category(name)) for name in usual)),
            offer("Date", ((label, Days(today - timedelta(days=days), None)) for label, days in _AGES)),
            offer("Upvotes", ((f"{least} or more", Number(NumberField.UPVOTES, least, None)) for least in _UPVOTES)),
            offer("Source", ((title_of_source(name), FromSource(name)) for name in names)),
            offer("Code", ((label, Has(feature)) for feature, label in _FEATURES.items())),
            offer(
                "Author",
                ((name, Author(tuple(said))) for name, _ in authors.most_common(MOST_OFFERED) if (said := words(name))),
            ),
        ]
        return [one for one in offers if one.choices]

    async def _sources(self) -> Sequence[SourceName]:
        return await self._library.sources.names()


def _examples(key: str) -> list[Example]:
    return [Example(asked, finds, with_params("/search", q=asked, c=key)) for asked, finds in EXAMPLES.items()]


def _asked(request: Request) -> str:
    return request.query_params.get("q", "").strip()


def _cards(results: Sequence[Result]) -> list[PaperBlock]:
    return [result_card(result.paper, result.snippet) for result in results]


def _words(one: Filter | Not) -> str:
    """A filter as a chip says it: in the language itself, which people learn by it, but for names."""
    text = printed(one)
    return f"not {text.removeprefix('-')}" if isinstance(one, Not) else text
