"""Idle: what a running bot costs while nothing happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot.clocks import SteadyClock
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.bench import Row
from tests.core import Core
from tests.databases import PostgresServer

CHANNELS = 10_000
SPREAD = timedelta(minutes=5)
SETTLED_AFTER = 30.0  # seconds; on a busy machine it takes as long to read the topics
MEASURED_FOR = 60.0  # seconds


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as folder:
        yield asyncio.run(_idle(f"sqlite:///{folder}/paperround.db", "SQLite"))
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        yield asyncio.run(_idle(server.url(server.create()), "PostgreSQL"))


async def _idle(url: str, name: str) -> Row:
    with TemporaryDirectory() as folder:
        store = SqlStore(url)
        await store.open()
        clock = SteadyClock()
        # As it is by default, times that many channels share are looked for, too.
        core = Core(store, Path(folder) / "index", clock=clock, spread=SPREAD)  # type: ignore[arg-type]
        tomorrow = clock.now() + timedelta(days=1)
        for number in range(CHANNELS):
            channel = await store.channels.add(
                core.address(f"channel-{number}"), "", time_zone="UTC", schedule="daily 09:00", next_digest_at=tomorrow
            )
            options = TopicOptions(query=f"diffusion {number}")
            await store.subscriptions.add(channel.id, options, created_by="u1", now=clock.now())
        running = asyncio.create_task(core.engine.run())
        await asyncio.sleep(SETTLED_AFTER)
        used, began = time.process_time(), time.monotonic()
        await asyncio.sleep(MEASURED_FOR)
        share = 100 * (time.process_time() - used) / (time.monotonic() - began)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await core.index.close()
        await store.close()
    what = f"idle with {CHANNELS:,} channels, {name}"
    return Row(what=what, ours=share, unit="% of a core", rival="wanted", theirs=1)
