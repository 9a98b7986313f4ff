"""Matching: beside what one would write at first and what databases offer.

    python -m tests.bench.matching   # one million topics: some minutes, 2 GB

The topics are made from titles of real papers (`tests.topics.real.subscriptions`) and matched against other real
papers. Every rival gets them in the form that suits it best, made beforehand, and has less to do: it only answers what
is asked about words, not about categories and votes. All of it runs on one core without waiting for anything, so that
seconds of the processor are measured: what else the machine does at that time changes little.
"""

from __future__ import annotations

import asyncio
import gc
import math
import sqlite3
import statistics
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import asyncpg
import psutil
from tantivy import Index
from tantivy import Query as IndexQuery

from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.query.syntax import And, Node, Not, Or, Phrase, Prefix, Word
from bot.text.words import terms, words
from bot.topics.matcher import Matcher
from storage.search.documents import document, schema
from storage.search.queries import exact_query
from tests.bench import Row, Times
from tests.bench.__main__ import number
from tests.databases import PostgresServer
from tests.search.feeds import RECORDS, arxiv_papers
from tests.topics.real import subscriptions

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
DISTINCT = 0.43  # of the topics
BATCH = 500  # papers
ONE_BY_ONE = 5  # papers that rivals get alone
FRESH = 100  # papers that ours gets alone beside each rival, and PostgreSQL, whose clock ticks slowly
_SOURCES_OF_TOPICS = 20_000  # papers


def rows(sizes: Sequence[int] = SIZES) -> Iterator[Row]:
    """The rows of this section; none where the recorded papers are not beside the project."""
    if not RECORDS.exists():
        return
    papers = iter(arxiv_papers(_SOURCES_OF_TOPICS + BATCH + FRESH))
    about, shown, fresh = list(islice(papers, _SOURCES_OF_TOPICS)), list(islice(papers, BATCH)), list(papers)
    few: Speed | None = None
    for size in sizes:
        topics = subscriptions(about, size, distinct=round(size * DISTINCT))
        matcher = Matcher()
        speed = yield from _ours(matcher, topics, shown)
        few = few or speed
        if size != sizes[0]:
            yield Row(
                what=f"{size:,} topics take longer than {sizes[0]:,}", ours=speed.single / few.single, unit="times"
            )
        if size >= SIZES[-1]:
            yield from _rivals(matcher, topics, shown, fresh)


class _CpuClock:
    """Measures what the work in its `with` block takes of the processor; `seconds` is there afterwards."""

    seconds = math.nan

    def __enter__(self) -> Self:
        self._start = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._start


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds for a paper: alone, and as one of many."""

    single: float
    batch: float


def _ours(matcher: Matcher, topics: Sequence[str], shown: Sequence[Paper]) -> Generator[Row, None, Speed]:
    """Measures ours alone, and leaves all topics in the matcher."""
    label = f"{len(topics):,} topics"
    memory = psutil.Process().memory_info().rss
    puts, removals = [], []
    for key, topic in enumerate(topics):
        query = parse(topic)
        with _CpuClock() as put:
            matcher.put(key, query)
        puts.append(put.seconds)
    memory = psutil.Process().memory_info().rss - memory
    gc.collect()
    gc.freeze()  # as the bot does once it knows the topics
    singles = _alone(matcher, shown)
    speed = Speed(singles.p50, _together(matcher, shown))
    found = matcher.match_all(shown)
    yield Row(what=f"{label}: different ones", ours=matcher.distinct, unit="")
    yield Row(what=f"{label}: found by a paper", ours=statistics.mean(map(len, found)), unit="")
    yield Row(what=f"{label}, a paper alone: p50", ours=speed.single)
    yield Row(what=f"{label}, a paper alone: p99", ours=singles.p99)
    yield Row(what=f"{label}, a paper among {len(shown)}", ours=speed.batch)
    yield Row(what=f"{label}, adding one: p99", ours=Times.of(puts).p99)
    for key in range(0, len(topics), 10):
        with _CpuClock() as removal:
            matcher.remove(key)
        removals.append(removal.seconds)
    for key in range(0, len(topics), 10):
        matcher.put(key, parse(topics[key]))
    yield Row(what=f"{label}, removing one: p99", ours=Times.of(removals).p99)
    yield Row(what=f"{label}, in memory", ours=memory / 1e6, unit="MB")
    return speed


def _alone(matcher: Matcher, papers: Iterable[Paper]) -> Times:
    durations = []
    for paper in papers:
        with _CpuClock() as single:
            matcher.match(paper)
        durations.append(single.seconds)
    return Times.of(durations)


def _together(matcher: Matcher, papers: Sequence[Paper]) -> float:
    """Milliseconds for each of the papers, the best of three times."""
    durations = []
    for _ in range(3):
        with _CpuClock() as batch:
            matcher.match_all(papers)
        durations.append(1000 * batch.seconds / len(papers))
    return min(durations)


def _rivals(matcher: Matcher, topics: Sequence[str], shown: Sequence[Paper], fresh: Sequence[Paper]) -> Iterator[Row]:
    """Each rival, and ours right before it: what a machine does in a second changes from one minute to the next."""
    label = f"{len(topics):,} topics"
    roots = {topic: parse(topic).root for topic in topics}
    plain = {topic: _plain(root) for topic, root in roots.items()}
    every = [plain[topic] for topic in topics]
    sets = [_Sets(topic) for topic in plain.values()]
    expressions = [_match_expression(topic) for topic in plain.values()]
    fields = schema()
    queries = [exact_query(fields, root, lambda _model, _wanted: IndexQuery.empty_query()) for root in roots.values()]

    def one_by_one(match: Callable[[Paper], int]) -> float:
        durations = []
        for paper in shown[:ONE_BY_ONE]:
            with _CpuClock() as theirs:
                match(paper)
            durations.append(theirs.seconds)
        return Times.of(durations).p50

    alone: dict[str, Callable[[], float]] = {
        "loop with in": lambda: one_by_one(lambda paper: _by_substring(every, paper)),
        "token sets, distinct": lambda: one_by_one(lambda paper: _by_sets(sets, paper)),
        "FTS5, distinct": lambda: one_by_one(lambda paper: _by_fts5(expressions, [paper])),
        "tsquery": lambda: 1000 * asyncio.run(_by_postgres(every, shown[:FRESH])),
        "tsquery, distinct": lambda: 1000 * asyncio.run(_by_postgres(plain.values(), shown[:FRESH])),
    }
    for rival, theirs in alone.items():
        ours = _alone(matcher, fresh).p50
        yield Row(what=f"{label}, a paper alone", ours=ours, rival=rival, theirs=theirs())
    per_paper = 1000 / len(shown)
    together: dict[str, Callable[[], object]] = {
        "FTS5, distinct": lambda: _by_fts5(expressions, shown),
        "tantivy, distinct": lambda: _by_tantivy(queries, shown),
    }
    for rival, match in together.items():
        ours = _together(matcher, shown)
        with _CpuClock() as theirs_together:
            match()
        yield Row(
            what=f"{label}, a paper among {len(shown)}",
            ours=ours,
            rival=rival,
            theirs=per_paper * theirs_together.seconds,
        )


# --- The rivals -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plain:
    """The texts that a topic needs, one of which it needs, and that it excludes. A prefix ends with a `*`."""

    need: tuple[str, ...]
    either: tuple[str, ...]
    without: tuple[str, ...]


def _plain(root: Node) -> _Plain:
    parts = root.nodes if isinstance(root, And) else (root,)
    need = tuple(_text(part) for part in parts if isinstance(part, Word | Phrase | Prefix))
    either = tuple(_text(part) for part in root.nodes) if isinstance(root, Or) else ()
    without = tuple(_text(part.node) for part in parts if isinstance(part, Not))
    return _Plain(need, either, without)


def _text(node: Node) -> str:
    match node:
        case Word(word):
            return word
        case Phrase(phrase):
            return " ".join(phrase)
        case Prefix(start):
            return f"{start}*"
    raise TypeError(f"{node!r} is not in the topics of this benchmark")


def _by_substring(topics: Iterable[_Plain], paper: Paper) -> int:
    """What one writes at first: is the text in the text?"""
    text = " ".join(words(f"{paper.title} {paper.abstract}"))
    found = 0
    for topic in topics:
        for wanted in topic.need:
            if wanted.rstrip("*") not in text:
                break
        else:
            if topic.either and not any(wanted.rstrip("*") in text for wanted in topic.either):
                continue
            if topic.without and any(excluded in text for excluded in topic.without):
                continue
            found += 1
    return found


class _Sets:
    """A topic for token sets: stemmed words, phrases with a space at each end, prefixes."""

    __slots__ = ("either", "need", "phrases", "starts", "without")

    def __init__(self, topic: _Plain) -> None:
        self.need = {term for text in topic.need if "*" not in text and " " not in text for term in terms(text)}
        self.phrases = [f" {' '.join(terms(text))} " for text in topic.need if " " in text]
        self.starts = [text.rstrip("*") for text in topic.need if "*" in text]
        self.either = [_Sets(_Plain((text,), (), ())) for text in topic.either]
        self.without = [f" {' '.join(terms(text))} " for text in topic.without]

    def finds(self, tokens: set[str], text: str, written: set[str]) -> bool:
        return (
            self.need <= tokens
            and all(phrase in text for phrase in self.phrases)
            and all(any(word.startswith(start) for word in written) for start in self.starts)
            and (not self.either or any(either.finds(tokens, text, written) for either in self.either))
            and not any(excluded in text for excluded in self.without)
        )


def _by_sets(topics: Iterable[_Sets], paper: Paper) -> int:
    row = terms(f"{paper.title} {paper.abstract}")
    tokens, text = set(row), f" {' '.join(row)} "
    written = set(words(f"{paper.title} {paper.abstract}"))
    return sum(topic.finds(tokens, text, written) for topic in topics)


def _match_expression(topic: _Plain) -> str:
    def quoted(text: str) -> str:
        return f'"{text.rstrip("*")}"{"*" if text.endswith("*") else ""}'

    wanted = " AND ".join(map(quoted, topic.need)) or " OR ".join(map(quoted, topic.either)) or '"the"'
    return f"({wanted}) NOT ({' OR '.join(map(quoted, topic.without))})" if topic.without else wanted


def _by_fts5(topics: Iterable[str], papers: Sequence[Paper]) -> int:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE papers USING fts5(title, abstract, tokenize='porter unicode61')")
    database.executemany("INSERT INTO papers VALUES (?, ?)", [(paper.title, paper.abstract) for paper in papers])
    found = 0
    for topic in topics:
        found += len(database.execute("SELECT rowid FROM papers WHERE papers MATCH ?", (topic,)).fetchall())
    database.close()
    return found


def _tsquery(topic: _Plain) -> str:
    def quoted(text: str) -> str:
        if text.endswith("*"):
            return f"'{text[:-1]}':*"
        return "(" + " <-> ".join(f"'{word}'" for word in text.split()) + ")"

    wanted = " & ".join(map(quoted, topic.need)) or " | ".join(map(quoted, topic.either)) or "'paper'"
    return " & ".join([f"({wanted})", *(f"!{quoted(text)}" for text in topic.without)])


async def _by_postgres(topics: Iterable[_Plain], papers: Sequence[Paper]) -> float:
    """Seconds of the processor that PostgreSQL needs for a paper: it compares each topic with it."""
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        connection = await asyncpg.connect(server.url())
        await connection.execute("SET max_parallel_workers_per_gather = 0; SET client_min_messages = error")
        await connection.execute("CREATE TABLE topic (id serial, asked tsquery)")
        await connection.execute(
            "INSERT INTO topic (asked) SELECT to_tsquery('english', unnest($1::text[]))", list(map(_tsquery, topics))
        )
        await connection.execute("VACUUM ANALYZE topic")
        scan = await connection.prepare("SELECT id FROM topic WHERE to_tsvector('english', $1::text) @@ asked")
        process = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
        await scan.fetch(papers[0].title)
        before = process.cpu_times()
        for paper in papers:
            await scan.fetch(f"{paper.title} {paper.abstract}")
        after = process.cpu_times()
        await connection.close()
    return (after.user + after.system - before.user - before.system) / len(papers)


def _by_tantivy(queries: Iterable[IndexQuery], papers: Sequence[Paper]) -> int:
    """Indexes the papers and asks all of the queries."""
    index = Index(schema())
    writer = index.writer(50_000_000, 1)
    for paper in papers:
        writer.add_document(document(paper, 0))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    return sum(len(searcher.search(query, limit=len(papers), count=False).hits) for query in queries)


if __name__ == "__main__":
    for row in rows((SIZES[0], MILLION)):
        ratio = f"{row.ratio:,.1f}x {row.rival}" if row.ratio is not None else ""
        print(f"{row.what:<60}{number(row.ours, row.unit):>16}  {ratio}", flush=True)
