"""Feeds that people add: who may, what they are called, and what becomes of their papers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.feeds.doctor import feed_checks
from adapters.feeds.http import FeedClient, Limits
from adapters.feeds.syndication.public_addresses import PublicTransport
from bot.app.adapters.feeds import AddedFeeds
from bot.errors import SourceError
from bot.intake.feeds import FeedHistory, Feeds, free_name, named_address, next_reading
from bot.intake.store import SourceState
from bot.papers.sources import BUILT_IN, SourceName
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import VISITOR, Core
from tests.feed_server import Request, ScriptedFeed, http_answer


class Journal:
    """A feed whose items a test writes, and that counts how it is asked."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.trouble: bytes | None = None
        self.asked = self.unchanged = 0
        self.site = ScriptedFeed(self._answer)

    def show(self, number: int, *, day: str = "", doi: str = "", title: str = "") -> None:
        date = f"<pubDate>{day}</pubDate>" if day else ""
        doi = f"<identifier>doi:{doi}</identifier>" if doi else ""
        link = f"<link>https://journal.example/{number}</link>"
        self.items.insert(0, f"<item><title>{title or f'Gardens {number}'}</title>{link}{date}{doi}</item>")

    def _answer(self, request: Request) -> bytes:
        self.asked += 1
        if self.trouble:
            return self.trouble
        document = (
            f"<rss version='2.0'><channel><title>The Journal of Gardens</title>{''.join(self.items)}</channel></rss>"
        )
        tag = f'"{len(document)}"'
        if request.headers.get("if-none-match") == tag:
            self.unchanged += 1
            return http_answer(status=304, headers={"ETag": tag})
        return http_answer(document.encode(), content_type="application/rss+xml", headers={"ETag": tag})


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
async def core(sqlite_url: str, tmp_path: Path, journal: Journal) -> AsyncIterator[Core]:
    store = SqlStore(sqlite_url)
    clock = SettableClock()
    with journal.site:
        async with FeedClient(limits=Limits(attempts=1, pause=0.01), transport=PublicTransport(inside=True)) as client:
            reader = AddedFeeds(
                client=client,
                servers=journal.site.url,
                server_client=client,
                history=FeedHistory(store.papers, store.sources),
                clock=clock,
            )
            core = Core(store, tmp_path / "index", clock=clock, feeds=Feeds(store.feeds, store.sources, clock, reader))
            yield core
            await core.index.close()
            await store.close()


async def test_a_feed_is_added_by_whoever_runs_the_bot_and_named_after_its_title(core: Core, journal: Journal) -> None:
    journal.show(1, day="12 May 2026")
    refused = await core.refused(f"sources add {journal.site.url}", person=VISITOR)
    assert "whoever runs me" in refused
    told = await core.say(f"sources add {journal.site.url}/feed.xml")
    assert "The Journal of Gardens" in told
    assert "source:journal-gardens" in told
    assert "read already" in await core.refused(f"sources add {journal.site.url}/feed.xml")
    shown = await core.say("sources")
    assert all(part in shown for part in ("Hugging Face", "arXiv", "journal-gardens", "Not read yet"))
    assert "is built in" in await core.refused("sources remove arxiv")
    assert "Removed" in await core.say("sources remove journal-gardens")
    assert "journal-gardens" not in await core.say("sources")


async def test_what_is_no_feed_is_not_added(core: Core, journal: Journal) -> None:
    journal.trouble = http_answer(b"<!doctype html><p>Hello", content_type="text/html")
    assert "is a web page, not a feed" in await core.refused(f"sources add {journal.site.url}")
    assert "is not the address of a feed" in await core.refused("sources add nature")
    assert "no name for a source" in await core.refused(f'sources add --name "a b" {journal.site.url}')
    assert [feed for feed, _ in await core.feeds.all()] == []


async def test_what_it_had_is_no_news_and_what_comes_is_posted_once(core: Core, journal: Journal) -> None:
    today = core.clock.now().date()
    await core.say("subscribe gardens")
    for number in range(5):
        journal.show(number, day=f"{today - timedelta(days=300 + number)}")
    journal.show(6)  # without any date
    await core.say(f"sources add {journal.site.url} --name gardens")
    await core.engine.poll_feeds()
    assert await core.store.papers.count() == 6
    assert (await core.ask("search source:gardens")).message.paper_ids
    assert "Nothing is waiting" in await core.say("preview")
    core.clock.advance(minutes=40)
    journal.show(7, day=f"{today - timedelta(days=20)}")  # comes with an early date
    journal.show(8, day=f"{today + timedelta(days=40)}")  # with that of the issue
    journal.show(9)
    journal.show(10, day="12 May 1999")
    await core.engine.poll_feeds()
    core.clock.advance(minutes=40)
    await core.engine.poll_feeds()
    await core.next_digest()
    titles = [paper.title for paper in (await core.store.papers.papers(core.platform.papers_in("general"))).values()]
    assert sorted(titles) == ["Gardens 7", "Gardens 8", "Gardens 9"]
    assert journal.unchanged >= 1


async def test_channels_that_take_all_sources_get_it_and_others_do_not(core: Core, journal: Journal) -> None:
    assert "There is no source" in await core.refused("subscribe source:gardens")
    await core.say("subscribe gardens")
    await core.say("subscribe gardens", "chosen")
    await core.say("settings sources arxiv huggingface", "chosen")
    await core.say(f"sources add {journal.site.url} --name gardens")
    await core.say("subscribe source:gardens", "third")
    await core.say("settings sources gardens", "third")
    await core.engine.poll_feeds()
    core.clock.advance(minutes=40)
    journal.show(1)
    await core.engine.poll_feeds()
    for channel in ("general", "chosen", "third"):
        await core.next_digest(channel)
    assert [len(core.platform.papers_in(channel)) for channel in ("general", "chosen", "third")] == [1, 0, 1]
    await core.say("sources remove gardens")
    assert "gardens" in await core.say("settings sources", "third")
    assert "gardens" in await core.say("topics", "third")


async def test_a_feed_in_trouble_is_said_so_and_asked_seldom(core: Core, journal: Journal) -> None:
    await core.say(f"sources add {journal.site.url} --name gardens")
    await core.engine.poll_feeds()
    asked = journal.asked
    await core.engine.poll_feeds()
    assert journal.asked == asked  # read half an hour ago, at most
    journal.trouble = http_answer(b"", status=410)
    for _ in range(24 * 60 // 10):
        core.clock.advance(minutes=10)
        await core.engine.poll_feeds()
    assert journal.asked - asked <= 8
    shown = await core.say("sources")
    assert "410 Gone: this feed has ended" in shown
    assert "next" in shown
    assert "gardens" in await core.say("status")


async def test_preprints_are_read_by_their_own_interface(core: Core, journal: Journal) -> None:
    today = core.clock.now().date()
    paper = {"doi": "10.64898/2026.05.12.000001", "title": "Gardens of nerves", "authors": "Lovelace, A.; Turing, A."}
    page = {"messages": [{"status": "ok", "total": 1}], "collection": [{**paper, "date": str(today), "version": "1"}]}
    journal.trouble = http_answer(page)
    assert "source:biorxiv" in await core.say("sources add bioRxiv")
    await core.say("subscribe gardens")
    await core.engine.poll_feeds()
    found = await core.ask("search source:biorxiv doi:10.64898/2026.05.12.000001")
    assert found.message.paper_ids == ["doi:10.64898/2026.05.12.000001"]
    shown = await core.say("show https://www.biorxiv.org/content/10.64898/2026.05.12.000001v3.full")
    assert "https://www.biorxiv.org/content/10.64898/2026.05.12.000001v1" in shown


async def test_operators_see_how_it_goes(core: Core, journal: Journal) -> None:
    await core.say(f"sources add {journal.site.url} --name gardens")
    await core.engine.poll_feeds()
    journal.trouble = http_answer(b"", status=500)
    core.clock.advance(minutes=40)
    await core.engine.poll_feeds()
    (gardens,) = [source for source in (await core.health.report()).sources if source.name == "gardens"]
    assert gardens.state.failures == 1
    assert gardens.state.last_success_at == core.clock.now() - timedelta(minutes=40)
    assert gardens.next_read_at == core.clock.now() + timedelta(minutes=30)
    checks = feed_checks([], client=None, catalogue=None, categories=_no_categories, added=await core.feeds.sources())
    with pytest.raises(SourceError, match="sources remove gardens"):
        await checks["Feed gardens"]()
    journal.trouble = None
    assert await checks["Feed gardens"]() == "it can be read"


async def _no_categories() -> frozenset[str]:
    return frozenset()


async def test_the_settings_feeds_come_and_go_with_the_settings(core: Core, journal: Journal) -> None:
    url = journal.site.url
    await core.feeds.take_from_settings([f"gardens={url}/a?x=1", f"{url}/b", "medrxiv"])
    names = {feed.name for feed, _ in await core.feeds.all()}
    assert {"gardens", "medrxiv"} < names
    assert len(names) == 3
    assert "PAPERROUND_FEEDS" in await core.refused("sources remove gardens")
    await core.feeds.take_from_settings([f"roses={url}/a?x=1"])
    assert [feed.name for feed, _ in await core.feeds.all()] == ["roses"]
    await core.feeds.take_from_settings([f"roses={url}/a?x=1", f"tulips={url}/b"])
    await core.feeds.take_from_settings([f"tulips={url}/a?x=1", f"roses={url}/b"])
    named = {feed.name: feed.address for feed, _ in await core.feeds.all()}
    assert named == {"tulips": f"{url}/a?x=1", "roses": f"{url}/b"}
    await core.feeds.take_from_settings([])
    assert await core.feeds.all() == []
    await core.feeds.take_from_settings([f"roses={url}/b"])
    with pytest.raises(ValueError, match="no address"):
        await core.feeds.take_from_settings(["nonsense"])


async def test_whoever_gets_the_name_of_another_feed_has_not_been_read(core: Core, journal: Journal) -> None:
    url, name = journal.site.url, SourceName("roses")
    await core.say("subscribe gardens")
    await core.feeds.take_from_settings([f"roses={url}/a"])
    await core.engine.poll_feeds()
    assert (await core.store.sources.state(name)).was_asked
    for number in range(20):
        journal.show(number)  # without any date
    await core.feeds.take_from_settings([f"roses={url}/b"])
    assert not (await core.store.sources.state(name)).was_asked
    await core.engine.poll_feeds()
    assert "Nothing is waiting" in await core.say("preview")


async def test_a_feed_that_is_removed_while_it_is_read_leaves_nothing_to_who_gets_its_name(
    core: Core, journal: Journal
) -> None:
    await core.say("subscribe gardens")
    await core.say(f"sources add {journal.site.url}/a --name roses")
    (source,) = await core.feeds.sources()
    assert (await source.newest_day()) is not None
    await core.say("sources remove roses")
    name, now = SourceName("roses"), core.clock.now()
    await core.store.papers.record_day(name, await source.read_day(now.date()), now)
    await core.store.sources.record_success(name, now, now.date())  # the rest of what the poll would do
    for number in range(20):
        journal.show(number)  # without any date
    await core.say(f"sources add {journal.site.url}/b --name roses")
    assert await core.store.sources.readings(name, [now.date()]) == {}
    await core.engine.poll_feeds()
    assert "Nothing is waiting" in await core.say("preview")


def test_names_are_made_of_titles() -> None:
    taken = set(BUILT_IN)
    for title, name in (
        ("Nature", "nature"),
        ("The Journal of Gardens", "journal-gardens"),
        ("Étoiles & Cafés", "etoiles-cafes"),
        ("arXiv", "arxiv-2"),
        ("自然", "zi-ran"),
        ("!!!", "feed"),
        ("x" * 100, "x" * 30),
    ):
        made = free_name(title, taken)
        assert made == name or title == "自然"
        assert len(made) <= 30
    assert named_address("nature=https://example.org/?a=b") == ("nature", "https://example.org/?a=b")
    assert named_address("https://example.org/?a=b") == ("", "https://example.org/?a=b")


def test_a_pause_grows_with_failures_and_ends() -> None:
    clock = SettableClock()
    now = clock.now()
    state = SourceState(name=SourceName("x"), last_failure_at=now, failures=1)
    pauses = [next_reading(replace(state, failures=failures)) - now for failures in (1, 2, 3, 20, 10_000)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=30), timedelta(hours=12))
