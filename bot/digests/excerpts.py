"""Excerpts: the one sentence that a card says of a paper, with the words that a topic looks for marked.

A summary that the feed wrote is best where it has what the topic looks for. Else it is the sentence of the abstract
that has most of it, and of equal ones the one that says what the paper does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Final

from bot.messages.message import Span, bold
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.syntax import And, Node, Not, Or, Phrase, Prefix, TextField, Word
from bot.search.questions import STOP_WORDS
from bot.text.readable import readable
from bot.text.shortening import ELLIPSIS, sentences, shorten
from bot.text.words import stemmed, words

LONGEST: Final = 220  # characters
_FEWEST_WORDS: Final = 3
#: Of the words of a sentence that a title has, from which on it says the title once more.
_REPETITION: Final = 0.8
_CLAUSE_WITHIN: Final = 0.75  # of the room, from which on a cut behind a clause wastes little of it
_LEAD: Final = 60  # characters before a marked word, where a sentence must be cut there
_TOKEN: Final = re.compile(r"[^\W_]+")
_CLAUSE: Final = re.compile(r"(?<=[,;:–—]) ")
#: How authors say what they did, and not what others did or why it matters.
_TELLING: Final = re.compile(
    r"\b(we|our|this (paper|work|study|article|survey)) (also |then |further )?"
    r"(propose|present|introduce|develop|show|find|study|design|train|build|release|describe|investigate|analyze|"
    r"analyse|demonstrate|provide|explore|address|evaluate|establish|prove|extend|argue|method|model|approach)",
    re.IGNORECASE,
)
#: How abstracts begin before they come to it.
_BACKGROUND: Final = re.compile(
    r"(however|despite|although|while|recent|existing|current|traditional|prior|previous|the rapid|advances)\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"https?://|\b(code|data|dataset|model|weight|page|demo)s? (is|are|will be|can be)\b.*\b(available|released|found)",
    re.IGNORECASE,
)

Term = Word | Phrase | Prefix
#: From and to which character something is found.
Places = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    places: Places
    parts: int  # of the query that it has
    terms: int

    def rank(self, order: int) -> tuple[int, int, bool, bool, int]:
        """Best last. To say what the paper does is worth as much as one more of words of which one would do."""
        telling = bool(_TELLING.search(self.text))
        worth = self.terms + telling - bool(_BACKGROUND.match(self.text))
        return (self.parts, worth, telling, len(self.text) <= LONGEST, -order)


@lru_cache(4096)
def excerpt(query: str, title: str, summary: str, abstract: str) -> tuple[Span, ...]:
    """The sentence that shows why a query finds the paper, its words bold; empty where no sentence has any of them."""
    parts = _parts_of(query)
    if not parts:
        return ()
    found = [_read(sentence, parts) for sentence in _worth_saying(abstract, title)]
    best = max(((one, one.rank(order)) for order, one in enumerate(found)), key=lambda pair: pair[1], default=None)
    short = _read(readable(summary), parts) if summary and not _repeats(summary, title) else None
    if short and short.parts and (best is None or short.parts >= best[0].parts):
        return _marked(short)
    return _marked(best[0]) if best and best[0].parts else ()


@lru_cache(4096)
def sentence_of(title: str, summary: str, abstract: str) -> str:
    """What to say of a paper without a reason: the feed's summary, else what its authors say that they do."""
    if summary:
        return _ended(readable(summary), LONGEST)
    worth = _worth_saying(abstract, title)
    telling = next((sentence for sentence in worth if _TELLING.search(sentence)), None)
    return _ended(telling or next(iter(worth), "") or next(iter(sentences(readable(abstract))), ""), LONGEST)


def marked(query: str, text: str) -> tuple[Span, ...]:
    """The whole text, with what the query looks for bold."""
    terms = [term for part in _parts_of(query, titles=True) for term in part]
    places = _joined(text, sorted({place for term in terms for place in _places(term, text)}))
    return _spans(text, places)


def matching_terms(query: str, text: str) -> list[str]:
    """What the query looks for and the text has, as people write it."""
    terms = [term for part in _parts_of(query, titles=True) for term in part]
    return [_written(term) for term in dict.fromkeys(terms) if _places(term, text)]


@lru_cache(2048)
def _worth_saying(abstract: str, title: str) -> tuple[str, ...]:
    """The sentences of an abstract that say something of the paper which its title does not say."""
    return tuple(
        sentence
        for sentence in sentences(readable(abstract))
        if len(sentence.split()) >= _FEWEST_WORDS and not _ELSEWHERE.search(sentence) and not _repeats(sentence, title)
    )


def _repeats(sentence: str, title: str) -> bool:
    said = set(_words_of(sentence)[1]) - STOP_WORDS
    known = set(_words_of(title)[1])
    return bool(said) and len(said & known) >= _REPETITION * len(said)


# --- What is looked for


@lru_cache(4096)
def _parts_of(query: str, *, titles: bool = False) -> tuple[tuple[Term, ...], ...]:
    """What a paper must have, each part with the terms of which one will do; words of grammar are left out."""
    try:
        root = parse(query).root
    except QueryError:
        return ()  # stored by a version that understood more
    nodes = root.nodes if isinstance(root, And) else (root,)
    parts = [tuple(dict.fromkeys(_terms_in(node, titles=titles))) for node in nodes if not isinstance(node, Not)]
    return tuple(part for part in parts if part)


def _terms_in(node: Node, *, titles: bool) -> Iterator[Term]:
    match node:
        case Word(word) if not node.exact and stemmed((word,))[0] in STOP_WORDS:
            return
        case Word() | Phrase() | Prefix():
            if titles or node.field is not TextField.TITLE:
                yield node
        case And(nodes) | Or(nodes):
            for inner in nodes:
                if not isinstance(inner, Not):
                    yield from _terms_in(inner, titles=titles)


def _read(sentence: str, parts: Sequence[Sequence[Term]]) -> _Sentence:
    found = [[places for term in part if (places := _places(term, sentence))] for part in parts]
    places = sorted({place for part in found for some in part for place in some})
    return _Sentence(sentence, places, sum(map(bool, found)), sum(map(len, found)))


def _places(term: Term, written: str) -> Places:
    """Where the text has what is looked for: whole words."""
    tokens, stems = _words_of(written)
    if isinstance(term, Prefix):
        return [(start, end) for start, end, word in tokens if word.startswith(term.start)]
    wanted = stemmed([term.word] if isinstance(term, Word) else term.words)
    size = len(wanted)
    return [
        (tokens[at][0], tokens[at + size - 1][1])
        for at in range(len(stems) - size + 1)
        if list(stems[at : at + size]) == wanted
    ]


@lru_cache(4096)  # the sentences of some five hundred papers; a word is kept once, in however many it stands
def _words_of(written: str) -> tuple[tuple[tuple[int, int, str], ...], tuple[str, ...]]:
    """The words of a sentence with their places, and their stems: many channels ask for the same papers."""
    tokens = tuple(
        (match.start(), match.end(), intern(word)) for match in _TOKEN.finditer(written) for word in words(match[0])
    )
    return tokens, tuple(stemmed([word for _, _, word in tokens]))


def _written(term: Term) -> str:
    match term:
        case Word(word):
            return word
        case Phrase(row):
            return " ".join(row)
        case Prefix(start):
            return f"{start}…"


# --- What is shown


def _marked(sentence: _Sentence) -> tuple[Span, ...]:
    """The sentence with what was found bold, in at most `LONGEST` characters with as many of the marks as possible."""
    text = sentence.text
    places = _joined(text, sentence.places)
    begin = _best_beginning(text, places)
    shown = _ended(text[begin:], LONGEST)
    last = len(shown) - shown.endswith(ELLIPSIS)
    inside = [(start - begin, end - begin) for start, end in places if start >= begin and end - begin <= last]
    return (*((Span("… "),) if begin else ()), *_spans(shown, inside))


def _spans(text: str, places: Places) -> tuple[Span, ...]:
    """The text with those places bold, which are in their order."""
    spans = []
    at = 0
    for start, end in places:
        if at <= start:
            spans += [Span(text[at:start]), bold(text[start:end])]
            at = end
    return tuple(span for span in (*spans, Span(text[at:])) if span.text)


def _ended(text: str, limit: int) -> str:
    """The text in at most so many characters, cut behind a clause where one ends near there, and at no small word."""
    if len(text) <= limit:
        return text
    clause = max((match.start() for match in _CLAUSE.finditer(text, 0, limit)), default=0)
    if clause >= _CLAUSE_WITHIN * limit:
        return text[:clause].rstrip(" ,;:–—") + ELLIPSIS
    cut = shorten(text, limit).removesuffix(ELLIPSIS)
    while len(parts := cut.rsplit(" ", 1)) == 2 and set(stemmed(words(parts[1]))) <= STOP_WORDS:
        cut = parts[0]
    return cut.rstrip(" ,;:–—") + ELLIPSIS


def _joined(text: str, places: Places) -> Places:
    """The places in order, those with nothing but a blank between them as one."""
    joined: Places = []
    for start, end in places:
        if joined and (start <= joined[-1][1] or text[joined[-1][1] : start] in (" ", "-")):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _best_beginning(text: str, places: Places) -> int:
    """Where to begin, so that most of the places are shown: best at the beginning, else with a clause."""
    if len(text) <= LONGEST:
        return 0
    beginnings = [0, *(match.end() for match in _CLAUSE.finditer(text))]
    beginnings += [text.rfind(" ", 0, max(start - _LEAD, 0)) + 1 for start, _ in places]

    def shown(begin: int) -> int:
        return sum(start >= begin and end <= begin + LONGEST for start, end in places)

    return max(beginnings, key=shown)
