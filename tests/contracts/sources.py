"""What the suite needs of a source under test: days with papers that grow, and trouble on demand."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from adapters.feeds.biorxiv.source import PreprintServer
from adapters.feeds.http import FeedClient
from adapters.feeds.huggingface.source import HuggingFace
from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from adapters.feeds.syndication.source import SyndicatedFeed
from bot.errors import SourceError
from bot.intake.feeds import Shown
from bot.intake.source import Source
from bot.papers.sources import BIORXIV, SourceName
from tests.adapters.feeds.arxiv_documents import an_item, rss
from tests.adapters.feeds.arxiv_site import XML, arxiv
from tests.adapters.feeds.entries import an_entry
from tests.clocks import SettableClock
from tests.contracts.examples.almanac import AlmanacSource
from tests.feed_server import Request, ScriptedFeed, http_answer
from tests.sources import a_paper

DAY = date(2026, 4, 21)
WAIT = 120  # seconds that a source asks to wait
PAGE = b"<!DOCTYPE html><html><title>Attention Required!</title></html>"


class SourceUnderTest(Protocol):
    """`day` is one with papers. What `grows` may list more of them later, what `breaks` may be in trouble."""

    @property
    def source(self) -> Source: ...

    day: date
    grows: bool
    breaks: bool

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        """Lists so many papers, and so many entries that nobody can read; returns how many papers there are now."""
        ...

    def page(self) -> None:
        """From now on it answers with a web page."""
        ...

    def wait(self) -> None:
        """From now on it asks to wait for `WAIT` seconds."""
        ...


@dataclass
class Almanac:
    day: date = DAY
    grows: bool = True
    breaks: bool = True
    source: AlmanacSource = field(default_factory=AlmanacSource)

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        when = day or self.day
        papers = [a_paper(number + 100 * when.day, featured_on=when) for number in range(1, count + 1)]
        self.source.days[when] = [*papers, *[None] * broken]
        return count

    def page(self) -> None:
        self.source.trouble = SourceError("The almanac holds a web page instead of papers.")

    def wait(self) -> None:
        self.source.trouble = SourceError("The almanac asks to wait.", retry_after=WAIT)


class Sample:
    """The bundled feed shows whole days as the clock reaches them, and nothing is ever wrong with it."""

    grows = breaks = False

    def __init__(self) -> None:
        self._clock = SettableClock(datetime.combine(SAMPLE_DAYS[0] - timedelta(days=3), time(12), UTC))
        self.source = SampleFeed(self._clock)
        self.day = SAMPLE_DAYS[4]

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        self._clock.set(datetime.combine(day or self.day, time(12), UTC))
        return len(self.source._listings[day or self.day])

    def page(self) -> None:
        raise NotImplementedError

    def wait(self) -> None:
        raise NotImplementedError


class _Scripted:
    """A source whose site is a script."""

    grows = breaks = True

    def __init__(self) -> None:
        self.day = DAY
        self.trouble: bytes | None = None
        self.feed = ScriptedFeed(self._answer)
        self.site: AbstractContextManager[Any] = self.feed

    def _answer(self, request: Request) -> bytes:
        return self.trouble if self.trouble is not None else self.answer(request)

    def answer(self, request: Request) -> bytes:
        raise NotImplementedError

    def page(self) -> None:
        self.trouble = http_answer(PAGE, content_type="text/html")

    def wait(self) -> None:
        self.trouble = http_answer(PAGE, status=503, content_type="text/html", headers={"Retry-After": str(WAIT)})


class HuggingFaceSite(_Scripted):
    def __init__(self, client: FeedClient) -> None:
        super().__init__()
        self.days: dict[str, list[Any]] = {}
        self.source = HuggingFace(self.feed.url, client=client)

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        when = day or self.day
        told: dict[str, Any] = {"submittedOnDailyAt": f"{when}T07:31:57.645Z"}
        papers = [an_entry(number + 100 * when.day, **told) for number in range(1, count + 1)]
        self.days[when.isoformat()] = [*papers, *({"paper": {"title": f"no id {one}"}} for one in range(broken))]
        return count

    def answer(self, request: Request) -> bytes:
        newest = max(self.days, default="")
        entries = self.days.get(request.query.get("date", newest), [])
        tag = f'"{hash(repr(entries)):x}"'
        if request.headers.get("if-none-match") == tag:
            return http_answer(status=304, headers={"ETag": tag})
        return http_answer(entries if request.query.get("p", "0") == "0" else [], headers={"ETag": tag})


class _NoHistory:
    """Nothing was shown before."""

    async def shown(self, source: SourceName, paper_ids: Sequence[str]) -> Shown:
        return Shown(False, {})


class SyndicatedSite(_Scripted):
    """A feed with all items of all days in one document."""

    def __init__(self, client: FeedClient) -> None:
        super().__init__()
        self.items: dict[date, list[str]] = {}
        self.clock = SettableClock(datetime.combine(DAY, time(12), UTC))
        self.source = SyndicatedFeed(
            SourceName("journal"), self.feed.url, client=client, history=_NoHistory(), clock=self.clock
        )

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        when = day or self.day
        self.clock.set(datetime.combine(when, time(12), UTC))
        items = [
            f"<item><title>Paper {number}</title><link>https://example.org/{when}/{number}</link>"
            f"<author>Ada Lovelace</author><pubDate>{when:%d %b %Y}</pubDate></item>"
            for number in range(count)
        ]
        self.items[when] = items + [f"<item><link>https://example.org/{one}</link></item>" for one in range(broken)]
        return count

    def answer(self, request: Request) -> bytes:
        items = "".join(item for day in sorted(self.items, reverse=True) for item in self.items[day])
        tag = f'"{zlib.crc32(items.encode()):x}"'
        if request.headers.get("if-none-match") == tag:
            return http_answer(status=304, headers={"ETag": tag})
        document = f"<rss version='2.0'><channel><title>A journal</title>{items}</channel></rss>"
        return http_answer(document.encode(), content_type="text/html", headers={"ETag": tag})


class PreprintSite(_Scripted):
    """bioRxiv's interface: pages of two, whatever anybody asks for."""

    def __init__(self, client: FeedClient) -> None:
        super().__init__()
        self.days: dict[str, list[Any]] = {}
        self.clock = SettableClock(datetime.combine(DAY, time(12), UTC))
        self.source = PreprintServer(self.feed.url, BIORXIV, name=BIORXIV, client=client, clock=self.clock, pace=0.0)

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        when = day or self.day
        self.clock.set(datetime.combine(when, time(12), UTC))
        papers: list[Any] = [
            {
                "doi": f"10.64898/{when:%Y.%m.%d}.{number:06d}",
                "title": f"Paper {number}",
                "authors": "Lovelace, A.; Turing, A.",
                "date": str(when),
                "version": "1",
                "category": "neuroscience",
                "abstract": "What it says.",
            }
            for number in range(count)
        ]
        papers.append({**papers[0], "version": "2", "doi": f"10.64898/2025.01.01.{when.day:06d}"})
        self.days[str(when)] = [*papers, *({"title": f"no DOI {one}"} for one in range(broken))]
        return count

    def answer(self, request: Request) -> bytes:
        _, _, server, first, last, cursor = request.path.split("/")
        assert (server, first) == ("biorxiv", last)
        entries = self.days.get(first, [])
        if not entries:
            return http_answer({"messages": [{"status": "no posts found"}], "collection": []})
        page = entries[int(cursor) : int(cursor) + 2]
        message = {"status": "ok", "cursor": int(cursor), "count": len(page), "total": str(len(entries))}
        return http_answer({"messages": [message], "collection": page})


class ArxivSite(_Scripted):
    #: An announcement is made once, whole.
    grows = False

    def __init__(self, client: FeedClient) -> None:
        super().__init__()
        self.document = rss(day=None)
        self.source = arxiv(self.feed.url, client, "cs.PL")

    def show(self, count: int, *, broken: int = 0, day: date | None = None) -> int:
        when = day or self.day
        items = [an_item(number + 100 * when.day, day=when) for number in range(1, count + 1)]
        lost = [f"<item><title>no link {one}</title></item>" for one in range(broken)]
        self.document = rss(*items, *lost, day=when)
        return count

    def answer(self, request: Request) -> bytes:
        return http_answer(self.document, content_type=XML)
