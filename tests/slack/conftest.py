"""A simulated Slack for each test, in which everything that Slack would refuse is a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.platform import SlackPlatform
from tests.clocks import SettableClock
from tests.simulators.slack import BOT_TOKEN, SlackSimulator


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def slack(clock: SettableClock) -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator(now=lambda: clock.now().timestamp()) as simulator:
        simulator.person()
        yield simulator
    assert not simulator.violations, simulator.violations


@pytest.fixture
async def platform(slack: SlackSimulator) -> AsyncIterator[SlackPlatform]:
    platform = SlackPlatform(BOT_TOKEN, api_url=slack.api_url, timeout=1)
    yield platform
    await platform.close()
