"""The suite for sources: a day is read whole, again only when it changed, and trouble is an error in a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import pytest

from adapters.feeds.http import FeedClient, Limits
from bot.errors import SourceError
from bot.intake.polling import Intake
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.contracts.sources import (
    WAIT,
    Almanac,
    ArxivSite,
    HuggingFaceSite,
    PreprintSite,
    Sample,
    SourceUnderTest,
    SyndicatedSite,
)


@pytest.fixture(params=["almanac", "sample", "huggingface", "arxiv", "syndicated", "biorxiv"])
async def under_test(request: pytest.FixtureRequest) -> AsyncIterator[SourceUnderTest]:
    async with FeedClient(contact="https://example.org/about", limits=Limits(pause=0.01)) as client:
        match request.param:
            case "almanac":
                yield Almanac()
            case "sample":
                yield Sample()
            case "huggingface":
                hub = HuggingFaceSite(client)
                with hub.site:
                    yield hub
            case "syndicated":
                journal = SyndicatedSite(client)
                with journal.site:
                    yield journal
            case "biorxiv":
                server = PreprintSite(client)
                with server.site:
                    yield server
            case "arxiv":
                archive = ArxivSite(client)
                with archive.site:
                    yield archive


async def test_a_new_day_is_seen_and_read_whole(under_test: SourceUnderTest) -> None:
    count = under_test.show(5)
    newest = await under_test.source.newest_day()
    assert newest is not None
    assert abs(newest - under_test.day) <= timedelta(days=3)
    answer = await under_test.source.read_day(under_test.day)
    assert (answer.day, answer.unchanged, answer.skipped) == (under_test.day, False, 0)
    assert len({listing.paper.id for listing in answer.listings}) == len(answer.listings) == count
    assert [listing.rank for listing in answer.listings] == list(range(1, count + 1))
    for listing in answer.listings:
        assert (listing.source, listing.day) == (under_test.source.name, under_test.day)
        assert listing.paper.title
        assert listing.paper.authors
        assert listing.paper.featured_on == under_test.day


async def test_a_day_without_papers_is_no_mistake(under_test: SourceUnderTest) -> None:
    under_test.show(3)
    answer = await under_test.source.read_day(under_test.day + timedelta(days=20))
    assert answer.listings == ()


async def test_a_day_that_is_as_it_was_is_unchanged(under_test: SourceUnderTest) -> None:
    under_test.show(3)
    await under_test.source.newest_day()
    first = await under_test.source.read_day(under_test.day)
    again = await under_test.source.read_day(under_test.day, first.validator)
    assert again.unchanged
    assert again.listings == ()
    assert again.validator == first.validator


async def test_any_validator_is_borne(under_test: SourceUnderTest) -> None:
    count = under_test.show(3)
    for validator in ("", "nonsense", '["a", 1]', "{}", "\x00é", "9" * 5000):
        await under_test.source.newest_day()
        assert len((await under_test.source.read_day(under_test.day, validator)).listings) in (0, count)


async def test_what_is_listed_late_is_read(under_test: SourceUnderTest) -> None:
    if not under_test.grows:
        pytest.skip("its days are whole from the beginning")
    under_test.show(3)
    first = await under_test.source.read_day(under_test.day)
    under_test.show(5)
    later = await under_test.source.read_day(under_test.day, first.validator)
    assert not later.unchanged
    assert len(later.listings) == 5
    assert later.validator != first.validator


async def test_a_broken_item_costs_only_itself(under_test: SourceUnderTest) -> None:
    if not under_test.breaks:
        pytest.skip("nothing is ever wrong with it")
    under_test.show(3, broken=2)
    answer = await under_test.source.read_day(under_test.day)
    assert len(answer.listings) == 3
    assert answer.skipped == 2


async def test_a_page_in_place_of_papers_is_an_error_in_a_sentence(under_test: SourceUnderTest) -> None:
    if not under_test.breaks:
        pytest.skip("nothing is ever wrong with it")
    under_test.page()
    for asking in (under_test.source.newest_day(), under_test.source.read_day(under_test.day)):
        with pytest.raises(SourceError) as trouble:
            await asking
        sentence = str(trouble.value)
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert "<" not in sentence


async def test_a_wait_that_is_asked_for_is_handed_on(under_test: SourceUnderTest) -> None:
    if not under_test.breaks:
        pytest.skip("nothing is ever wrong with it")
    under_test.wait()
    with pytest.raises(SourceError) as trouble:
        await under_test.source.newest_day()
    assert WAIT - 10 <= (trouble.value.retry_after or 0) <= WAIT


async def test_what_was_missed_is_caught_up_and_a_failure_loses_nothing(
    under_test: SourceUnderTest, sqlite_url: str
) -> None:
    if not (under_test.grows or not under_test.breaks):
        pytest.skip("missed announcements come from arXiv's API, which has tests of its own")
    store = SqlStore(sqlite_url)
    clock = SettableClock(datetime.combine(under_test.day - timedelta(days=4), time(12), UTC))
    intake = Intake([under_test.source], store.papers, store.sources, clock)
    expected = under_test.show(2, day=under_test.day - timedelta(days=4))
    (report,) = await intake.poll()
    assert not report.error
    for back in (3, 2, 1, 0):
        expected += under_test.show(2, day=under_test.day - timedelta(days=back))
    clock.advance(days=4)
    (report,) = await intake.poll()
    assert not report.error
    assert await store.papers.count() == expected
    (report,) = await intake.poll()
    assert report.changed == 0
    await store.close()
