"""The intake with the recorded feed and a real store: what is read when, and what a feed's troubles leave behind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feeds.http import FeedClient, Limits
from adapters.feeds.huggingface.source import HuggingFace
from adapters.feeds.syndication.source import SyndicatedFeed
from bot.intake.feeds import FeedHistory
from bot.intake.polling import MOST_DAYS, RECENT_DAYS, WATCHED_EVERY, Intake, PollReport, days_to_read
from bot.intake.store import SourceState
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE, SourceName
from storage.store import SqlStore
from tests.adapters.feeds.entries import an_entry
from tests.clocks import SettableClock
from tests.databases import migrated_sqlite, sqlite_url
from tests.feed_server import RECORDED_DAYS, FeedServer, Request, ScriptedFeed, http_answer

__all__ = ["migrated_sqlite", "sqlite_url"]

HASTY = Limits(connect=1.0, read=0.3, total=1.0, pause=0.001)
EVENING = datetime(2026, 4, 15, 20, tzinfo=UTC)
TODAY = EVENING.date()


class Reader:
    """An intake of one feed, with the clock and the store that it has."""

    def __init__(self, url: str, store: SqlStore, client: FeedClient, now: datetime = EVENING) -> None:
        self.clock = SettableClock(now)
        self.store = store
        self._intake = Intake([HuggingFace(url, client=client)], store.papers, store.sources, self.clock)

    async def poll(self, day: date | None = None) -> PollReport:
        (report,) = await self._intake.poll(day)
        return report

    async def state(self) -> SourceState:
        return await self.store.sources.state(HUGGINGFACE)

    async def ids_of(self, day: date) -> set[str]:
        return {paper.id for paper in await self.store.papers.listed_on(day)}


ReaderOf = Callable[..., Reader]


@pytest.fixture
async def reader_of(sqlite_url: str) -> AsyncIterator[ReaderOf]:
    store = SqlStore(sqlite_url)
    async with FeedClient(limits=HASTY) as client:
        yield lambda url, now=EVENING: Reader(url, store, client, now)
    await store.close()


def recorded_ids(day: date) -> set[str]:
    """The papers of a recorded day; none for a day that is not."""
    path = RECORDED_DAYS / f"{day}.json"
    return {entry["paper"]["id"] for entry in json.loads(path.read_text())} if path.exists() else set()


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def days_asked(feed: FeedServer, since: int = 0) -> list[str]:
    return [request.query["date"] for request in feed.log()[since:] if "date" in request.query]


# --- The recorded feed --------------------------------------------------------------------------------------------


@pytest.mark.shared
async def test_the_first_poll_reads_the_last_days_and_records_health(
    feed_server: FeedServer, reader_of: ReaderOf
) -> None:
    feed_server.set_today("2026-04-15")
    reader = reader_of(feed_server.url)
    report = await reader.poll()
    assert days_asked(feed_server) == ["2026-04-13", "2026-04-14", "2026-04-15"]
    papers = [recorded_ids(day) for day in days_between(date(2026, 4, 13), TODAY)]
    total = sum(map(len, papers))
    assert report == PollReport(source="huggingface", days=3, listings=total, changed=len(set.union(*papers)))
    assert await reader.ids_of(TODAY) == recorded_ids(TODAY)
    assert await reader.state() == SourceState(name=HUGGINGFACE, last_success_at=EVENING, read_through=TODAY)


@pytest.mark.shared
async def test_after_downtime_every_missed_day_is_read(feed_server: FeedServer, reader_of: ReaderOf) -> None:
    feed_server.set_today("2026-03-20")
    reader = reader_of(feed_server.url, datetime(2026, 3, 20, 20, tzinfo=UTC))
    await reader.poll()
    feed_server.set_today("2026-04-15")
    reader.clock.set(EVENING)
    report = await reader.poll()
    assert report.error == ""
    days = days_between(date(2026, 3, 18), TODAY)
    for day in days:
        assert await reader.ids_of(day) == recorded_ids(day), day
    everything = set.union(*map(recorded_ids, days))
    assert len(everything) > 300
    assert await reader.store.papers.count() == len(everything)
    assert (await reader.state()).read_through == TODAY


@pytest.mark.shared
async def test_the_last_days_are_read_again_and_change_nothing_when_they_are_the_same(
    feed_server: FeedServer, reader_of: ReaderOf
) -> None:
    feed_server.set_today("2026-04-15")
    reader = reader_of(feed_server.url)
    await reader.poll()
    change = await reader.store.papers.last_change()
    seen = len(feed_server.log())
    later = reader.clock.advance(minutes=5)
    assert await reader.poll() == PollReport(source="huggingface", days=3)
    assert days_asked(feed_server, seen) == ["2026-04-13", "2026-04-14", "2026-04-15"]
    assert [request.status for request in feed_server.log()[seen:]] == [200, 304, 304, 304]
    assert await reader.store.papers.last_change() == change
    readings = await reader.store.sources.readings(HUGGINGFACE, [TODAY])
    assert readings[TODAY].read_at == later


@pytest.mark.shared
async def test_a_list_that_grows_overnight_is_followed(feed_server: FeedServer, reader_of: ReaderOf) -> None:
    day = date(2025, 1, 8)
    feed_server.set_today("2025-01-08")
    feed_server.show_capture("2025-01-08", 0)
    reader = reader_of(feed_server.url, datetime(2025, 1, 8, 17, 7, tzinfo=UTC))
    await reader.poll()
    evening = {paper.id: paper for paper in await reader.store.papers.listed_on(day)}
    feed_server.show_capture("2025-01-08", 8)
    reader.clock.set(datetime(2025, 1, 9, 6, 24, tzinfo=UTC))
    report = await reader.poll()
    morning = {paper.id: paper for paper in await reader.store.papers.listed_on(day)}
    assert (len(evening), len(morning)) == (13, 15)
    assert evening.keys() < morning.keys()
    assert all(morning[paper].upvotes >= evening[paper].upvotes for paper in evening)
    assert report.changed == sum(morning[paper] != evening.get(paper) for paper in morning)


@pytest.mark.shared
async def test_a_wait_that_the_feed_asks_for_is_kept(feed_server: FeedServer, reader_of: ReaderOf) -> None:
    feed_server.set_today("2026-04-15")
    reader = reader_of(feed_server.url)
    feed_server.fail(status=429, retry_after=600)
    assert "429 Too Many Requests and asks to wait 600 seconds" in (await reader.poll()).error
    state = await reader.state()
    assert (state.failures, state.retry_at) == (1, EVENING + timedelta(seconds=600))
    seen = len(feed_server.log())
    reader.clock.advance(seconds=599)
    assert (await reader.poll()).error == "asked to be left alone until 20:10 UTC"
    assert len(feed_server.log()) == seen
    reader.clock.advance(seconds=1)
    assert (await reader.poll()).error == ""
    assert len(await reader.ids_of(TODAY)) == len(recorded_ids(TODAY))
    state = await reader.state()
    assert (state.failures, state.retry_at, state.last_error) == (0, None, "")


@pytest.mark.shared
@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503}, {"status": 429}, {"truncate": True}, {"delay": 0.6}], ids=str
)
async def test_faults_leave_what_is_stored_as_it_was(
    feed_server: FeedServer, reader_of: ReaderOf, fault: dict[str, Any]
) -> None:
    feed_server.set_today("2026-04-15")
    reader = reader_of(feed_server.url)
    await reader.poll()
    before = await reader.store.papers.listed_on(TODAY)
    change = await reader.store.papers.last_change()
    good = await reader.state()

    feed_server.set_today("2026-04-16")
    failed_at = reader.clock.advance(days=1)
    feed_server.fail(times=1_000, **fault)
    for failures in (1, 2):
        report = await reader.poll()
        assert report.error
        assert report.changed == 0
        state = await reader.state()
        assert (state.failures, state.last_failure_at, state.last_error) == (failures, failed_at, report.error)
        assert (state.last_success_at, state.read_through) == (good.last_success_at, good.read_through)
    assert await reader.store.papers.listed_on(TODAY) == before
    assert await reader.store.papers.last_change() == change


@pytest.mark.shared
async def test_one_day_can_be_asked_for(feed_server: FeedServer, reader_of: ReaderOf) -> None:
    reader = reader_of(feed_server.url)
    report = await reader.poll(date(2024, 6, 12))
    assert days_asked(feed_server) == ["2024-06-12"]
    assert report.listings == len(recorded_ids(date(2024, 6, 12)))
    assert (await reader.state()).read_through is None


# --- A feed that a test writes ------------------------------------------------------------------------------------


class Lists:
    """A feed of lists by day, for `ScriptedFeed`; the days in `broken` answer with what stands there."""

    def __init__(self) -> None:
        self.days: dict[str, list[Any]] = {}
        self.broken: dict[str, bytes] = {}

    def __call__(self, request: Request) -> bytes:
        day = request.query.get("date", "")
        if day in self.broken:
            return self.broken[day]
        entries = self.days.get(day, []) if day else [entry for listed in self.days.values() for entry in listed]
        start = int(request.query["p"]) * 100
        return http_answer(entries[start : start + 100])

    def list(self, day: str, *numbers: int, **inner: Any) -> None:
        self.days[day] = [an_entry(number, submittedOnDailyAt=f"{day}T08:00:00Z", **inner) for number in numbers]


async def test_a_feed_that_is_down_from_the_first_poll_owes_all_days_since(reader_of: ReaderOf) -> None:
    lists = Lists()
    lists.list("2026-04-01", 90)
    broken = http_answer(status=503)
    down = True
    with ScriptedFeed(lambda request: broken if down else lists(request)) as feed:
        reader = reader_of(feed.url)
        for number in range(10):
            lists.list(f"{reader.clock.now():%Y-%m-%d}", number)
            assert (await reader.poll()).error
            reader.clock.advance(days=1)
        down = False
        assert (await reader.poll()).error == ""
        for number, day in enumerate(days_between(TODAY, TODAY + timedelta(days=9))):
            assert await reader.ids_of(day) == {f"2604.{number:05}"}, day
        assert await reader.store.papers.count() == 10


async def test_an_added_feed_that_is_down_from_the_first_poll_owes_what_it_dated_since(reader_of: ReaderOf) -> None:
    down = True
    items = "".join(
        f"<item><title>Paper of {day}</title><link>https://example.org/{day}</link><pubDate>{day} Apr 2026 08:00:00 GMT"
        "</pubDate></item>"
        for day in (3, 15, 18, 21, 25)
    )
    whole = http_answer(
        f"<rss version='2.0'><channel><title>Some</title>{items}</channel></rss>".encode(),
        content_type="application/rss+xml",
    )
    broken = http_answer(status=503)
    with ScriptedFeed(lambda _request: broken if down else whole) as feed:
        reader = reader_of(feed.url)
        history = FeedHistory(reader.store.papers, reader.store.sources)
        async with FeedClient(limits=HASTY) as client:
            source = SyndicatedFeed(
                SourceName("some"), f"{feed.url}/feed.xml", client=client, history=history, clock=reader.clock
            )
            intake = Intake([source], reader.store.papers, reader.store.sources, reader.clock)
            for _ in range(10):
                assert (await intake.poll())[0].error
                reader.clock.advance(days=1)
            down = False
            assert (await intake.poll())[0].error == ""
    listed = [day.day for day in days_between(date(2026, 4, 1), date(2026, 4, 25)) if await reader.ids_of(day)]
    assert listed == [15, 18, 21, 25]


async def test_a_clock_without_a_battery_begins_no_account(reader_of: ReaderOf) -> None:
    broken = http_answer(status=503)
    with ScriptedFeed(lambda _request: broken) as feed:
        reader = reader_of(feed.url, datetime(2000, 1, 1, tzinfo=UTC))
        await reader.poll()
        assert (await reader.state()).read_through is None


async def test_a_day_that_fails_does_not_keep_the_others_from_being_read(reader_of: ReaderOf) -> None:
    lists = Lists()
    for number, day in enumerate(("2026-04-13", "2026-04-14", "2026-04-15"), start=1):
        lists.list(day, number)
    lists.broken["2026-04-14"] = http_answer(b"<html>", content_type="text/html")
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url)
        assert "sent a web page" in (await reader.poll()).error
        assert await reader.ids_of(TODAY) == {"2604.00003"}
        assert (await reader.state()).read_through == TODAY
        lists.broken.clear()
        assert (await reader.poll()).error == ""
        assert await reader.ids_of(date(2026, 4, 14)) == {"2604.00002"}


async def test_days_that_fail_for_months_do_not_keep_new_ones_from_being_read(reader_of: ReaderOf) -> None:
    lists = Lists()
    for day in ("2026-02-02", "2026-02-03"):
        lists.broken[day] = http_answer(status=500)
    lists.list("2026-02-01", 1)
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url, datetime(2026, 2, 1, 20, tzinfo=UTC))
        await reader.poll()
        for number, day in ((10, "2026-02-05"), (20, "2026-02-20"), (30, "2026-04-15")):
            lists.days.clear()
            lists.list(day, *range(number, number + 5))
            reader.clock.set(datetime.fromisoformat(f"{day}T20:00Z"))
            assert (await reader.poll()).error
            assert len(await reader.ids_of(date.fromisoformat(day))) == 5
        # What was missed is made up for as soon as it can be.
        lists.broken.clear()
        lists.list("2026-02-03", 9)
        assert (await reader.poll()).error == ""
        assert await reader.ids_of(date(2026, 2, 3)) == {"2604.00009"}


async def test_a_day_is_stored_whole_or_not_at_all(reader_of: ReaderOf) -> None:
    full = [an_entry(number) for number in range(1, 101)]

    def second_page_fails(request: Request) -> bytes:
        return http_answer(full) if request.query["p"] == "0" else http_answer(b"[{")

    with ScriptedFeed(second_page_fails) as feed:
        reader = reader_of(feed.url)
        assert "cut short" in (await reader.poll(TODAY)).error
        assert await reader.store.papers.count() == 0


async def test_bad_entries_are_counted_and_cost_nobody_else(reader_of: ReaderOf) -> None:
    lists = Lists()
    lists.list("2026-04-15", 1, 2)
    lists.days["2026-04-15"][1:1] = [None, {"paper": {"id": "x"}}, {"paper": "\ud800"}]
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url)
        report = await reader.poll()
        assert (report.listings, report.skipped, report.error) == (2, 3, "")
        assert await reader.ids_of(TODAY) == {"2604.00001", "2604.00002"}


async def test_the_strangest_text_can_be_stored(reader_of: ReaderOf) -> None:
    strange = "\ud800\x00 <!channel> @everyone \u202eabc <script>" + "é" * 100_000
    lists = Lists()
    lists.list("2026-04-15", 1, title=strange, summary=strange, authors=[{"name": strange}], ai_keywords=[strange])
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url)
        assert (await reader.poll()).error == ""
        paper = await reader.store.papers.paper("2604.00001")
    assert isinstance(paper, Paper)
    assert paper.title.startswith("<!channel> @everyone abc <script>é")
    assert len(paper.title) == 1_000


async def _more_votes_for_an_old_paper(lists: Lists, reader: Reader, read_at: datetime) -> None:
    """A paper gets 80 votes after nine more days were listed, and read at that time."""
    lists.list("2026-04-06", 1)
    await reader.poll()
    for number, day in enumerate(days_between(date(2026, 4, 7), TODAY), start=2):
        lists.list(day.isoformat(), number)
    reader.clock.set(read_at)
    await reader.poll()
    lists.list("2026-04-06", 1, upvotes=80)


async def _its_votes(reader: Reader) -> int:
    return next(paper.upvotes for paper in await reader.store.papers.listed_on(date(2026, 4, 6)))


async def test_votes_of_two_weeks_are_watched_now_and_then(reader_of: ReaderOf) -> None:
    lists = Lists()
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url, datetime(2026, 4, 6, 20, tzinfo=UTC))
        await _more_votes_for_an_old_paper(lists, reader, EVENING)
        reader.clock.advance(minutes=5)
        await reader.poll()
        assert await _its_votes(reader) == 7
        reader.clock.set(EVENING + WATCHED_EVERY)
        await reader.poll()
        assert await _its_votes(reader) == 80


async def test_votes_are_watched_again_at_once_after_a_clock_that_was_a_year_ahead(reader_of: ReaderOf) -> None:
    lists = Lists()
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url, datetime(2026, 4, 6, 20, tzinfo=UTC))
        await _more_votes_for_an_old_paper(lists, reader, EVENING + timedelta(days=365))
        reader.clock.set(EVENING)
        await reader.poll()
        assert await _its_votes(reader) == 80


async def test_a_long_downtime_is_caught_up_in_steps(reader_of: ReaderOf) -> None:
    lists = Lists()
    lists.list("2025-12-01", 1)
    with ScriptedFeed(lists) as feed:
        reader = reader_of(feed.url, datetime(2025, 12, 1, 20, tzinfo=UTC))
        await reader.poll()
        lists.list("2026-02-10", 2)
        lists.list("2026-04-15", 3, 4, 5)
        reader.clock.set(EVENING)
        for polls in (1, 2, 3):
            assert (await reader.state()).read_through != TODAY, polls
            assert (await reader.poll()).days <= MOST_DAYS + 14
        assert (await reader.state()).read_through == TODAY
        assert await reader.store.papers.count() == 5


@given(
    st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    st.none() | st.integers(-40, 40),
    st.none() | st.integers(-200, 60),
)
def test_the_recent_days_are_read_whatever_the_clock_says(
    today: date, newest_offset: int | None, read_offset: int | None
) -> None:
    newest = None if newest_offset is None else today + timedelta(days=newest_offset)
    read_through = None if read_offset is None else today + timedelta(days=read_offset)
    days = days_to_read(today, newest, read_through)
    assert days == days_between(days[0], days[-1])
    assert RECENT_DAYS <= len(days) <= MOST_DAYS
    if read_through and read_through < days[0]:
        raise AssertionError("a day was jumped over")
    if len(days) < MOST_DAYS:
        recent = [(newest or today) - timedelta(days=number) for number in range(RECENT_DAYS)]
        assert set(recent) <= set(days)
