"""Idle: what a running bot costs while nothing happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil
import structlog

from bot.clocks import SteadyClock
from storage.store import SqlStore
from tests.bench import Row
from tests.bench.many_channels import many_channels
from tests.core import Core
from tests.databases import PostgresServer

CHANNELS = 10_000
SPREAD = timedelta(minutes=5)
SETTLED_AFTER = 30.0  # seconds
#: It is measured so often for so many seconds, and the one in the middle counts: on a busy machine the engine may still
#: be reading topics in the first ones.
TIMES, SECONDS = 9, 8.0


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as folder:
        yield from asyncio.run(_idle(f"sqlite:///{folder}/paperround.db", "SQLite"))
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        yield from asyncio.run(_idle(server.url(server.create()), "PostgreSQL", server.process()))


async def _idle(url: str, name: str, server: psutil.Process | None = None) -> list[Row]:
    with TemporaryDirectory() as folder:
        store = SqlStore(url)
        await store.open()
        clock = SteadyClock()
        # As it is by default, times that many channels share are looked for, too.
        core = Core(store, Path(folder) / "index", clock=clock, spread=SPREAD)  # type: ignore[arg-type]
        tomorrow = clock.now() + timedelta(days=1)
        addresses = [core.address(f"channel-{number}") for number in range(CHANNELS)]
        await many_channels(store, addresses, "diffusion {}".format, now=clock.now(), next_digest_at=tomorrow)
        running = asyncio.create_task(core.engine.run())
        await asyncio.sleep(SETTLED_AFTER)
        ours, theirs = await _shares(server)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await core.index.close()
        await store.close()
    what = f"idle with {CHANNELS:,} channels, {name}"
    found = [Row(what=what, ours=ours, unit="% of a core", rival="wanted", theirs=1)]
    if server is not None:
        found.append(Row(what="… and the server of the database", ours=theirs, unit="% of a core"))
    return found


async def _shares(server: psutil.Process | None) -> tuple[float, float]:
    """Hundredths of a core that this process took, and the server of its database."""
    ours, theirs = [], []
    for _ in range(TIMES):
        used, used_there, began = time.process_time(), _used(server), time.monotonic()
        await asyncio.sleep(SECONDS)
        seconds = time.monotonic() - began
        ours.append(100 * (time.process_time() - used) / seconds)
        theirs.append(100 * (_used(server) - used_there) / seconds)
    return median(ours), median(theirs)


def _used(server: psutil.Process | None) -> float:
    """Seconds of the processor that a database's server and its backends took by now."""
    if server is None:
        return 0.0
    return sum(sum(one.cpu_times()[:2]) for one in (server, *server.children(recursive=True)))
