from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from urllib.parse import urlsplit

import pytest

from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from bot.intake.source import Source
from bot.papers.ids import normalize_paper_id
from bot.papers.paper import Listing, Paper
from bot.papers.sources import HUGGINGFACE
from tests.clocks import SettableClock
from tests.feed_server import RECORDED_DAYS, needs_recordings
from tests.papers.names import names

AFTER_ALL = datetime(2026, 5, 12, 12, tzinfo=UTC)
BEFORE_ALL = datetime(2025, 10, 12, 23, 59, 59, tzinfo=UTC)
PROJECT_HOSTS = {"huggingface.co", "isaacus.com", "olmocr.allen.ai", "seed.bytedance.com", "skyfall-gs.jayinnn.dev"}
LONGEST_COPY = 6  # words in a row


def feed_at(moment: datetime) -> Source:
    return SampleFeed(SettableClock(moment))


async def listings() -> list[Listing]:
    feed = feed_at(AFTER_ALL)
    return [listing for day in SAMPLE_DAYS for listing in (await feed.read_day(day)).listings]


async def papers() -> list[Paper]:
    return [listing.paper for listing in await listings()]


def runs_of_words(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def test_the_days_are_two_weeks_from_monday_to_friday() -> None:
    first = SAMPLE_DAYS[0]
    assert first.weekday() == 0
    assert list(SAMPLE_DAYS) == [first + timedelta(days=n) for n in range(14) if n % 7 < 5]


async def test_every_day_lists_a_handful_of_papers_best_first() -> None:
    feed = feed_at(AFTER_ALL)
    for day in SAMPLE_DAYS:
        answer = await feed.read_day(day)
        assert answer.day == day
        assert 5 <= len(answer.listings) <= 9
        assert answer.skipped == 0
        assert [listing.rank for listing in answer.listings] == list(range(1, len(answer.listings) + 1))
        upvotes = [listing.paper.upvotes for listing in answer.listings]
        assert upvotes == sorted(upvotes, reverse=True)
        for listing in answer.listings:
            assert listing.source == feed.name == HUGGINGFACE
            assert listing.day == listing.paper.featured_on == day
            assert listing.paper.sources == {HUGGINGFACE}


async def test_there_are_enough_papers_and_each_is_there_once() -> None:
    ids = [paper.id for paper in await papers()]
    assert len(ids) >= 64
    assert len(set(ids)) == len(ids)
    assert [normalize_paper_id(paper_id) for paper_id in ids] == ids


async def test_papers_are_published_before_they_are_featured() -> None:
    for paper in await papers():
        assert paper.published_on and paper.featured_on
        assert timedelta(0) <= paper.featured_on - paper.published_on <= timedelta(days=14), paper.id


async def test_texts_have_the_length_that_cards_are_made_for() -> None:
    for paper in await papers():
        assert 15 <= len(paper.summary.split()) <= 30, paper.id
        assert 50 <= len(paper.abstract.split()) <= 90, paper.id
        assert 3 <= len(set(paper.keywords)) == len(paper.keywords) <= 6, paper.id
        for text in (
            paper.title,
            paper.summary,
            paper.abstract,
            *(name.written for name in paper.authors),
            *paper.keywords,
        ):
            assert text.isprintable() and text == " ".join(text.split()), (paper.id, text)
        for text in (paper.summary, paper.abstract):
            assert text.endswith("."), paper.id


async def test_links_lead_to_known_hosts_and_nothing_is_fetched_to_show_them() -> None:
    for paper in await papers():
        assert paper.thumbnail_url == ""
        if paper.code_url:
            assert urlsplit(paper.code_url)[:2] == ("https", "github.com"), paper.id
        if paper.project_url:
            scheme, host, *_ = urlsplit(paper.project_url)
            assert scheme == "https", paper.id
            assert host in PROJECT_HOSTS or host.endswith(".github.io"), paper.id


async def test_the_papers_exercise_what_is_hard_to_show() -> None:
    sample = await papers()
    assert any("\\" in paper.title_tex for paper in sample), "LaTeX in a title"
    assert not any("\\" in paper.title or "--" in paper.title for paper in sample), "a title that was not read"
    assert any(len(paper.authors) > 100 for paper in sample), "a crowd of authors"
    assert any(not name.written.isascii() for paper in sample for name in paper.authors), "an accent in a name"
    assert any(not paper.code_url for paper in sample), "no code"
    assert any(not paper.categories for paper in sample), "no categories"
    assert any(not paper.organization for paper in sample), "no organisation"
    assert any(paper.stars > 1_000 for paper in sample), "thousands of stars"


async def test_nothing_is_listed_before_the_first_day() -> None:
    feed = feed_at(BEFORE_ALL)
    assert await feed.newest_day() is None
    for day in SAMPLE_DAYS:
        answer = await feed.read_day(day)
        assert (answer.listings, answer.validator, answer.unchanged) == ((), None, False)


async def test_the_clock_reveals_a_whole_day_at_midnight_utc() -> None:
    clock = SettableClock(BEFORE_ALL)
    feed = SampleFeed(clock)
    whole = {day: await feed_at(AFTER_ALL).read_day(day) for day in SAMPLE_DAYS}
    for number, day in enumerate(SAMPLE_DAYS):
        clock.set(datetime.combine(day, time(), tzinfo=UTC) - timedelta(microseconds=1))
        assert (await feed.read_day(day)).listings == ()
        assert await feed.newest_day() == (SAMPLE_DAYS[number - 1] if number else None)
        clock.set(datetime.combine(day, time(), tzinfo=UTC))
        assert await feed.read_day(day) == whole[day]
        assert await feed.newest_day() == day
        for future in SAMPLE_DAYS[number + 1 :]:
            assert (await feed.read_day(future)).listings == ()


async def test_the_day_is_the_one_in_utc_whatever_the_zone_of_the_clock() -> None:
    early_in_tokyo = datetime(2025, 10, 14, 1, tzinfo=timezone(timedelta(hours=9)))
    assert await feed_at(early_in_tokyo).newest_day() == date(2025, 10, 13)


@pytest.mark.parametrize("day", [date(2025, 10, 10), date(2025, 10, 18), date(2025, 10, 27)])
async def test_other_days_have_no_listings(day: date) -> None:
    assert (await feed_at(AFTER_ALL).read_day(day)).listings == ()


async def test_a_day_read_before_is_unchanged() -> None:
    first = feed_at(AFTER_ALL)
    after_restart = feed_at(AFTER_ALL + timedelta(days=1))
    validators = set()
    for day in SAMPLE_DAYS:
        validator = (await first.read_day(day)).validator
        assert validator
        validators.add(validator)
        again = await after_restart.read_day(day, validator)
        assert (again.unchanged, again.listings, again.validator) == (True, (), validator)
    assert len(validators) == len(SAMPLE_DAYS)


async def test_the_validator_of_another_day_does_not_count() -> None:
    feed = feed_at(AFTER_ALL)
    monday, tuesday = SAMPLE_DAYS[:2]
    answer = await feed.read_day(tuesday, (await feed.read_day(monday)).validator)
    assert not answer.unchanged
    assert answer.listings


@pytest.mark.shared
@needs_recordings
async def test_facts_are_as_recorded_and_texts_are_not() -> None:
    recorded = {
        (day, entry["paper"]["id"]): entry
        for day in SAMPLE_DAYS
        for entry in json.loads((RECORDED_DAYS / f"{day}.json").read_text(encoding="utf-8"))
    }
    taken = {
        run
        for entry in recorded.values()
        for text in (entry["paper"].get("summary"), entry.get("summary"), entry["paper"].get("ai_summary"))
        for run in runs_of_words(text or "", LONGEST_COPY + 1)
    }
    assert len(taken) > 10_000
    for listing in await listings():
        paper, entry = listing.paper, recorded[listing.day, listing.paper.id]
        assert paper.authors == names(*(author["name"] for author in entry["paper"]["authors"]))
        assert (paper.upvotes, paper.comments) == (entry["paper"]["upvotes"], entry["numComments"])
        assert paper.stars == (entry["paper"].get("githubStars") or 0)
        assert paper.code_url == entry["paper"].get("githubRepo", "")
        assert paper.project_url in {"", entry["paper"].get("projectPage")}
        for text in (paper.summary, paper.abstract):
            assert not runs_of_words(text, LONGEST_COPY + 1) & taken, paper.id
