"""arXiv as a source: what is announced each weekday in the categories that somebody wants.

Announcements are read from the feeds of the categories, one day each, once that day has come; a feed that is late is
asked again with the next poll. A day that was missed altogether, or on which all feeds were empty, is made up from the
API, which knows when a paper was submitted and not when it was announced: `adapters.feeds.arxiv.calendar` tells the one
from the other. What that cannot see, in days made up only: papers that arXiv held back, which are missing, and
holidays, before which papers come out a day early. Cross-lists are found when they were made with the submission, not
when they came later.

A category that is wanted from today on brings today's papers, not those of the days before.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Final, Self

import httpx
import structlog

from adapters.feeds.arxiv.api import ArxivApi, refuse_web_page
from adapters.feeds.arxiv.calendar import announcement_day, has_announcement, submissions_of
from adapters.feeds.arxiv.fields import CLOSED_ARCHIVES, arxiv_categories
from adapters.feeds.arxiv.xml import Announcement, read_announcement
from adapters.feeds.http import Answer, FeedClient, RateLimit
from bot.errors import SettingsError, SourceError
from bot.papers.paper import Listing, Paper
from bot.papers.sources import ARXIV
from bot.papers.store import DayAnswer
from bot.query.categories import ARCHIVES, CATEGORIES

log = structlog.get_logger()

ARXIV_INTERVAL = 3.0
"""Seconds between two requests, whatever they are for: https://info.arxiv.org/help/api/tou.html."""
ARXIV_REST = 900.0
"""Seconds to leave arXiv alone when it is asked too often and does not say for how long."""
BACK_FILL = timedelta(days=28)
"""How far behind the newest announcement a missed day may be and still be made up."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a category's feed was when it was last asked for."""

    day: date | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class _Progress:
    """Of a day: the categories that were read, and those that were wanted then but could not be had yet.

    Some are both: those whose feeds were silent. They are not asked again on that day, and made up once it is over.
    """

    read: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()

    @classmethod
    def of(cls, validator: str | None) -> Self | None:
        """What `validator` says; None for none, or for one that this class did not make."""
        try:
            said = json.loads(validator or "null")
        except ValueError:
            return None
        match said:
            case {"read": list(read), "due": list(due)} if all(isinstance(name, str) for name in [*read, *due]):
                return cls(frozenset(read), frozenset(due))
        return None

    def validator(self) -> str:
        return json.dumps({"read": sorted(self.read), "due": sorted(self.due)})


class Arxiv:
    """The source `arxiv` (a `bot.intake.source.Source`), and looking up papers there.

    `api_url` and `rss_url` are addresses without a path, like https://export.arxiv.org and https://rss.arxiv.org.
    `categories` says what is wanted at the moment, in arXiv's spelling; `cs.*` is every category of an archive; what is
    no category, or a closed one, is left out. Whoever else asks arXiv must share the `pace`.
    """

    name: Final = ARXIV

    def __init__(
        self,
        api_url: str,
        rss_url: str,
        *,
        client: FeedClient,
        categories: Callable[[], Awaitable[Collection[str]]],
        pace: RateLimit | None = None,
    ) -> None:
        self._rss_url = _site("PAPERROUND_ARXIV_RSS_URL", rss_url)
        self._client = client
        self._pace = pace or RateLimit(ARXIV_INTERVAL, rest=ARXIV_REST)
        self._api = ArxivApi(_site("PAPERROUND_ARXIV_API_URL", api_url), client=client, pace=self._pace)
        self._categories = categories
        self._seen: dict[str, _Seen] = {}
        self._polls = 0

    async def lookup(self, ids: Iterable[str]) -> list[Paper]:
        """The papers with these ids, in their order; those that do not exist are left out. Raises `SourceError`."""
        return await self._api.lookup(ids)

    async def search(self, text: str, limit: int) -> list[Paper]:
        """At most `limit` papers that arXiv finds for these words, best first. Raises `SourceError`."""
        return await self._api.search(text, limit)

    async def newest_day(self) -> date | None:
        """The latest day that was announced in any category, as far as the feeds were asked.

        Each call asks one of them, by turns: a feed that got stuck must not hide the others' news.
        """
        wanted = await self._wanted()
        self._seen = {category: seen for category, seen in self._seen.items() if category in wanted}
        self._polls += 1
        for turn in range(len(wanted)):
            category = wanted[(self._polls + turn) % len(wanted)]
            if await self._look(category):
                return self._newest()
        if wanted:
            raise self._no_feeds(wanted)
        return None

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        """The papers announced on that day, of those categories of which they were not read yet.

        `validator` says which were. New papers come before cross-lists; arXiv has no ranking of its own.
        """
        wanted = frozenset(await self._wanted())
        progress = _Progress.of(validator)
        if wanted and not self._seen:
            await self.newest_day()
        newest = self._newest()
        if wanted and (newest is None or day > newest):
            # Not announced yet, or only in a feed that was not asked since the start.
            return DayAnswer(day=day, validator=validator, unchanged=progress is not None)
        if day == newest:
            missing = wanted - (progress.read if progress else frozenset())
        else:
            missing = wanted & progress.due if progress else wanted
        if progress and not missing:
            return DayAnswer(day=day, validator=validator, unchanged=True)
        progress = progress or _Progress()
        if day == newest:
            return await self._announced(day, sorted(missing), progress)
        return await self._made_up(day, sorted(missing), progress, newest)

    async def _announced(self, day: date, categories: Collection[str], so_far: _Progress) -> DayAnswer:
        known = so_far.read
        feeds = {category: await self._feed(category) for category in categories}
        if categories and not known and not any(feeds.values()):
            raise self._no_feeds(categories)
        # A feed that does not exist is not waited for.
        due = frozenset(category for category, feed in feeds.items() if feed and feed.day != day)
        ready = [feed for feed in feeds.values() if feed and feed.day == day]
        progress = _Progress(known | (frozenset(categories) - due), due | (so_far.due & known))
        if has_announcement(day) and ready and not known and not any(feed.papers for feed in ready):
            # A holiday, or feeds that got stuck with a fresh date on them.
            log.warning("feed.silent", source=self.name, day=day.isoformat(), categories=len(ready))
            progress = replace(progress, due=frozenset(name for name, feed in feeds.items() if feed))
        papers = [paper for feed in ready for paper in feed.papers]
        # Those that are new somewhere have a day of publication.
        papers.sort(key=lambda paper: paper.published_on is None)
        return _answer(day, papers, progress, skipped=sum(feed.skipped for feed in ready))

    async def _made_up(
        self, day: date, categories: Collection[str], so_far: _Progress, newest: date | None
    ) -> DayAnswer:
        """A day that is over, from the API."""
        progress = _Progress(so_far.read | frozenset(categories))
        if not categories or not has_announcement(day):
            return _answer(day, [], progress)
        if newest and newest - day > BACK_FILL:
            log.warning("feed.day_too_old", source=self.name, day=day.isoformat())
            return _answer(day, [], progress)
        since, _ = submissions_of(day)
        # Until the announcement itself, for mirrors that know nothing but its day.
        before = datetime.combine(day, time.min, UTC)
        papers = [
            submission.paper
            for category in categories
            for submission in await self._api.submitted(category, since, before)
            if announcement_day(submission.submitted) == day
        ]
        return _answer(day, papers, progress)

    async def _wanted(self) -> tuple[str, ...]:
        """The categories that are asked for, with archives taken apart, in a lasting order."""
        wanted: set[str] = set()
        for name in await self._categories():
            archive = name.removesuffix(".*")
            if archive in ARCHIVES:
                wanted.update(one for one in CATEGORIES if one.startswith(f"{archive}.") and not one.endswith("*"))
            elif name in CATEGORIES:
                wanted.add(name)
        return tuple(sorted(wanted - CLOSED_ARCHIVES))

    async def _look(self, category: str) -> bool:
        """Asks a feed for its day unless it is as it was; whether there is such a feed."""
        seen = self._seen.get(category)
        headers = {"If-None-Match": seen.etag} if seen and seen.etag else {}
        answer = await self._ask(category, headers)
        if headers and answer.status == HTTPStatus.NOT_MODIFIED:
            return True
        return await self._read(category, answer) is not None

    async def _feed(self, category: str) -> Announcement | None:
        """The feed of a category, None if arXiv has none."""
        return await self._read(category, await self._ask(category, {}))

    async def _ask(self, category: str, headers: dict[str, str]) -> Answer:
        return await self._client.get(f"{self._rss_url}/rss/{category}", headers=headers, pace=self._pace)

    async def _read(self, category: str, answer: Answer) -> Announcement | None:
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.BAD_REQUEST}:
            log.warning("feed.no_such_category", source=self.name, category=category, answer=answer.outcome)
            return None
        refuse_web_page(answer)
        if answer.status != HTTPStatus.OK:
            raise SourceError(f"{answer.place} answered {answer.outcome}.")
        feed = await asyncio.to_thread(read_announcement, answer.body, answer.place)
        self._seen[category] = _Seen(feed.day, answer.etag)
        return feed

    def _no_feeds(self, categories: Collection[str]) -> SourceError:
        return SourceError(
            f"{httpx.URL(self._rss_url).host} has no feed of {', '.join(list(categories)[:5])}. If "
            "PAPERROUND_ARXIV_RSS_URL is set, check that it is right."
        )

    def _newest(self) -> date | None:
        return max((seen.day for seen in self._seen.values() if seen.day), default=None)


def _answer(day: date, papers: Iterable[Paper], progress: _Progress, *, skipped: int = 0) -> DayAnswer:
    """One listing for each paper, with all categories that any feed has it in."""
    merged: dict[str, Paper] = {}
    for paper in papers:
        known = merged.get(paper.id, paper)
        categories = arxiv_categories([*known.categories, *paper.categories])
        merged[paper.id] = replace(known, categories=categories, featured_on=day)
    listings = tuple(
        Listing(source=ARXIV, day=day, paper=paper, rank=rank) for rank, paper in enumerate(merged.values(), start=1)
    )
    return DayAnswer(day=day, listings=listings, validator=progress.validator(), skipped=skipped)


def _site(setting: str, url: str) -> str:
    """The address without a slash at its end; raises `SettingsError` for one that is none."""
    wrong = SettingsError(f"{setting} must be the address of a site, like https://export.arxiv.org.")
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL:
        raise wrong from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query or parsed.fragment:
        raise wrong
    return str(parsed).rstrip("/")
