"""Limits that change, in real time: the outbox and the real clients before a Slack and a Discord that take so many.

Client and simulator share a process, so what comes less evenly costs some of the limit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot.channels.channel import PlatformName
from tests.bench import Row, Times
from tests.databases import PostgresServer
from tests.limited import posted
from tests.simulators.limits import Kind, Limit

ON_REQUEST = True
CHANNELS = 6_000
EVERY = 60.0  # seconds


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("discord").setLevel(logging.CRITICAL)
    for kind in (Kind.BUCKET, Kind.SLIDING, Kind.FIXED):
        with TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/paperround.db"
            yield from _rows(f"Slack, {kind.name.lower()}", PlatformName.SLACK, [url], Path(folder), kind)
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/paperround.db"
        yield from _rows("Discord", PlatformName.DISCORD, [url], Path(folder), Kind.FIXED)
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        url = server.url(server.create())
        label = "Slack, bucket, two workers on PostgreSQL"
        yield from _rows(label, PlatformName.SLACK, [url, url], Path(folder), Kind.BUCKET)


def _rows(label: str, name: PlatformName, urls: list[str], folder: Path, kind: Kind) -> Iterator[Row]:
    limit = Limit(_turns(time.monotonic()), kind)
    outcome = asyncio.run(posted(name, urls, folder, limit, channels=CHANNELS))
    assert set(outcome.messages) == {1}
    yield Row(what=f"{label}, 50 a second and 20 in turns: used", ours=100 * limit.used, unit="%", rival="wanted",
              theirs=95, more_is_better=True)  # fmt: skip
    yield Row(what="… refused", ours=100 * limit.share_refused, unit="%", rival="wanted", theirs=1)
    if outcome.answered_after:
        answers = Times.of(outcome.answered_after)
        yield Row(what="… somebody is told something meanwhile, p95", ours=answers.p95, rival="wanted", theirs=1000)


def _turns(began: float) -> Callable[[float], float]:
    return lambda now: 20 if (now - began) // EVERY % 2 else 50
