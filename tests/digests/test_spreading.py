"""Digests that many channels get at the same time come within some minutes, and nobody who waits is behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests import planning
from bot.digests.spreading import place_of
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.core import Core
from tests.platforms import SimulatedPlatform
from tests.sources import a_paper

WITHIN = timedelta(minutes=5)
CHANNELS = 12


@given(st.integers(1, 2**40), st.integers(0, 60))
def test_a_channel_has_its_place_within_the_stated_minutes(channel_id: int, minutes: int) -> None:
    within = timedelta(minutes=minutes)
    assert timedelta() <= place_of(channel_id, within) <= within
    assert place_of(channel_id, within) == place_of(channel_id, within)


def test_channels_are_spread_evenly() -> None:
    minutes = [place_of(channel_id, WITHIN) // timedelta(minutes=1) for channel_id in range(10_000)]
    assert all(1_800 < minutes.count(minute) < 2_200 for minute in range(5))


@pytest.fixture
async def crowd(store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Core]:
    """Channels that share a time, and are many."""
    monkeypatch.setattr(planning, "CROWD", CHANNELS)
    core = Core(store, tmp_path / "index", spread=WITHIN)
    at = core.clock.now() + timedelta(hours=1)
    for number in range(CHANNELS):
        await store.channels.add(
            core.address(f"channel-{number}"), "", time_zone="UTC", schedule="daily 13:00", next_digest_at=at
        )
        stored = await core.channel(f"channel-{number}")
        await store.subscriptions.add(stored.id, TopicOptions(query="diffusion"), created_by="u1", now=core.clock.now())
    await core.news(a_paper(1))
    yield core
    await core.index.close()


async def test_a_crowd_gets_its_digests_one_after_the_other_and_each_channel_at_its_time(crowd: Core) -> None:
    turns = {}
    for number in range(CHANNELS):
        channel = await crowd.channel(f"channel-{number}")
        assert channel.next_digest_at is not None
        turns[f"channel-{number}"] = channel.next_digest_at + place_of(channel.id, WITHIN)
    first, last = min(turns, key=turns.__getitem__), max(turns, key=turns.__getitem__)
    assert f"{turns[last]:%H:%M}" in await crowd.say("status", last)
    crowd.clock.advance(hours=1)
    for channel_name in sorted(turns, key=turns.__getitem__):
        crowd.clock.set(turns[channel_name] - timedelta(milliseconds=1))
        await crowd.engine.deliver()
        assert not crowd.platform.papers_in(channel_name)
        crowd.clock.set(turns[channel_name])
        await crowd.engine.deliver()
        assert crowd.platform.papers_in(channel_name) == ["2605.00001"]
    assert turns[last] - turns[first] <= WITHIN


async def test_what_is_instant_goes_before_a_crowd(crowd: Core) -> None:
    await crowd.say("subscribe quantum --instant", "quick")
    crowd.clock.advance(hours=1)
    await crowd.engine.planner.sweep()
    assert isinstance(crowd.platform, SimulatedPlatform)
    await crowd.news(a_paper(2, title="A Quantum Leap", abstract="It leaps."))
    crowd.clock.advance(minutes=5)
    await crowd.engine.deliver()
    assert crowd.platform.posts[0].channel == "quick"
    assert len(crowd.platform.posts) == CHANNELS + 1


async def test_few_channels_are_not_late(store: SqlStore, tmp_path: Path) -> None:
    core = Core(store, tmp_path / "index", spread=WITHIN)
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]
    await core.index.close()
