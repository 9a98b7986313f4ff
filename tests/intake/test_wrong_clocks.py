"""Feeds that take the day from a clock: ours may be wrong, and nothing is lost, listed twice or news a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.feeds.biorxiv.source import PreprintServer
from adapters.feeds.http import FeedClient, Limits
from adapters.feeds.syndication.source import SyndicatedFeed
from bot.intake.feeds import FeedHistory
from bot.intake.polling import Intake
from bot.papers.sources import BIORXIV, SourceName
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.databases import migrated_sqlite, sqlite_url
from tests.feed_server import Request, ScriptedFeed, http_answer

__all__ = ["migrated_sqlite", "sqlite_url"]

BEGAN = datetime(2026, 8, 18, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_RIGHT = timedelta()


class Sites:
    """A preprint server and a journal, each with papers every day since long before; their clock is right."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.down = False

    def days(self) -> list[date]:
        return [(BEGAN + number * _DAY).date() for number in range(-30, (self.now - BEGAN).days + 1)]

    def __call__(self, request: Request) -> bytes:
        told = {"Date": format_datetime(self.now, usegmt=True)}
        if self.down:
            return http_answer(status=503, headers=told)
        if request.path == "/feed.xml":
            items = "".join(
                f"<item><title>Paper</title><link>https://example.org/{day}</link>"
                f"<pubDate>{day:%d %b %Y}</pubDate></item>"
                f"<item><title>Undated</title><link>https://example.org/{day}/undated</link></item>"
                for day in self.days()
            )
            document = f"<rss version='2.0'><channel><title>A journal</title>{items}</channel></rss>"
            return http_answer(document.encode(), content_type="application/rss+xml", headers=told)
        *_, day, _, cursor = request.path.split("/")
        listed = day in map(str, self.days()) and cursor == "0"
        paper = {"doi": f"10.64898/{day.replace('-', '.')}.000001", "title": "Paper", "authors": "Lovelace, A.",
                 "date": day, "version": "1", "abstract": "What it says."}  # fmt: skip
        messages = [{"status": "ok", "total": "1"}] if listed else [{"status": "no posts found"}]
        return http_answer({"messages": messages, "collection": [paper] if listed else []}, headers=told)


async def news_of(sqlite_url: str, offs: Sequence[timedelta], *, down: int = 0) -> tuple[Counter[str], set[str]]:
    """A poll a day, with a clock that is off by so much on each, and right on two more: how many times each page became
    news, and what the sites have listed since the first day.

    For the first `down` days they cannot be read.
    """
    sites, clock, news = Sites(), SettableClock(), set[tuple[str, int]]()
    store = SqlStore(sqlite_url)
    history = FeedHistory(store.papers, store.sources)
    async with FeedClient(limits=Limits(attempts=1)) as client:
        with ScriptedFeed(sites) as feed:
            journal = SyndicatedFeed(
                SourceName("journal"), f"{feed.url}/feed.xml", client=client, history=history, clock=clock
            )
            server = PreprintServer(feed.url, BIORXIV, name=BIORXIV, client=client, clock=clock, pace=0.0)
            intake = Intake([server, journal], store.papers, store.sources, clock)
            for number, off in enumerate([*offs, _RIGHT, _RIGHT]):
                sites.now = BEGAN + number * _DAY
                sites.down = number < down
                clock.set(sites.now + off)
                reports = await intake.poll()
                assert sites.down == any(report.error for report in reports)
                papers = await store.papers.unmatched(1000)
                news |= {(stored.paper.page_url, stored.first.change) for stored in papers}
                await store.digests.record_matches({one.paper.id: one.revision for one in papers}, [], clock.now())
    await store.close()
    since = [day for day in sites.days() if day > BEGAN.date()]
    wanted = [f"https://www.biorxiv.org/content/10.64898/{day:%Y.%m.%d}.000001v1" for day in since]
    wanted += [f"https://example.org/{day}" for day in since]
    # Of what bears no date, nobody knows that it came while the feed could not be read.
    wanted += [f"https://example.org/{day}/undated" for day in since[down:]]
    return Counter(page for page, _ in news), set(wanted)


@pytest.mark.parametrize(
    ("days", "right", "down"),
    [(-40, 0, 0), (100, 0, 0), (-20_000, 2, 0), (6, 2, 0), (100, 2, 0), (-40, 0, 5)],
    ids=str,
)
async def test_a_wrong_clock_loses_and_repeats_no_news(sqlite_url: str, days: int, right: int, down: int) -> None:
    news, wanted = await news_of(sqlite_url, [_RIGHT] * right + [timedelta(days=days)] * 6, down=down)
    assert not wanted - news.keys()
    assert max(news.values()) == 1
    # The last days before it began are news, too, and no others.
    assert news.keys() - wanted <= {
        page
        for day in (16, 17, 18)
        for page in (
            f"https://example.org/2026-08-{day}",
            f"https://www.biorxiv.org/content/10.64898/2026.08.{day}.000001v1",
        )
    }
