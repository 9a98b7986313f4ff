"""Meaning: what it finds beside words alone, how fast, in how much memory, and what it costs everybody else.

The rows of one section come from one run: the words alone are asked in the same minute, over the same papers.
"""

from __future__ import annotations

import asyncio
import logging
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import structlog

from adapters.embedding.files import find_files
from adapters.embedding.onnx import OnnxModel
from bot.clocks import SystemClock
from bot.errors import NoModelError
from bot.meaning.finding import Finder
from bot.meaning.meaning import IDLE_AFTER, Meaning
from bot.meaning.model import AbsentModel, embedded_text
from bot.meaning.store import VectorChange
from bot.meaning.vectors import Vector
from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.text.words import words
from storage.search.index import TantivyIndex
from storage.store import SqlStore
from tests.bench import Row, Times
from tests.bench.searching import cranfield_gains, cranfield_papers, cranfield_questions, discounted, ndcg
from tests.clocks import SettableClock
from tests.core import Core
from tests.databases import migrate
from tests.search.feeds import RECORDS, MemoryFeed, arxiv_papers

TOP = 10
MANY = 100_000
QUESTIONS = 200
EMBEDDED = 100
SEEDS = 300  # papers that others like them are looked for
EMBEDDED_BESIDE = 10_000  # papers that wait while commands are given
COMMANDS = 200


def rows() -> Iterator[Row]:
    """The rows of this section; none without the recorded papers beside the project, or without a model."""
    if not RECORDS.exists():
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        model = OnnxModel(find_files(""))
    except NoModelError:
        return
    yield from asyncio.run(_found(model))
    yield _pace(model)
    model.release()
    yield from asyncio.run(_questions(model))
    yield from _memory()
    yield from asyncio.run(_latency(model))


# --- How well ---------------------------------------------------------------------------------------------------------


async def _found(model: OnnxModel) -> list[Row]:
    papers = cranfield_papers()
    with TemporaryDirectory() as folder:
        store = await _store(Path(folder))
        await store.papers.import_papers(papers)
        await store.vectors.add([(paper, model.embed(embedded_text(paper))) for paper in papers])
        index = TantivyIndex(Path(folder) / "index", store.papers)
        await index.refresh()
        by_words = Finder(index, Meaning(AbsentModel(NoModelError("")), store.vectors, SystemClock()))
        finder = Finder(index, Meaning(model, store.vectors, SystemClock()))
        questions = await _ndcg_of_questions(finder), await _ndcg_of_questions(by_words)
        similar = await _ndcg_of_similar(finder, papers), await _ndcg_of_similar(by_words, papers)
        await index.close()
        await store.close()
    told = "by words"
    return [
        Row(what="questions, by meaning as well, nDCG@10 (Cranfield)", ours=questions[0], unit="", rival=told,
            theirs=questions[1], more_is_better=True),
        Row(what="similar papers, by meaning as well, nDCG@10 (Cranfield)", ours=similar[0], unit="", rival=told,
            theirs=similar[1], more_is_better=True),
    ]  # fmt: skip


async def _ndcg_of_questions(finder: Finder) -> float:
    answers = {}
    for text in cranfield_questions().values():
        page = await finder.search(parse(" ".join(words(text))), limit=TOP, asked=text)
        answers[text] = [hit.paper_id for hit in (*page.hits, *page.related)][:TOP]
    return ndcg(answers.__getitem__)


async def _ndcg_of_similar(finder: Finder, papers: Sequence[Paper]) -> float:
    """How well papers that answer the same questions are found from one of them."""
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for gains in cranfield_gains().values():
        answers = {paper for paper, gain in gains.items() if gain > 0}
        for paper in answers:
            alike[paper] |= answers - {paper}
    known = {paper.id: paper for paper in papers}
    seeds = random.Random(1).sample(sorted(paper for paper in alike if paper in known and len(alike[paper]) > 2), SEEDS)
    scores = []
    for seed in seeds:
        hits = await finder.similar(known[seed], limit=TOP)
        gained = discounted([int(hit.paper_id in alike[seed]) for hit in hits])
        scores.append(gained / discounted([1] * len(alike[seed])))
    return sum(scores) / len(scores)


# --- How fast ---------------------------------------------------------------------------------------------------------


def _pace(model: OnnxModel) -> Row:
    texts = [embedded_text(paper) for paper in arxiv_papers(EMBEDDED)]
    model.embed(texts[0])
    start = time.thread_time()  # other work on the machine is not counted
    for text in texts:
        model.embed(text)
    pace = EMBEDDED / (time.thread_time() - start)
    return Row(what="papers embedded in a second of one core", ours=pace, unit="", rival="wanted", theirs=25,
               more_is_better=True)  # fmt: skip


async def _questions(model: OnnxModel) -> list[Row]:
    """The whole way of a question at 100,000 papers, with made-up vectors: what they say costs no time."""
    with TemporaryDirectory() as folder:
        papers = list(arxiv_papers(MANY))
        index = TantivyIndex(Path(folder) / "index", MemoryFeed(papers))
        await index.refresh()
        vectors = MadeUpVectors(model.name, [paper.id for paper in papers])
        finder = Finder(index, Meaning(model, vectors, SystemClock()))  # type: ignore[arg-type]
        asked = list(islice(cranfield_questions().values(), QUESTIONS))
        durations = []
        for text in asked:
            start = time.perf_counter()
            await finder.search(parse(" ".join(words(text))), limit=5, asked=text)
            durations.append(time.perf_counter() - start)
        await index.close()
    first, times = durations[0], Times.of(durations[1:])
    label = f"a question, {MANY:,} papers"
    return [
        Row(what=f"{label}: p50", ours=times.p50),
        Row(what=f"{label}: p95", ours=times.p95, rival="wanted", theirs=60),
        Row(what=f"{label}: the first, which loads model and vectors", ours=1000 * first),
    ]


class MadeUpVectors:
    """A store of vectors that say nothing, of which it keeps none."""

    def __init__(self, model: str, paper_ids: Sequence[str]) -> None:
        self._model = model
        self._paper_ids = paper_ids

    async def last_change(self) -> int:
        return len(self._paper_ids)

    async def changed_vectors(self, _model: str, after: int, limit: int) -> list[VectorChange]:
        chance = np.random.default_rng(after)
        some = self._paper_ids[after : after + limit]
        made = chance.integers(-60, 61, size=(len(some), 384), dtype=np.int8)
        return [
            VectorChange(number, paper_id, Vector(self._model, row.tobytes()))
            for number, (paper_id, row) in enumerate(zip(some, made, strict=True), after + 1)
        ]


async def _latency(model: OnnxModel) -> list[Row]:
    """Commands alone, and while papers are embedded in the background."""
    with TemporaryDirectory() as folder:
        store = await _store(Path(folder))
        core = Core(store, Path(folder) / "index", model=model)
        await store.papers.import_papers(list(arxiv_papers(EMBEDDED_BESIDE)))
        await core.index.refresh()
        await core.engine.leadership.renew()
        alone = await _commands(core)
        embedding = asyncio.create_task(core.engine.embed())
        await asyncio.sleep(2)
        beside = await _commands(core)
        assert not embedding.done()
        embedding.cancel()
        await asyncio.gather(embedding, return_exceptions=True)
        core.engine.close()
        await core.index.close()
        await store.close()
    return [
        Row(what="a command while 10,000 papers are embedded: p50", ours=beside.p50, rival="alone", theirs=alone.p50),
        Row(what="a command while 10,000 papers are embedded: p99", ours=beside.p99, rival="alone", theirs=alone.p99),
    ]


async def _commands(core: Core) -> Times:
    durations = []
    for number in range(COMMANDS):
        line = ("search learning", "today", "topics", "status")[number % 4]
        start = time.perf_counter()
        await core.ask(line)
        durations.append(time.perf_counter() - start)
        await asyncio.sleep(0.01)
    return Times.of(durations)


# --- How much memory --------------------------------------------------------------------------------------------------


def _memory() -> Iterator[Row]:
    """In a process of its own, so that nothing else counts."""
    answer = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True, text=True)
    before, used, after = map(float, answer.stdout.split())
    label = f"memory of meaning, {MANY:,} papers"
    yield Row(what=f"{label}: while in use", ours=used - before, unit="MB more", rival="wanted", theirs=200)
    yield Row(what=f"{label}: after ten idle minutes", ours=after - before, unit="MB more")


async def _use_memory() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock, model = SettableClock(), OnnxModel(find_files(""))
    store = MadeUpVectors(model.name, [f"2604.{number:06}" for number in range(MANY)])
    meaning = Meaning(model, store, clock)  # type: ignore[arg-type]
    texts = [embedded_text(paper) for paper in arxiv_papers(EMBEDDED)]
    before = most = _resident()
    view = await meaning.view()
    for text in texts:
        view.nearest(await meaning.vector(text), TOP)
        most = max(most, _resident())
    del view
    clock.advance(seconds=IDLE_AFTER.total_seconds())
    assert await meaning.release_idle()
    print(before, most, _resident())


def _resident() -> float:
    """What this process holds in memory now, in megabytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def _store(folder: Path) -> SqlStore:
    url = f"sqlite:///{folder / 'paperround.db'}"
    await migrate(url)
    return SqlStore(url)


if __name__ == "__main__":
    asyncio.run(_use_memory())
