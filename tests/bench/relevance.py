"""Relevance: how well digests would be ordered for channels whose people like what nine human-kept reading lists took.

The first papers of a list, in the order of their ids, are its likes; later ones are to be ranked within their day
(Hugging Face, nDCG@5, days with 20 papers or more) or within blocks of 500 in time (arXiv, nDCG@10, lists of 50 papers
or more). The list's name, as a channel would write it as a topic, is the prior. The weights were chosen on these lists.
"""

from __future__ import annotations

import json
import lzma
import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from bot.meaning.terms import shipped_table
from bot.papers.names import Name
from bot.papers.paper import Paper
from bot.ranking.background import Background
from bot.ranking.features import features_of
from bot.ranking.learning import learn
from bot.ranking.order import PRIOR_WEIGHT, UPVOTES_WEIGHT
from bot.ranking.prior import fit
from bot.ranking.taste import NO_TASTE, SCALE, Taste
from bot.ranking.tastes import BACKGROUND_PAPERS
from bot.reading.votes import CastVote
from tests.bench import Row, Stopwatch
from tests.feed_server import SHARED

DATA = SHARED / "data"
NOW = datetime(2026, 4, 30, tzinfo=UTC)
#: What a channel would subscribe to that is called like the list.
TOPICS = {
    "Eclipsess/Awesome-Efficient-Reasoning-LLMs": "efficient reasoning llm",
    "LMD0311/Awesome-World-Model": "world model",
    "TsinghuaC3I/Awesome-RL-for-LRMs": "rl reinforcement learning large reasoning model",
    "Xnhyacinth/Awesome-LLM-Long-Context-Modeling": "llm long context modeling",
    "codefuse-ai/Awesome-Code-LLM": "code llm",
    "dair-ai/ML-Papers-of-the-Week": "*",
    "jonyzhang2023/awesome-embodied-vla-va-vln": "embodied vla va vln",
    "luo-junyu/Awesome-Agent-Papers": "agent",
    "zzli2022/Awesome-System2-Reasoning-LLM": "system 2 reasoning llm",
}
LEAST_LATER = 10  # papers of a list that are left to be ranked
WRONG = 0.3

Points = Callable[[str], float]


def rows() -> Iterator[Row]:
    """The rows of this section; none without the recorded feeds beside the project."""
    if not (DATA / "relevance" / "lists.json").exists():
        yield Row(what="order of digests: skipped, ../shared is not beside the project", ours=0.0, unit="")
        return
    lists = ReadingLists(DATA)
    hugging_face = ((5, 0.66, 0.27), (10, 0.72, 0.26), (20, 0.82, 0.23))
    for likes, wanted, by_upvotes in hugging_face:
        yield _row(f"nDCG@5 of a day after {likes} likes", lists.by_day(likes, lists.learnt), wanted)
        yield _row(f"… by upvotes (recorded {by_upvotes})", lists.by_day(likes, lists.upvotes), wanted)
        prior = lists.by_day(likes, lists.prior)
        yield _row("… by the prior alone", prior, wanted)
        for seed in range(2):
            wrong = lists.by_day(likes, lists.learnt, seed=seed)
            yield _row(f"… with 30 % wrong thumbs, against the prior - .02 ({seed})", wrong, prior - 0.02)
    for likes, wanted in ((5, 0.43), (20, 0.53)):
        yield _row(f"nDCG@10 of 500 of arXiv after {likes} likes", lists.by_block(likes, lists.learnt), wanted)
    yield lists.learning()


def _row(what: str, ours: float, wanted: float) -> Row:
    return Row(what=what, ours=ours, unit="", rival="wanted", theirs=wanted, more_is_better=True)


def ndcg(relevant: Sequence[bool], at: int) -> float:
    """The discounted gain of the first `at`, as a share of what it could be."""
    gains = [1 / math.log2(place + 2) for place in range(at)]
    best = sum(gains[: min(at, sum(relevant))])
    return sum(gain for gain, hit in zip(gains, relevant, strict=False) if hit) / best


class ReadingLists:
    """The recorded papers, days and lists."""

    def __init__(self, data: Path) -> None:
        self._papers: dict[str, Paper] = {}
        self._seen: dict[str, str] = {}
        self._days: dict[str, list[str]] = {}
        with lzma.open(data / "arxiv" / "papers.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                self._seen[entry["id"]] = entry["announced"]
                self._papers[entry["id"]] = _paper(
                    entry["id"], entry["title"], entry["abstract"], entry["authors"], entry["categories"]
                )
        self._stream = list(self._papers)
        for file in sorted((data / "huggingface").glob("????-??-??.json")):
            for listing in json.loads(file.read_text()):
                self._list(file.stem, listing["paper"])
        kept = json.loads((data / "relevance" / "lists.json").read_text())
        self._lists = {name: {paper for paper in ids if paper in self._papers} for name, ids in kept.items()}
        self._backgrounds: dict[str, Background] = {}

    def _list(self, day: str, entry: dict[str, object]) -> None:
        paper_id = str(entry["id"])
        known = self._papers.get(paper_id)
        authors = [] if known else [one["name"] for one in entry.get("authors") or () if not one.get("hidden")]  # type: ignore[attr-defined]
        found = _paper(
            paper_id,
            str(entry["title"]),
            str(entry.get("summary") or ""),
            authors,
            known.categories if known else (),
            keywords=entry.get("ai_keywords") or (),  # type: ignore[arg-type]
            upvotes=int(entry.get("upvotes") or 0),  # type: ignore[call-overload]
            names=known.authors if known else None,
        )
        self._papers[paper_id] = found
        self._seen[paper_id] = min(day, self._seen.get(paper_id, day))
        self._days.setdefault(day, []).append(paper_id)

    # ---- orders

    def upvotes(self, _name: str, _taste: Taste) -> Points:
        return lambda paper: self._papers[paper].upvotes

    def prior(self, name: str, _taste: Taste) -> Points:
        return self.learnt(name, NO_TASTE)

    def learnt(self, name: str, taste: Taste) -> Points:
        """What `bot.ranking.order` adds up; freshness is the same for all papers of a day."""

        def points(paper_id: str) -> float:
            paper = self._papers[paper_id]
            mild = UPVOTES_WEIGHT * math.log1p(paper.upvotes)
            learnt = taste.points(features_of(paper)) / SCALE if taste.learnt else 0.0
            return PRIOR_WEIGHT * fit(paper, TOPICS[name]) + mild + learnt

        return points

    # ---- settings

    def by_day(self, likes: int, order: Callable[[str, Taste], Points], seed: int | None = None) -> float:
        """The mean over the lists, each the mean over the days of Hugging Face."""
        listed = {paper for papers in self._days.values() for paper in papers}
        means = []
        for name, members in self._lists.items():
            sequence = sorted(members)
            past, later = set(sequence[:likes]), set(sequence[likes:]) & listed
            if len(later) < LEAST_LATER:
                continue
            groups = [papers for papers in self._days.values() if len(set(papers) - past) >= 20]
            taste = self._taste(name, sequence[:likes], sorted(listed), seed)
            means.append(self._mean(groups, past, later, order(name, taste), 5))
        return sum(means) / len(means)

    def by_block(self, likes: int, order: Callable[[str, Taste], Points]) -> float:
        """The mean over the lists, each the mean over blocks of all of arXiv."""
        means = []
        for name, members in self._lists.items():
            sequence = [paper for paper in self._stream if paper in members]
            past, later = set(sequence[:likes]), set(sequence[likes:])
            if len(sequence) < 50 or len(later) < LEAST_LATER:
                continue
            first = self._stream.index(sequence[likes - 1])
            blocks = [self._stream[at : at + 500] for at in range(0, len(self._stream), 500) if at + 500 > first]
            taste = self._taste(name, sequence[:likes], self._stream, None)
            means.append(self._mean(blocks, past, later, order(name, taste), 10))
        return sum(means) / len(means)

    def learning(self) -> Row:
        """How long a taste takes to be made anew."""
        chosen = random.Random(1).sample(self._stream, 100)
        known = {paper: features_of(self._papers[paper]) for paper in chosen}
        votes = [CastVote(paper, number % 4 > 0, NOW) for number, paper in enumerate(chosen)]
        background = self._background("9999")
        times = []
        for _ in range(7):
            with Stopwatch() as learning:
                learn(votes, known, background, NOW)
            times.append(learning.seconds)
        return Row(what="a taste made of 100 votes", ours=1000 * sorted(times)[3], rival="wanted", theirs=10)

    def _mean(self, groups: Sequence[list[str]], past: set[str], later: set[str], points: Points, at: int) -> float:
        values = []
        for group in groups:
            left = [paper for paper in group if paper not in past]
            if later.intersection(left):
                values.append(ndcg([paper in later for paper in sorted(left, key=points, reverse=True)], at))
        return sum(values) / len(values)

    def _taste(self, name: str, likes: Sequence[str], stored: Sequence[str], seed: int | None) -> Taste:
        """What these likes teach; with a seed, three in ten are on papers that the list does not have."""
        ups = list(likes)
        if seed is not None:
            chance = random.Random(f"{seed}{name}{len(likes)}")
            wrong = set(chance.sample(ups, round(WRONG * len(ups))))
            others = [paper for paper in stored if paper not in self._lists[name]]
            ups = [paper for paper in ups if paper not in wrong] + chance.sample(others, len(wrong))
        known = {paper: features_of(self._papers[paper]) for paper in ups}
        background = self._background(max(self._seen[paper] for paper in likes))
        return learn([CastVote(paper, True, NOW) for paper in ups], known, background, NOW)

    def _background(self, until: str) -> Background:
        """The latest papers stored by then; at the beginning of the records the earliest ones instead."""
        if until not in self._backgrounds:
            stored = [paper for paper in self._by_time if self._seen[paper] <= until]
            stored = stored if len(stored) >= 50 else self._by_time[:BACKGROUND_PAPERS]
            latest = [features_of(self._papers[paper]) for paper in stored[-BACKGROUND_PAPERS:]]
            self._backgrounds[until] = Background(latest, len(shipped_table()))
        return self._backgrounds[until]

    @cached_property
    def _by_time(self) -> list[str]:
        return sorted(self._papers, key=lambda paper: (self._seen[paper], paper))


def _paper(
    paper_id: str,
    title: str,
    abstract: str,
    authors: Sequence[str],
    categories: Sequence[str],
    *,
    keywords: Sequence[str] = (),
    upvotes: int = 0,
    names: tuple[Name, ...] | None = None,
) -> Paper:
    return Paper(
        id=paper_id,
        title=title or "",
        abstract=abstract or "",
        authors=tuple(map(Name, authors or ())) if names is None else names,
        categories=tuple(categories or ()),
        keywords=tuple(keywords),
        upvotes=upvotes,
    )
