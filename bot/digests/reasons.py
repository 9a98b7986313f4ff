"""Reasons: why a digest shows a paper, in a sentence or in the paper's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from bot.messages.message import Span, bold, text
from bot.papers.paper import Paper
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.syntax import And, Node, Not, Or, Phrase, Prefix, TextField, Word
from bot.ranking.order import Reason, ReasonKind
from bot.text.counting import count_of
from bot.text.readable import readable
from bot.text.shortening import sentences, shorten
from bot.text.words import stemmed, words

LONGEST_SENTENCE: Final = 240  # characters
LONGEST_TITLE: Final = 100
MOST_TERMS: Final = 5  # that are named where no sentence has them
_TOKEN = re.compile(r"[^\W_]+")


def reason_in_words(reason: Reason | None, paper: Paper, liked: Mapping[str, Paper], said: str) -> tuple[Span, ...]:
    """The reason as a card says it; empty without one. `said` is what the card says of the paper already.

    `liked` has the papers that reasons are about; of one that is gone nothing is said.
    """
    match reason:
        case Reason(ReasonKind.TOPIC, query):
            return matched_sentence(query, paper.title, paper.abstract, said)
        case Reason(ReasonKind.EXAMPLE, title):
            return text("Like ", Span(shorten(title, LONGEST_TITLE), italic=True))
        case Reason(ReasonKind.LIKED, about):
            other = liked.get(about)
            return (
                text("Like ", Span(shorten(other.title, LONGEST_TITLE), italic=True), ", liked here") if other else ()
            )
        case Reason(ReasonKind.AUTHOR, name, count):
            return text("By ", bold(name), f", of whom {count_of(count, 'paper')} were liked here")
        case _:
            return ()


@lru_cache(4096)
def matched_sentence(query: str, title: str, abstract: str, said: str) -> tuple[Span, ...]:
    """The sentence of the abstract with most of what the query looks for, its words bold.

    Where the card says that sentence already, or none has any of them, the words that match are named instead.
    """
    try:
        looked_for = _looked_for(parse(query).root)
    except QueryError:
        return ()  # stored by a version that understood more
    in_abstract = [node for node in looked_for if node.field is not TextField.TITLE]
    best: tuple[int, str, list[tuple[int, int]]] = (0, "", [])
    for sentence in sentences(readable(abstract)):
        found = [places for node in in_abstract if (places := _places(node, sentence))]
        if len(found) > best[0]:
            best = (len(found), sentence, sorted(place for places in found for place in places))
    if best[0] and not said.startswith(best[1][: LONGEST_SENTENCE // 2]):
        return _marked(best[1], best[2])
    named = [node for node in looked_for if _places(node, abstract) or _places(node, title)][:MOST_TERMS]
    parts = [piece for node in named for piece in (", ", bold(_written(node)))][1:]
    return text("Matches ", *parts) if parts else ()


def _looked_for(node: Node) -> list[Word | Phrase | Prefix]:
    """The words, phrases and beginnings that are looked for, each once."""
    match node:
        case Word() | Phrase() | Prefix():
            return [node]
        case And(nodes) | Or(nodes):
            return list(
                dict.fromkeys(one for inner in nodes if not isinstance(inner, Not) for one in _looked_for(inner))
            )
        case _:
            return []


def _places(node: Word | Phrase | Prefix, written: str) -> list[tuple[int, int]]:
    """Where the text has what is looked for: from and to which character."""
    tokens = [(match.start(), match.end(), word) for match in _TOKEN.finditer(written) for word in words(match[0])]
    if isinstance(node, Prefix):
        return [(start, end) for start, end, word in tokens if word.startswith(node.start)]
    wanted = stemmed([node.word] if isinstance(node, Word) else node.words)
    terms = stemmed([word for _, _, word in tokens])
    size = len(wanted)
    return [
        (tokens[at][0], tokens[at + size - 1][1])
        for at in range(len(terms) - size + 1)
        if terms[at : at + size] == wanted
    ]


def _marked(sentence: str, places: list[tuple[int, int]]) -> tuple[Span, ...]:
    """The sentence with what is at these places bold, in a bounded number of characters around the first of them."""
    begin = 0 if places[0][1] < LONGEST_SENTENCE else max(0, sentence.rfind(" ", 0, max(places[0][0] - 60, 0)) + 1)
    spans = [Span("… ")] if begin else []
    at, left = begin, LONGEST_SENTENCE
    for start, end in places:
        if start < at or end - begin > LONGEST_SENTENCE:
            continue
        spans += [Span(sentence[at:start]), bold(sentence[start:end])]
        left, at = LONGEST_SENTENCE - (end - begin), end
    spans.append(Span(shorten(sentence[at:], max(left, 1))))
    return tuple(span for span in spans if span.text)


def _written(node: Word | Phrase | Prefix) -> str:
    match node:
        case Word(word):
            return word
        case Phrase(row):
            return " ".join(row)
        case Prefix(start):
            return f"{start}…"
