"""Queries of the index's own kind, made from the tree of ours. What finds a paper is exact; what ranks it is judgement.

Ranking adds to the score of the words in the text a little for those in the title. Where any of the words will do, it
also adds for two that stand beside each other in the query and in the paper; where all of them are there anyway, that
costs more time than it is worth. The amounts were chosen on the Cranfield collection (`tests/bench/searching.py`), and
everything near them does as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, cast

from tantivy import FieldType, Occur, Query, Schema

from bot.query.models import MeaningModel, WordModel, decided
from bot.query.syntax import (
    About,
    And,
    Author,
    Category,
    Days,
    Everything,
    FromSource,
    Has,
    Like,
    Node,
    Not,
    Number,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    Submitter,
    Term,
    Text,
    TextField,
    Word,
)
from bot.search.questions import STOP_WORDS
from bot.text.words import stemmed, terms
from storage.search.documents import whole_name
from storage.search.query_terms import is_text, loosened, terms_anywhere, wanted_models, wanted_texts

_IN_TITLE = 0.3
#: A word in more than this part of all papers only ranks related ones, where enough have another.
_COMMON = 0.04
_ENOUGH = 100
_SIDE_BY_SIDE = 0.3
#: What being like examples, just so, adds to the score for words.
_AT_THRESHOLD = 5.0
#: Terms that stand for a whole text when others like it are looked for.
_SIMILAR_TERMS = 50

_FIELDS: Final = {TextField.ANY: "text", TextField.TITLE: "title", TextField.ABSTRACT: "abstract"}
#: Where words as they are written and beginnings of them are looked for, and what finding one there is worth.
_WORD_FIELDS: Final = {
    TextField.ANY: (("title_words", 3.0), ("keyword_words", 2.0), ("abstract_words", 1.0)),
    TextField.TITLE: (("title_words", 3.0),),
    TextField.ABSTRACT: (("abstract_words", 1.0),),
}


#: Finds the papers that are like the examples of a model, or about what it means; with False those that are not, of
#: which that can be said.
FindAlike = Callable[[WordModel | MeaningModel, bool], Query]


def exact_query(schema: Schema, root: Node, alike: FindAlike) -> Query:
    """Finds just the papers that match, without regard to their order."""
    return _Builder(schema, alike).node(root)


def ranked_query(schema: Schema, root: Node, alike: FindAlike, nearness: Iterable[tuple[str, float]] = ()) -> Query:
    """Finds just the papers that match; the score is for relevance.

    `nearness` says of papers how near they are to what is asked for by its meaning, 1 at the threshold.
    """
    builder = _Builder(schema, alike)
    likeness = [
        (Occur.Should, Query.boost_query(sum_query(schema, model), _AT_THRESHOLD / model.threshold))
        for model in wanted_models(root)
    ]
    likeness += [
        (Occur.Should, Query.const_score_query(Query.term_query(schema, "id", paper_id, "basic"), _AT_THRESHOLD * near))
        for paper_id, near in nearness
    ]
    return Query.boolean_query(
        [(Occur.Must, builder.node(root)), *_in_titles(builder, list(wanted_texts(root))), *likeness]
    )


def sum_query(schema: Schema, model: WordModel, least: int = 0) -> Query:
    """Finds papers with any of the model's terms; the score is the model's, exactly.

    Each term adds its weight once for the text and once for the title. The engine adds in 32-bit floating point, in
    which whole numbers below 2^24 are exact, and no sum of a model comes near that.

    Papers with less than the `least` score may be missing: those that have only the lightest of the terms, which do not
    reach it together. These are the common ones, and whatever else has them need not be looked at (MaxScore: H. Turtle
    and J. Flood, Query evaluation: strategies and optimizations, 1995).
    """
    telling, spare = dict(sorted(model.weights.items(), key=lambda pair: pair[1])), dict[str, int]()
    while telling and 2 * (sum(spare.values()) + next(iter(telling.values()))) < least:
        term = next(iter(telling))
        spare[term] = telling.pop(term)
    found = [_adding(schema, "text", term, weight) for term, weight in telling.items()]
    more = [_adding(schema, "title", term, weight) for term, weight in telling.items()]
    more += [_adding(schema, field, term, weight) for term, weight in spare.items() for field in ("text", "title")]
    # What is in a title is in the text, too.
    return Query.boolean_query([(Occur.Must, Query.boolean_query(found)), *more])


def _adding(schema: Schema, field: str, term: str, weight: int) -> tuple[Occur, Query]:
    return Occur.Should, Query.const_score_query(Query.term_query(schema, field, term, "basic"), float(weight))


def related_query(
    schema: Schema, root: Node, known_in: Callable[[str], int], count: int, alike: FindAlike
) -> Query | None:
    """Finds papers that have some of the words, and meet every condition that is not about words. Those that match do.

    None if no paper can be: the query does not ask for two or more words at once, beside those of grammar.
    """
    parts: Sequence[Node] = root.nodes if isinstance(root, And) else (root,)
    texts = [part for part in parts if is_text(part)]
    asked = [word for text in texts for word in loosened(text)]
    telling = [word for word in asked if not (isinstance(word, Word) and set(terms(word.word)) <= STOP_WORDS)] or asked
    if len(telling) < 2:
        return None
    builder = _Builder(schema, alike)
    told = list(dict.fromkeys(telling))
    rare = [word for word in told if not _is_common(word, known_in, count)]
    if sum(known_in(term) for word in rare if isinstance(word, Word) for term in terms(word.word)) < _ENOUGH:
        rare = told
    return Query.boolean_query(
        [
            (Occur.Must, Query.boolean_query([(Occur.Should, builder.node(word)) for word in rare])),
            *[(Occur.Should, builder.node(word)) for word in told if word not in rare],
            *conditions_of(schema, root, alike),
            *_in_titles(builder, telling),
            *_side_by_side(builder, telling),
        ]
    )


def conditions_of(schema: Schema, root: Node, alike: FindAlike) -> list[tuple[Occur, Query]]:
    """The parts of a query that are not about words, as clauses that score nothing."""
    builder = _Builder(schema, alike)
    parts: Sequence[Node] = root.nodes if isinstance(root, And) else (root,)
    return [builder.clause(part) for part in parts if not is_text(part)]


def all_papers() -> tuple[Occur, Query]:
    """What a query needs that otherwise may only exclude."""
    return Occur.Must, _silent(Query.all_query())


def _is_common(text: Text, known_in: Callable[[str], int], count: int) -> bool:
    """Whether so many papers have the word that it alone makes none related."""
    return isinstance(text, Word) and min(map(known_in, terms(text.word))) > _COMMON * count


def similar_query(schema: Schema, texts: Sequence[str], known_in: Callable[[str], int], count: int) -> Query | None:
    """Finds papers with the words that tell most about these texts; None if no other has any of them.

    Words weigh as often as they are there, as in a query that has each of them so often.
    `known_in` is in how many papers a term is. The engine has a query of that kind, which fails on an index whose
    papers changed: it counts versions that are gone as papers with a term, but not as papers.
    """
    times = Counter(term for text in texts for term in terms(text))
    weights = {
        term: often * math.log(1 + count / known)  # what is said often here, and seldom elsewhere
        for term, often in times.items()
        if term not in STOP_WORDS and (known := known_in(term)) > 1
    }
    telling = sorted(weights, key=lambda term: (-weights[term], term))[:_SIMILAR_TERMS]
    if not telling:
        return None
    return Query.boolean_query(
        [
            (Occur.Should, Query.boost_query(Query.term_query(schema, "text", term, "freq"), times[term]))
            for term in telling
        ]
    )


class _Builder:
    """Makes queries for one schema."""

    def __init__(self, schema: Schema, alike: FindAlike) -> None:
        self._schema = schema
        self._alike = alike

    def node(self, node: Node) -> Query:
        """Finds just what the node means. Words, phrases and beginnings score, conditions score nothing."""
        match node:
            case And(nodes):
                clauses = [self.clause(part) for part in nodes]
                if all(occur == Occur.MustNot for occur, _ in clauses):
                    clauses.append((Occur.Must, _silent(Query.all_query())))
                return Query.boolean_query(clauses)
            case Or(nodes):
                return Query.boolean_query([(Occur.Should, self.node(part)) for part in nodes])
            case Not(About(model=model)):
                return _silent(self._alike(decided(model), False))
            case Not(And(nodes) | Or(nodes) as part) if _asks_for_meaning(part):
                # What has no vector is neither about something nor not: that goes for each term by itself.
                others = tuple(inner.node if isinstance(inner, Not) else Not(inner) for inner in nodes)
                return self.node(Or(cast("tuple[Term, ...]", others)) if isinstance(part, And) else _all(others))
            case Not(part):
                return Query.boolean_query([(Occur.Must, _silent(Query.all_query())), (Occur.MustNot, self.node(part))])
            case Word(word, field, exact=True):
                return self._exactly_in_a_row(field, (word,))
            case Phrase(phrase, field, exact=True):
                return self._exactly_in_a_row(field, phrase)
            case Word(word, field):
                return self._in_a_row(_FIELDS[field], stemmed((word,)))
            case Phrase(phrase, field):
                return self._in_a_row(_FIELDS[field], stemmed(phrase))
            case Prefix(start, field):
                return self._prefix(start, field)
            case _:
                return _silent(self._condition(node))

    def clause(self, node: Node) -> tuple[Occur, Query]:
        """The node as a part of a conjunction."""
        if isinstance(node, Not) and not _asks_for_meaning(node):
            return Occur.MustNot, self.node(node.node)
        return Occur.Must, self.node(node)

    def side_by_side(self, pair: tuple[str, str]) -> Query:
        return Query.phrase_query(self._schema, "text", list(pair))

    def in_title(self, term: str) -> Query:
        return Query.term_query(self._schema, "title", term, "freq")

    def _condition(
        self,
        node: Everything
        | Author
        | Organization
        | Submitter
        | Category
        | FromSource
        | Number
        | Days
        | Has
        | PaperId
        | Like
        | About,
    ) -> Query:
        match node:
            case Everything():
                return Query.all_query()
            case Author(name):
                return self._in_a_row("author", name)
            case Organization(name):
                return self._in_a_row("organization", name)
            case Submitter(name):
                return self._exactly("submitter", whole_name(name))
            case Category(category):
                return self._exactly("category", category.lower())
            case FromSource(source):
                return self._exactly("source", source)
            case Has(feature):
                return self._exactly("has", feature)
            case PaperId(paper_id):
                return self._exactly("any_id", paper_id)
            case Like(model=model):
                return self._alike(decided(model), True)
            case About(model=meant):
                return self._alike(decided(meant), True)
            case Number(field, low, high):
                return Query.range_query(self._schema, field, FieldType.Integer, low, high)
            case Days(first, end):
                return Query.range_query(
                    self._schema,
                    "day",
                    FieldType.Integer,
                    first.toordinal() if first else None,
                    end.toordinal() - 1 if end else None,
                )

    def _exactly(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, str(value), "basic")

    def _in_a_row(self, field: str, row: Sequence[str]) -> Query:
        if len(row) == 1:
            return Query.term_query(self._schema, field, row[0], "freq")
        return Query.phrase_query(self._schema, field, list(row))

    def _exactly_in_a_row(self, field: TextField, row: Sequence[str]) -> Query:
        return Query.boolean_query(
            [(Occur.Should, Query.boost_query(self._in_a_row(name, row), worth)) for name, worth in _WORD_FIELDS[field]]
        )

    def _prefix(self, start: str, field: TextField) -> Query:
        # No distance: what is fuzzy here is only the end. (The engine's own prefix query stops after 50 words.)
        return Query.boolean_query(
            [
                (
                    Occur.Should,
                    Query.boost_query(Query.fuzzy_term_query(self._schema, name, start, 0, prefix=True), worth),
                )
                for name, worth in _WORD_FIELDS[field]
            ]
        )


def _silent(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)


def _in_titles(builder: _Builder, texts: Sequence[Text]) -> Iterator[tuple[Occur, Query]]:
    """Clauses that find nothing but prefer papers with the words in their titles."""
    for term in dict.fromkeys(terms_anywhere(texts)):
        if term not in STOP_WORDS:
            yield Occur.Should, Query.boost_query(builder.in_title(term), _IN_TITLE)


def _side_by_side(builder: _Builder, texts: Sequence[Text]) -> Iterator[tuple[Occur, Query]]:
    """Clauses that find nothing but prefer papers with the words beside each other."""
    for pair in dict.fromkeys(pairwise(terms_anywhere(texts))):
        if pair[0] != pair[1] and STOP_WORDS.isdisjoint(pair):
            yield Occur.Should, Query.boost_query(builder.side_by_side(pair), _SIDE_BY_SIDE)


def _all(nodes: tuple[Node, ...]) -> Node:
    return And(cast("tuple[Term, ...]", nodes))


def _asks_for_meaning(node: Node) -> bool:
    match node:
        case Not(part):
            return _asks_for_meaning(part)
        case And(nodes) | Or(nodes):
            return any(map(_asks_for_meaning, nodes))
        case _:
            return isinstance(node, About)
