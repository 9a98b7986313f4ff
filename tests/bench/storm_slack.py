"""A storm in Slack: 500 channels get a digest while Slack drops, hangs and refuses, and people give commands meanwhile.

The run fails where a message is lost or there twice, or a command is acknowledged too late. Bot and simulator share a
process, so the times are the worse for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from storage.store import SqlStore
from tests.adapters.slack.bot_process import BotProcess
from tests.adapters.slack.storm import Outcome, storm
from tests.bench import Row, Times
from tests.clocks import SettableClock
from tests.simulators.slack import ACK_WITHIN, BOT_TOKEN, SlackSimulator

CHANNELS = 500
PAUSE = 0.05  # seconds between two commands
TIMEOUT = 2  # seconds after which the client gives up on a request


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("slack").setLevel(logging.CRITICAL)
    outcome = asyncio.run(_storm())
    times = Times.of(outcome.acknowledged)
    label = f"Slack, {CHANNELS} digests with {outcome.faults.total()} faults"
    yield Row(what=f"{label}: until each is there once", ours=outcome.seconds, unit="s")
    yield Row(what=f"{label}: {len(outcome.acknowledged)} commands acknowledged, p50", ours=times.p50)
    yield Row(what=f"{label}: acknowledged, p99", ours=times.p99, rival="Slack's limit", theirs=1000 * ACK_WITHIN)


async def _storm() -> Outcome:
    clock = SettableClock()
    with TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{folder}/paperround.db")
        await store.open()
        async with SlackSimulator(now=lambda: clock.now().timestamp()) as slack:
            slack.person()
            platform = SlackPlatform(OneWorkspace(Connection(slack.api_url, timeout=TIMEOUT), BOT_TOKEN))
            bot = BotProcess(store, Path(folder) / "index", slack, platform, clock)
            async with bot.over_socket():
                outcome = await storm(bot, CHANNELS, pause=PAUSE)
            assert not slack.violations, slack.violations
            assert max(outcome.acknowledged) < ACK_WITHIN
            await platform.close()
            await bot.core.index.close()
        await store.close()
    return outcome
