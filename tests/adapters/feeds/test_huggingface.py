"""Hugging Face's Daily Papers as a source: the recorded feed, and feeds that go wrong in every way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from adapters.feeds.http import FeedClient, Limits
from adapters.feeds.huggingface.source import MOST_ENTRIES, MOST_PAGES, PAGE_SIZE, SIGN_LEAD, HuggingFace, newest_sign
from bot.errors import OperatorError, SourceError
from bot.papers.sources import HUGGINGFACE
from bot.papers.store import DayAnswer
from bot.text.readable import readable
from tests.adapters.feeds.entries import Json, an_entry
from tests.feed_server import RECORDED_CAPTURES, RECORDED_DAYS, FeedServer, Request, ScriptedFeed, http_answer
from tests.papers.names import names

DAY = date(2026, 4, 21)
HASTY = Limits(connect=1.0, read=0.3, total=1.0, pause=0.001)


@pytest.fixture(scope="module")
def recorded() -> Iterator[FeedServer]:
    """A recorded feed for tests that only read."""
    with FeedServer() as server:
        yield server


async def reading(*scripts: Any, day: date = DAY, validator: str | None = None) -> DayAnswer:
    """What the source makes of a feed that answers with these; lists are sent as JSON."""
    with ScriptedFeed(*(http_answer(script) if isinstance(script, list) else script for script in scripts)) as feed:
        async with FeedClient(limits=HASTY) as client:
            return await HuggingFace(feed.url, client=client).read_day(day, validator)


async def refusal(*scripts: Any) -> SourceError:
    """The error of a feed that answers with these, whatever is asked of it."""
    with pytest.raises(SourceError) as day_error:
        await reading(*scripts)
    sentence = str(day_error.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 400
    return day_error.value


# --- The recorded feed --------------------------------------------------------------------------------------------


def recorded_days() -> list[str]:
    return sorted(path.stem for path in RECORDED_DAYS.glob("*.json"))


@pytest.mark.shared
async def test_every_recorded_day_is_read_whole(recorded: FeedServer, client: FeedClient) -> None:
    source = HuggingFace(recorded.url, client=client)
    assert source.name == HUGGINGFACE
    days = recorded_days()
    assert len(days) == 129
    for text in days:
        day = date.fromisoformat(text)
        entries = json.loads((RECORDED_DAYS / f"{text}.json").read_text())
        answer = await source.read_day(day)
        assert (answer.day, answer.skipped, answer.unchanged) == (day, 0, False)
        assert [listing.paper.id for listing in answer.listings] == [entry["paper"]["id"] for entry in entries]
        for rank, (listing, entry) in enumerate(zip(answer.listings, entries, strict=True), start=1):
            paper, said = listing.paper, entry["paper"]
            assert (listing.rank, listing.day, listing.source) == (rank, day, HUGGINGFACE)
            assert paper.featured_on == day
            assert paper.title == readable(entry["title"])
            assert paper.abstract
            assert paper.published_on == date.fromisoformat(said["publishedAt"][:10])
            assert paper.upvotes == said.get("upvotes", 0)
            assert paper.comments == entry.get("numComments", 0)
            assert paper.authors == names(*(author["name"] for author in said["authors"] if not author.get("hidden")))
            assert paper.keywords == tuple(dict.fromkeys(filter(None, map(readable, said.get("ai_keywords", ())))))
            assert bool(paper.summary) == ("ai_summary" in said)
            assert paper.stars == said.get("githubStars", 0)


@pytest.mark.shared
async def test_three_years_have_what_their_api_had(recorded: FeedServer, client: FeedClient) -> None:
    source = HuggingFace(recorded.url, client=client)
    found: dict[str, tuple[bool, ...]] = {}
    for text in ("2024-06-12", "2025-03-20", "2026-04-15"):
        papers = [listing.paper for listing in (await source.read_day(date.fromisoformat(text))).listings]
        fields = ("thumbnail_url", "submitter", "keywords", "code_url", "summary", "organization")
        found[text[:4]] = tuple(any(getattr(paper, field) for paper in papers) for field in fields)
    assert found == {
        "2024": (True, False, False, False, False, False),
        "2025": (True, True, True, True, False, False),
        "2026": (True, True, True, True, True, True),
    }


@pytest.mark.shared
async def test_the_newest_day_follows_the_feed(feed_server: FeedServer, client: FeedClient) -> None:
    source = HuggingFace(feed_server.url, client=client)
    assert await source.newest_day() == date(2026, 4, 30)
    feed_server.set_today("2026-04-15")
    assert await source.newest_day() == date(2026, 4, 15)
    feed_server.set_today("2020-01-01")
    assert await source.newest_day() is None


@pytest.mark.shared
async def test_a_day_without_papers_is_an_empty_answer(recorded: FeedServer, client: FeedClient) -> None:
    answer = await HuggingFace(recorded.url, client=client).read_day(date(2026, 4, 25))
    assert (answer.listings, answer.skipped, answer.unchanged) == ((), 0, False)


@pytest.mark.shared
async def test_a_day_that_grows_is_read_again_and_one_that_does_not_is_not(
    feed_server: FeedServer, client: FeedClient
) -> None:
    source = HuggingFace(feed_server.url, client=client)
    day = date(2025, 1, 8)
    captures = len(list(RECORDED_CAPTURES.glob(f"{day}__*.json")))
    papers: list[int] = []
    upvotes: list[int] = []
    validator = None
    for number in range(captures):
        feed_server.show_capture(day.isoformat(), number)
        answer = await source.read_day(day, validator)
        assert not answer.unchanged
        papers.append(len(answer.listings))
        upvotes.append(sum(listing.paper.upvotes for listing in answer.listings))
        again = await source.read_day(day, answer.validator)
        assert again == DayAnswer(day=day, validator=answer.validator, unchanged=True)
        validator = answer.validator
    assert papers == [13, *[15] * 8]
    assert upvotes == sorted(set(upvotes))  # growing with every capture
    assert {request.status for request in feed_server.log()} == {200, 304}


@pytest.mark.shared
async def test_faults_of_a_moment_are_not_noticed(feed_server: FeedServer, client: FeedClient) -> None:
    feed_server.fail(status=503, times=2)
    assert len((await HuggingFace(feed_server.url, client=client).read_day(DAY)).listings) == 31


# --- Asking -------------------------------------------------------------------------------------------------------


async def test_the_request_names_the_day_and_the_token(client: FeedClient) -> None:
    with ScriptedFeed(http_answer([])) as feed:
        await HuggingFace(f" {feed.url}/mirror/ ", client=client, token=" hf_secret\n").read_day(DAY)
        (request,) = feed.requests
    assert request.path == "/mirror/api/daily_papers"
    assert request.query == {"date": "2026-04-21", "limit": "100", "p": "0"}
    assert request.headers["authorization"] == "Bearer hf_secret"
    assert "if-none-match" not in request.headers


@pytest.mark.parametrize("token", ["two words", "tök", "a\nb"])
async def test_a_token_that_is_none_is_refused_without_showing_it(client: FeedClient, token: str) -> None:
    with pytest.raises(OperatorError) as error:
        HuggingFace("https://example.org", client=client, token=token)
    assert "PAPERROUND_HUGGINGFACE_TOKEN" in str(error.value)
    assert token not in str(error.value)


@pytest.mark.parametrize(
    "url", ["huggingface.co", "ftp://x", "https://", "https://x/?a=1", "https://x\x00y", "http://x:port"]
)
async def test_an_address_that_is_none_is_refused(client: FeedClient, url: str) -> None:
    with pytest.raises(OperatorError, match="PAPERROUND_HUGGINGFACE_URL"):
        HuggingFace(url, client=client)


def paged(*entries: Json, etags: bool = True) -> Callable[[Request], bytes]:
    """A feed of these entries in pages, with an ETag for each page."""

    def answer(request: Request) -> bytes:
        start = int(request.query["p"]) * int(request.query["limit"])
        page = list(entries[start : start + int(request.query["limit"])])
        tag = f'"{hash(json.dumps(page))}"'
        if etags and request.headers.get("if-none-match") == tag:
            return http_answer(status=304, headers={"ETag": tag})
        return http_answer(page, headers={"ETag": tag} if etags else None)

    return answer


async def test_a_long_day_is_read_page_by_page() -> None:
    answer = await reading(paged(*(an_entry(number) for number in range(1, 1_251))))
    assert [listing.rank for listing in answer.listings] == list(range(1, 1_251))
    exactly = await reading(paged(*(an_entry(number) for number in range(1, 2 * PAGE_SIZE + 1))))
    assert len(exactly.listings) == 2 * PAGE_SIZE


async def test_a_change_on_the_second_page_is_seen() -> None:
    day = [an_entry(number) for number in range(1, 151)]
    first = await reading(paged(*day))
    assert (await reading(paged(*day), validator=first.validator)).unchanged
    day[120]["paper"]["upvotes"] = 99
    second = await reading(paged(*day), validator=first.validator)
    assert not second.unchanged
    assert second.listings[120].paper.upvotes == 99
    day.append(an_entry(200))
    assert len((await reading(paged(*day), validator=second.validator)).listings) == 151


async def test_pages_that_never_end_are_left() -> None:
    with capture_logs() as logs:
        answer = await reading([an_entry(number) for number in range(1, PAGE_SIZE + 1)])
    assert len(answer.listings) == PAGE_SIZE  # the same ones on each page
    assert [log["pages"] for log in logs if log["event"] == "feed.day_cut"] == [MOST_PAGES]


async def test_a_paper_that_comes_twice_is_listed_once() -> None:
    answer = await reading([an_entry(1, upvotes=9), an_entry(2), an_entry(1, id="2604.00001v2", upvotes=8)])
    assert [(listing.paper.id, listing.paper.upvotes, listing.rank) for listing in answer.listings] == [
        ("2604.00001", 9, 1),
        ("2604.00002", 7, 2),
    ]


@pytest.mark.parametrize("validator", ["", "x", "{}", "[1]", '["", null]', "[" * 10, '["\\ud800"]', '["a\\nb"]'])
async def test_a_validator_that_is_none_is_ignored(validator: str) -> None:
    assert len((await reading([an_entry()], validator=validator)).listings) == 1


async def test_a_feed_without_etags_is_read_each_time() -> None:
    first = await reading(paged(an_entry(), etags=False))
    assert first.validator is None


# --- Nothing listed -----------------------------------------------------------------------------------------------


def refuses_dates(request: Request) -> bytes:
    if "date" in request.query:
        return http_answer({"error": "Invalid date"}, status=400)
    return http_answer([an_entry()])


async def test_an_empty_day_may_be_a_refusal() -> None:
    assert await reading(refuses_dates) == DayAnswer(day=DAY)
    assert await reading([]) == DayAnswer(day=DAY)


async def test_a_refusal_of_everything_is_trouble() -> None:
    error = await refusal(http_answer({"error": "limit is\ntoo \u202elarge"}, status=400))
    assert str(error).endswith("answered 400 Bad Request: limit is too large.")
    assert "400" in str(await refusal(http_answer(b"<html>", status=400, content_type="text/html")))


# --- Trouble ------------------------------------------------------------------------------------------------------

PAGE_OF_A_PROXY = b"<!doctype html><html><body>Please log in to the network</body></html>"
GOOD_BODY = json.dumps([an_entry()]).encode()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (http_answer(PAGE_OF_A_PROXY, content_type="text/html; charset=utf-8"), "sent a web page"),
        (http_answer(PAGE_OF_A_PROXY), "not JSON or is cut short"),
        (http_answer(GOOD_BODY[:-20]), "not JSON or is cut short"),
        (http_answer(GOOD_BODY[:-20], length=len(GOOD_BODY)), "could not be read"),
        (http_answer(b""), "not JSON or is cut short"),
        (http_answer(b"[" * 500_000), "not JSON or is cut short"),
        (http_answer(b"\xff\xfe\x00"), "not JSON or is cut short"),
        (http_answer({"error": "Sorry <!channel>"}), "something else than a list of papers: Sorry"),
        (http_answer(b"null"), "something else than a list of papers"),
        (http_answer(b'"x"'), "something else than a list of papers"),
        (http_answer([{}] * (MOST_ENTRIES + 1)), "sent 1001 papers where 100 were asked for"),
        (http_answer(status=401), "check that it is valid"),
        (http_answer(status=403), "check that it is valid"),
        (http_answer(status=404), "answered 404 Not Found"),
        (http_answer(status=304), "answered 304 Not Modified"),
        (http_answer(status=204), "answered 204 No Content"),
        (http_answer(status=500), "answered 500 Internal Server Error"),
        (http_answer(status=302, headers={"Location": "https://login.example/"}), "redirects to another site"),
    ],
)
async def test_an_answer_that_is_no_list_is_refused_with_a_sentence(script: bytes, said: str) -> None:
    assert said in str(await refusal(script))
    with ScriptedFeed(script) as feed:
        async with FeedClient(limits=HASTY) as client:
            with pytest.raises(SourceError):
                await HuggingFace(feed.url, client=client).newest_day()


async def test_a_day_whose_second_page_fails_is_no_day() -> None:
    full = http_answer([an_entry(number) for number in range(1, PAGE_SIZE + 1)])
    assert "500" in str(await refusal(full, http_answer(status=500)))


async def test_a_wait_that_is_asked_for_is_passed_on() -> None:
    assert (await refusal(http_answer(status=429, headers={"Retry-After": "30"}))).retry_after == 30
    dates = {"Retry-After": "Tue, 21 Apr 2026 10:01:00 GMT", "Date": "Tue, 21 Apr 2026 10:00:00 GMT"}
    assert (await refusal(http_answer(status=503, headers=dates))).retry_after == 60
    assert (await refusal(http_answer(status=429))).retry_after is None


# --- Entries from outside -----------------------------------------------------------------------------------------


async def test_bad_entries_are_logged_and_left_out() -> None:
    bad: list[Any] = [
        None,
        "x" * 10_000,
        [],
        {},
        {"paper": {"id": "evil\u202e\n<!channel>", "title": "x"}},
        {"paper": {"id": "2604.00009"}},
        {"paper": {"title": {"no": "id"}}},
    ]
    with capture_logs() as logs:
        answer = await reading([an_entry(1), *bad, an_entry(2)])
    assert [(listing.paper.id, listing.rank) for listing in answer.listings] == [("2604.00001", 1), ("2604.00002", 9)]
    assert answer.skipped == len(bad)
    skipped = [log for log in logs if log["event"] == "feed.item_skipped"]
    assert [log["rank"] for log in skipped] == list(range(2, 9))
    assert [log["item"] for log in skipped] == [
        "NoneType",
        "x" * 59 + "…",
        "list",
        "dict",
        "evil <!channel>",
        "2604.00009",
        "dict",
    ]
    assert all(log["reason"] and len(log["reason"]) < 100 for log in skipped)


async def test_a_number_of_thousands_of_digits_spoils_nothing() -> None:
    body = json.dumps([an_entry(upvotes=-1), an_entry(2)]).encode().replace(b"-1", b"1" * 5_000)
    answer = await reading(http_answer(body))
    assert [listing.paper.upvotes for listing in answer.listings] == [2**31 - 1, 7]


# --- The newest day -----------------------------------------------------------------------------------------------


async def newest(*entries: Json) -> date | None:
    with ScriptedFeed(http_answer(list(entries))) as feed:
        async with FeedClient(limits=HASTY) as client:
            return await HuggingFace(feed.url, client=client).newest_day()


async def test_the_newest_day_is_the_one_that_papers_mention() -> None:
    assert await newest() is None
    assert await newest(an_entry()) == DAY
    assert await newest({"paper": {"id": "2604.00001", "title": "T"}}) is None
    assert await newest(an_entry(submittedOnDailyAt="2026-04-22T00:00:00Z"), an_entry(2), an_entry(3)) == date(
        2026, 4, 22
    )


async def test_a_few_wrong_dates_do_not_lead_astray() -> None:
    wrong = [an_entry(number, submittedOnDailyAt=f"20{year}-01-01T00:00:00Z") for number, year in ((1, 31), (2, 98))]
    assert await newest(*wrong, *(an_entry(number) for number in range(3, 10))) == DAY


@given(st.lists(st.dates(date(1991, 1, 1), date(2099, 12, 31)), max_size=12))
def test_the_newest_sign_is_one_of_them_and_not_far_ahead_of_a_third_one(signs: list[date]) -> None:
    newest = newest_sign(signs)
    assert (newest is None) == (not signs)
    if newest:
        assert newest in signs
        if len(signs) >= 4:
            assert sum(sign >= newest - SIGN_LEAD for sign in signs) >= 3
