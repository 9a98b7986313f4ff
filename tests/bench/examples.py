"""Topics by example and by meaning: how good the model of words is, and how fast very many topics are matched.

Relevance: three papers that share two authors or more are the examples, and the other papers of such a team are to be
found among all. That says nothing of what people want, but whatever is better at it tells better what papers are about.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bot.meaning.vectors import PaperVectors, Vector, vector_of
from bot.meaning.word_models import terms_of, with_threshold, word_model
from bot.papers.paper import Paper
from bot.query.models import LARGEST_SUM, MeaningModel, WordModel
from bot.query.queries import Query
from bot.query.syntax import About, Like
from bot.topics.matcher import Matcher
from storage.search.index import TantivyIndex
from tests.bench import Row, Times
from tests.bench.relevance import ndcg
from tests.search.feeds import RECORDS, MemoryFeed, arxiv_papers

KNOWN = 20_000  # papers among which a team's others are looked for
TEAMS = 150
SHOWN = 96
DIMENSIONS = 384
LATEST = 10
DISTINCT = 5_000  # models that are made of papers; the others leave out a few of their words


def rows() -> Iterator[Row]:
    """The rows of this section; none without the recorded feeds beside the project."""
    if not RECORDS.exists():
        yield Row(what="topics by example: skipped, ../shared is not beside the project", ours=0.0, unit="")
        return
    known = list(arxiv_papers(KNOWN))
    yield asyncio.run(_relevance(known))
    shown = known[:SHOWN]
    models = list(_models(known[SHOWN:]))
    vectors = _vectors(SHOWN, 1)
    for count, single, batch in ((10_000, 1.0, 0.15), (100_000, 5.0, 2.5)):
        matcher = Matcher()
        adding = []
        for number in range(count):
            query = Query.of(Like(("2604.13035",), model=_variant(models[number % DISTINCT], number)))
            start = time.thread_time()
            matcher.put(number, query)
            adding.append(time.thread_time() - start)
        yield from _speed(f"{count:,} like-topics", matcher, shown, {}, single, batch)
        yield Row(what="… adding one of them, p99", ours=Times.of(adding).p99)
    for count, single, batch in ((10_000, 1.0, 0.15), (100_000, 15.0, 2.5)):
        matcher = Matcher()
        for number, vector in enumerate(_vectors(count, 2)):
            model = MeaningModel(vector.model, vector.numbers, 25_000 + number % 7)
            matcher.put(number, Query.of(About("something", model=model)))
        theirs = {paper.id: (vector,) for paper, vector in zip(shown, vectors, strict=True)}
        yield from _speed(f"{count:,} about-topics", matcher, shown, theirs, single, batch)


def _speed(
    what: str,
    matcher: Matcher,
    shown: Sequence[Paper],
    vectors: PaperVectors,
    single: float,
    batch: float,
) -> Iterator[Row]:
    for paper in shown:
        terms_of(paper)
    alone = [_cpu(lambda paper=paper: matcher.match(paper, vectors.get(paper.id, ()))) for paper in shown]  # type: ignore[misc]
    yield Row(what=f"one paper against {what}", ours=Times.of(alone).p50, rival="wanted", theirs=single)
    batches = [
        _cpu(lambda at=at: matcher.match_all(shown[at : at + 32], vectors)) / 32  # type: ignore[misc]
        for at in range(0, SHOWN, 32)
    ]
    yield Row(what="… in batches of 32, each", ours=1000 * min(batches), rival="wanted", theirs=batch)


def _cpu(work: Callable[[], object]) -> float:
    """Seconds of this thread: what others do on the machine does not count."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def _models(papers: Sequence[Paper]) -> Iterator[WordModel]:
    chance = random.Random(2604)
    while True:
        for _ in range(DISTINCT):
            if model := word_model(chance.sample(papers, chance.choice((1, 1, 2, 3)))):
                yield model
        return


def _variant(model: WordModel, number: int) -> WordModel:
    """The model without some of its words: no two topics are the same. One paper in a hundred or two reaches it."""
    weights = list(model.weights.items())
    kept = dict(weights[: len(weights) - number // DISTINCT])
    return WordModel.of(kept, LARGEST_SUM // 9, table=str(number))


def _vectors(count: int, seed: int) -> list[Vector]:
    """Vectors in all directions."""
    return [vector_of("model", row) for row in np.random.default_rng(seed).standard_normal((count, DIMENSIONS))]


async def _relevance(known: Sequence[Paper]) -> Row:
    papers = {paper.id: paper for paper in known}
    with TemporaryDirectory() as folder:
        index = TantivyIndex(Path(folder), MemoryFeed(known))
        await index.refresh()
        ours, theirs = [], []
        for examples, others in _teams(known):
            model = word_model([papers[one] for one in examples])
            assert model is not None
            query = Query.of(Like(examples, model=with_threshold(model, 1)))
            page = await index.search(query, limit=LATEST + len(examples))
            ours.append(_gain([hit.paper_id for hit in page.hits], examples, others))
            scores: Counter[str] = Counter()
            for example in examples:
                for hit in await index.similar(papers[example], limit=10 * LATEST):
                    scores[hit.paper_id] += hit.score  # type: ignore[assignment]  # sums of floats
            best = [paper for paper, _ in scores.most_common(LATEST + len(examples))]
            theirs.append(_gain(best, examples, others))
        await index.close()
    return Row(
        what="nDCG@10 of a team's other papers, by three examples",
        ours=sum(ours) / len(ours),
        unit="",
        rival="by `similar`",
        theirs=sum(theirs) / len(theirs),
        more_is_better=True,
    )


def _gain(found: Sequence[str], examples: Sequence[str], others: set[str]) -> float:
    ranked = [paper in others for paper in found if paper not in examples][:LATEST]
    return ndcg([*ranked, *[True] * (len(others) - sum(ranked))], LATEST) if any(ranked) else 0.0


def _teams(known: Sequence[Paper]) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Three papers, and all others that share two authors with the first of them."""
    by_author: defaultdict[str, list[str]] = defaultdict(list)
    for paper in known:
        for name in {name.written for name in paper.authors[:30]}:
            by_author[name].append(paper.id)
    chance = random.Random(7)
    teams = 0
    while teams < TEAMS:
        paper = chance.choice(known)
        shared = Counter(other for name in {name.written for name in paper.authors[:30]} for other in by_author[name])
        others = sorted(other for other, count in shared.items() if count > 1 and other != paper.id)
        if 5 <= len(others) <= 60:
            teams += 1
            examples = (paper.id, *chance.sample(others, 2))
            yield examples, set(others) - set(examples)
