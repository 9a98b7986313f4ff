"""How fast papers meet topics, beside what one would write at first and what databases offer.

python -m tests.bench.matching [--million]

The topics are made from titles of real papers (`tests.matching.real.subscriptions`) and matched against other real
papers. Every rival gets the topics in the form that suits it best, made beforehand, and only needs to answer what a
topic's words ask; categories and votes are left out for it. Times are medians over papers, in one run, on one core.
"""

from __future__ import annotations

import argparse
import gc
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import psutil
from tantivy import Index
from tantivy import Query as IndexQuery

from bot.analysis import terms, words
from bot.matching import Matcher
from bot.papers import Paper
from bot.query import Node, Query, parse
from bot.query.nodes import And, Not, Or, Phrase, Prefix, Word
from storage.search.documents import document, register_analyzers, schema
from storage.search.queries import exact_query
from tests.matching.real import real_papers, subscriptions

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
SHARE_OF_DISTINCT = 0.43
BATCH = 500
_SOURCES_OF_TOPICS = 20_000
_MILLISECOND = 1e-3


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report. `ratio` is how many times faster than `rival` we are, for those lines that compare."""

    what: str
    seconds: float
    rival: str = ""
    rival_seconds: float = 0.0

    @property
    def ratio(self) -> float:
        return self.rival_seconds / self.seconds

    def __str__(self) -> str:
        line = f"{self.what:<64}{self.seconds / _MILLISECOND:>10.3f} ms"
        return f"{line}   {self.ratio:>8.1f}x faster than {self.rival}" if self.rival else line


def run(*, million: bool = False) -> Iterator[Row | str]:
    """Measures and reports line by line; what is a plain string is a remark."""
    topics_from, shown = list(real_papers(_SOURCES_OF_TOPICS)), list(real_papers(BATCH, skip=_SOURCES_OF_TOPICS))
    sizes = (*SIZES, MILLION) if million else SIZES
    for size in sizes:
        texts = subscriptions(topics_from, size, distinct=round(size * SHARE_OF_DISTINCT))
        yield from _measured(texts, shown)


def _measured(texts: Sequence[str], shown: Sequence[Paper]) -> Iterator[Row | str]:
    name = f"{len(texts):,} topics"
    memory = psutil.Process().memory_info().rss
    matcher = Matcher()
    puts = []
    for key, text in enumerate(texts):
        query = parse(text)
        puts.append(_seconds(lambda key=key, query=query: matcher.put(key, query)))  # type: ignore[misc]
    memory = psutil.Process().memory_info().rss - memory
    gc.collect()

    single = statistics.median(_seconds(lambda paper=paper: matcher.match(paper)) for paper in shown)  # type: ignore[misc]
    found = matcher.match_all(shown)
    batch = min(_seconds(lambda: matcher.match_all(shown)) for _ in range(3)) / len(shown)
    yield f"{name}: {matcher.distinct:,} distinct, {sum(map(len, found)) / len(shown):,.0f} of them for each paper"
    yield Row(f"{name}, papers one at a time, a paper", single)
    yield Row(f"{name}, {len(shown)} papers together, a paper", batch)
    yield Row(f"{name}, adding one (99 of 100 are faster)", _percentile(puts, 99))
    removed = range(0, len(texts), 10)
    removals = [_seconds(lambda key=key: matcher.remove(key)) for key in removed]  # type: ignore[misc]
    yield Row(f"{name}, removing one (99 of 100 are faster)", _percentile(removals, 99))
    yield f"{name}: {memory / 1e6:,.0f} MB more in memory"
    del matcher
    if len(texts) >= SIZES[-1]:
        yield from _compared(name, texts, shown, single, batch)


def _compared(name: str, texts: Sequence[str], shown: Sequence[Paper], single: float, batch: float) -> Iterator[Row]:
    queries = {text: parse(text) for text in texts}
    plain = {text: _plain(query.root) for text, query in queries.items()}
    one_at_a_time, together = f"{name}, papers one at a time, a paper", f"{name}, {len(shown)} papers together, a paper"

    every = [plain[text] for text in texts]
    yield Row(
        one_at_a_time,
        single,
        "a loop with `in` over all",
        _median(lambda paper: _by_substring(every, paper), shown[:3]),
    )
    sets = [_Sets(topic) for topic in plain.values()]
    yield Row(
        one_at_a_time,
        single,
        "token sets, a loop over distinct ones",
        _median(lambda paper: _by_sets(sets, paper), shown[:5]),
    )
    matches = [_match_expression(topic) for topic in plain.values()]
    yield Row(
        one_at_a_time,
        single,
        "SQLite FTS5, one paper, each distinct",
        _median(lambda paper: _by_fts5(matches, [paper]), shown[:3]),
    )
    yield Row(
        together, batch, "SQLite FTS5 over the same papers", _seconds(lambda: _by_fts5(matches, shown)) / len(shown)
    )
    yield Row(together, batch, "tantivy over the same papers", _by_tantivy(queries.values(), shown) / len(shown))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median(work: Callable[[Paper], object], papers: Iterable[Paper]) -> float:
    return statistics.median(_seconds(lambda paper=paper: work(paper)) for paper in papers)  # type: ignore[misc]


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


# ---- the rivals


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


def _by_tantivy(queries: Iterable[Query], papers: Sequence[Paper]) -> float:
    """Seconds for asking all; the papers are indexed and the queries translated beforehand."""
    fields = schema()
    index = Index(fields)
    register_analyzers(index)
    writer = index.writer(50_000_000, 1)
    for paper in papers:
        writer.add_document(document(paper, 0))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    asked: list[IndexQuery] = [exact_query(fields, query.root) for query in queries]
    return _seconds(lambda: [searcher.search(query, limit=len(papers), count=False) for query in asked])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--million", action="store_true", help="also 1,000,000 topics: some minutes, 2 GB")
    for row in run(million=arguments.parse_args().million):
        print(row, flush=True)


if __name__ == "__main__":
    main()
