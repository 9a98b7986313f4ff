"""A query that was understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self, cast

from bot.query.models import Models
from bot.query.printing import printed
from bot.query.syntax import (
    About,
    And,
    ByExample,
    Category,
    FromSource,
    Has,
    Node,
    Not,
    Number,
    NumberField,
    Or,
    Organization,
    Phrase,
    Prefix,
    Sort,
    Submitter,
    Term,
    TextField,
    Word,
)


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    `text` is canonical: `parse(query.text) == query`, and queries that differ in nothing but spelling have the same.
    (Terms by example lose their models that way: `with_models` gives them back.)
    `watches_numbers` says that its truth depends on what a paper gains with time: votes, stars, comments, links, and
    what being featured by another source adds. `has_words` says that it has plain words, phrases or prefixes, so that
    papers with only some of them are related. `categories` are those that it names other than to exclude them.
    """

    text: str
    root: Node
    sort: Sort
    watches_numbers: bool
    has_words: bool
    categories: frozenset[str]

    @classmethod
    def of(cls, root: Node, sort: Sort = Sort.RELEVANCE) -> Self:
        """The query with that tree."""
        terms = list(_terms(root))
        return cls(
            text=printed(root, sort),
            root=root,
            sort=sort,
            watches_numbers=any(isinstance(term, _GROWING) for term, _ in terms),
            has_words=any(wanted and isinstance(term, Word | Phrase | Prefix) for term, wanted in terms),
            categories=frozenset(term.name for term, wanted in terms if wanted and isinstance(term, Category)),
        )

    def with_upvotes(self, least: int) -> Self:
        """The same query, for papers with so many upvotes or more. Its text may be longer than `parse` reads."""
        enough = Number(NumberField.UPVOTES, least, None)
        return self if enough in _parts(self.root) else self.meeting(enough)

    def meeting(self, *conditions: Node) -> Self:
        """The same query, for papers that meet these conditions as well."""
        nodes = [part for node in (self.root, *conditions) for part in _parts(node)]
        return self.of(And(tuple(nodes)), self.sort) if nodes[1:] else self

    def by_example(self) -> list[ByExample]:
        """The terms by example, or by meaning, each once."""
        return list(dict.fromkeys(term for term, _ in _terms(self.root) if isinstance(term, ByExample)))

    @property
    def embedding_models(self) -> frozenset[str]:
        """The versions of embedding models that its terms by meaning are decided by."""
        models = (term.model for term in self.by_example() if isinstance(term, About))
        return frozenset(model.model for model in models if model is not None)

    @property
    def models(self) -> Models:
        """What the terms by example are decided by, as far as they have models."""
        return tuple((printed(term), term.model) for term in self.by_example() if term.model is not None)

    def with_models(self, models: Models) -> Self:
        """The same query with these models for its terms by example."""
        known = dict(models)

        def decided(node: Node) -> Node:
            if not isinstance(node, ByExample) or (model := known.get(printed(node))) is None:
                return node
            return cast("Node", replace(node, model=model))  # type: ignore[arg-type]  # of the kind of the term

        return self.of(_changed(self.root, decided), self.sort) if models else self


def _parts(node: Node) -> tuple[Term | Not | Or, ...]:
    """The nodes all of which it asks for."""
    return node.nodes if isinstance(node, And) else (node,)


_GROWING = (Number, Has, FromSource, Organization, Submitter)


def _terms(node: Node, *, wanted: bool = True) -> Iterator[tuple[Term, bool]]:
    """The terms, each with whether it is looked for and not excluded."""
    match node:
        case Not(part):
            yield from _terms(part, wanted=not wanted)
        case And(nodes) | Or(nodes):
            for inner in nodes:
                yield from _terms(inner, wanted=wanted)
        case _:
            yield node, wanted


def with_words(query: Query, others: Mapping[str, str]) -> str:
    """The text of the query with other words in the place of some."""

    def changed(node: Node) -> Node:
        match node:
            case Word(word):
                return replace(node, word=others.get(word, word))
            case Phrase(words):
                return replace(node, words=tuple(others.get(word, word) for word in words))
            case _:
                return node

    return printed(_changed(query.root, changed), query.sort)


def _changed(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with what `change` makes of each of its terms."""
    match node:
        case And(nodes):
            return And(cast("tuple[Term, ...]", tuple(_changed(inner, change) for inner in nodes)))
        case Or(nodes):
            return Or(cast("tuple[Term, ...]", tuple(_changed(inner, change) for inner in nodes)))
        case Not(part):
            return Not(cast("Term", _changed(part, change)))
        case _:
            return change(node)


def wanted_words(query: Query, *, inflected: bool = False) -> list[str]:
    """The words that are looked for in texts, each once; all of them, or those that match in all their forms."""
    found: dict[str, None] = {}
    for term, wanted in _terms(query.root):
        if wanted and isinstance(term, Word | Phrase) and not (inflected and term.exact):
            found |= dict.fromkeys((term.word,) if isinstance(term, Word) else term.words)
    return list(found)


def plain_words(query: Query) -> str | None:
    """The words of a query that has nothing but words and phrases to look for anywhere, else None."""
    nodes = query.root.nodes if isinstance(query.root, And) else (query.root,)
    words: list[str] = []
    for node in nodes:
        match node:
            case Word(word, TextField.ANY):
                words.append(word)
            case Phrase(parts, TextField.ANY):
                words += parts
            case _:
                return None
    return " ".join(words)
