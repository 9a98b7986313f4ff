"""The archive: what was listed on each day, and each digest and message by an address that lasts."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_key, channel_path
from adapters.web.messages.reading import ChannelMessages
from adapters.web.messages.timeline import day_words, paper_ids_of, threads_of
from adapters.web.pages.choice import with_params
from adapters.web.pages.papers.marking import Marking
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.visitor import reader_zone
from adapters.web.serving.forms import id_of
from bot.digests.cards import paper_card
from bot.digests.messages import day_in_words
from bot.library.archive import Postings
from bot.library.library import Library
from bot.library.searching import pages
from bot.query.printing import printed
from bot.query.syntax import Days

SIZE = 25  # papers of a day on a page
MOST_PAPERS = 200  # of a digest
NAMED = 3  # channels that the line about a paper names
YEARS = range(1900, 2101)  # there is a month before each of their days, and one behind


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar; without papers it leads nowhere."""

    number: int
    path: str
    papers: int
    current: bool


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month of the archive, in weeks from Monday to Sunday; None stands for days of other months."""

    title: str
    weeks: Sequence[Sequence[CalendarDay | None]]
    earlier: str
    later: str


class ArchivePage:
    """`/archive/2026-04-30`, `/c/{channel}/d/{digest}` and `/c/{channel}/m/{message}`."""

    def __init__(
        self,
        *,
        library: Library,
        messages: ChannelMessages,
        marking: Marking,
        pages: Pages,
        shells: Shells,
    ) -> None:
        self._library = library
        self._messages = messages
        self._marking = marking
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [
            Route("/archive", self.latest),
            Route("/archive/{day}", self.day),
            Route("/c/{channel}/d/{digest}", self.digest),
            Route("/c/{channel}/m/{message}", self.message),
        ]

    async def latest(self, request: Request) -> Response:
        """The newest day that has papers."""
        newest = await self._library.papers.newest_day()
        if newest is not None:
            return RedirectResponse(_day_path(newest), status_code=303)
        shell = await self._shells.around(request, Place.ARCHIVE)
        return HTMLResponse(self._pages.page("archive.html", shell, day=None, month=None))

    async def day(self, request: Request) -> Response:
        """A day's papers, or the last day with papers of a month (`2026-04`)."""
        text = request.path_params["day"]
        if (first := _read_day(f"{text}-01")) is not None:
            listed = await self._library.archive.listed(_after_month(first), limit=1)
            last = listed.earlier if listed.earlier and listed.earlier >= first else first
            return RedirectResponse(_day_path(last), status_code=303)
        day = _read_day(text)
        if day is None:
            raise HTTPException(404, "Days are written like 2026-04-30, months like 2026-04.")
        page = min(id_of(request.query_params.get("page")) or 1, 10_000)
        listed = await self._library.archive.listed(day, limit=SIZE, offset=(page - 1) * SIZE)
        ids = [paper.id for paper in listed.papers]
        postings = await self._library.archive.postings(ids, NAMED)
        first = day.replace(day=1)
        counts = await self._library.archive.counts(first, _after_month(first))
        last_page = pages(listed.total, SIZE)
        html = self._pages.page(
            "archive.html",
            await self._shells.around(request, Place.ARCHIVE),
            day=listed,
            title=day_in_words(day),
            month=_month(day, counts),
            cards=[
                (paper_card(paper, votes=False, delivered=False), _came(postings.get(paper.id)))
                for paper in listed.papers
            ],
            first=(page - 1) * SIZE + 1,
            page=page,
            pages=last_page,
            earlier_page=with_params(_day_path(day), page=page - 1) if 1 < page <= last_page + 1 else "",
            later_page=with_params(_day_path(day), page=page + 1) if page < last_page else "",
            earlier=_day_path(listed.earlier) if listed.earlier else "",
            later=_day_path(listed.later) if listed.later else "",
            search=with_params("/search", q=printed(Days(day, day + timedelta(days=1)))),
            marks=await self._marking.marks(request, None, ids),
        )
        return HTMLResponse(html)

    async def digest(self, request: Request) -> Response:
        """All papers of a digest, those included that it only counts."""
        channel = await self._shells.of_path(request)
        number = id_of(request.path_params["digest"])
        found = await self._library.archive.digest(channel.id, number, limit=MOST_PAPERS) if number else None
        if found is None:
            raise HTTPException(404, f"{channel.shown_name} has no such digest.")
        topics = (await self._library.digests.topics_of([found.digest.id]))[found.digest.id]
        several = len(found.digest.topics) > 1
        path = channel_path(channel.address)
        cards = [
            paper_card(paper, topics=topics.get(paper.id, ()) if several else (), votes=False, delivered=True)
            for paper in found.papers
        ]
        html = self._pages.page(
            "digest.html",
            await self._shells.around(request, Place.CHANNEL, channel),
            channel=channel,
            key=channel_key(channel.address),
            digest=found.digest,
            day=day_in_words(found.digest.day),
            shown=cards[: found.digest.shown],
            hidden=cards[found.digest.shown :],
            left=max(found.digest.total - len(cards), 0),
            back=path,
            earlier=f"{path}/d/{found.earlier}" if found.earlier else "",
            later=f"{path}/d/{found.later}" if found.later else "",
            marks=await self._marking.marks(request, channel, [card.paper_id for card in cards]),
        )
        return HTMLResponse(html)

    async def message(self, request: Request) -> Response:
        """A message of the log with its thread."""
        channel = await self._shells.of_path(request)
        number = id_of(request.path_params["message"])
        found = await self._messages.thread(channel, number) if number else []
        if not found:
            raise HTTPException(404, f"{channel.shown_name} has no such message.")
        zone = reader_zone(request, channel)
        remote_id = await self._messages.remote_id(channel, found[0].id)
        post = await self._library.posts.sent_as(channel.id, remote_id) if remote_id else None
        path = channel_path(channel.address)
        html = self._pages.page(
            "permalink.html",
            await self._shells.around(request, Place.CHANNEL, channel),
            channel=channel,
            key=channel_key(channel.address),
            day=day_words(found[0].posted_at.astimezone(zone)),
            thread=threads_of(found, zone, await self._marking.marks(request, channel, paper_ids_of(found)))[0],
            back=path,
            digest=f"{path}/d/{post.digest_id}" if post and post.digest_id else "",
        )
        return HTMLResponse(html)


def _day_path(day: date) -> str:
    return f"/archive/{day}"


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-04-30") and text.isascii() else None
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


def _after_month(first: date) -> date:
    return first + timedelta(days=calendar.monthrange(first.year, first.month)[1])


def _month(day: date, counts: Mapping[date, int]) -> CalendarMonth:
    weeks = [
        [
            None
            if number == 0
            else CalendarDay(
                number,
                _day_path(one) if (one := day.replace(day=number)) in counts else "",
                counts.get(one, 0),
                one == day,
            )
            for number in week
        ]
        for week in calendar.Calendar().monthdayscalendar(day.year, day.month)
    ]
    before, after = day.replace(day=1) - timedelta(days=1), _after_month(day.replace(day=1))
    return CalendarMonth(f"{day:%B %Y}", weeks, f"/archive/{before:%Y-%m}", f"/archive/{after:%Y-%m}")


def _came(postings: Postings | None) -> tuple[list[tuple[str, str]], str]:
    """The channels that a paper was posted to, each with the address of its digest; and how many others there are."""
    if postings is None:
        return [], ""
    named = [
        (
            one.channel.shown_name,
            channel_path(one.channel.address) + (f"/d/{one.digest_id}" if one.digest_id else ""),
        )
        for one in postings.latest
    ]
    return named, postings.others
