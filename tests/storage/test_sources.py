"""What is known of the sources: when they answered, what they said of a day, what they asked of us."""

from __future__ import annotations

from datetime import timedelta

from bot.intake.store import DayReading, SourceState
from bot.papers.sources import ARXIV, HUGGINGFACE
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import TODAY, listed, paper

LATER = NOON + timedelta(hours=1)


async def test_a_source_that_was_never_read_has_a_blank_state(store: SqlStore) -> None:
    assert await store.sources.state(ARXIV) == SourceState(name=ARXIV)


async def test_failures_add_up_until_a_success(store: SqlStore) -> None:
    await store.sources.record_failure(ARXIV, NOON, "gone away", LATER)
    await store.sources.record_failure(ARXIV, LATER, "still away", None)
    assert await store.sources.state(ARXIV) == SourceState(
        name=ARXIV, last_failure_at=LATER, last_error="still away", failures=2
    )
    await store.sources.record_success(ARXIV, LATER, TODAY)
    assert await store.sources.state(ARXIV) == SourceState(
        name=ARXIV, last_success_at=LATER, last_failure_at=LATER, read_through=TODAY
    )
    assert await store.sources.state(HUGGINGFACE) == SourceState(name=HUGGINGFACE)


async def test_what_a_source_asked_for_is_kept(store: SqlStore) -> None:
    await store.sources.record_failure(ARXIV, NOON, "too fast", LATER)
    assert (await store.sources.state(ARXIV)).retry_at == LATER


async def test_a_success_without_a_day_keeps_the_day_read_through(store: SqlStore) -> None:
    await store.sources.record_success(ARXIV, NOON, TODAY)
    await store.sources.record_success(ARXIV, LATER, None)
    state = await store.sources.state(ARXIV)
    assert (state.read_through, state.last_success_at) == (TODAY, LATER)


async def test_a_long_failure_is_cut(store: SqlStore) -> None:
    await store.sources.record_failure(ARXIV, NOON, "x" * 100_000, None)
    assert (await store.sources.state(ARXIV)).last_error == "x" * 500


async def test_readings_tell_when_a_day_was_read_and_with_which_validator(store: SqlStore) -> None:
    yesterday = TODAY - timedelta(days=1)
    await listed(store, paper(1), day=TODAY)
    await listed(store, day=yesterday, now=LATER)
    assert await store.sources.readings(HUGGINGFACE, [TODAY, yesterday, TODAY + timedelta(days=1)]) == {
        TODAY: DayReading(NOON, f"{TODAY}-1"),
        yesterday: DayReading(LATER, f"{yesterday}-0"),
    }
    assert await store.sources.readings(ARXIV, [TODAY]) == {}
    assert await store.sources.readings(HUGGINGFACE, []) == {}


async def test_an_unchanged_day_keeps_its_validator_and_its_listings(store: SqlStore) -> None:
    await listed(store, paper(1))
    await store.sources.record_unchanged(HUGGINGFACE, TODAY, LATER)
    assert await store.sources.readings(HUGGINGFACE, [TODAY]) == {TODAY: DayReading(LATER, f"{TODAY}-1")}
    assert await store.papers.listed_on(TODAY) == [paper(1)]
