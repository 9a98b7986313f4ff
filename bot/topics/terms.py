"""Terms: what many queries ask about a paper, kept once and looked up once.

Equal questions of any number of queries are one `Term`. Those about words, names and facts are found from the paper's
side: each of its words, of its pairs of words and of its facts is looked up, and whatever is not found is a no. Those
about a number or a day, the conditions, are asked one by one, and only where the answer matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from bot.meaning.vectors import PaperVectors
from bot.papers.paper import Paper
from bot.query.fields import SHORTEST_PREFIX
from bot.query.models import MeaningModel, WordModel, undecided
from bot.query.parser import LONGEST_QUERY
from bot.query.syntax import (
    About,
    Author,
    Category,
    Days,
    Feature,
    FromSource,
    Has,
    Like,
    Number,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    Submitter,
    TextField,
    Word,
)
from bot.text import words as analyser
from bot.topics.standing_queries import Condition, Fact, InRow, NotAbout, Question, Term

if TYPE_CHECKING:
    from bot.topics.alike import WordModels
    from bot.topics.meanings import MeaningModels

Rows = list[list[str]]
"""What a field of a paper says: rows of words, each with phrases of its own."""

#: Words whose beginnings are remembered, some megabytes of them.
MOST_SEEN = 50_000


def holds(condition: Condition, paper: Paper) -> bool:
    """Whether the paper's number or day is in that range."""
    match condition:
        case Number(field, low, high):
            number: int = getattr(paper, field)
            return (low is None or number >= low) and (high is None or number <= high)
        case Days(first, end):
            day = paper.day
            return day is not None and (first is None or day >= first) and (end is None or day < end)


class Terms:
    """All terms that any query asks."""

    def __init__(self) -> None:
        self._terms: dict[Question, Term] = {}
        self._text = {field: _Rows() for field in TextField}
        self._exact = {field: _Rows() for field in TextField}
        self._starts = {field: _Starts() for field in TextField}
        self._authors = _Rows()
        self._organizations = _Rows()
        self._word_models: WordModels | None = None
        self._meaning_models: MeaningModels | None = None
        self._undecided = 0

    def __len__(self) -> int:
        return len(self._terms)

    def intern(self, question: Question) -> Term:
        """The term that asks this. One without users is kept until it was used and released."""
        asks = _as_compared(question)
        term = self._terms.get(asks)
        if term is None:
            term = self._terms[asks] = Term(asks)
            if isinstance(asks, InRow):
                self._rows(asks).add(_row(asks), term)
            elif isinstance(asks, Prefix):
                self._starts[asks.field].add(asks.start, term)
            else:
                self._decide(asks, term)
        return term

    def release(self, term: Term) -> None:
        """One query less asks it; the last one takes it away."""
        term.users -= 1
        if term.users:
            return
        asks = term.asks
        del self._terms[asks]
        if isinstance(asks, InRow):
            self._rows(asks).remove(_row(asks))
        elif isinstance(asks, Prefix):
            self._starts[asks.field].remove(asks.start)
        else:
            self._decide(asks, None)

    def _decide(self, asks: Question, term: Term | None) -> None:
        """Takes over that a question by example or by meaning is asked now, or with None that it is no more."""
        match asks:
            case Like(model=None) | About(model=None) | NotAbout(About(model=None)):
                self._undecided += 1 if term else -1
            case Like(model=WordModel() as model):
                if term:
                    self._of_words().add(model, term)
                else:
                    self._of_words().remove(model)
            case About(model=MeaningModel() as model) | NotAbout(About(model=MeaningModel() as model)):
                if term:
                    self._of_meanings().add(model, term, near=isinstance(asks, About))
                else:
                    self._of_meanings().remove(model, near=isinstance(asks, About))

    def _of_words(self) -> WordModels:
        if self._word_models is None:
            from bot.topics.alike import WordModels  # brings NumPy (`bot.meaning.vectors`)

            self._word_models = WordModels()
        return self._word_models

    def _of_meanings(self) -> MeaningModels:
        if self._meaning_models is None:
            from bot.topics.meanings import MeaningModels  # the same

            self._meaning_models = MeaningModels()
        return self._meaning_models

    @property
    def embedding_models(self) -> frozenset[str]:
        """The versions of embedding models whose vectors of papers are needed."""
        return self._meaning_models.embedding_models if self._meaning_models is not None else frozenset()

    def true_of(self, papers: Sequence[Paper], vectors: PaperVectors) -> Iterator[set[Term]]:
        """The terms that are true of each of the papers, other than conditions.

        Raises `LookupError` while a term by example is asked for that has no model: nobody knows of what it is true.
        """
        if self._undecided:
            raise undecided()
        written = [
            [analyser.words(text) for text in (paper.title, paper.abstract, *paper.keywords)] for paper in papers
        ]
        rows = [list(map(analyser.stemmed, texts)) for texts in written]
        alike: Sequence[Sequence[Term]] = [()] * len(papers)
        about: Sequence[Sequence[Term]] = [()] * len(papers)
        if self._word_models:
            alike = self._word_models.true_of(
                [set().union(*texts) for texts in rows], [set(texts[0]) for texts in rows]
            )
        if self._meaning_models is not None:
            about = self._meaning_models.true_of([vectors.get(paper.id, ()) for paper in papers])
        for number, paper in enumerate(papers):
            yield self._true_of(paper, written[number], rows[number]).union(alike[number], about[number])

    def _true_of(self, paper: Paper, written: Rows, rows: Rows) -> set[Term]:
        true: set[Term] = set()
        for field, part in _FIELDS.items():
            if self._text[field]:
                self._text[field].find(rows[part], true)
            if self._exact[field]:
                self._exact[field].find(written[part], true)
            if self._starts[field]:
                self._starts[field].find(written[part], true)
        if self._authors:
            self._authors.find([analyser.words(written) for name in paper.authors for written in name.searched], true)
        if self._organizations:
            self._organizations.find(
                [analyser.words(paper.organization), analyser.words(paper.organization_name)], true
            )
        true.update(term for fact in _facts(paper) if (term := self._terms.get(fact)))
        return true

    def _rows(self, asks: InRow) -> _Rows:
        match asks:
            case Word() | Phrase():
                return (self._exact if asks.exact else self._text)[asks.field]
            case Author():
                return self._authors
            case Organization():
                return self._organizations


#: Which of title, abstract and keywords, in that order, a field is.
_FIELDS = {TextField.ANY: slice(None), TextField.TITLE: slice(0, 1), TextField.ABSTRACT: slice(1, 2)}


def _as_compared(question: Question) -> Question:
    """The question with its words as those of papers are compared with them: equal ones become one term."""
    match question:
        case Word(word, field, exact=False):
            return Word(analyser.stemmed((word,))[0], field)
        case Phrase(phrase, field, exact=False):
            return Phrase(tuple(analyser.stemmed(phrase)), field)
        case Category(name):
            return Category(name.lower())
        case Like(papers, share, model):
            # What decides is all that is compared; without that, the same examples in another order ask the same.
            return Like((), 0, model) if model else Like(tuple(sorted(papers)), share)
        case About(model=MeaningModel() as near):
            return About("", 0, near)
        case NotAbout(About(model=MeaningModel() as near)):
            return NotAbout(About("", 0, near))
        case _:
            return question


def _facts(paper: Paper) -> Iterator[Fact]:
    yield from map(PaperId, paper.ids)
    for category in paper.categories:
        name = category.lower()
        yield Category(name)
        yield Category(f"{name.partition('.')[0]}.*")
    for source in paper.sources:
        yield FromSource(source)
    if paper.code_url:
        yield Has(Feature.CODE)
    if paper.project_url:
        yield Has(Feature.PROJECT)
    if paper.models > 0:
        yield Has(Feature.MODEL)
    if paper.submitter:
        yield Submitter(tuple(analyser.words(paper.submitter)))


def _row(asks: InRow) -> tuple[str, ...]:
    return (asks.word,) if isinstance(asks, Word) else asks.words


class _Pair:
    """Two words in a row: the term that asks for them, if any does, and those of phrases that begin with them.

    The latter are found by all their words, with a space before and after each.
    """

    __slots__ = ("longer", "term")

    def __init__(self) -> None:
        self.term: Term | None = None
        self.longer: dict[str, Term] = {}


class _Rows:
    """Terms about one word, or words in a row, of a field."""

    def __init__(self) -> None:
        self._words: dict[str, Term] = {}
        self._pairs: dict[tuple[str, ...], _Pair] = {}

    def __bool__(self) -> bool:
        return bool(self._words or self._pairs)

    def add(self, row: tuple[str, ...], term: Term) -> None:
        if len(row) == 1:
            self._words[row[0]] = term
            return
        pair = self._pairs.setdefault(row[:2], _Pair())
        if len(row) == 2:
            pair.term = term
        else:
            pair.longer[_spaced(row)] = term

    def remove(self, row: tuple[str, ...]) -> None:
        if len(row) == 1:
            del self._words[row[0]]
            return
        pair = self._pairs[row[:2]]
        if len(row) == 2:
            pair.term = None
        else:
            del pair.longer[_spaced(row)]
        if pair.term is None and not pair.longer:
            del self._pairs[row[:2]]

    def find(self, rows: Rows, true: set[Term]) -> None:
        """Adds the terms that are true of these rows."""
        if self._words:
            true.update(filter(None, map(self._words.get, set().union(*rows))))
        if not self._pairs:
            return
        pairs: set[_Pair] = set()
        for row in rows:
            pairs.update(filter(None, map(self._pairs.get, zip(row, islice(row, 1, None), strict=False))))
        true.update(pair.term for pair in pairs if pair.term is not None)
        if longer := [phrase for pair in pairs for phrase in pair.longer.items()]:
            text = "\n".join(map(_spaced, rows))
            true.update(term for phrase, term in longer if phrase in text)


def _spaced(row: Iterable[str]) -> str:
    return f" {' '.join(row)} "


class _Starts:
    """Terms about how a word of a field starts."""

    def __init__(self) -> None:
        self._starts: dict[str, Term] = {}
        self._seen = _Seen(self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def add(self, start: str, term: Term) -> None:
        self._starts[start] = term
        self._seen.clear()

    def remove(self, start: str) -> None:
        del self._starts[start]
        self._seen.clear()

    def find(self, rows: Rows, true: set[Term]) -> None:
        """Adds the terms that are true of these rows."""
        if len(self._seen) > MOST_SEEN:
            self._seen.clear()
        true.update(chain.from_iterable(filter(None, map(self._seen.__getitem__, set().union(*rows)))))


class _Seen(dict[str, tuple[Term, ...]]):
    """The terms that are true of words seen lately: papers are made of the same words again and again."""

    def __init__(self, starts: Mapping[str, Term]) -> None:
        self._starts = starts

    def __missing__(self, word: str) -> tuple[Term, ...]:
        starts = (word[:end] for end in range(SHORTEST_PREFIX, min(len(word), LONGEST_QUERY) + 1))
        terms = self[word] = tuple(self._starts[start] for start in starts if start in self._starts)
        return terms
