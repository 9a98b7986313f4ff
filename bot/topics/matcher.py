"""The matcher: which of very many standing queries a new paper is for.

Every query is anchored on the terms of one of its parts that has to be true. For a paper only the queries that are
anchored on a term that is true of it are looked at, a small share of all.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import chain

from bot.meaning.vectors import NO_VECTORS, PaperVectors, Vector
from bot.papers.paper import Paper
from bot.query.queries import Query
from bot.topics.clauses import Batch, clause_of
from bot.topics.standing_queries import Clause, Condition, StandingQuery, Term
from bot.topics.terms import Terms

#: Papers that are evaluated together. Larger integers would save little and cost memory.
BATCH = 512


class Matcher:
    """Queries by key, matched against papers. Keys come and go while it is used; it is for one thread at a time."""

    def __init__(self) -> None:
        self._terms = Terms()
        self._standing: dict[Clause, StandingQuery] = {}
        self._by_key: dict[int, StandingQuery] = {}
        self._unanchored: list[StandingQuery] = []
        self._conditions: dict[Term, None] = {}
        """Conditions that are anchors: nobody finds them from the paper's side."""

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def distinct(self) -> int:
        """How many different queries there are."""
        return len(self._standing)

    def put(self, key: int, query: Query) -> None:
        """Adds a query, or replaces the one of that key."""
        clause = clause_of(query.root, self._terms.intern)
        standing = self._standing.get(clause)
        if standing is None:
            standing = self._stand(clause)
        insort(standing.keys, key)
        before = self._by_key.get(key)
        self._by_key[key] = standing
        if before is not None:
            self._withdraw(before, key)

    def remove(self, key: int) -> None:
        """Takes the query of a key away. Raises `KeyError` if there is none."""
        self._withdraw(self._by_key.pop(key), key)

    @property
    def embedding_models(self) -> frozenset[str]:
        """The versions of embedding models whose vectors of papers its queries need."""
        return self._terms.embedding_models

    def match(self, paper: Paper, vectors: Sequence[Vector] = ()) -> list[int]:
        """The keys of the queries that find the paper, each once, in no order. `vectors` are those that it has."""
        return self.match_all([paper], {paper.id: vectors})[0]

    def match_all(self, papers: Sequence[Paper], vectors: PaperVectors = NO_VECTORS) -> list[list[int]]:
        """For each of the papers what `match` gives, with less work than one after the other."""
        matches: list[list[int]] = []
        for start in range(0, len(papers), BATCH):
            matches += self._match(papers[start : start + BATCH], vectors)
        return matches

    def _match(self, papers: Sequence[Paper], vectors: PaperVectors) -> list[list[int]]:
        batch = Batch(papers, self._terms, vectors)
        keys: list[list[int]] = [[] for _ in papers]
        for standing, found in self._true_of(batch):
            while found:
                last = found.bit_length() - 1
                keys[last] += standing.keys
                found ^= 1 << last
        return keys

    def _true_of(self, batch: Batch) -> Iterator[tuple[StandingQuery, int]]:
        """The queries that are true of papers of the batch, each once, and of which papers."""
        get = batch.found.get
        several: dict[StandingQuery, int] = dict.fromkeys(self._unanchored, batch.everyone)
        conditions = [(term, papers) for term in self._conditions if (papers := batch.condition(term))]
        for term, papers in chain(batch.found.items(), conditions):
            for standing in term.anchored:
                found = papers
                for other in standing.others:
                    found &= get(other, 0)
                    if not found:
                        break
                else:
                    if standing.rest is None or (found := batch.true_of(standing.rest, found)):
                        yield standing, found
            for standing in term.shared:
                several[standing] = several.get(standing, 0) | papers
        for standing, found in several.items():
            if standing.rest is None or (found := batch.true_of(standing.rest, found)):
                yield standing, found

    def _stand(self, clause: Clause) -> StandingQuery:
        for term in clause.terms():
            term.users += 1
        standing = self._standing[clause] = StandingQuery(clause)
        match standing.anchor:
            case ():
                self._unanchored.append(standing)
            case (term,):
                term.anchored += (standing,)
            case terms:
                for term in terms:
                    term.shared += (standing,)
        for term in standing.anchor:
            if isinstance(term.asks, Condition):
                self._conditions[term] = None
        return standing

    def _withdraw(self, standing: StandingQuery, key: int) -> None:
        del standing.keys[bisect_left(standing.keys, key)]
        if standing.keys:
            return
        del self._standing[standing.clause]
        match standing.anchor:
            case ():
                self._unanchored.remove(standing)
            case (term,):
                term.anchored = _without(term.anchored, standing)
            case terms:
                for term in terms:
                    term.shared = _without(term.shared, standing)
        for term in standing.anchor:
            if not term.anchored and not term.shared:
                self._conditions.pop(term, None)
        for term in standing.clause.terms():
            self._terms.release(term)


def _without(places: tuple[StandingQuery, ...], standing: StandingQuery) -> tuple[StandingQuery, ...]:
    place = places.index(standing)
    return places[:place] + places[place + 1 :]


def matches(query: Query, paper: Paper, vectors: PaperVectors = NO_VECTORS) -> bool:
    """Whether the query finds the paper; `vectors` has those that the paper has, where the query asks for meaning."""
    matcher = Matcher()
    matcher.put(0, query)
    return bool(matcher.match(paper, vectors.get(paper.id, ())))


def same(query: Query, other: Query) -> bool:
    """Whether the two ask the same, though maybe in other forms of the words or in another order."""
    matcher = Matcher()
    matcher.put(0, query)
    matcher.put(1, other)
    return matcher.distinct == 1
