"""The prior: how well a paper fits a topic, by BM25 of the topic's words (Robertson, Zaragoza 2009)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.meaning.terms import STOP_WORDS, shipped_table
from bot.meaning.word_models import is_like, nearest_title, score
from bot.papers.paper import Paper
from bot.query.errors import QueryError
from bot.query.models import Models, WordModel
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import And, Node, Not, Or, Phrase, Word
from bot.text.words import stemmed, terms

K1: Final = 1.2
B: Final = 0.6
TITLE_COUNTS: Final = 3  # occurrences: what one in the title is worth
MEAN_LENGTH: Final = 190.0  # words of a title, thrice, and its abstract
#: A topic without words, such as `cat:cs.CL` or `*`: every paper of it fits as well as any other.
NEUTRAL: Final = 0.0


@dataclass(frozen=True, slots=True)
class _Text:
    """How often each term is in a paper, and how long it is."""

    counts: Mapping[str, int]
    length: int


def fit(paper: Paper, query: str, models: Models = ()) -> float:
    """How well a paper fits what a topic looks for: the share, from 0 to 1, of what its words could score.

    Of an `OR` the branch that fits best counts. Phrases count by their words. Being like the examples of the topic
    counts as well, by the models of its terms by example.
    """
    return max(_words_fit(paper, query), _likeness(paper, query, models)[0])


def example_behind(paper: Paper, query: str, models: Models) -> str:
    """The title of the example that says more of why the topic wants the paper than its words do; else nothing."""
    likeness, model = _likeness(paper, query, models)
    return nearest_title(model, paper) if model and likeness >= _words_fit(paper, query) else ""


def _likeness(paper: Paper, query: str, models: Models) -> tuple[float, WordModel | None]:
    """How much the paper is like examples of the query, from 0 to 1: half of it right at the threshold; and which."""
    asked = _examples(query) if models else frozenset()
    likes = [
        (min(score(model, paper) / (2 * model.threshold), 1.0), model)
        for term, model in models
        if isinstance(model, WordModel) and term in asked and is_like(model, paper)
    ]
    return max(likes, key=lambda pair: pair[0], default=(NEUTRAL, None))


def _words_fit(paper: Paper, query: str) -> float:
    branches = _branches(query)
    if not branches:
        return NEUTRAL
    text = _text_of(paper.title, paper.abstract, paper.keywords)
    norm = K1 * (1 - B + B * text.length / MEAN_LENGTH)
    return max(_share(branch, text.counts, norm) for branch in branches)


def best_fit(paper: Paper, queries: Iterable[str], models: Models = ()) -> tuple[float, str]:
    """The fit to the topic that it fits best, and the query of that; the first of several that it fits equally."""
    best, chosen = NEUTRAL, ""
    for query in queries:
        found = fit(paper, query, models)
        if not chosen or found > best:
            best, chosen = found, query
    return best, chosen


def _share(branch: tuple[tuple[str, float], ...], counts: Mapping[str, int], norm: float) -> float:
    found = math.fsum(rarity * (K1 + 1) * counts[term] / (counts[term] + norm) for term, rarity in branch)
    return found / (math.fsum(rarity for _, rarity in branch) * (K1 + 1))


@lru_cache(2048)  # of some three kB each
def _text_of(title: str, abstract: str, keywords: tuple[str, ...]) -> _Text:
    in_title, in_body = terms(title), terms(abstract)
    counts = Counter(in_body)
    for keyword in keywords:
        counts.update(terms(keyword))
    for term in in_title:
        counts[term] += TITLE_COUNTS
    return _Text(counts, TITLE_COUNTS * len(in_title) + len(in_body))


@lru_cache(16_384)
def _branches(query: str) -> tuple[tuple[tuple[str, float], ...], ...]:
    """The words that each branch of a query looks for, with their rarity."""
    try:
        root = parse(query).root
    except QueryError:
        return ()  # stored by a version that understood more
    table = shipped_table()
    found = [dict.fromkeys(branch) for branch in _alternatives(root)]
    return tuple(tuple((term, max(table.rarity(term) - 1, 0.01)) for term in branch) for branch in found if branch)


@lru_cache(16_384)
def _examples(query: str) -> frozenset[str]:
    """The terms by example of a query."""
    try:
        return frozenset(Query.of(term).text for term in parse(query).by_example())
    except QueryError:
        return frozenset()  # stored by a version that understood more


MOST_BRANCHES: Final = 50


def _telling(words: Iterable[str]) -> list[str]:
    return stemmed([word for word in words if len(word) > 1 and word not in STOP_WORDS])


def _alternatives(node: Node) -> list[list[str]]:
    """The terms of each way in which a query can be true, as far as words are concerned."""
    match node:
        case Word(word):
            return [_telling([word])]
        case Phrase(words):
            return [_telling(words)]
        case Or(nodes):
            return [branch for inner in nodes for branch in _alternatives(inner) if branch][:MOST_BRANCHES] or [[]]
        case And(nodes):
            ways: list[list[str]] = [[]]
            for inner in nodes:
                if not isinstance(inner, Not):
                    others = _alternatives(inner)
                    ways = [[*way, *other] for way in ways for other in others][:MOST_BRANCHES]
            return ways
        case _:
            return [[]]
