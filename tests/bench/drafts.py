"""Drafts: what a topic would bring, asked for while somebody types it, with many papers in the database.

The whole way behind the pages: reading the query, counting by day and source, the newest ten with their marks, words
that were probably meant.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.papers.paper import Paper
from bot.query.marking import marks_of
from bot.search.questions import STOP_WORDS
from bot.text.words import words
from storage.store import SqlStore
from tests.bench import Row, Times
from tests.core import Core
from tests.search.feeds import RECORDS, arxiv_papers

PAPERS = 100_000
DRAFTS = 200
BY_EXAMPLE = 30
PROPOSALS = 30
AT_ONCE = 2_000


def rows() -> Iterator[Row]:
    """The rows of this section; none where the recorded papers are not beside the project."""
    if not RECORDS.exists():
        return
    with TemporaryDirectory() as folder:
        yield from asyncio.run(_measured(Path(folder)))


async def _measured(folder: Path) -> list[Row]:
    papers = list(arxiv_papers(PAPERS))
    store = SqlStore(f"sqlite:///{folder / 'papers.db'}")
    await store.open()
    core = Core(store, folder / "index")
    source = iter(papers)
    while batch := list(islice(source, AT_ONCE)):
        await store.papers.import_papers(batch)
    await core.index.refresh()
    chance = random.Random(20260424)
    drafts = _drafts(papers, chance)
    label = f"{PAPERS:,} papers"
    typed = await _times(core, drafts)
    examples = await _times(core, [f"like:{chance.choice(papers).id}" for _ in range(BY_EXAMPLE)])
    proposed = await _proposals(core, papers, drafts, chance)
    paced = await _paced(core, drafts, chance)
    colours = _times_of_marks(drafts)
    await core.index.close()
    await store.close()
    return [
        Row(what=f"preview of a draft, {label}: p50", ours=typed.p50),
        Row(what=f"preview of a draft, {label}: p95", ours=typed.p95),
        Row(what=f"preview of a draft by example, {label}: p95", ours=examples.p95),
        Row(what=f"proposals for a paper that is not wanted, {label}: p95", ours=proposed.p95),
        Row(what=f"ways of a draft to 3 papers a day, {label}: p95", ours=paced.p95),
        Row(what="colours of a draft: p95", ours=colours.p95),
    ]


async def _times(core: Core, drafts: Sequence[str]) -> Times:
    durations = []
    for draft in drafts:
        start = time.perf_counter()
        await core.panels.drafts.preview(core.call(), draft)
        durations.append(time.perf_counter() - start)
    return Times.of(durations)


async def _proposals(core: Core, papers: Sequence[Paper], drafts: Sequence[str], chance: random.Random) -> Times:
    durations = []
    for draft in chance.sample(drafts, PROPOSALS):
        start = time.perf_counter()
        await core.panels.drafts.proposals(core.call(), draft, chance.choice(papers).id, wanted=False)
        durations.append(time.perf_counter() - start)
    return Times.of(durations)


async def _paced(core: Core, drafts: Sequence[str], chance: random.Random) -> Times:
    durations = []
    for draft in chance.sample(drafts, PROPOSALS):
        start = time.perf_counter()
        await core.panels.drafts.paced(core.call(), draft, 3)
        durations.append(time.perf_counter() - start)
    return Times.of(durations)


def _times_of_marks(drafts: Sequence[str]) -> Times:
    durations = []
    for draft in drafts:
        start = time.perf_counter()
        marks_of(draft)
        durations.append(time.perf_counter() - start)
    return Times.of(durations)


def _drafts(papers: Sequence[Paper], chance: random.Random) -> list[str]:
    """What stands in the field while people type: words of titles, the last one half written, with operators."""
    found: list[str] = []
    while len(found) < DRAFTS:
        title = [word for word in words(chance.choice(papers).title) if word not in STOP_WORDS and word.isascii()]
        if len(title) < 4:
            continue
        start = chance.randrange(len(title) - 2)
        first, second, third = title[start : start + 3]
        half = third[: max(3, len(third) // 2)]
        found.append(
            chance.choice(
                (
                    first,
                    f"{first} {second}",
                    f"{first} {half}",
                    f'"{first} {second}" -{third}',
                    f"{first} OR {second} OR {third}",
                    f"cat:cs.* {first}",
                    f"title:{first} -(survey OR {second})",
                )
            )
        )
    return found
