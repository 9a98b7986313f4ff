"""Searches: from a query to a page of hits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from tantivy import DocAddress, Document, Occur, Query, Schema, Searcher

from bot.meaning.collection import VectorView
from bot.meaning.vectors import Vector, dot_products
from bot.papers.paper import Paper
from bot.query.models import MeaningModel, WordModel
from bot.query.queries import Query as PaperQuery
from bot.query.queries import wanted_words
from bot.query.syntax import And, Days, Node, Sort
from bot.search.results import FEW_RESULTS, Hit, SearchPage
from bot.text.inflections import beginnings
from bot.text.words import stemmed
from storage.search.documents import id_in, text_of
from storage.search.files import engine_errors
from storage.search.queries import (
    all_papers,
    conditions_of,
    exact_query,
    ranked_query,
    related_query,
    similar_query,
    sum_query,
)
from storage.search.query_terms import has_relevance, shown_words, wanted_meanings
from storage.search.spelling import nearest_words

#: Papers that are looked at first for those that reach a threshold.
_FIRST_LOOK = 1000
#: Papers that are put in order by their nearness to what is asked for by its meaning.
_MOST_RANKED = 500

_Found = tuple[float, str, DocAddress]


class Search:
    """One look into the index, as it was when the searcher was made."""

    def __init__(self, searcher: Searcher, schema: Schema, views: Mapping[str, VectorView]) -> None:
        self._searcher = searcher
        self._schema = schema
        self._stored: dict[tuple[int, int], Document] = {}
        self._views = views
        self._like: dict[tuple[WordModel | MeaningModel, bool], Query] = {}
        #: What every paper meets that can be an answer, where that is known: no others need be compared with examples.
        self._within: Query | None = None

    def page(self, query: PaperQuery, limit: int, offset: int) -> SearchPage:
        """The papers that match, in the order that the query wants, and related ones.

        Without words there is nothing to be relevant to: the newest come first.
        """
        root = query.root
        with engine_errors():
            days = [node for node in (root.nodes if isinstance(root, And) else ()) if isinstance(node, Days)]
            if days:
                self._within = Query.boolean_query([self._condition(one) for one in days])
            if query.sort is Sort.RELEVANCE and has_relevance(root):
                ranked = ranked_query(self._schema, root, self._alike, self._nearness(root))
                total, found = self._ranked(ranked, limit, offset)
            else:
                order = "top" if query.sort is Sort.TOP else "newest"
                total, found = self._ordered(exact_query(self._schema, root, self._alike), order, limit, offset)
            related: Sequence[_Found] = ()
            if query.has_words and offset == 0 and total < FEW_RESULTS:
                related = self._related(root, min(limit, FEW_RESULTS - total), total)
            hits = self._hits([*found, *related], root)
        return SearchPage(total=total, hits=hits[: len(found)], related=hits[len(found) :])

    def counts(self, query: PaperQuery, conditions: Sequence[Node]) -> list[int]:
        """How many papers match the query and each of these conditions."""
        with engine_errors():
            met = [self._condition(one) for one in conditions]
            self._within = Query.boolean_query([(Occur.Should, one) for _, one in met])
            found = Query.const_score_query(exact_query(self._schema, query.root, self._alike), 0.0)
            return [self._count(Query.boolean_query([(Occur.Must, found), one])) for one in met]

    def _condition(self, node: Node) -> tuple[Occur, Query]:
        return Occur.Must, Query.const_score_query(exact_query(self._schema, node, self._alike), 0.0)

    def _count(self, query: Query) -> int:
        result: Any = self._searcher.search(query, 1)
        return int(result.count)

    def loosely(self, query: PaperQuery, limit: int) -> tuple[Hit, ...]:
        """Related papers, without snippets."""
        with engine_errors():
            exact = exact_query(self._schema, query.root, self._alike)
            found_exactly: Any = self._searcher.search(exact, 1)
            found = self._related(query.root, limit, found_exactly.count)
        return tuple(Hit(paper_id, score) for score, paper_id, _ in found)

    def beside(self, query: PaperQuery, paper_ids: Collection[str]) -> frozenset[str]:
        """Those of the papers that do not match but meet every condition that is not about words."""
        with engine_errors():
            named = Query.term_set_query(self._schema, "id", list(paper_ids))
            exact = exact_query(self._schema, query.root, self._alike)
            clauses = [
                (Occur.Must, named),
                (Occur.MustNot, exact),
                *conditions_of(self._schema, query.root, self._alike),
            ]
            _, found = self._ordered(Query.boolean_query(clauses), "newest", len(paper_ids), 0)
        return frozenset(paper_id for _, paper_id, _ in found)

    def eligible(self, query: PaperQuery, most: int) -> frozenset[str] | None:
        """All papers that meet every condition that is not about words, unless they are more than so many."""
        with engine_errors():
            clauses = conditions_of(self._schema, query.root, self._alike)
            if not clauses:
                return None
            total, found = self._ordered(Query.boolean_query([all_papers(), *clauses]), "newest", most, 0)
        return frozenset(paper_id for _, paper_id, _ in found) if total <= most else None

    def with_snippets(self, query: PaperQuery, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The hits with snippets, as far as their papers are known."""
        with engine_errors():
            named = Query.term_set_query(self._schema, "id", [hit.paper_id for hit in hits])
            _, found = self._ordered(named, "newest", len(hits), 0)
            shown = {hit.paper_id: hit.snippet for hit in self._hits(found, query.root)}
        return tuple(replace(hit, snippet=shown[hit.paper_id]) for hit in hits if hit.paper_id in shown)

    def similar(self, paper: Paper, limit: int) -> tuple[Hit, ...]:
        """Papers with the words that tell most about this one."""
        with engine_errors():
            alike = similar_query(self._schema, text_of(paper), self._known_in, self._searcher.num_docs)
            if alike is None:
                return ()
            itself = Query.term_query(self._schema, "id", paper.id, "basic")
            others = Query.boolean_query([(Occur.Must, alike), (Occur.MustNot, itself)])
            _, found = self._ranked(others, limit, 0)
        return tuple(Hit(paper_id, score) for score, paper_id, _ in found)

    def best_scores(self, model: WordModel, among: PaperQuery, limit: int) -> list[int]:
        """The highest scores by the model of the papers that the query finds."""
        with engine_errors():
            conditions = Query.const_score_query(exact_query(self._schema, among.root, self._alike), 0.0)
            both = Query.boolean_query([(Occur.Must, sum_query(self._schema, model)), (Occur.Must, conditions)])
            hits: Any = self._searcher.search(both, max(limit, 1), count=False).hits
            return [int(score) for score, _ in hits[:limit]]

    def _alike(self, model: WordModel | MeaningModel, wanted: bool) -> Query:
        """Finds the papers that reach the model's threshold, by what names them: the engine has no such query.

        What is not `wanted` are the others that have a vector.
        """
        if (model, wanted) not in self._like:
            if isinstance(model, WordModel):
                self._like[model, wanted] = self._reaching(model)
            else:
                self._like[model, wanted] = self._by_id([one for one, _ in self._near(model, wanted=wanted)])
        return self._like[model, wanted]

    def _near(self, model: MeaningModel, *, wanted: bool) -> list[tuple[str, int]]:
        """The papers with a vector that are as near as the model says, or are not, and how near they are."""
        view = self._views.get(model.model)
        if view is None or not len(view.rows):
            return []
        products = dot_products(view.rows, Vector(model.model, model.numbers).array)
        reached = products >= model.threshold
        (places,) = (reached if wanted else ~reached).nonzero()
        return [(view.paper_ids[place], int(products[place])) for place in places.tolist()]

    def _nearness(self, root: Node) -> list[tuple[str, float]]:
        """How near the nearest papers are to each thing that is asked for by its meaning, 1 at the threshold."""
        return [
            (paper_id, product / model.threshold)
            for model in wanted_meanings(root)
            for paper_id, product in sorted(self._near(model, wanted=True), key=lambda pair: -pair[1])[:_MOST_RANKED]
        ]

    def _reaching(self, model: WordModel) -> Query:
        """Finds the papers that reach the model's threshold, which may be most of those that there are."""
        everything, wanted = self._searcher.num_docs, _FIRST_LOOK
        scored = sum_query(self._schema, model, model.threshold)
        if self._within is not None:
            silent = Query.const_score_query(self._within, 0.0)
            scored = Query.boolean_query([(Occur.Must, scored), (Occur.Must, silent)])
        while True:
            hits: Any = self._searcher.search(scored, max(wanted, 1), count=False).hits
            reached = bisect_right(hits, -model.threshold, key=lambda hit: -hit[0])
            if reached < wanted or wanted >= everything:
                break
            wanted = everything
        if not reached:
            return Query.empty_query()
        # Their numbers are beside each other in memory. To read what is kept of so many papers takes ten times as long.
        changes = self._searcher.fast_field_values("change", [address for _, address in hits[:reached]])
        return Query.term_set_query(self._schema, "change", changes)

    def _by_id(self, paper_ids: Sequence[str]) -> Query:
        return Query.term_set_query(self._schema, "id", paper_ids) if paper_ids else Query.empty_query()

    def nearest(self, query: PaperQuery) -> dict[str, tuple[str, ...]]:
        """For words that hardly any paper has: those that were probably meant."""
        with engine_errors():
            found = {
                word: tuple(nearest_words(word, self._known_in(stemmed((word,))[0]), self._words_with))
                for word in wanted_words(query)
            }
        return {word: nearest for word, nearest in found.items() if nearest}

    def forms(self, query: PaperQuery) -> dict[str, tuple[str, ...]]:
        """The words of papers that have the same term as a word of the query, the commonest first."""
        with engine_errors():
            return {word: tuple(self._forms_of(word)) for word in wanted_words(query, inflected=True)}

    def _forms_of(self, word: str) -> list[str]:
        (term,) = stemmed((word,))
        counts: dict[str, int] = {}
        for field in ("title_words", "abstract_words"):
            for beginning in beginnings(term):
                counts |= dict(self._words_with(beginning, field))
        alike = [other for other, same in zip(counts, stemmed(counts), strict=True) if same == term]
        return sorted(alike, key=lambda other: (-counts[other], other))

    def _words_with(self, beginning: str, field: str = "abstract_words") -> list[tuple[str, int]]:
        return [(str(word), int(count)) for word, count in self._searcher.terms_with_prefix(field, beginning)]

    def _known_in(self, term: str) -> int:
        return self._searcher.doc_freq("text", term)

    def _ordered(self, query: Query, field: str, limit: int, offset: int) -> tuple[int, list[_Found]]:
        """Results by a field that is different for every paper."""
        count, limit = self._bounded(limit, offset)
        result: Any = self._searcher.search(query, max(limit, 1), order_by_field=field, offset=min(offset, count))
        return result.count, [(0.0, id_in(key), address) for key, address in result.hits[:limit]]

    def _ranked(self, query: Query, limit: int, offset: int) -> tuple[int, list[_Found]]:
        """Results by score, the larger id first where that is equal, wherever in the files they are."""
        count, limit = self._bounded(limit, offset)
        end = min(offset, count) + limit
        wanted = end + 1
        while True:
            result: Any = self._searcher.search(query, max(wanted, 1), weight_by_field="weight")
            hits = result.hits
            # Equals of the last one may be further down, and come before it.
            if len(hits) < wanted or hits[-1][0] < hits[end - 1][0]:
                break
            wanted *= 2
        return result.count, list(self._settled(hits, offset, end))

    def _settled(self, hits: Sequence[tuple[float, DocAddress]], start: int, end: int) -> Iterator[_Found]:
        """The hits from `start` to before `end`. Only those that share a score with one of them are looked up."""
        place = 0
        for score, equals in groupby(hits, key=lambda hit: hit[0]):
            group = [address for _, address in equals]
            if place < end and place + len(group) > start:
                ordered = sorted(((self._id(address), address) for address in group), key=lambda pair: pair[0])
                for paper_id, address in reversed(ordered):
                    if start <= place < end:
                        yield score, paper_id, address
                    place += 1
            else:
                place += len(group)

    def _related(self, root: Node, limit: int, total: int) -> Sequence[_Found]:
        """The best related papers that are not among the few exact results, which are cheaper to leave out here."""
        loose = related_query(self._schema, root, self._known_in, self._searcher.num_docs, self._alike)
        if loose is None:
            return ()
        _, found = self._ranked(loose, limit + total, 0)
        if not total:
            return found
        hits = self._searcher.search(exact_query(self._schema, root, self._alike), total, count=False).hits
        known = {(address.segment_ord, address.doc) for _, address in hits}
        return [one for one in found if (one[2].segment_ord, one[2].doc) not in known][:limit]

    def _bounded(self, limit: int, offset: int) -> tuple[int, int]:
        """How many papers there are at all, and a limit that is not beyond it: room is made for as many results."""
        count = self._searcher.num_docs
        return count, max(min(limit, count - offset), 0)

    def _id(self, address: DocAddress) -> str:
        return str(self._document(address)["id"][0])

    def _document(self, address: DocAddress) -> Document:
        """What the index keeps of a paper: its id and its abstract. Reading it takes a good part of a search."""
        place = (address.segment_ord, address.doc)
        if place not in self._stored:
            self._stored[place] = self._searcher.doc(address)
        return self._stored[place]

    def _hits(self, found: Sequence[_Found], root: Node) -> tuple[Hit, ...]:
        shown = shown_words(root)
        if shown is None:
            return tuple(Hit(paper_id, score) for score, paper_id, _ in found)
        abstracts = [self._document(address)["excerpt"][0].decode("utf-8") for _, _, address in found]
        return tuple(
            Hit(paper_id, score, snippet)
            for (score, paper_id, _), snippet in zip(found, shown.snippets(abstracts), strict=True)
        )
