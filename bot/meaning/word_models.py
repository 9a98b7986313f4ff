"""Word models: what the words of some example papers say of others (`bot.query.models.WordModel`).

The examples are averaged as in Rocchio's formula (Introduction to Information Retrieval, 9.1), each as tf-idf of length
1. The paper's side of the product, where a term is there or not, counts by its rarity, too, a little dampened. Measured
beside that on papers that share authors (`tests/bench/examples.py`), what changed nothing or made it worse: taking off
what every paper has, dividing by the length of a paper, and counting twice what several examples have.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from bot.meaning.terms import TermTable, shipped_table, telling_terms
from bot.papers.paper import Paper
from bot.query.models import LARGEST_SUM, WordModel
from bot.text.words import terms

MOST_TERMS: Final = 200
RARITY_POWER: Final = 1.5
TITLE_COUNTS: Final = 2.0  # as so many words of the abstract


def word_model(examples: Sequence[Paper], table: TermTable | None = None) -> WordModel | None:
    """The model of these examples, without a threshold (0); None if they have no word that tells anything."""
    table = table or shipped_table()
    weights: defaultdict[str, float] = defaultdict(float)
    for paper in examples:
        for term, value in _tf_idf(paper, table).items():
            weights[term] += value / len(examples)
    found = {term: weight * table.rarity(term) ** RARITY_POWER for term, weight in weights.items()}
    chosen = sorted(((weight, term) for term, weight in found.items()), key=lambda pair: (-pair[0], pair[1]))
    chosen = chosen[:MOST_TERMS]
    if not chosen:
        return None
    # Rounded down: the sum must not be larger.
    scale = LARGEST_SUM / math.fsum(weight for weight, _ in chosen)
    whole = [(term, int(weight * scale)) for weight, term in chosen]
    return WordModel.of(
        {term: weight for term, weight in whole if weight},
        table=table.version,
        titles=[" ".join(paper.title.split()) or paper.id for paper in examples],
    )


def score(model: WordModel, paper: Paper) -> int:
    """How much the paper is like the model's examples: the one definition, to which matcher and search keep."""
    return model.score(*terms_of(paper))


def is_like(model: WordModel, paper: Paper) -> bool:
    """Whether the paper is like the model's examples."""
    return score(model, paper) >= model.threshold


def terms_of(paper: Paper) -> tuple[frozenset[str], frozenset[str]]:
    """The terms in a paper's text, and those in its title."""
    return _terms_of(paper.title, paper.abstract, paper.keywords)


@lru_cache(1024)
def _terms_of(title: str, abstract: str, keywords: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    in_title = frozenset(terms(title))
    return in_title.union(terms(abstract), *map(terms, keywords)), in_title


def with_threshold(model: WordModel, threshold: int) -> WordModel:
    """The model with that threshold, 1 at least: what has none of its words is like nothing."""
    return replace(model, threshold=max(threshold, 1))


def nearest_title(model: WordModel, paper: Paper) -> str:
    """The title of the example that has the most in common with the paper; the first of several."""
    weights, (text, _) = model.weights, terms_of(paper)
    return max(model.titles, key=lambda title: sum(weights.get(term, 0) for term in text.intersection(terms(title))))


def _tf_idf(paper: Paper, table: TermTable) -> dict[str, float]:
    counts: dict[str, float] = {}
    parts = [(paper.title, TITLE_COUNTS), (paper.abstract, 1.0), *((keyword, 1.0) for keyword in paper.keywords)]
    for text, times in parts:
        for term in telling_terms(text):
            counts[term] = counts.get(term, 0.0) + times
    found = {term: (1 + math.log(count)) * table.rarity(term) for term, count in counts.items()}
    length = math.sqrt(math.fsum(value * value for value in found.values())) or 1.0
    return {term: value / length for term, value in found.items()}
