"""What a query means, once more: straight from the words of DESIGN, with lists and loops, to compare others with.

It shares nothing with the matcher but the syntax tree and the analyser.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from bot.meaning.vectors import Vector
from bot.papers.paper import Paper
from bot.query.models import MeaningModel
from bot.query.syntax import (
    About,
    And,
    Author,
    Category,
    Days,
    Everything,
    Feature,
    FromSource,
    Has,
    Like,
    Node,
    Not,
    Number,
    NumberField,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    Submitter,
    TextField,
    Word,
)
from bot.text import words as analyser

terms = lru_cache(20_000)(analyser.terms)
words = lru_cache(20_000)(analyser.words)


def _negated(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)


def _products(model: MeaningModel | None, vectors: Sequence[Vector]) -> list[tuple[int, int]]:
    """The dot product of the one vector that can be compared, if there is one, and what it is compared with."""
    if model is None:
        raise ValueError("nobody knows")
    numbers = [int(number) for number in np.frombuffer(model.numbers, np.int8)]
    return [
        (sum(one * int(other) for one, other in zip(numbers, vector.array, strict=True)), model.threshold)
        for vector in vectors
        if vector.model == model.model
    ]


def finds(node: Node, paper: Paper, vectors: Sequence[Vector] = ()) -> bool:
    """Whether the paper is among what the query finds."""
    match node:
        case And(nodes):
            return all(finds(part, paper, vectors) for part in nodes)
        case Or(nodes):
            return any(finds(part, paper, vectors) for part in nodes)
        case Not(And(nodes)):
            return any(finds(_negated(part), paper, vectors) for part in nodes)
        case Not(Or(nodes)):
            return all(finds(_negated(part), paper, vectors) for part in nodes)
        case Not(About(model=model)):
            return any(product < least for product, least in _products(model, vectors))
        case About(model=model):
            return any(product >= least for product, least in _products(model, vectors))
        case Not(part):
            return not finds(part, paper, vectors)
        case Everything():
            return True
        case Like(model=model):
            if model is None:
                raise ValueError("nobody knows")
            text = [term for part in _texts(paper, TextField.ANY) for term in terms(part)]
            return (
                sum(w * ((t in text) + (t in terms(paper.title))) for t, w in model.weights.items()) >= model.threshold
            )
        case Word(word, field, exact):
            form = words if exact else terms
            return any(_in_row(form(word), form(text)) for text in _texts(paper, field))
        case Phrase(phrase, field, exact):
            form = words if exact else terms
            return any(_in_row(form(" ".join(phrase)), form(text)) for text in _texts(paper, field))
        case Prefix(start, field):
            return any(word.startswith(start) for text in _texts(paper, field) for word in words(text))
        case Author(name):
            return any(_in_row(list(name), words(form)) for author in paper.authors for form in author.searched)
        case Organization(name):
            return any(_in_row(list(name), words(text)) for text in (paper.organization, paper.organization_name))
        case Submitter(name):
            return list(name) == words(paper.submitter)
        case Category(name):
            wanted = name.lower()
            categories = [category.lower() for category in paper.categories]
            if wanted.endswith(".*"):
                archive = wanted.removesuffix(".*")
                return any(category == archive or category.startswith(f"{archive}.") for category in categories)
            return wanted in categories
        case FromSource(source):
            return source in paper.sources
        case Has(Feature.CODE):
            return paper.code_url != ""
        case Has(Feature.PROJECT):
            return paper.project_url != ""
        case Has(Feature.MODEL):
            return paper.models > 0
        case PaperId(paper_id):
            return paper.id == paper_id
        case Number(field, low, high):
            number = {
                NumberField.UPVOTES: paper.upvotes,
                NumberField.STARS: paper.stars,
                NumberField.COMMENTS: paper.comments,
            }[field]
            return not (low is not None and number < low) and not (high is not None and number > high)
        case Days(first, end):
            day = paper.featured_on or paper.published_on
            return day is not None and not (first and day < first) and not (end and day >= end)
    raise TypeError(node)


def _texts(paper: Paper, field: TextField) -> list[str]:
    match field:
        case TextField.TITLE:
            return [paper.title]
        case TextField.ABSTRACT:
            return [paper.abstract]
        case TextField.ANY:
            return [paper.title, paper.abstract, *paper.keywords]


def _in_row(wanted: list[str], row: list[str]) -> bool:
    return any(row[place : place + len(wanted)] == wanted for place in range(len(row)))
