"""Clauses: queries with their negations pushed down to the terms, ready to be evaluated for many papers at once.

The truth of anything for a batch of papers is one integer, a bit for each paper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar, cast

from bot.meaning.vectors import PaperVectors
from bot.papers.paper import Paper
from bot.query.syntax import About, And, Everything, Node, Not, Or
from bot.topics.standing_queries import Clause, Condition, NotAbout, Question, Term
from bot.topics.terms import Terms, holds

Intern = Callable[[Question], Term]
_Part = TypeVar("_Part", bound=Hashable)


def clause_of(node: Node, intern: Intern, *, wanted: bool = True) -> Clause:
    """The clause that is true where the node is, or with `wanted=False` where it is not."""
    match node:
        case Not(inner):
            return clause_of(inner, intern, wanted=not wanted)
        case And(nodes) | Or(nodes):
            clauses = [clause_of(inner, intern, wanted=wanted) for inner in nodes]
            if isinstance(node, And) == wanted:
                return _all_of(clauses)
            return Clause(groups=(_once(map(_bare, clauses)),))
        case Everything():
            return Clause() if wanted else Clause(groups=((),))
        case About() if not wanted:
            # What has no vector yet is neither: that it is not about something must be known, too.
            return Clause(need=(intern(NotAbout(node)),))
        case _:
            term = intern(node)
            if isinstance(node, Condition):
                return Clause(conditions=((term, wanted),))
            return Clause(need=(term,)) if wanted else Clause(without=(term,))


def _bare(clause: Clause) -> Term | Clause:
    """The term that is all that a clause needs, or the clause."""
    return clause.need[0] if len(clause.need) == 1 and clause == Clause(need=clause.need) else clause


def _all_of(clauses: Sequence[Clause]) -> Clause:
    return Clause(
        need=_once(term for clause in clauses for term in clause.need),
        without=_once(term for clause in clauses for term in clause.without),
        groups=_once(group for clause in clauses for group in clause.groups),
        conditions=_once(condition for clause in clauses for condition in clause.conditions),
    )


def _once(parts: Iterable[_Part]) -> tuple[_Part, ...]:
    """Each part once, in an order that is the same whatever the query's was."""
    return tuple(sorted(set(parts), key=hash))


class Batch:
    """Some papers, and what is known of them."""

    def __init__(self, papers: Sequence[Paper], terms: Terms, vectors: PaperVectors) -> None:
        self._papers = papers
        self._conditions: dict[Term, int] = {}
        self.everyone = (1 << len(papers)) - 1
        """A bit for each of the papers."""
        found: defaultdict[Term, int] = defaultdict(int)
        for number, true in enumerate(terms.true_of(papers, vectors)):
            bit = 1 << number
            for term in true:
                found[term] |= bit
        self.found: Mapping[Term, int] = found
        """The papers of which a term is true; one that is not in here is true of none, or a condition."""

    def true_of(self, clause: Clause, papers: int) -> int:
        """Those of the papers of which the clause is true. Conditions come last: they are rarely reached."""
        found = self.found
        for term in clause.need:
            papers &= found.get(term, 0)
        for term in clause.without:
            papers &= ~found.get(term, 0)
        for group in clause.groups:
            either = 0
            for part in group:
                either |= found.get(part, 0) if isinstance(part, Term) else self.true_of(part, papers)
            papers &= either
        if papers:
            for term, wanted in clause.conditions:
                papers &= self.condition(term) if wanted else ~self.condition(term)
        return papers

    def condition(self, term: Term) -> int:
        """The papers of which a condition is true."""
        papers = self._conditions.get(term)
        if papers is None:
            condition = cast("Condition", term.asks)
            papers = sum(1 << number for number, paper in enumerate(self._papers) if holds(condition, paper))
            self._conditions[term] = papers
        return papers
