"""Fixtures of the search index's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.search.results import SearchPage
from storage.search.index import TantivyIndex
from tests.search.feeds import MemoryFeed

Ask = Callable[..., Awaitable[SearchPage]]


@pytest.fixture
def feed() -> MemoryFeed:
    """A database without papers."""
    return MemoryFeed()


@pytest.fixture
async def index(feed: MemoryFeed, tmp_path: Path) -> AsyncIterator[TantivyIndex]:
    """An index of `feed`, in an empty folder."""
    index = TantivyIndex(tmp_path / "index", feed)
    yield index
    await index.close()


@pytest.fixture
def ask(index: TantivyIndex) -> Ask:
    """Searches for a query as people write it, in everything that the feed has."""

    async def ask(text: str, *, limit: int = 10, offset: int = 0) -> SearchPage:
        await index.refresh()  # a search alone gives up waiting on a very busy machine
        return await index.search(parse(text), limit=limit, offset=offset)

    return ask


def ids(page: SearchPage) -> list[str]:
    """The ids of the papers that were found, best first."""
    return [hit.paper_id for hit in page.hits]


def numbered(number: int, title: str = "", **fields: object) -> Paper:
    """A paper whose id ends with that number."""
    return Paper(id=f"2604.{number:05d}", title=title, **fields)  # type: ignore[arg-type]
