"""Hugging Face's Daily Papers as a source: which papers were featured on a day, best first.

The API is described at https://huggingface.co/docs/hub/api#paper-pages-api. `huggingface_hub` is not used: it misreads
these entries, and gives no ETag and no `Retry-After`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final

import httpx
import structlog

from adapters.feeds.http import Answer, FeedClient, json_of, usable_etag
from adapters.feeds.huggingface.daily_papers import DailyPaper, UnusableEntryError
from bot.errors import SettingsError, SourceError
from bot.papers.paper import Listing
from bot.papers.sources import HUGGINGFACE
from bot.papers.store import DayAnswer
from bot.text.cleaning import clean_line

log = structlog.get_logger()

PAGE_SIZE = 100
"""The most that the API gives in one answer. No recorded day has more than 50."""
MOST_PAGES = 100
"""Of a day; what comes after these is not read. Far fewer than may be asked in five minutes, which are 500."""
MOST_ENTRIES = 1_000
"""In one answer, where 100 are asked for: beyond this it is not the feed."""
TRUSTED_SIGN = 3
"""The latest, second latest, third latest day that papers mention: which one to believe, see `newest_sign`."""
SIGN_LEAD = timedelta(days=4)
"""How far the first one or two papers of a new day may be ahead of all others: a long weekend."""


@dataclass(frozen=True, slots=True)
class _Page:
    entries: Sequence[object]
    etag: str | None = None

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= PAGE_SIZE


class HuggingFace:
    """The source `huggingface` (a `bot.intake.source.Source`).

    `url` is the site's address without a path, like https://huggingface.co; `token` is optional and raises the rate
    limit. The client is shared between sources and closed by whoever made it.
    """

    name: Final = HUGGINGFACE

    def __init__(self, url: str, *, client: FeedClient, token: str | None = None) -> None:
        self._list_url = _list_url(url)
        self._client = client
        self._headers = headers_with(token)

    async def newest_day(self) -> date | None:
        page = await self._page(None, 0)
        return await asyncio.to_thread(lambda: newest_sign(_signs(page.entries)))

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        """Reads every page of the day, unless each is still the one that `validator` was made of."""
        tags = _tags(validator)
        first = await self._page_if_changed(day, 0, tags[0]) if tags else await self._page(day, 0)
        if first is None:
            if await self._are_unchanged(day, tags):
                return DayAnswer(day=day, validator=validator, unchanged=True)
            first = await self._page(day, 0)
        pages = [first]
        while pages[-1].is_full and len(pages) < MOST_PAGES:
            pages.append(await self._page(day, len(pages)))
        if pages[-1].is_full:
            log.warning("feed.day_cut", source=self.name, day=day.isoformat(), pages=len(pages))
        return await asyncio.to_thread(_day_answer, day, pages)

    async def _are_unchanged(self, day: date, tags: Sequence[str]) -> bool:
        """Whether the pages after the first are still those of `tags`, given that the first is."""
        for number, tag in enumerate(tags[1:], start=1):
            if await self._page_if_changed(day, number, tag) is not None:
                return False
        return True

    async def _page(self, day: date | None, number: int) -> _Page:
        return await self._read(day, await self._ask(day, number))

    async def _page_if_changed(self, day: date, number: int, tag: str) -> _Page | None:
        answer = await self._ask(day, number, {"If-None-Match": tag})
        return None if answer.status == HTTPStatus.NOT_MODIFIED else await self._read(day, answer)

    async def _read(self, day: date | None, answer: Answer) -> _Page:
        if day and answer.status == HTTPStatus.BAD_REQUEST and await self._means_an_empty_day(answer):
            return _Page(())
        return _Page(await asyncio.to_thread(_entries, answer), answer.etag)

    async def _ask(self, day: date | None, number: int, headers: dict[str, str] | None = None) -> Answer:
        params = {"date": day.isoformat()} if day else {}
        params |= {"limit": str(PAGE_SIZE), "p": str(number)}
        return await self._client.get(self._list_url, params=params, headers=self._headers | (headers or {}))

    async def _means_an_empty_day(self, refusal: Answer) -> bool:
        """Whether a 400 is the API's way to say that nothing is listed on a date.

        It is when the API itself says it, in JSON, and finds no fault with the same request without the date. Else
        the request is at fault, and silence would look like a feed that lists nothing any more.
        """
        if not refusal.content_type.endswith("json"):
            return False
        return (await self._ask(None, 0)).status == HTTPStatus.OK


def headers_with(token: str | None) -> dict[str, str]:
    """What goes with every request; raises `SettingsError` for a token that cannot be one."""
    headers = {"Accept": "application/json"}
    if token and (token := token.strip()):
        # Checked here because later the library's complaint would quote the token.
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise SettingsError("PAPERROUND_HUGGINGFACE_TOKEN is not a token: it holds blanks or odd characters.")
        headers["Authorization"] = f"Bearer {token}"
    return headers


def newest_sign(signs: Iterable[date]) -> date | None:
    """The day that the newest papers point at, given the latest day that each paper mentions.

    One or two wrong dates must not lead the polling into the future, and no clock can tell which are wrong: a feed
    may be a recording. So the third latest sign is trusted (of few papers, one of the later half), and of the
    two before it what is close to it, because a new day begins with a single paper.
    """
    latest_first = sorted(signs, reverse=True)
    if not latest_first:
        return None
    trusted = latest_first[min(TRUSTED_SIGN, len(latest_first) // 2 + 1) - 1]
    return next(sign for sign in latest_first if sign <= trusted + SIGN_LEAD)


def _list_url(url: str) -> str:
    wrong = SettingsError("PAPERROUND_HUGGINGFACE_URL must be the address of a site, like https://huggingface.co.")
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL:
        raise wrong from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query or parsed.fragment:
        raise wrong
    return str(parsed.copy_with(path=parsed.path.rstrip("/") + "/api/daily_papers"))


def _tags(validator: str | None) -> tuple[str, ...]:
    """The ETags of a day's pages, from the validator that `_day_answer` made; none from anything else."""
    try:
        tags = json.loads(validator or "[]")
    except ValueError:
        return ()
    if not isinstance(tags, list) or not all(isinstance(tag, str) and usable_etag(tag) for tag in tags):
        return ()
    return tuple(tags)


def _entries(answer: Answer) -> list[object]:
    """The list that an answer holds; raises `SourceError` for any other answer."""
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise SourceError(
            f"{answer.place} answered {answer.outcome}. If PAPERROUND_HUGGINGFACE_TOKEN is set, check that it is valid."
        )
    if answer.status != HTTPStatus.OK:
        raise SourceError(f"{answer.place} answered {answer.outcome}{_complaint(answer)}.")
    if answer.content_type in {"text/html", "application/xhtml+xml"}:
        raise SourceError(f"{answer.place} sent a web page instead of a list of papers.")
    entries = json_of(answer)
    if not isinstance(entries, list):
        raise SourceError(f"{answer.place} sent something else than a list of papers{_complaint(answer)}.")
    if len(entries) > MOST_ENTRIES:
        raise SourceError(f"{answer.place} sent {len(entries)} papers where {PAGE_SIZE} were asked for.")
    return entries


def _complaint(answer: Answer) -> str:
    """What the API says is wrong (`{"error": "…"}`), to be put behind a sentence."""
    try:
        said = json_of(answer)
    except SourceError:
        return ""
    reason = said.get("error") if isinstance(said, dict) else None
    return f": {clean_line(reason, 200)}" if isinstance(reason, str) else ""


def _day_answer(day: date, pages: Sequence[_Page]) -> DayAnswer:
    listings: dict[str, Listing] = {}
    skipped = 0
    entries = (entry for page in pages for entry in page.entries)
    for rank, entry in enumerate(entries, start=1):
        try:
            paper = DailyPaper.parse(entry).to_paper(featured_on=day)
        except UnusableEntryError as error:
            skipped += 1
            log.warning(
                "feed.item_skipped",
                source=HUGGINGFACE,
                day=day.isoformat(),
                rank=rank,
                item=_shown(entry),
                reason=str(error),
            )
            continue
        # Pages shift while a day grows, so a paper may come twice.
        listings.setdefault(paper.id, Listing(source=HUGGINGFACE, day=day, paper=paper, rank=rank))
    tags = [page.etag for page in pages]
    return DayAnswer(
        day=day,
        listings=tuple(listings.values()),
        validator=json.dumps(tags) if all(tags) else None,
        skipped=skipped,
    )


def _signs(entries: Iterable[object]) -> list[date]:
    signs = []
    for entry in entries:
        try:
            sign = DailyPaper.parse(entry).latest_day
        except UnusableEntryError:
            continue  # counted and logged where its day is read
        if sign:
            signs.append(sign)
    return signs


def _shown(entry: object) -> str:
    """A few words by which a person finds the entry in the feed."""
    paper = entry.get("paper") if isinstance(entry, dict) else None
    for value in (paper.get("id"), paper.get("title")) if isinstance(paper, dict) else (entry,):
        if isinstance(value, str | int | float):
            return clean_line(str(value), 60)
    return type(entry).__name__
