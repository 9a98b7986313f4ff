"""The terms of a query: what of it is looked for, less what is excluded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.query.models import MeaningModel, WordModel, decided
from bot.query.syntax import About, And, Like, Node, Not, Or, Phrase, Prefix, Term, Text, TextField, Word
from bot.search.questions import STOP_WORDS
from bot.text.words import is_inflected, terms
from storage.search.snippets import ShownWords


def _wanted(node: Node, *, wanted: bool = True) -> Iterator[Term]:
    """Every term that is looked for, in its order, less what is excluded."""
    match node:
        case Not(part):
            yield from _wanted(part, wanted=not wanted)
        case And(nodes) | Or(nodes):
            for inner in nodes:
                yield from _wanted(inner, wanted=wanted)
        case _ if wanted:
            yield node
        case _:
            return


def wanted_texts(node: Node) -> Iterator[Text]:
    """Everything about words that is looked for."""
    return (term for term in _wanted(node) if isinstance(term, Text))


def wanted_models(node: Node) -> Iterator[WordModel]:
    """The models of the terms by example that are looked for and not excluded."""
    return (decided(term.model) for term in _wanted(node) if isinstance(term, Like))


def wanted_meanings(node: Node) -> Iterator[MeaningModel]:
    """The models of the terms by meaning that are looked for and not excluded."""
    return (decided(term.model) for term in _wanted(node) if isinstance(term, About))


def has_relevance(root: Node) -> bool:
    """Whether papers can match better or worse, not just match."""
    asked = (wanted_texts(root), wanted_models(root), wanted_meanings(root))
    return any(next(iter(terms), None) is not None for terms in asked)


def is_text(node: Node) -> bool:
    """Whether it is about words and nothing else."""
    if isinstance(node, And | Or):
        return all(is_text(part) for part in node.nodes)
    return isinstance(node, Word | Phrase | Prefix)


def loosened(node: Node) -> Iterator[Text]:
    """The words, one by one."""
    for text in wanted_texts(node):
        if isinstance(text, Phrase):
            yield from (Word(word, text.field, text.exact and is_inflected(word)) for word in text.words)
        else:
            yield text


def shown_words(root: Node) -> ShownWords | None:
    """The words of a query that are worth showing in an abstract; of grammar only if there is nothing else."""
    texts = [text for text in wanted_texts(root) if text.field is not TextField.TITLE]
    starts = tuple(text.start for text in texts if isinstance(text, Prefix))
    exact = frozenset(word for text in texts if not isinstance(text, Prefix) and text.exact for word in _words_of(text))
    found = _terms_of(text for text in texts if not isinstance(text, Prefix) and not text.exact)
    telling = [term for term in found if term not in STOP_WORDS] or ([] if starts or exact else found)
    return ShownWords(frozenset(telling), starts, exact) if telling or starts or exact else None


def terms_anywhere(texts: Sequence[Text]) -> list[str]:
    """The terms in their order, less those that only one field was asked for: they are no reason to prefer another."""
    return _terms_of(text for text in texts if not isinstance(text, Prefix) and text.field is TextField.ANY)


def _terms_of(texts: Iterable[Word | Phrase]) -> list[str]:
    return [term for text in texts for word in _words_of(text) for term in terms(word)]


def _words_of(text: Word | Phrase) -> tuple[str, ...]:
    return (text.word,) if isinstance(text, Word) else text.words
