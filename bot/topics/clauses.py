"""Clauses: queries with their negations pushed down to the atoms, ready to be evaluated for many papers at once.

The truth of anything for a batch of papers is one integer, a bit for each paper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar, cast

from bot.matching.atoms import Atom, Atoms, Condition, Question, holds
from bot.papers import Paper
from bot.query.nodes import And, Everything, Node, Not, Or

Intern = Callable[[Question], Atom]
_Part = TypeVar("_Part", bound=Hashable)


class Clause(NamedTuple):
    """What all has to be so: `need` and none of `without`, one at least of each of `groups`, and the conditions.

    Each condition comes with the answer that is needed. Equal clauses of the same atoms are equal queries.
    """

    need: tuple[Atom, ...] = ()
    without: tuple[Atom, ...] = ()
    groups: tuple[tuple[Atom | Clause, ...], ...] = ()
    conditions: tuple[tuple[Atom, bool], ...] = ()

    def atoms(self) -> Iterator[Atom]:
        """Every atom, as often as it is in there."""
        yield from self.need
        yield from self.without
        for group in self.groups:
            for either in group:
                if isinstance(either, Atom):
                    yield either
                else:
                    yield from either.atoms()
        for atom, _ in self.conditions:
            yield atom


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
        case _:
            atom = intern(node)
            if isinstance(node, Condition):
                return Clause(conditions=((atom, wanted),))
            return Clause(need=(atom,)) if wanted else Clause(without=(atom,))


def _bare(clause: Clause) -> Atom | Clause:
    """The atom that is all that a clause needs, or the clause."""
    return clause.need[0] if len(clause.need) == 1 and clause == Clause(need=clause.need) else clause


def _all_of(clauses: Sequence[Clause]) -> Clause:
    return Clause(
        need=_once(atom for clause in clauses for atom in clause.need),
        without=_once(atom for clause in clauses for atom in clause.without),
        groups=_once(group for clause in clauses for group in clause.groups),
        conditions=_once(condition for clause in clauses for condition in clause.conditions),
    )


def _once(parts: Iterable[_Part]) -> tuple[_Part, ...]:
    """Each part once, in an order that is the same whatever the query's was."""
    return tuple(sorted(set(parts), key=hash))


class Batch:
    """Some papers, and what is known of them."""

    def __init__(self, papers: Sequence[Paper], atoms: Atoms) -> None:
        self._papers = papers
        self._conditions: dict[Atom, int] = {}
        self.everyone = (1 << len(papers)) - 1
        """A bit for each of the papers."""
        found: defaultdict[Atom, int] = defaultdict(int)
        for number, paper in enumerate(papers):
            bit = 1 << number
            for atom in atoms.true_of(paper):
                found[atom] |= bit
        self.found: Mapping[Atom, int] = found
        """The papers of which an atom is true; one that is not in here is true of none, or a condition."""

    def true_of(self, clause: Clause, papers: int) -> int:
        """Those of the papers of which the clause is true. Conditions come last: they are rarely reached."""
        found = self.found
        for atom in clause.need:
            papers &= found.get(atom, 0)
        for atom in clause.without:
            papers &= ~found.get(atom, 0)
        for group in clause.groups:
            either = 0
            for part in group:
                either |= found.get(part, 0) if isinstance(part, Atom) else self.true_of(part, papers)
            papers &= either
        if papers:
            for atom, wanted in clause.conditions:
                papers &= self.condition(atom) if wanted else ~self.condition(atom)
        return papers

    def condition(self, atom: Atom) -> int:
        """The papers of which a condition is true."""
        papers = self._conditions.get(atom)
        if papers is None:
            condition = cast("Condition", atom.asks)
            papers = sum(1 << number for number, paper in enumerate(self._papers) if holds(condition, paper))
            self._conditions[atom] = papers
        return papers
