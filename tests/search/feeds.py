"""Papers for the search index: a store in memory, and the real ones beside the project."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from bot.papers.names import Name, read_names, split_names
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV

SHARED = (Path(__file__).resolve().parents[2] / ".." / "shared").resolve()
RECORDS = SHARED / "data" / "arxiv"

needs_arxiv = pytest.mark.skipif(
    not RECORDS.exists(), reason="the arXiv records are not beside the project (../shared)"
)


class MemoryFeed:
    """Implements `bot.search.index.PaperFeed`. Change numbers have gaps, as they have where topics take some, too."""

    def __init__(self, papers: Iterable[Paper] = ()) -> None:
        self._changes: dict[str, tuple[int, Paper]] = {}
        self._gone: list[tuple[int, str]] = []
        self._last = 0
        self.put(*papers)

    def put(self, *papers: Paper) -> None:
        """Adds or replaces papers."""
        for paper in papers:
            self._last += 2
            self._changes.pop(paper.id, None)
            self._changes[paper.id] = (self._last, paper)

    def delete(self, *paper_ids: str) -> None:
        """Deletes papers, which counts as a change."""
        for paper_id in paper_ids:
            self._last += 2
            del self._changes[paper_id]
            self._gone.append((self._last, paper_id))

    def forget(self) -> None:
        """Becomes an empty database again, as one that was restored or replaced."""
        self._changes.clear()
        self._last = 0

    def skip(self, changes: int = 1) -> None:
        """Something else than papers changes."""
        self._last += changes

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
        changes = self._changes.values()  # in order, because what changes goes to the end
        return list(islice((change for change in changes if change[0] > after), limit))

    async def gone_papers(self, after: int) -> Sequence[str]:
        return [paper_id for change, paper_id in self._gone if change > after]

    async def last_change(self) -> int:
        return self._last

    async def count(self) -> int:
        return len(self._changes)


def arxiv_papers(count: int) -> Iterator[Paper]:
    """Real papers, the recent ones first, with made-up votes: the same ones every time."""
    return islice(_arxiv_papers(), count)


def _arxiv_papers() -> Iterator[Paper]:
    for name in ("papers", "older"):
        with lzma.open(RECORDS / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                record = json.loads(line)
                yield Paper(
                    id=record["id"],
                    title=record["title"] or "",
                    abstract=record["abstract"] or "",
                    authors=_names(record["authors"]),
                    categories=tuple(record["categories"] or ()),
                    published_on=date.fromisoformat(record["announced"]),
                    sources=frozenset({ARXIV}),
                    upvotes=number * 7919 % 211 if number % 3 == 0 else 0,
                )


def _names(authors: str | list[str] | None) -> tuple[Name, ...]:
    return tuple(read_names(split_names(authors) if isinstance(authors, str) else authors or ()))
