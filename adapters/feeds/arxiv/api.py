"""arXiv's API: papers by id, by words, and by category and time of submission.

Described at https://info.arxiv.org/help/api/user-manual.html. One request every three seconds on one connection, for
everything that one operator does: https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus

import structlog

from adapters.feeds.arxiv.xml import ComplaintError, Page, Submission, read_page
from adapters.feeds.http import Answer, FeedClient, RateLimit
from bot.errors import SourceError
from bot.papers.ids import normalize_paper_id
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV

log = structlog.get_logger()

PAGE_SIZE = 200
MOST_PAGES = 10
"""Of one listing. The largest category has some 500 papers on its largest days."""
BATCH = 50
"""Ids in one request, so that its address stays short."""
EMPTY_PAGES = 3
"""A page may come empty though papers were promised; asked again, it is filled."""
MOST_WORDS = 20
LONGEST_SEARCH = 100


class ArxivApi:
    """`url` is the site's address without a path, like https://export.arxiv.org."""

    def __init__(self, url: str, *, client: FeedClient, pace: RateLimit) -> None:
        self._url = f"{url}/api/query"
        self._client = client
        self._pace = pace

    async def lookup(self, ids: Iterable[str]) -> list[Paper]:
        """The papers with these ids, in their order; those that do not exist are left out.

        Raises `SourceError`.
        """
        wanted = list(dict.fromkeys(filter(None, map(normalize_paper_id, ids))))
        found: dict[str, Paper] = {}
        for start in range(0, len(wanted), BATCH):
            found |= {paper.id: paper for paper in await self._batch(wanted[start : start + BATCH])}
        return [found[paper_id] for paper_id in wanted if paper_id in found]

    async def search(self, text: str, limit: int) -> list[Paper]:
        """The papers that arXiv finds for these words, best first: with all of them in a row, then anywhere.

        Nothing in the text is an operator. Raises `SourceError`.
        """
        words = re.findall(r"\w+(?:[.'-]\w+)*", text.lower())[:MOST_WORDS]
        limit = min(limit, LONGEST_SEARCH)
        if not words or limit < 1:
            return []
        found: dict[str, Paper] = {}
        queries = [f'all:"{" ".join(words)}"', " AND ".join(f"all:{word}" for word in words)]
        for query in queries if len(words) > 1 else queries[1:]:
            if len(found) < limit:
                page = await self._page({"search_query": query, "sortBy": "relevance"}, 0, limit)
                for submission in page.submissions:
                    found.setdefault(submission.paper.id, submission.paper)
        return list(found.values())[:limit]

    async def submitted(self, category: str, since: datetime, before: datetime) -> list[Submission]:
        """The papers of a category, cross-lists as well, of which the first version came then, newest first.

        Mirrors may know days only, or not know how to choose by time, so what comes may reach further than asked for.
        Raises `SourceError`.
        """
        query = f"cat:{category} AND submittedDate:[{since:%Y%m%d%H%M} TO {before:%Y%m%d%H%M}]"
        params = {"search_query": query, "sortBy": "submittedDate", "sortOrder": "descending"}
        found: list[Submission] = []
        start = 0
        for _ in range(MOST_PAGES):
            page = await self._page(params, start, PAGE_SIZE)
            found += page.submissions
            start += page.entries
            if start >= page.total or (page.submissions and page.submissions[-1].submitted < since):
                return found
        log.warning("feed.day_cut", source=ARXIV, category=category, pages=MOST_PAGES)
        return found

    async def _batch(self, ids: Sequence[str]) -> list[Paper]:
        params = {"id_list": ",".join(ids), "max_results": str(len(ids))}
        try:
            page = await self._read(params)
        except ComplaintError:
            # One id that arXiv takes for malformed, such as one of an archive that never was, spoils its whole batch.
            if len(ids) == 1:
                return []
            half = len(ids) // 2
            return [*await self._batch(ids[:half]), *await self._batch(ids[half:])]
        return [submission.paper for submission in page.submissions]

    async def _page(self, params: dict[str, str], start: int, size: int) -> Page:
        params = params | {"start": str(start), "max_results": str(size)}
        for _ in range(EMPTY_PAGES):
            page = await self._read(params)
            if page.entries or page.total <= start:
                return page
        raise SourceError(f"arXiv promised {page.total} papers and sent none of them.")

    async def _read(self, params: dict[str, str]) -> Page:
        answer = await self._client.get(
            self._url, params=params, headers={"Accept": "application/atom+xml"}, pace=self._pace
        )
        refuse_web_page(answer)
        # The API says what it does not like in Atom, with a status of 400 or even 200.
        if answer.status not in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST} or not answer.body:
            raise SourceError(f"{answer.place} answered {answer.outcome}.")
        page = await asyncio.to_thread(read_page, answer.body, answer.place)
        if answer.status != HTTPStatus.OK:
            raise SourceError(f"{answer.place} answered {answer.outcome}.")
        return page


def refuse_web_page(answer: Answer) -> None:
    """Raises `SourceError` for a page of a proxy or of maintenance, which must not be taken for a feed."""
    if answer.content_type in {"text/html", "application/xhtml+xml"}:
        raise SourceError(f"{answer.place} sent a web page instead of papers ({answer.outcome}).")
