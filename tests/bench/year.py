"""A year: what the database and the index come to, and what a day's work costs at its beginning and at its end.

Every weekday brings the papers of Daily Papers and of arXiv's categories that teams read; each channel has three topics
and a digest on weekdays at nine. The platform has no limits. SQLite, with retention on, and vectors off. Papers are
real ones. Times are those of the processor, so that it may be run beside other work; a day is measured from its
first poll to its last post, and what is deleted at its end.

It takes some twenty minutes of processor, so it is measured only when it is named. `YEAR_CHANNELS` and `YEAR_DAYS` make
it smaller.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil
import structlog
from sqlalchemy import text

from bot.lifecycle.pruning import KeptFor, Pruning
from bot.papers.paper import Listing, Paper
from bot.papers.sources import HUGGINGFACE, SourceName
from bot.papers.store import DayAnswer
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.bench import Row
from tests.core import Core
from tests.search.feeds import arxiv_papers
from tests.topics.real import subscriptions

ON_REQUEST: Final = True
CHANNELS: Final = int(os.environ.get("YEAR_CHANNELS", "2000"))
DAYS: Final = int(os.environ.get("YEAR_DAYS", "365"))
TOPICS_EACH: Final = 3
DISTINCT: Final = 0.6
FEATURED: Final = 30  # papers of Daily Papers a weekday
ANNOUNCED: Final = 300  # papers of arXiv
KEPT: Final = KeptFor(history=timedelta(days=90), papers=timedelta(days=180))
FIRST: Final = date(2026, 1, 5)  # a Monday
MEGABYTE: Final = 1_000_000
#: Weekdays of which a figure is the median.
OF_DAYS: Final = 10


class YearlyFeed:
    """Implements `bot.intake.source.Source`: a day's papers once, and after that those alone that gather votes."""

    def __init__(self, papers: Iterator[Paper]) -> None:
        self._papers = papers
        self._days: dict[date, list[Paper]] = {}

    @property
    def name(self) -> SourceName:
        return HUGGINGFACE

    def announce(self, day: date) -> None:
        self._days[day] = list(islice(self._papers, FEATURED + ANNOUNCED))
        self._days.pop(day - timedelta(days=30), None)

    async def newest_day(self) -> date | None:
        return max(self._days, default=None)

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        papers = self._days.get(day, [])
        if validator:
            papers = papers[:FEATURED]
        listings = (Listing(source=self.name, day=day, paper=paper, rank=rank) for rank, paper in enumerate(papers, 1))
        return DayAnswer(day=day, listings=tuple(listings), validator="read" if papers else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """The seconds of the processor that a weekday took."""

    taking_in: float
    posting: float
    deleting: float
    posts: int

    @property
    def total(self) -> float:
        return self.taking_in + self.posting + self.deleting


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with asyncio.Runner() as runner:
        year = _year()
        while (row := runner.run(anext(year, None))) is not None:  # each as soon as it is known: it takes long
            yield row


async def _year() -> AsyncGenerator[Row, None]:
    with TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{folder}/paperround.db")
        await store.open()
        core = Core(store, Path(folder) / "index")
        feed = YearlyFeed(arxiv_papers(300_000))
        core.engine._intake._sources = (feed,)
        await _subscribe(core)
        pruning = Pruning(store.pruning, KEPT)
        days: list[_Day] = []
        yield Row(what="channels", ours=CHANNELS, unit="")
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            if day.weekday() < 5:
                feed.announce(day)
                days.append(await _work(core, pruning, day))
            if number + 1 in (DAYS // 8, DAYS // 4, DAYS // 2, 3 * DAYS // 4, DAYS):
                for row in await _figures(core, folder, f"after {number + 1} days", days):
                    yield row
        for what, rows_there in (await _counts(core)).items():
            yield Row(what=f"{what} in all", ours=rows_there, unit="")
        await core.index.close()
        await store.close()


async def _subscribe(core: Core) -> None:
    core.clock.set(datetime(FIRST.year, FIRST.month, FIRST.day, 5, tzinfo=UTC) - timedelta(days=1))
    texts = subscriptions(
        list(arxiv_papers(2000)), CHANNELS * TOPICS_EACH, distinct=int(CHANNELS * TOPICS_EACH * DISTINCT)
    )
    now = core.clock.now()
    for number in range(CHANNELS):
        channel = await core.store.channels.add(
            core.address(f"channel-{number}"),
            "",
            time_zone="UTC",
            schedule="weekdays 09:00",
            next_digest_at=datetime(FIRST.year, FIRST.month, FIRST.day, 9, tzinfo=UTC),
        )
        for query in dict.fromkeys(texts[number * TOPICS_EACH : (number + 1) * TOPICS_EACH]):
            await core.store.subscriptions.add(channel.id, TopicOptions(query=query), created_by="u1", now=now)


async def _work(core: Core, pruning: Pruning, day: date) -> _Day:
    core.clock.set(datetime(day.year, day.month, day.day, 6, tzinfo=UTC))
    began = time.process_time()
    await core.engine.poll()
    taken_in = time.process_time()
    core.clock.set(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    while await core.engine.deliver():
        pass
    posted = time.process_time()
    await pruning.prune(core.clock.now(), pause=0)
    await core.index.refresh()
    deleted = time.process_time()
    posts = len(core.platform.posts)
    core.platform.posts.clear()
    core.platform.requests.clear()
    return _Day(taking_in=taken_in - began, posting=posted - taken_in, deleting=deleted - posted, posts=posts)


async def _figures(core: Core, folder: str, when: str, days: Sequence[_Day]) -> list[Row]:
    database = sum(file.stat().st_size for file in Path(folder).glob("paperround.db*"))
    index = sum(file.stat().st_size for file in (Path(folder) / "index").rglob("*") if file.is_file())
    space = await core.store.pruning.space()
    some = days[-OF_DAYS:]
    return [
        Row(what=f"{when}: database", ours=database / MEGABYTE, unit="MB"),
        Row(what=f"{when}: of that free", ours=(space.free or 0) / MEGABYTE, unit="MB"),
        Row(what=f"{when}: index", ours=index / MEGABYTE, unit="MB"),
        Row(what=f"{when}: memory of the process", ours=psutil.Process().memory_info().rss / MEGABYTE, unit="MB"),
        Row(what=f"{when}: posts a weekday", ours=statistics.median(day.posts for day in some), unit=""),
        Row(what=f"{when}: a day's papers, processor", ours=_median([day.taking_in for day in some]), unit="s"),
        Row(what=f"{when}: a day's digests, processor", ours=_median([day.posting for day in some]), unit="s"),
        Row(what=f"{when}: what is deleted a day, processor", ours=_median([day.deleting for day in some]), unit="s"),
    ]


async def _counts(core: Core) -> dict[str, int]:
    tables = ("papers", "deliveries", "past_deliveries", "posts", "digests", "delivery_topics")
    async with core.store.database.read() as connection:
        return {one: int(await connection.scalar(text(f"SELECT count(*) FROM {one}")) or 0) for one in tables}


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)
