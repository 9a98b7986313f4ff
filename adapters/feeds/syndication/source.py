"""A feed that somebody added, read day by day.

A feed is one document with its latest items, in which some have no date, and others an early or a late one. So what is
new is decided by item: one that the feed has not shown before is listed on its own day if that is one of the last, else
today. What a feed had when it was added is no news, except of the last days, nor is what is older than `NO_NEWS`.

Today is what the site's clock shows where it tells the time: the machine's may be wrong by years.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from http import HTTPStatus
from typing import Final, Protocol

from adapters.feeds.http import Answer, FeedClient, json_of
from adapters.feeds.syndication.documents import text_of
from adapters.feeds.syndication.items import FeedDocument, read_feed, read_json_feed
from adapters.feeds.syndication.papers import papers_of
from bot.clocks import Clock
from bot.errors import SourceError
from bot.intake.feeds import Shown
from bot.papers.paper import Listing, Paper
from bot.papers.sources import SourceName
from bot.papers.store import DayAnswer

#: Days on which an item is listed by its own date.
OWN_DATES: Final = 3
NO_NEWS: Final = timedelta(days=60)
_ACCEPTED: Final = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
#: A site that has no such feed any more is asked again so seldom, in seconds.
_GONE_FOR: Final = 24 * 3600.0


class History(Protocol):
    """What sources have shown before: `bot.intake.feeds.FeedHistory`."""

    async def shown(self, source: SourceName, paper_ids: Sequence[str]) -> Shown: ...


class SyndicatedFeed:
    """Implements `bot.intake.source.Source` for one address. Keeps the last document, and asks whether it changed."""

    def __init__(self, name: SourceName, address: str, *, client: FeedClient, history: History, clock: Clock) -> None:
        self.name = name
        self._address = address
        self._client = client
        self._history = history
        self._clock = clock
        self._answer: Answer | None = None
        self._document: FeedDocument | None = None
        self._days: dict[date, list[Paper]] | None = None
        self._older: list[Paper] = []
        self._skipped = 0
        #: When it was asked, and how far the machine's clock is behind the site's.
        self._now, self._behind = clock.now(), timedelta()
        self._given: set[date] = set()  # days that were read of this answer: a second time means to ask again

    async def newest_day(self) -> date | None:
        await self._ask()
        return self._today()

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        if self._days is None or day in self._given:
            await self._ask()
        days = self._days or {}
        self._given.add(day)
        is_today = day == self._today()
        papers, older = days.get(day, []), self._older if is_today else []
        current = _sum_of([*papers, *older]) if papers or older else None
        if current is not None and current == validator:
            return DayAnswer(day=day, validator=current, unchanged=True)
        listings = [
            Listing(source=self.name, day=day, paper=replace(paper, featured_on=day), rank=rank)
            for rank, paper in enumerate(papers, start=1)
        ]
        skipped = self._skipped if is_today else 0
        return DayAnswer(day=day, listings=tuple(listings), older=tuple(older), validator=current, skipped=skipped)

    async def _ask(self) -> None:
        self._days = None
        answer = await fetch(self._client, self._address, self._answer if self._document else None)
        now = self._clock.now()
        self._now = answer.sent_at or now
        self._behind = self._now - now
        if answer.status != HTTPStatus.NOT_MODIFIED or self._document is None:
            self._document = None
            self._document = await asyncio.to_thread(document_of, answer, self._address)
            self._answer = answer
        papers, self._skipped = await asyncio.to_thread(papers_of, self._document, self.name, self._address, self._now)
        shown = await self._history.shown(self.name, [one for paper in papers for one in paper.ids])
        self._days, self._older = {}, []
        for paper in papers:
            day = self._day_of(paper, shown)
            (self._older if day is None else self._days.setdefault(day, [])).append(paper)
        self._given.clear()

    def _day_of(self, paper: Paper, shown: Shown) -> date | None:
        """The day that a paper is listed on, None where it is news to nobody."""
        today, own = self._today(), paper.published_on
        known = [shown.days[one] for one in paper.ids if one in shown.days]
        if known:
            return min(filter(None, known), default=None)
        owed = shown.since or today
        if not shown.was_read and self._behind > timedelta():
            owed = min(owed + self._behind, today)  # somebody first tried to by the same clock
        first = today - timedelta(days=OWN_DATES - 1)
        if not shown.was_read:
            first = min(first, owed)  # it was down since it was added
        if own and first <= own <= today:
            return own
        if own and own > today:
            return today
        if not shown.was_read or (own and own < min(today - NO_NEWS, owed)):
            return None
        return today

    def _today(self) -> date:
        return self._now.astimezone(UTC).date()


async def fetch(client: FeedClient, address: str, known: Answer | None = None) -> Answer:
    """What is at an address; 304 where it is `known` still. Raises `SourceError`, also for other refusals."""
    headers = {"Accept": _ACCEPTED}
    headers |= {"If-None-Match": known.etag} if known and known.etag else {}
    headers |= {"If-Modified-Since": known.modified} if known and known.modified else {}
    answer = await client.get(address, headers=headers)
    if answer.status == HTTPStatus.GONE:
        raise SourceError(f"{answer.place} answered 410 Gone: this feed has ended. Remove it.", retry_after=_GONE_FOR)
    if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        raise SourceError(f"{answer.place} answered {answer.outcome}.")
    return answer


def document_of(answer: Answer, address: str) -> FeedDocument:
    """Reads an answer as the kind of feed that it is. Raises `SourceError`."""
    start = answer.body.lstrip()[:1]
    if start == b"{" or answer.content_type in ("application/feed+json", "application/json"):
        return read_json_feed(json_of(answer), answer.place, address)
    if not start:
        raise SourceError(f"{answer.place} sent nothing.")
    return read_feed(text_of(answer.body, answer.charset), answer.place, address)


def _sum_of(papers: Sequence[Paper]) -> str:
    said = [[paper.id, paper.title, paper.abstract, str(paper.published_on), *paper.ids, paper.page_url, paper.file_url,
             paper.venue, *paper.keywords, *(name.written for name in paper.authors)] for paper in papers]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
