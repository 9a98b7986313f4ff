"""Hugging Face's pages of papers: searching them, and the latest about each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

import structlog

from adapters.feeds.http import Answer, FeedClient, json_of
from adapters.feeds.huggingface.daily_papers import LARGEST_COUNT, DailyPaper, UnusableEntryError
from adapters.feeds.huggingface.source import headers_with
from bot.errors import SourceError
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE

#: Requests at a time. A digest's papers are asked for one by one, within few seconds.
AT_ONCE = 4
#: Papers asked for in one go, at most: the documented limit is 500 requests in five minutes.
MOST_LOOKUPS = 100

log = structlog.get_logger()


class HuggingFacePapers:
    """Implements `bot.intake.lookup.PaperLookup` with `/api/papers`; the arguments are those of `HuggingFace`."""

    name: Final = HUGGINGFACE

    def __init__(self, url: str, *, client: FeedClient, token: str | None = None) -> None:
        self._url = f"{url.rstrip('/')}/api/papers"
        self._client = client
        self._headers = headers_with(token)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def search(self, words: str, limit: int) -> Sequence[Paper]:
        """The best matches that the site has, best first. Raises `SourceError`."""
        params = {"q": words, "limit": str(limit)}
        answer = await self._client.get(f"{self._url}/search", params=params, headers=self._headers)
        entries = _checked(answer)
        if not isinstance(entries, list):
            raise SourceError(f"{answer.place} answered with something that is no list of papers.")
        return list(_papers(entries[:limit]))

    async def lookup(self, paper_ids: Sequence[str]) -> Sequence[Paper]:
        """The latest about these papers, in their order, less those that the site does not have.

        Raises `SourceError` when none could be had. The site counts no comments here.
        """
        answers = await asyncio.gather(
            *(self._lookup(paper_id) for paper_id in paper_ids[:MOST_LOOKUPS]), return_exceptions=True
        )
        papers: list[Paper] = []
        failures: list[SourceError] = []
        for answer in answers:
            match answer:
                case Paper():
                    papers.append(answer)
                case SourceError():
                    failures.append(answer)
                case BaseException():
                    raise answer
        if failures and not papers:
            raise failures[0]
        return papers

    async def _lookup(self, paper_id: str) -> Paper | None:
        async with self._room:
            answer = await self._client.get(f"{self._url}/{paper_id}", headers=self._headers)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        details = _checked(answer)
        if not isinstance(details, dict):
            raise SourceError(f"{answer.place} answered with something that is no paper.")
        found = next(_papers([{"paper": details, "title": details.get("title")}]), None)
        if found is None or found.id != paper_id:
            return None
        return replace(
            found,
            models=_count(details, "numTotalModels"),
            datasets=_count(details, "numTotalDatasets"),
            spaces=_count(details, "numTotalSpaces"),
        )


def _count(details: dict[str, object], name: str) -> int:
    value = details.get(name)
    return min(max(value, 0), LARGEST_COUNT) if isinstance(value, int) else 0


def _papers(entries: Iterable[object]) -> Iterator[Paper]:
    for entry in entries:
        try:
            # When a list featured it is not said here.
            yield DailyPaper.parse(entry).to_paper(featured_on=None)
        except UnusableEntryError as error:
            log.warning("feed.item_skipped", source=HUGGINGFACE, reason=str(error))


def _checked(answer: Answer) -> object:
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.outcome}.")
    return json_of(answer)
