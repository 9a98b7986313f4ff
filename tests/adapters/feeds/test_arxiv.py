"""arXiv as a source: the recorded feed, missed days, late feeds, looking up and searching, and trouble."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from adapters.feeds.arxiv.api import MOST_PAGES, PAGE_SIZE
from adapters.feeds.arxiv.source import BACK_FILL, Arxiv
from adapters.feeds.http import FeedClient
from bot.errors import OperatorError, SourceError
from bot.intake.polling import Intake
from bot.papers.sources import ARXIV
from bot.papers.store import DayAnswer
from storage.store import SqlStore
from tests.adapters.feeds.arxiv_documents import DAY, Entry, an_item, atom, rss
from tests.adapters.feeds.arxiv_site import XML, Feeds, Wishes, announced, api, arxiv
from tests.clocks import SettableClock
from tests.databases import migrated_sqlite, sqlite_url
from tests.feed_server import FeedServer, Request, ScriptedFeed, http_answer

__all__ = ["migrated_sqlite", "sqlite_url"]

YESTERDAY = DAY - timedelta(days=1)


@pytest.fixture(scope="module")
def recorded() -> Iterator[FeedServer]:
    """A recorded feed for all tests of this module, because it takes its time to load; each sets the day first."""
    with FeedServer(arxiv=True) as server:
        yield server


def ids_of(answer: DayAnswer) -> list[str]:
    return [listing.paper.id for listing in answer.listings]


# --- The recorded feed --------------------------------------------------------------------------------------------


@pytest.mark.shared
async def test_a_recorded_day_is_read_with_each_paper_once(recorded: FeedServer, client: FeedClient) -> None:
    feeds = [announced(recorded, "2026-04-21", category) for category in ("cs.AI", "cs.CL")]
    expected = {paper for feed in feeds for paper, kind in feed.items() if kind != "replace"}
    source = arxiv(recorded.url, client, "cs.CL", "cs.AI")
    assert source.name == ARXIV
    assert await source.newest_day() == DAY
    answer = await source.read_day(DAY)
    assert len(answer.listings) > 200
    assert len(ids_of(answer)) == len(set(ids_of(answer)))
    assert set(ids_of(answer)) == expected
    assert [listing.rank for listing in answer.listings] == list(range(1, len(expected) + 1))
    for listing in answer.listings:
        paper = listing.paper
        assert (listing.source, listing.day, paper.featured_on) == (ARXIV, DAY, DAY)
        assert paper.sources == {ARXIV}
        assert {"cs.CL", "cs.AI"} & set(paper.categories)
        assert paper.abstract
        assert not paper.abstract.startswith("arXiv:")
        assert paper.authors
    assert any({"cs.CL", "cs.AI"} <= set(listing.paper.categories) for listing in answer.listings)


@pytest.mark.shared
async def test_a_day_that_was_read_costs_nothing_more(recorded: FeedServer, client: FeedClient) -> None:
    recorded.set_today("2026-04-21")
    source = arxiv(recorded.url, client, "cs.GR", "cs.IR")
    await source.newest_day()
    answer = await source.read_day(DAY)
    seen = len(recorded.log())
    for _ in range(3):
        await source.newest_day()
        assert await source.read_day(DAY, answer.validator) == DayAnswer(
            day=DAY, validator=answer.validator, unchanged=True
        )
    # A look at one feed each time, which is as it was.
    assert [request.status for request in recorded.log()[seen:]] == [304, 304, 304]


@pytest.mark.shared
async def test_a_missed_day_is_made_up_from_the_api(recorded: FeedServer, client: FeedClient) -> None:
    missed = {*announced(recorded, "2026-04-16", "cs.GR"), *announced(recorded, "2026-04-16", "cs.IR")}
    recorded.set_today("2026-04-21")
    source = arxiv(recorded.url, client, "cs.GR", "cs.IR")
    answer = await source.read_day(date(2026, 4, 16))
    assert set(ids_of(answer)) == missed
    assert all(listing.paper.featured_on == date(2026, 4, 16) for listing in answer.listings)
    again = await source.read_day(date(2026, 4, 16), answer.validator)
    assert again.unchanged


@pytest.mark.shared
async def test_the_intake_catches_up_and_forgets_nobody(
    recorded: FeedServer, client: FeedClient, sqlite_url: str
) -> None:
    store = SqlStore(sqlite_url)
    clock = SettableClock(datetime(2026, 4, 13, 12, tzinfo=UTC))
    days = [date(2026, 4, number) for number in (10, 13, 14, 15, 16, 17, 20, 21)]
    feeds = {day: announced(recorded, day.isoformat(), "cs.IR") for day in days}
    recorded.set_today("2026-04-13")
    intake = Intake([arxiv(recorded.url, client, "cs.IR")], store.papers, store.sources, clock)
    (report,) = await intake.poll()
    assert report.error == ""
    # A restart, and a week later.
    intake = Intake([arxiv(recorded.url, client, "cs.IR")], store.papers, store.sources, clock)
    recorded.set_today("2026-04-21")
    clock.set(datetime(2026, 4, 21, 12, tzinfo=UTC))
    (report,) = await intake.poll()
    assert report.error == ""
    for day in days[1:]:
        listed = {paper.id for paper in await store.papers.listed_on(day)}
        read_on_the_day = day in {date(2026, 4, 13), date(2026, 4, 21)}
        assert listed == {paper for paper, kind in feeds[day].items() if kind != "replace" or not read_on_the_day}, day
    state = await store.sources.state(ARXIV)
    assert (state.read_through, state.failures) == (DAY, 0)
    change = await store.papers.last_change()
    (report,) = await intake.poll()
    assert (report.listings, report.changed) == (0, 0)
    assert await store.papers.last_change() == change
    await store.close()


# --- Which categories ---------------------------------------------------------------------------------------------


def wanted_by(feeds: Feeds) -> set[str]:
    return {category for category in feeds.asked if not category.startswith("api")}


async def test_an_archive_is_taken_apart_and_what_is_no_category_is_left_out(client: FeedClient) -> None:
    names = ("AS", "IV", "SP", "SY")
    feeds = Feeds(**{f"eess_{name}": rss(day=DAY) for name in names}, quant_ph=b"")
    feeds.feeds["quant-ph"] = rss(an_item(1, categories=["quant-ph"]), day=DAY)
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, "eess.*", "quant-ph", "q-alg", "cs.XX", "../x", "")
        assert ids_of(await source.read_day(DAY)) == ["2604.00001"]
    assert wanted_by(feeds) == {*(f"eess.{name}" for name in names), "quant-ph"}


async def test_nothing_is_asked_when_nothing_is_wanted(client: FeedClient) -> None:
    feeds = Feeds(cs_PL=rss(an_item(1), day=DAY))
    wishes = Wishes()
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, wishes=wishes)
        assert await source.newest_day() is None
        before = [await source.read_day(day) for day in (YESTERDAY, DAY)]
        assert [answer.listings for answer in before] == [(), ()]
        assert feeds.asked == []
        # Wanted from now on: today's papers are news, yesterday's are not.
        wishes.categories = ["cs.PL"]
        assert await source.newest_day() == DAY
        assert (await source.read_day(YESTERDAY, before[0].validator)).unchanged
        assert ids_of(await source.read_day(DAY, before[1].validator)) == ["2604.00001"]


async def test_a_category_that_joins_brings_its_own_papers_only(client: FeedClient) -> None:
    feeds = Feeds(cs_PL=rss(an_item(1), day=DAY), cs_CL=rss(an_item(1), an_item(2), day=DAY))
    wishes = Wishes("cs.PL")
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, wishes=wishes)
        first = await source.read_day(DAY)
        wishes.categories = ["cs.PL", "cs.CL"]
        feeds.asked.clear()
        second = await source.read_day(DAY, first.validator)
        assert ids_of(second) == ["2604.00001", "2604.00002"]
        assert feeds.asked == ["cs.CL"]
        wishes.categories = ["cs.CL"]
        assert (await source.read_day(DAY, second.validator)).unchanged


async def test_a_paper_in_two_feeds_is_new_if_it_is_new_in_one_and_has_the_categories_of_both(
    client: FeedClient,
) -> None:
    feeds = Feeds(
        cs_AI=rss(an_item(1, kind="cross", categories=["cs.PL", "cs.AI"]), an_item(2, kind="cross"), day=DAY),
        cs_PL=rss(an_item(3), an_item(1, categories=["cs.PL"]), an_item(2, kind="replace"), day=DAY),
    )
    with ScriptedFeed(feeds) as feed:
        answer = await arxiv(feed.url, client, "cs.AI", "cs.PL").read_day(DAY)
    assert ids_of(answer) == ["2604.00003", "2604.00001", "2604.00002"]
    paper = answer.listings[1].paper
    assert (paper.categories, paper.published_on) == (("cs.PL", "cs.AI"), DAY)


# --- Days ---------------------------------------------------------------------------------------------------------


async def test_a_feed_that_is_late_is_waited_for(client: FeedClient) -> None:
    feeds = Feeds(cs_CL=rss(an_item(1, day=YESTERDAY), day=DAY), cs_PL=rss(an_item(2), day=DAY))
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, "cs.CL", "cs.PL")
        await source.newest_day()
        await source.newest_day()  # by now each feed was looked at
        first = await source.read_day(DAY)
        assert ids_of(first) == ["2604.00002"]
        feeds.feeds["cs.CL"] = rss(an_item(3), day=DAY)
        feeds.asked.clear()
        second = await source.read_day(DAY, first.validator)
        assert ids_of(second) == ["2604.00003"]
        assert feeds.asked == ["cs.CL"]
        assert (await source.read_day(DAY, second.validator)).unchanged


async def test_a_feed_that_was_late_for_good_is_made_up_from_the_api(client: FeedClient) -> None:
    feeds = Feeds(cs_CL=rss(an_item(1, day=YESTERDAY), day=YESTERDAY), cs_PL=rss(an_item(2), day=DAY))
    tomorrow = DAY + timedelta(days=1)
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, "cs.CL", "cs.PL")
        await source.newest_day()
        await source.newest_day()
        first = await source.read_day(DAY)
        for category in ("cs.CL", "cs.PL"):
            feeds.feeds[category] = rss(an_item(9, day=tomorrow), day=tomorrow)
        assert await source.newest_day() == tomorrow
        feeds.submitted["cs.CL"] = [{"id": "2604.00004", "published": "2026-04-20T10:00:00Z"}]
        feeds.asked.clear()
        second = await source.read_day(DAY, first.validator)
        assert ids_of(second) == ["2604.00004"]
        assert feeds.asked == ["api cs.CL 202604171800 202604210000"]


async def test_a_day_on_which_all_feeds_were_silent_is_made_up_once_it_is_over(client: FeedClient) -> None:
    feeds, tomorrow = Feeds(cs_CL=rss(day=DAY), cs_PL=rss(day=DAY)), DAY + timedelta(days=1)
    wishes = Wishes("cs.CL", "cs.PL", "cs.LG")
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, wishes=wishes)
        answer = await source.read_day(DAY)
        feeds.feeds["cs.AI"] = rss(an_item(2), day=DAY)
        wishes.categories = ("cs.AI", "cs.CL", "cs.LG")
        second = await source.read_day(DAY, answer.validator)
        assert ids_of(second) == ["2604.00002"]
        feeds.asked.clear()
        assert (await source.read_day(DAY, second.validator)).unchanged
        assert feeds.asked == []
        for category in ("cs.AI", "cs.CL"):
            feeds.feeds[category] = rss(an_item(9, day=tomorrow), day=tomorrow)
        feeds.submitted["cs.CL"] = [{"id": "2604.00004", "published": "2026-04-20T10:00:00Z"}]
        while await source.newest_day() != tomorrow:
            pass
        feeds.asked.clear()
        third = await source.read_day(DAY, second.validator)
        assert ids_of(third) == ["2604.00004"]
        assert feeds.asked == ["api cs.CL 202604171800 202604210000"]
        assert (await source.read_day(DAY, third.validator)).unchanged


async def test_one_stuck_feed_does_not_hide_the_news_of_others(client: FeedClient) -> None:
    feeds = Feeds(cs_CL=rss(an_item(1, day=YESTERDAY), day=DAY), cs_PL=rss(an_item(2), day=DAY))
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, "cs.CL", "cs.PL")
        days = [await source.newest_day() for _ in range(3)]
    assert set(days[1:]) == {DAY}


async def test_a_day_that_was_not_announced_yet_is_empty_and_asks_nothing(client: FeedClient) -> None:
    feeds = Feeds(cs_PL=rss(an_item(1), day=DAY))
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, "cs.PL")
        await source.newest_day()
        feeds.asked.clear()
        assert await source.read_day(DAY + timedelta(days=1)) == DayAnswer(day=DAY + timedelta(days=1))
        assert feeds.asked == []


async def test_after_a_restart_a_late_feed_does_not_make_a_day_unread(client: FeedClient) -> None:
    feeds = Feeds(cs_PL=rss(an_item(1), day=DAY))
    wishes = Wishes("cs.PL")
    with ScriptedFeed(feeds) as feed:
        first = await arxiv(feed.url, client, wishes=wishes).read_day(DAY)
        feeds.feeds["cs.PL"] = rss(an_item(9, day=YESTERDAY), day=YESTERDAY)
        source = arxiv(feed.url, client, wishes=wishes)
        assert await source.newest_day() == YESTERDAY
        again = await source.read_day(DAY, first.validator)
    assert again == DayAnswer(day=DAY, validator=first.validator, unchanged=True)


async def test_a_made_up_day_has_what_was_submitted_for_it(client: FeedClient) -> None:
    feeds = Feeds(cs_PL=rss(an_item(1), day=DAY))
    # Submitted for Monday the 20th: from Thursday to Friday, 14:00 in New York.
    feeds.submitted["cs.PL"] = [
        {"id": "2604.00006", "published": "2026-04-17T18:00:00Z"},
        {"id": "2604.00005", "published": "2026-04-17T17:59:59Z"},
        {"id": "2604.00004", "published": "2026-04-16T18:00:00Z"},
        {"id": "2604.00003", "published": "2026-04-16T17:59:59Z"},
    ]
    with ScriptedFeed(feeds) as feed:
        answer = await arxiv(feed.url, client, "cs.PL").read_day(YESTERDAY)
    assert ids_of(answer) == ["2604.00005", "2604.00004"]
    assert [listing.paper.published_on for listing in answer.listings] == [date(2026, 4, 17), date(2026, 4, 16)]


async def test_weekends_and_long_past_days_are_not_asked_for(client: FeedClient) -> None:
    feeds = Feeds(cs_PL=rss(an_item(1), day=DAY))
    with ScriptedFeed(feeds) as feed:
        source = arxiv(feed.url, client, "cs.PL")
        await source.newest_day()
        feeds.asked.clear()
        for day in (date(2026, 4, 18), date(2026, 4, 19), DAY - BACK_FILL - timedelta(days=1)):
            answer = await source.read_day(day)
            assert (answer.listings, answer.unchanged) == ((), False)
            assert (await source.read_day(day, answer.validator)).unchanged
        assert feeds.asked == []


async def test_a_weekday_of_empty_feeds_is_logged(client: FeedClient) -> None:
    with ScriptedFeed(Feeds(cs_PL=rss(day=DAY), cs_CL=rss(day=DAY))) as feed, capture_logs() as logs:
        answer = await arxiv(feed.url, client, "cs.PL", "cs.CL").read_day(DAY)
    assert answer.listings == ()
    assert "feed.silent" in [log["event"] for log in logs]


@pytest.mark.parametrize(
    "validator", ["", "x", "[]", '{"read": 1, "due": []}', '{"read": [1], "due": []}', '{"read": []}']
)
async def test_a_validator_that_is_none_is_ignored(client: FeedClient, validator: str) -> None:
    with ScriptedFeed(Feeds(cs_PL=rss(an_item(1), day=DAY))) as feed:
        assert ids_of(await arxiv(feed.url, client, "cs.PL").read_day(DAY, validator)) == ["2604.00001"]


async def test_a_long_day_is_read_page_by_page_and_no_further_than_it_goes(client: FeedClient) -> None:
    # Newest first, one a minute, from the deadline of Monday's announcement backwards over several days.
    deadline = datetime(2026, 4, 17, 18, tzinfo=UTC)
    moments = [deadline - timedelta(minutes=5 * number + 1) for number in range(1_000)]
    entries = [
        Entry(id=f"2604.{number:05}", published=moment.isoformat()) for number, moment in enumerate(moments, start=1)
    ]

    def answer(request: Request) -> bytes:
        if request.path != "/api/query":
            return http_answer(rss(an_item(1), day=DAY), content_type=XML)
        start = int(request.query["start"])
        page = entries[start : start + int(request.query["max_results"])]
        return http_answer(atom(*page, total=len(entries)), content_type=XML)

    with ScriptedFeed(answer) as feed:
        day = await arxiv(feed.url, client, "cs.PL").read_day(YESTERDAY)
        pages = [request.query["start"] for request in feed.requests if request.path == "/api/query"]
    assert ids_of(day) == [entry["id"] for entry in entries[: 24 * 12]]
    assert pages == ["0", str(PAGE_SIZE)]


async def test_pages_that_never_end_are_left(client: FeedClient) -> None:
    page = atom(*[Entry(id=f"2604.{number:05}") for number in range(1, 4)], total=10_000)
    with api(rss(an_item(1), day=DAY), page) as feed, capture_logs() as logs:
        await arxiv(feed.url, client, "cs.PL").read_day(YESTERDAY)
        assert len(feed.requests) == 1 + MOST_PAGES
    assert "feed.day_cut" in [log["event"] for log in logs]


# --- Trouble ------------------------------------------------------------------------------------------------------

TROUBLE = [
    (http_answer(b"<html>Down</html>", content_type="text/html"), "sent a web page instead of papers"),
    (http_answer(b"<html>Down</html>", content_type=XML), "sent something else than"),
    (http_answer(b"", content_type=XML), "cut short|200"),
    (http_answer(atom({"id": "2604.00001"})[:-40], content_type=XML), "cut short"),
    (http_answer(b"<!DOCTYPE x><rss/>", content_type=XML), "document type declaration"),
    (http_answer(status=403, content_type=XML), "answered 403 Forbidden"),
    (http_answer(status=500, content_type=XML), "answered 500"),
    (http_answer(atom(), length=10_000), "could not be read"),
    (http_answer(status=301, headers={"Location": "https://evil.example/"}), "redirects to another site"),
]


@pytest.mark.parametrize(("script", "said"), TROUBLE)
async def test_trouble_is_one_sentence(client: FeedClient, script: bytes, said: str) -> None:
    with ScriptedFeed(script) as feed:
        source = arxiv(feed.url, client, "cs.PL")
        for asking in (source.newest_day(), source.read_day(DAY), source.lookup(["2604.00001"]), source.search("x", 1)):
            with pytest.raises(SourceError, match=said) as trouble:
                await asking
            assert str(trouble.value).endswith(".")
            assert str(trouble.value).isprintable()


async def test_a_wait_that_is_asked_for_holds_for_everybody(client: FeedClient) -> None:
    with ScriptedFeed(http_answer(status=503, headers={"Retry-After": "120"})) as feed:
        source = arxiv(feed.url, client, "cs.PL")
        for asking in (source.newest_day(), source.lookup(["2604.00001"]), source.search("cats", 5)):
            with pytest.raises(SourceError) as trouble:
                await asking
            assert 60 < (trouble.value.retry_after or 0) <= 120
        assert len(feed.requests) == 1


async def test_a_day_with_one_feed_in_trouble_is_no_day(client: FeedClient) -> None:
    def answer(request: Request) -> bytes:
        if request.path == "/rss/cs.PL":
            return http_answer(b"<html>", content_type="text/html")
        return http_answer(rss(an_item(1), day=DAY), content_type=XML)

    with ScriptedFeed(answer) as feed, pytest.raises(SourceError, match="web page"):
        await arxiv(feed.url, client, "cs.CL", "cs.PL").read_day(DAY)


async def test_a_category_without_a_feed_is_logged_and_the_others_are_read(client: FeedClient) -> None:
    with ScriptedFeed(Feeds(cs_PL=rss(an_item(1), day=DAY))) as feed, capture_logs() as logs:
        source = arxiv(feed.url, client, "cs.CL", "cs.PL")
        assert await source.newest_day() == DAY
        answer = await source.read_day(DAY)
        assert ids_of(answer) == ["2604.00001"]
        assert (await source.read_day(DAY, answer.validator)).unchanged
    assert "feed.no_such_category" in [log["event"] for log in logs]


async def test_no_feed_at_all_is_trouble(client: FeedClient) -> None:
    with ScriptedFeed(Feeds()) as feed:
        source = arxiv(feed.url, client, "cs.CL", "cs.PL")
        for asking in (source.newest_day(), source.read_day(DAY)):
            with pytest.raises(SourceError, match=r"has no feed of cs\.CL, cs\.PL\. If PAPERROUND_ARXIV_RSS_URL"):
                await asking


@pytest.mark.parametrize("url", ["arxiv.org", "ftp://x", "https://", "https://x/?a=1", "https://x\x00y"])
async def test_an_address_that_is_none_is_refused(client: FeedClient, url: str) -> None:
    good = "https://arxiv.org"
    with pytest.raises(OperatorError, match="PAPERROUND_ARXIV_API_URL"):
        Arxiv(url, good, client=client, categories=Wishes())
    with pytest.raises(OperatorError, match="PAPERROUND_ARXIV_RSS_URL"):
        Arxiv(good, url, client=client, categories=Wishes())
