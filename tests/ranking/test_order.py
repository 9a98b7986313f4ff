"""The order of papers: the same for the same votes, whatever their order, and the prior's before the first 👍."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.channel import Order
from bot.meaning.terms import TermTable, analyser_version, shipped_table
from bot.papers.names import Name
from bot.papers.paper import Paper
from bot.ranking.background import Background
from bot.ranking.features import features_of
from bot.ranking.learning import learn
from bot.ranking.order import Candidate, Reason, ReasonKind, ranked, reason_for
from bot.ranking.prior import best_fit, fit
from bot.ranking.taste import NO_TASTE, Taste
from bot.reading.votes import CastVote

NOW = datetime(2026, 4, 30, tzinfo=UTC)
TODAY = NOW.date()
WORDS = [
    "diffusion", "distillation", "agent", "reasoning", "language", "model", "speech", "retrieval", "robot",
    "quantum", "graph", "attention", "transformer", "benchmark", "dataset", "tokenizer", "pruning", "video",
    "image", "segmentation", "detection", "translation", "memory", "planning", "reward", "policy", "alignment",
    "hallucination", "safety", "privacy", "federated", "causal", "bayesian", "kernel", "convergence",
    "sampling",
]  # fmt: skip


def a_paper(number: int, words: list[str] | None = None, author: str = "") -> Paper:
    chance = random.Random(number)
    words = words or chance.choices(WORDS, k=40)
    return Paper(
        id=f"2604.{number:05}",
        title=" ".join(words[:4]),
        abstract=" ".join(words),
        authors=(Name(author or f"Author{chance.randrange(30)}"),),
        categories=("cs.CL",),
        published_on=date(2026, 4, 29),
        upvotes=chance.randrange(40),
    )


PAPERS = [a_paper(number) for number in range(80)]
KNOWN = {one.id: features_of(one) for one in PAPERS}
BACKGROUND = Background([features_of(a_paper(number)) for number in range(1000, 1060)], len(shipped_table()))
QUERIES = ("quantum robot",)

Cast = list[tuple[int, bool, int]]
SOME = st.lists(st.tuples(st.integers(0, 79), st.booleans(), st.integers(0, 400)), min_size=1, max_size=25)


def taste_of(cast: Cast) -> Taste:
    votes = [CastVote(PAPERS[paper].id, up, NOW - timedelta(days=days)) for paper, up, days in cast]
    return learn(votes, KNOWN, BACKGROUND, NOW)


def order(taste: Taste, papers: list[Paper], queries: tuple[str, ...] = QUERIES) -> list[str]:
    candidates = [Candidate(one, queries) for one in papers]
    return [one.paper.id for one in ranked(candidates, Order.FIT, taste, TODAY)]


@settings(deadline=None, max_examples=40)
@given(SOME, st.randoms(use_true_random=False))
def test_the_order_of_votes_and_of_papers_changes_nothing(some: Cast, chance: random.Random) -> None:
    shuffled, papers = list(some), list(PAPERS)
    chance.shuffle(shuffled)
    chance.shuffle(papers)
    assert order(taste_of(shuffled), papers) == order(taste_of(some), PAPERS)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 79), st.just(False), st.integers(0, 400)), max_size=25))
def test_without_a_like_there_is_only_the_prior(some: Cast) -> None:
    assert not taste_of(some).learnt
    assert order(taste_of(some), PAPERS) == order(NO_TASTE, PAPERS)


@settings(deadline=None, max_examples=20)
@given(SOME)
def test_opposite_votes_on_a_paper_cancel(some: Cast) -> None:
    assert not taste_of(some + [(paper, not up, days) for paper, up, days in some]).learnt


def test_without_background_nothing_is_learnt() -> None:
    assert not learn([CastVote(PAPERS[1].id, True, NOW)], KNOWN, Background([], len(shipped_table())), NOW).learnt


def test_a_like_brings_up_what_is_like_it_and_says_so() -> None:
    taste = taste_of([(7, True, 0)])
    twin = a_paper(500, PAPERS[7].abstract.split(), author="Somebody")
    first, *_ = ranked([Candidate(one, ("*",)) for one in (*PAPERS[10:], twin)], Order.FIT, taste, TODAY)
    assert first.paper == twin
    assert reason_for(first, taste) == Reason(ReasonKind.LIKED, PAPERS[7].id)


def test_a_dislike_brings_down_what_is_like_it() -> None:
    without = taste_of([(7, True, 0)]).points(KNOWN[PAPERS[9].id])
    assert taste_of([(7, True, 0), (9, False, 0)]).points(KNOWN[PAPERS[9].id]) < without


def test_an_author_liked_twice_is_a_reason() -> None:
    liked = [a_paper(600, author="Ada Lovelace"), a_paper(601, author="Ada Lovelace")]
    known = {one.id: features_of(one) for one in liked}
    taste = learn([CastVote(one.id, True, NOW) for one in liked], known, BACKGROUND, NOW)
    (one,) = ranked([Candidate(a_paper(602, author="Ada Lovelace"), ("*",))], Order.FIT, taste, TODAY)
    assert reason_for(one, taste) == Reason(ReasonKind.AUTHOR, "Ada Lovelace", 2)
    forgotten = taste.without(["Ada Lovelace"])
    assert "Ada Lovelace" not in forgotten.authors
    assert reason_for(one, forgotten) != Reason(ReasonKind.AUTHOR, "Ada Lovelace", 2)


def test_what_is_forgotten_speaks_neither_for_nor_against() -> None:
    taste = taste_of([(number, True, 0) for number in range(5)])
    word = taste.strongest_terms(liked=True, most=1)[0]
    forgotten = taste.without(word.split())
    assert not any(set(word.split()) & set(term.split()) for term in forgotten.strongest_terms(liked=True, most=100))
    assert taste.without([]) is taste


def test_old_votes_fade() -> None:
    one = KNOWN[PAPERS[7].id]
    fresh = taste_of([(7, True, 0), (8, True, 0)])
    assert taste_of([(7, True, 900), (8, True, 0)]).points(one) < fresh.points(one)


def test_the_best_branch_and_the_best_topic_count() -> None:
    one = a_paper(1, ["speech", *WORDS[:8]])
    assert fit(one, "speech OR quantum") == fit(one, "speech") > 0
    assert fit(one, "speech quantum") < fit(one, "speech")
    assert fit(one, '"speech" -survey cat:cs.CL') == fit(one, "speech")
    assert best_fit(one, ("quantum", "speech")) == (fit(one, "speech"), "speech")
    assert fit(one, "cat:cs.CL") == fit(one, "*") == 0


@pytest.mark.parametrize(("chosen", "first"), [(Order.UPVOTES, "2604.00002"), (Order.NEW, "2604.00003")])
def test_the_old_orders_are_kept(chosen: Order, first: str) -> None:
    papers = [
        Paper(id="2604.00001", title="quantum robot", upvotes=1, published_on=date(2026, 4, 1)),
        Paper(id="2604.00002", title="speech", upvotes=9, published_on=date(2026, 4, 2)),
        Paper(id="2604.00003", title="speech", upvotes=2, published_on=date(2026, 4, 3)),
    ]
    candidates = [Candidate(one, QUERIES) for one in papers]
    assert ranked(candidates, chosen, NO_TASTE, TODAY)[0].paper.id == first
    assert ranked(candidates, Order.FIT, NO_TASTE, TODAY)[0].paper.id == "2604.00001"


def test_the_shipped_table_is_of_the_analyser_that_is_used() -> None:
    table = shipped_table()
    assert table.analyser == analyser_version(), "make it anew: python -m tests.bench.term_table"
    assert len(table) == 40_000
    assert table.rarity("model") < table.rarity("speech") < table.rarity("in no paper at all")


def test_a_table_reads_back_and_refuses_anything_else() -> None:
    table = TermTable.parse(["v1\t10\n", "agent\t3\n", "world model\t2\n"])
    assert table.analyser == "v1"
    assert table.rarity("agent") < table.rarity("unseen")
    assert table.place("world model") == 1
    with pytest.raises(ValueError, match="unpack"):
        TermTable.parse(["nonsense"])
