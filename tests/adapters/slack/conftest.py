"""A simulated Slack for each test, in which everything that Slack would refuse is a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.client.web_api import REQUEST_TIMEOUT, Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from storage.store import SqlStore
from tests.adapters.slack.many import Many
from tests.adapters.slack.team import TRANSPORTS, Team
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
async def platform(slack: SlackSimulator, request: pytest.FixtureRequest) -> AsyncIterator[SlackPlatform]:
    # Only a test in which Slack never answers gives up soon: a busy machine may need seconds for a simple request.
    timeout = 1 if request.node.get_closest_marker("impatient") else REQUEST_TIMEOUT
    platform = SlackPlatform(OneWorkspace(Connection(slack.api_url, timeout=timeout), BOT_TOKEN))
    yield platform
    await platform.close()


@pytest.fixture
async def team(
    sqlite_url: str, tmp_path: Path, slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> AsyncIterator[Team]:
    store = SqlStore(sqlite_url)
    await store.open()
    made = Team(store, tmp_path / "index", slack, platform, clock)
    yield made
    await made.town.index.close()
    await store.close()


@pytest.fixture(params=TRANSPORTS)
async def connected(team: Team, request: pytest.FixtureRequest) -> AsyncIterator[Team]:
    """A team over Socket Mode, and one over HTTP."""
    async with team.connected(request.param):
        yield team


@pytest.fixture
async def sql(sqlite_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_url)
    yield store
    await store.close()


@pytest.fixture
async def many(sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock) -> AsyncIterator[Many]:
    """A bot that any workspace may install, over HTTP."""
    made = Many(sql, tmp_path, slack, clock)
    async with made.over_http():
        yield made
    await made.close()
