"""A simulated Slack for each test, in which everything that Slack would refuse is a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.client.connection import REQUEST_TIMEOUT, Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.interactions import views
from adapters.slack.platform import SlackPlatform
from bot import background
from storage.store import SqlStore
from tests.adapters.slack.bot_process import TRANSPORTS, BotProcess
from tests.adapters.slack.distributed_bot import DistributedBot
from tests.clocks import SettableClock
from tests.patience import PATIENCE
from tests.simulators.slack import BOT_TOKEN, SlackSimulator


@pytest.fixture(autouse=True)
def in_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is begun is done in time, and what is asked in a form, unless a test has it take longer."""
    monkeypatch.setattr(background, "FINISH_WITHIN", PATIENCE)
    if not request.node.get_closest_marker("belated"):
        monkeypatch.setattr(views, "_FOUND_WITHIN", PATIENCE)
        monkeypatch.setattr(views, "ANSWER_WITHIN", PATIENCE)


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
async def platform(
    slack: SlackSimulator, clock: SettableClock, request: pytest.FixtureRequest
) -> AsyncIterator[SlackPlatform]:
    # Only a test in which Slack never answers gives up soon: a busy machine may need seconds for a simple request.
    timeout = 1 if request.node.get_closest_marker("impatient") else REQUEST_TIMEOUT
    connection = Connection(slack.api_url, timeout=timeout, clock=clock, monotonic=clock.monotonic)
    platform = SlackPlatform(OneWorkspace(connection, BOT_TOKEN))
    yield platform
    await platform.close()


@pytest.fixture
async def bot(
    sqlite_url: str, tmp_path: Path, slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> AsyncIterator[BotProcess]:
    store = SqlStore(sqlite_url)
    made = BotProcess(store, tmp_path / "index", slack, platform, clock)
    yield made
    await made.core.index.close()
    await store.close()


@pytest.fixture(params=TRANSPORTS)
async def connected(bot: BotProcess, request: pytest.FixtureRequest) -> AsyncIterator[BotProcess]:
    """A bot over Socket Mode, and one over HTTP."""
    async with bot.connected(request.param):
        yield bot


@pytest.fixture
async def sql(sqlite_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_url)
    yield store
    await store.close()


@pytest.fixture
async def distributed(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> AsyncIterator[DistributedBot]:
    """A bot that any workspace may install, over HTTP."""
    made = DistributedBot(sql, tmp_path, slack, clock)
    async with made.over_http():
        yield made
    await made.close()
