"""Refinement: a query that leaves out what somebody does not want, or finds what is like a paper that they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.meaning.terms import shipped_table, telling_terms
from bot.papers.paper import Paper
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import Like, Or
from bot.text.words import stemmed, words
from bot.topics.matcher import matches

MOST_AUTHORS: Final = 2
MOST_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something of a paper that a query may leave out: what it is called, and the query that finds it."""

    label: str
    part: str


def exclusions_of(paper: Paper, asked: Sequence[str]) -> list[Exclusion]:
    """What of the paper may be left out: authors, its category and telling words that are not `asked` for.

    `asked` are the texts of the queries that bring it.
    """
    wanted = set(stemmed([word for query in asked for word in words(query)]))
    parts = [Exclusion(name.written, f'author:"{name.written}"') for name in paper.authors[:MOST_AUTHORS]]
    parts += [Exclusion(category, f"cat:{category}") for category in paper.categories[:1]]
    written = dict(zip(stemmed(words(paper.title)), words(paper.title), strict=True))
    rare = sorted(dict.fromkeys(telling_terms(paper.title)), key=shipped_table().rarity, reverse=True)
    telling = [term for term in rare if term not in wanted][:MOST_WORDS]
    parts += [Exclusion(f"“{written[term]}”", f"title:{written[term]}") for term in telling]
    return [one for one in parts if _is_so(one.part, paper)]


def without(query: Query, excluded: Query) -> Query:
    """The query less what the other finds. Raises `QueryError` where that is longer than a query may be."""
    kept = f"({query.text})" if isinstance(query.root, Or) else query.text
    return parse(f"{kept} -({excluded.text})").with_models((*excluded.models, *query.models))


def with_example(query: Query, paper_id: str) -> Query:
    """The query that also finds what is like the paper: one more example where it has some, else an alternative.

    Raises `QueryError` where that is longer than a query may be.
    """
    terms = [term for term in query.by_example() if isinstance(term, Like)]
    if len(terms) == 1:
        (term,) = terms
        if paper_id in term.papers:
            return query
        before, after = (Query.of(Like(papers, term.share)).text for papers in (term.papers, (*term.papers, paper_id)))
        return parse(query.text.replace(before, after, 1)).with_models(query.models)
    either = query.text if isinstance(query.root, Or) else f"({query.text})"
    return parse(f"{either} OR {Query.of(Like((paper_id,))).text}").with_models(query.models)


def _is_so(part: str, paper: Paper) -> bool:
    try:
        return matches(parse(part), paper)
    except QueryError:
        return False
