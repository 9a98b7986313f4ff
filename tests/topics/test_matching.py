"""The matcher finds what each query finds alone, however queries and papers are put together."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.meaning.vectors import PaperVectors
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from bot.query.parser import parse
from bot.query.queries import Query
from bot.topics.matcher import Matcher, matches, same
from tests.papers.names import names
from tests.search.feeds import arxiv_papers, needs_arxiv
from tests.strategies import papers, queries, vectors
from tests.thorough import THOROUGH
from tests.topics.naive import finds
from tests.topics.real import topics_about

PAPER = Paper(
    id="2604.13035",
    title="Fine-tuning Agents for Schrödinger's Equation",
    abstract="We distill a mixture of experts. Language models vote",
    authors=names("Yann LeCun", "Geoffrey E. Hinton"),
    categories=("cs.CL", "stat.ML"),
    keywords=("diffusion models", "quantization"),
    summary="A zebra.",
    published_on=date(2026, 3, 30),
    featured_on=date(2026, 4, 1),
    sources=frozenset([HUGGINGFACE]),
    upvotes=20,
    comments=5,
    stars=101,
    submitter="akhaliq",
    organization="google-deepmind",
    organization_name="Google DeepMind Zürich",
    code_url="https://example.org/code",
)


@pytest.mark.parametrize(
    ("found", "not_found"),
    [
        ("agent", "agency"),
        ("schrodinger equations", "schrodinger surveys"),
        ("SCHRÖDINGER", "zebra"),
        ("fine-tuning", "fine-equation"),
        ('"mixture of experts"', '"experts of mixture"'),
        ('"mixtures of expert language model"', '"equation we distil"'),
        ('"diffusion model"', '"models quantization"'),
        ('"schrodinger\'s equation"', '"schrodinger\'s equation we distill"'),
        ('"we distill a mixture"', '"diffusion models quantization"'),
        ("survey OR agent", "survey OR case"),
        ("agent -survey", "agent -diffusion"),
        ("agent NOT survey", "agent NOT quantization"),
        ('agent -"language experts"', 'agent -"language model"'),
        ("agent -(survey OR case)", "agent -(survey OR vote)"),
        ("quantiz*", "quantized*"),
        ("title:agent", "title:language"),
        ("abstract:language", "abstract:agent"),
        ("title:tuni*", "abstract:tuni*"),
        ('title:"tuning agent"', 'title:"language model"'),
        ("author:hinton", "author:experts"),
        ('author:"yann lecun"', 'author:"lecun geoffrey"'),
        ('author:"geoffrey e hinton"', 'author:"yann lecun geoffrey"'),
        ('author:"e. hinton"', 'author:"geoffrey hinton"'),
        ("author:lecun", "lecun"),
        ("cat:cs.CL", "cat:cs.LG"),
        ("cat:stat.ml", "cat:math.CO"),
        ("cat:cs.*", "cat:math.*"),
        ("org:deepmind", "org:deep"),
        ('org:"google deepmind"', 'org:"mind zurich"'),
        ("org:zurich", "zurich"),
        ("submitter:AKhaliq", "submitter:khaliq"),
        ("source:hf", "source:arxiv"),
        ("upvotes:>=20", "upvotes:>20"),
        ("upvotes:<=20", "upvotes:<20"),
        ("upvotes:20", "upvotes:=19"),
        ("comments:5..6", "comments:6..7"),
        ("stars:>100", "stars:<=100"),
        ("after:2026-04-01", "after:2026-04-02"),
        ("before:2026-04-02", "before:2026-04-01"),
        ("date:2026-04", "date:2026-03"),
        ("date:2026", "date:2025"),
        ("date:2026-04-01", "date:2026-03-30"),
        ("date:2026-03-30..2026-04-01", "date:2026-04-02..2026-04-09"),
        ("has:code", "has:project"),
        ("agent -has:model", "has:model"),
        ("id:2604.13035v3", "id:2604.13036"),
        ("*", "* -agent"),
        ("* -survey", "* -*"),
        ("(survey OR agent) (vote OR case)", "(survey OR agent) (case OR study)"),
        ("survey OR (agent upvotes:>5)", "survey OR (agent upvotes:>50)"),
        ("agent -upvotes:>20", "agent -upvotes:>5"),
        ("upvotes:>50 OR has:code", "upvotes:>50 OR has:model"),
    ],
)
def test_what_a_query_finds(found: str, not_found: str) -> None:
    assert matches(parse(found), PAPER)
    assert not matches(parse(not_found), PAPER)


def test_a_paper_without_a_day_is_in_no_period() -> None:
    undated = replace(PAPER, published_on=None, featured_on=None)
    assert not matches(parse("after:1990-01-01"), undated)
    assert matches(parse("agent -after:1990-01-01"), undated)


def test_the_day_published_counts_until_a_paper_is_featured() -> None:
    assert matches(parse("date:2026-03-30"), replace(PAPER, featured_on=None))


def test_an_archive_has_its_old_papers_without_a_class() -> None:
    assert matches(parse("cat:astro-ph"), replace(PAPER, categories=("astro-ph",)))
    assert matches(parse("cat:astro-ph.*"), replace(PAPER, categories=("astro-ph.GA",)))
    assert not matches(parse("cat:math.*"), replace(PAPER, categories=("math-ph",)))


@given(st.lists(queries(), max_size=8), st.lists(papers(), max_size=5), vectors())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_finds_what_each_query_finds_alone(asked: list[Query], shown: list[Paper], known: PaperVectors) -> None:
    matcher = Matcher()
    for key, query in enumerate(asked):
        matcher.put(key, query)
    expected = [
        [key for key, query in enumerate(asked) if finds(query.root, paper, known.get(paper.id, ()))] for paper in shown
    ]
    assert list(map(sorted, matcher.match_all(shown, known))) == expected
    assert [sorted(matcher.match(paper, known.get(paper.id, ()))) for paper in shown] == expected


@given(queries(), papers(), vectors())
@settings(max_examples=100, deadline=None)
def test_one_query_is_checked_the_same_way(query: Query, paper: Paper, known: PaperVectors) -> None:
    assert matches(query, paper, known) == finds(query.root, paper, known.get(paper.id, ()))


def test_removing_a_key_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        Matcher().remove(1)


def test_equal_queries_are_kept_once() -> None:
    matcher = Matcher()
    for key, text in enumerate(["diffusion agents", "Agent  DIFFUSION", "(agents) diffusion", "agent -diffusion"]):
        matcher.put(key, parse(text))
    assert len(matcher) == 4
    assert matcher.distinct == 2


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("agents", "AGENT"),
        ("diffusion -survey", "-surveys diffusion"),
        ('a OR (b "c d") OR e', '"c d" B OR e OR a OR a'),
        ("(a OR b) (c OR d) upvotes:>2 stars:>3", "stars:>=4 (d OR c) upvotes:>=3 (b OR a)"),
    ],
)
def test_the_same_question_in_other_words(text: str, other: str) -> None:
    assert same(parse(text), parse(other))
    assert not same(parse(text), parse(f"({other}) -x"))


def test_phrases_with_the_same_beginning_come_and_go() -> None:
    paper = Paper(id="2604.00001", title="A mixture of experts", keywords=("mixture of agents",))
    phrases = [
        '"mixture of"',
        '"mixture of experts"',
        '"mixture of agents"',
        '"mixture of words"',
        '"a mixture of experts"',
    ]
    matcher = Matcher()
    for key, phrase in enumerate(phrases):
        matcher.put(key, parse(phrase))
    assert sorted(matcher.match(paper)) == [0, 1, 2, 4]
    for gone, left in [(0, [1, 2, 4]), (1, [2, 4]), (4, [2]), (2, []), (3, [])]:
        matcher.remove(gone)
        assert sorted(matcher.match(paper)) == left
    matcher.put(0, parse(phrases[0]))
    assert matcher.match(paper) == [0]


def test_beginnings_of_words_come_and_go_between_papers() -> None:
    matcher = Matcher()
    found = []
    for key, text in enumerate(["agen*", "agents*", "tuni*"]):
        matcher.put(key, parse(text))
        found.append(sorted(matcher.match(PAPER)))
    matcher.remove(0)
    found.append(sorted(matcher.match(PAPER)))
    matcher.put(3, parse("agen*"))
    found.append(sorted(matcher.match(PAPER)))
    assert found == [[0], [0, 1], [0, 1, 2], [1, 2], [1, 2, 3]]


def test_a_condition_stays_as_long_as_a_query_asks_only_for_it() -> None:
    matcher = Matcher()
    matcher.put(1, parse("upvotes:>5"))
    matcher.put(2, parse("upvotes:>5 OR comments:>100"))
    matcher.put(3, parse("upvotes:>5 comments:>1"))
    assert sorted(matcher.match(PAPER)) == [1, 2, 3]
    for gone, left in [(1, [2, 3]), (3, [2]), (2, [])]:
        matcher.remove(gone)
        assert sorted(matcher.match(PAPER)) == left


class LiveMatcher(RuleBasedStateMachine):
    """Queries come, change and go, with keys in any order; what is left is all that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.matcher = Matcher()
        self.standing: dict[int, Query] = {}

    @rule(key=st.integers(0, 9), query=queries())
    def put(self, key: int, query: Query) -> None:
        self.matcher.put(key, query)
        self.standing[key] = query

    @rule(key=st.integers(0, 9), choice=st.randoms(use_true_random=False))
    @precondition(lambda self: self.standing)
    def put_what_another_has(self, key: int, choice: random.Random) -> None:
        self.put(key, self.standing[choice.choice(sorted(self.standing))])

    @rule(choice=st.randoms(use_true_random=False))
    @precondition(lambda self: self.standing)
    def remove(self, choice: random.Random) -> None:
        key = choice.choice(sorted(self.standing))
        self.matcher.remove(key)
        del self.standing[key]

    @rule(paper=papers(), known=vectors())
    def match(self, paper: Paper, known: PaperVectors) -> None:
        fresh = Matcher()
        for key, query in self.standing.items():
            fresh.put(key, query)
        its = known.get(paper.id, ())
        expected = sorted(key for key, query in self.standing.items() if finds(query.root, paper, its))
        assert sorted(self.matcher.match(paper, its)) == sorted(fresh.match(paper, its)) == expected

    @invariant()
    def counts_its_queries(self) -> None:
        assert len(self.matcher) == len(self.standing)

    @invariant()
    def looks_at_what_stands_and_nothing_else(self) -> None:
        terms = self.matcher._terms._terms.values()
        looked_at = {standing for term in terms for standing in (*term.anchored, *term.shared)}
        assert looked_at | {*self.matcher._unanchored} == {*self.matcher._standing.values()}

    def teardown(self) -> None:
        """Once the last query is gone nothing of any is left behind."""
        for key in self.standing:
            self.matcher.remove(key)
        assert self.matcher.match(PAPER) == []
        assert self.matcher.distinct == len(self.matcher._terms) == len(self.matcher._conditions) == 0
        assert not any(self.matcher._terms._text.values())
        assert not self.matcher._terms._word_models
        assert not self.matcher.embedding_models


TestLiveMatcher = LiveMatcher.TestCase
TestLiveMatcher.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@pytest.mark.shared
@needs_arxiv
def test_topics_find_their_real_papers() -> None:
    chance = random.Random(2604)
    shown = list(arxiv_papers(2000))
    asked = [parse(text) for text in topics_about(shown, 2000 if THOROUGH else 700, chance)]
    matcher = Matcher()
    for key, query in enumerate(asked):
        matcher.put(key, query)
    found = matcher.match_all(shown)
    assert [sorted(matcher.match(paper)) for paper in shown[:100]] == list(map(sorted, found[:100]))
    assert sum(map(len, found)) > 10 * len(asked)
    by_query: list[list[int]] = [[] for _ in asked]
    for number, keys in enumerate(found):
        for key in keys:
            by_query[key].append(number)
    for query, numbers in zip(asked, by_query, strict=True):
        for number in {*numbers[:15], *chance.sample(range(len(shown)), 15)}:
            assert finds(query.root, shown[number]) == (number in numbers), (query.text, shown[number].id)


def test_exact_words_are_found_as_they_are_written() -> None:
    matcher = Matcher()
    for key, query in enumerate(("agents", '"agents"', "title:=agent", '="new agents"', '"new agent"')):
        matcher.put(key, parse(query))
    paper = Paper(id="2604.00001", title="An agent", abstract="Two new agents")
    assert sorted(matcher.match(paper)) == [0, 1, 2, 3, 4]
    assert sorted(matcher.match(Paper(id="2604.00002", title="Agents", abstract="A new agent"))) == [0, 1, 4]
    matcher.remove(1)
    assert sorted(matcher.match(paper)) == [0, 2, 3, 4]
