"""Search: beside SQLite's FTS5 and PostgreSQL's `ts_rank_cd`, over the same papers with the same queries.

Ours is the whole way of a search: the thread, the look whether the database changed, the total, ten results with their
snippets. The others only have to give the ids of the ten best.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.search.questions import STOP_WORDS
from bot.text.words import words
from storage.search.index import TantivyIndex
from tests.bench import Row, Stopwatch, Times
from tests.databases import PostgresServer
from tests.search.feeds import RECORDS, SHARED, MemoryFeed, arxiv_papers

SIZES = (1_000, 10_000, 100_000)
POSTGRES_FROM = 10_000
IMPORTED = 60_000
QUERIES = 300
TOP = 10
_CRANFIELD = SHARED / "data" / "ir" / "cranfield"

Ask = Callable[[str], Sequence[str]]


def rows() -> Iterator[Row]:
    """The rows of this section; none where the recorded papers are not beside the project."""
    if not RECORDS.exists():
        return
    yield from _ranking()
    for size in SIZES:
        yield from _speed(size)
    yield from _importing()


# --- How fast ---------------------------------------------------------------------------------------------------------


def _speed(size: int) -> Iterator[Row]:
    papers = list(arxiv_papers(size))
    asked = _queries(papers)
    label = f"{size:,} papers"
    with TemporaryDirectory() as folder:
        ours, building, fresh = asyncio.run(_our_speed(papers, asked, Path(folder) / "index"))
        with Stopwatch() as inserting:
            fts = Fts5(Path(folder) / "fts.db", papers)
        theirs = _times(fts.all_words, asked)
        fts.close()
        yield Row(what=f"search, {label}: p50", ours=ours.p50, rival="FTS5", theirs=theirs.p50)
        yield Row(what=f"search, {label}: p95", ours=ours.p95, rival="FTS5", theirs=theirs.p95)
        yield Row(what=f"index {label}", ours=building, unit="s", rival="FTS5", theirs=inserting.seconds)
        yield Row(
            what=f"index of {label}, on disk",
            ours=_size(Path(folder) / "index"),
            unit="MB",
            rival="FTS5",
            theirs=_size(Path(folder) / "fts.db"),
        )
        yield Row(what=f"find a paper that was just added, {label}: p50", ours=fresh.p50)
        yield Row(what=f"find a paper that was just added, {label}: p95", ours=fresh.p95)
        if size >= POSTGRES_FROM:
            with PostgresServer(Path(folder)) as server:
                theirs = asyncio.run(_postgres_speed(server.url(), papers, asked))
            yield Row(what=f"search, {label}: p50", ours=ours.p50, rival="ts_rank_cd", theirs=theirs.p50)
            yield Row(what=f"search, {label}: p95", ours=ours.p95, rival="ts_rank_cd", theirs=theirs.p95)


async def _our_speed(papers: Sequence[Paper], asked: Sequence[str], folder: Path) -> tuple[Times, float, Times]:
    """How long searches take, building the index (in seconds), and a search that takes over a new paper first."""
    feed = MemoryFeed(papers)
    index = TantivyIndex(folder, feed)
    with Stopwatch() as building:
        await index.refresh()
    durations = []
    for query in map(parse, asked):
        start = time.perf_counter()
        await index.search(query, limit=TOP)
        durations.append(time.perf_counter() - start)
    first = []
    for number in range(20):
        feed.put(Paper(id=f"2604.{number:05d}", title=f"Zebra{number}"))
        with Stopwatch() as watch:
            while not (await index.search(parse(f"zebra{number}"), limit=TOP)).hits:
                pass
        first.append(watch.seconds)
    await index.close()
    return Times.of(durations), building.seconds, Times.of(first)


async def _postgres_speed(url: str, papers: Sequence[Paper], asked: Sequence[str]) -> Times:
    connection = await asyncpg.connect(url)
    await connection.execute(
        """CREATE TABLE paper (id text, title text, abstract text, words tsvector GENERATED ALWAYS AS
        (setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', abstract), 'B')) STORED)"""
    )
    await connection.copy_records_to_table(
        "paper",
        records=[(paper.id, paper.title, paper.abstract) for paper in papers],
        columns=["id", "title", "abstract"],
    )
    await connection.execute("CREATE INDEX ON paper USING gin (words)")
    await connection.execute("ANALYZE paper")
    search = await connection.prepare(
        f"""SELECT id FROM paper, plainto_tsquery('english', $1) AS wanted WHERE words @@ wanted
        ORDER BY ts_rank_cd(words, wanted) DESC LIMIT {TOP}"""
    )
    durations = []
    for text in asked:
        start = time.perf_counter()
        await search.fetch(text)
        durations.append(time.perf_counter() - start)
    await connection.close()
    return Times.of(durations)


def _queries(papers: Sequence[Paper]) -> list[str]:
    """What people type: one to three words of a title in a row, without those that mean nothing."""
    chance = random.Random(20260424)
    found: list[str] = []
    while len(found) < QUERIES:
        title = [word for word in words(chance.choice(papers).title) if word not in STOP_WORDS and word.isascii()]
        length = chance.choice((1, 2, 2, 3))
        if len(title) >= length:
            start = chance.randrange(len(title) - length + 1)
            found.append(" ".join(title[start : start + length]))
    return found


def _times(ask: Ask, asked: Sequence[str]) -> Times:
    durations = []
    for text in asked:
        start = time.perf_counter()
        ask(text)
        durations.append(time.perf_counter() - start)
    return Times.of(durations)


def _size(path: Path) -> float:
    """Megabytes."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


class Fts5:
    """The same papers in SQLite's own full-text index: stemmed, accents folded, the title times three."""

    def __init__(self, file: Path, papers: Sequence[Paper]) -> None:
        self._connection = sqlite3.connect(file)
        self._connection.execute(
            "CREATE VIRTUAL TABLE paper USING fts5(id UNINDEXED, title, abstract, "
            "tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        with self._connection:
            self._connection.executemany(
                "INSERT INTO paper VALUES (?, ?, ?)", ((paper.id, paper.title, paper.abstract) for paper in papers)
            )

    def all_words(self, text: str) -> list[str]:
        return self._ask(" ".join(f'"{word}"' for word in words(text)))

    def any_word(self, text: str) -> list[str]:
        return self._ask(" OR ".join(f'"{word}"' for word in words(text)))

    def _ask(self, expression: str) -> list[str]:
        statement = f"SELECT id FROM paper WHERE paper MATCH ? ORDER BY bm25(paper, 0, 3.0, 1.0) LIMIT {TOP}"
        return [paper_id for (paper_id,) in self._connection.execute(statement, [expression])]

    def close(self) -> None:
        self._connection.close()


# --- How well ---------------------------------------------------------------------------------------------------------


def _ranking() -> Iterator[Row]:
    """Questions as people write them, answered with papers that have any of the words."""
    papers = cranfield_papers()
    with TemporaryDirectory() as folder:
        ours = asyncio.run(_our_ndcg(papers, Path(folder) / "index"))
        fts = Fts5(Path(folder) / "fts.db", papers)
        theirs = ndcg(fts.any_word)
        fts.close()
    yield Row(
        what="questions, nDCG@10 (Cranfield)", ours=ours, unit="", rival="FTS5", theirs=theirs, more_is_better=True
    )


async def _our_ndcg(papers: Sequence[Paper], folder: Path) -> float:
    index = TantivyIndex(folder, MemoryFeed(papers))
    await index.refresh()
    answers = {}
    for question in cranfield_questions().values():
        page = await index.search(parse(" ".join(words(question))), limit=TOP)
        answers[question] = [hit.paper_id for hit in (*page.hits, *page.related)][:TOP]
    await index.close()
    return ndcg(answers.__getitem__)


def cranfield_questions() -> dict[str, str]:
    """The questions of the Cranfield collection by their numbers."""
    lines = (_CRANFIELD / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return {question["_id"]: question["text"] for question in map(json.loads, lines)}


def cranfield_papers() -> list[Paper]:
    """The documents of the Cranfield collection as papers."""
    documents = [json.loads(line) for line in (_CRANFIELD / "corpus.jsonl").open(encoding="utf-8")]
    return [Paper(id=document["_id"], title=document["title"], abstract=document["text"]) for document in documents]


def cranfield_gains() -> dict[str, dict[str, int]]:
    """By question, what each paper that was judged for it is worth."""
    gains: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line in (_CRANFIELD / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, paper, gain = line.split("\t")
        gains[question][paper] = int(gain)
    return gains


def ndcg(ask: Ask) -> float:
    """Mean of the discounted gain at ten, as a part of what the best possible order gains."""
    gains = cranfield_gains()
    scores = [
        discounted([gains[number].get(paper, 0) for paper in ask(text)])
        / discounted(sorted(gains[number].values(), reverse=True))
        for number, text in cranfield_questions().items()
        if any(gains[number].values())
    ]
    return sum(scores) / len(scores)


def discounted(gains: Sequence[int]) -> float:
    """The gains, each by its place."""
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:TOP]))


# --- How much memory --------------------------------------------------------------------------------------------------


class StreamedFeed:
    """Implements `bot.search.index.PaperFeed` over the recorded papers, of which it keeps none."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._papers = enumerate(arxiv_papers(count), 1)

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
        return list(islice(self._papers, limit))

    async def gone_papers(self, after: int) -> Sequence[str]:
        return ()

    async def last_change(self) -> int:
        return self._count

    async def count(self) -> int:
        return self._count


def _importing() -> Iterator[Row]:
    """In a process of its own, so that nothing else counts."""
    answer = subprocess.run([sys.executable, "-m", __name__, str(IMPORTED)], check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, answer.stdout.split())
    yield Row(what=f"index {IMPORTED:,} papers, with reading them", ours=seconds, unit="s")
    yield Row(what=f"index {IMPORTED:,} papers: most memory of the process", ours=megabytes, unit="MB")


async def _import(count: int) -> None:
    with TemporaryDirectory() as folder, Stopwatch() as watch:
        index = TantivyIndex(Path(folder), StreamedFeed(count))
        await index.refresh()
        await index.close()
    print(watch.seconds, _peak())


def _peak() -> float:
    """The most memory that this process ever had, in megabytes."""
    # Linux counts the process that it was started from into ru_maxrss, and leaves it out here.
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


if __name__ == "__main__":
    asyncio.run(_import(int(sys.argv[1])))
