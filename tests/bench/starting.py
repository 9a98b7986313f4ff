"""Starting: what the real program takes until it is ready, what it then holds in memory, and what short commands take.

Among 100,000 papers, with their index, and 10,000 channels with a topic each; no feed answers and nothing falls due.
Seconds are those of the processor, so that others on the machine count little.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import psutil

from bot.channels.channel import Address, PlatformName
from bot.clocks import SteadyClock
from bot.errors import NoModelError
from bot.meaning.meaning import Meaning
from bot.meaning.model import AbsentModel
from storage.search.index import TantivyIndex
from storage.store import SqlStore
from tests.bench import Row
from tests.bench.many_channels import many_channels
from tests.bench.matching import DISTINCT
from tests.databases import PostgresServer
from tests.ports import free_port, until_ready
from tests.search.feeds import RECORDS, arxiv_papers
from tests.simulators.discord import DiscordSimulator
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackSimulator
from tests.simulators.slack_methods import TEAM
from tests.topics.real import subscriptions

PAPERS: Final = 100_000
CHANNELS: Final = 10_000
TIMES: Final = 3  # that each is started; the one in the middle counts
SETTLED_AFTER: Final = 30.0  # seconds after which the program is looked at again
ASKED_EVERY: Final = 0.1  # seconds
LONGEST: Final = 120.0  # seconds until it is ready; then something is wrong
MEGABYTE: Final = 1_000_000
NOBODY: Final = "http://127.0.0.1:9"
READY_WITHIN, SHORT_WITHIN = 2.0, 0.5  # seconds of the processor
IDLE_WITHIN: Final = 150.0  # MB
SHORT: Final = (("--help",), ("status",), ("command", "topics"), ("search", "diffusion"))


@dataclass(frozen=True, slots=True)
class _Start:
    """Seconds of the processor and of the clock until it was ready, and what it took and held when it had settled."""

    ready: float
    ready_after: float
    settled: float
    memory: float


def rows() -> Iterator[Row]:
    """The rows of this section; none where the recorded papers are not beside the project."""
    if not RECORDS.exists():
        return
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        databases = {
            "SQLite": f"sqlite:///{folder}/paperround.db",
            "PostgreSQL": server.url(server.create()),
        }
        for name, url in databases.items():
            data = Path(folder) / name
            data.mkdir()
            asyncio.run(prepare(url, data))
            yield from asyncio.run(_starts(url, data, name))
            for line in SHORT:
                seconds = median(_seconds_of(line, environment_of(url, data, 0)) for _ in range(TIMES))
                what = f"{name}: paperround {' '.join(line)}"
                yield Row(what=what, ours=seconds, unit="s", rival="wanted", theirs=SHORT_WITHIN)


async def prepare(url: str, folder: Path) -> None:
    """Writes papers, channels and topics into an empty database, and makes the index in the folder."""
    store, clock = SqlStore(url), SteadyClock()
    await store.open()
    papers = list(arxiv_papers(PAPERS))
    for start in range(0, PAPERS, 2_000):
        await store.papers.import_papers(papers[start : start + 2_000])
    topics = subscriptions(papers[:CHANNELS], CHANNELS, distinct=round(CHANNELS * DISTINCT))
    addresses = [Address(PlatformName.SLACK, TEAM, f"C{number:07}") for number in range(CHANNELS)]
    now = clock.now()
    await many_channels(store, addresses, topics.__getitem__, now=now, next_digest_at=now + timedelta(days=30))
    meaning = Meaning(AbsentModel(NoModelError("no model is part of this.")), store.vectors, clock)
    index = TantivyIndex(folder / "index", store.papers, meaning.view_of)
    await index.refresh()
    await index.close()
    await store.close()


def environment_of(url: str, folder: Path, port: int) -> dict[str, str]:
    """The settings of a program without chat platforms and without meaning."""
    settings = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "WEB_PORT": str(port),
        "EMBEDDING_MODEL": "none",
        "LOG_LEVEL": "error",
        **{f"{name}_URL": NOBODY for name in ("HUGGINGFACE", "ARXIV_API", "ARXIV_RSS")},
    }
    # What is installed has its bytecode beside it, so it is written here, too.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **{f"PAPERROUND_{name}": value for name, value in settings.items()}}


async def _starts(url: str, folder: Path, name: str) -> list[Row]:
    found = []
    for what, of in (("the workspace alone", _alone), ("Slack and Discord", _with_chats)):
        async with of() as more:
            starts = [await _start(url, folder, more) for _ in range(TIMES)]
        found += _rows(f"{name}, {what}", starts)
    return found


@asynccontextmanager
async def _alone() -> AsyncIterator[Mapping[str, str]]:
    yield {}


@asynccontextmanager
async def _with_chats() -> AsyncIterator[Mapping[str, str]]:
    async with SlackSimulator() as slack, DiscordSimulator(SteadyClock()) as discord:
        yield {
            "PAPERROUND_SLACK_API_URL": slack.api_url,
            "PAPERROUND_SLACK_BOT_TOKEN": BOT_TOKEN,
            "PAPERROUND_SLACK_APP_TOKEN": APP_TOKEN,
            "PAPERROUND_SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "PAPERROUND_DISCORD_API_URL": discord.api_url,
            "PAPERROUND_DISCORD_TOKEN": discord.token,
        }


def _rows(where: str, starts: list[_Start]) -> list[Row]:
    def middle(of: Callable[[_Start], float]) -> float:
        return median(map(of, starts))

    memory = middle(lambda start: start.memory) / MEGABYTE
    return [
        Row(
            what=f"{where}: ready, processor",
            ours=middle(lambda start: start.ready),
            unit="s",
            rival="wanted",
            theirs=READY_WITHIN,
        ),
        Row(what=f"{where}: ready, by the clock", ours=middle(lambda start: start.ready_after), unit="s"),
        Row(
            what=f"{where}: processor of the first {SETTLED_AFTER:.0f} s",
            ours=middle(lambda start: start.settled),
            unit="s",
        ),
        Row(what=f"{where}: memory then", ours=memory, unit="MB", rival="wanted", theirs=IDLE_WITHIN),
    ]


async def _start(url: str, folder: Path, more: Mapping[str, str]) -> _Start:
    port = free_port()
    began = time.monotonic()
    program = psutil.Popen(
        [sys.executable, "-m", "bot", "run"],
        env={**environment_of(url, folder, port), **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await until_ready(port, within=LONGEST, every=ASKED_EVERY)
        ready, ready_after = _used(program), time.monotonic() - began
        await asyncio.sleep(SETTLED_AFTER - (time.monotonic() - began))
        return _Start(ready, ready_after, _used(program), program.memory_info().rss)
    finally:
        program.terminate()
        await asyncio.to_thread(program.wait)


def _used(program: psutil.Process) -> float:
    times = program.cpu_times()
    return float(times.user + times.system)


def _seconds_of(line: tuple[str, ...], environment: Mapping[str, str]) -> float:
    """What the program takes for a command that ends by itself."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "bot", *line], env=environment, check=False, stdout=subprocess.DEVNULL)
    after = os.times()
    return float(after.children_user + after.children_system - before.children_user - before.children_system)
