"""The first step of reading a query: its text as tokens, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from bot.query.by_example import ABOUT, LIKE
from bot.query.errors import QueryError
from bot.query.fields import FIELDS, SORT, not_a_field
from bot.query.values import Value
from bot.text.typed import BACKTICK, DASHES, QUOTES, quote_end


class Kind(Enum):
    TEXT = auto()
    FIELD = auto()
    OPEN = auto()
    CLOSE = auto()
    NOT = auto()
    AND = auto()
    OR = auto()
    END = auto()


#: A dash between words, as titles have it. It excludes nothing: that is said by a minus right before a word.
_BETWEEN_WORDS: Final = re.compile(r"(?<=\s)(?:[\u2012-\u2015]|-{2,3})(?=\s+[^\s)])")
_OPERATORS: Final = {"OR": Kind.OR, "AND": Kind.AND, "NOT": Kind.NOT}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query. `value` is what a TEXT says, or the characters themselves; of a FIELD its name.

    A FIELD token is always directly followed by the TEXT or the OPEN that it belongs to.
    """

    kind: Kind
    value: Value

    @property
    def start(self) -> int:
        return self.value.position

    @property
    def end(self) -> int:
        return self.value.position + self.value.length


def tokens(query: str) -> Iterator[Token]:
    """The tokens of a query, an END after the last one. Raises `QueryError`."""
    place = 0
    while place < len(query):
        character = query[place]
        if character.isspace() or character == BACKTICK:
            place += 1
        elif character in "()":
            yield _token(Kind.OPEN if character == "(" else Kind.CLOSE, query, place, place + 1)
            place += 1
        elif character == "=" and (exact := _exact_phrase(query, place)) is not None:
            yield exact
            place = exact.end
        elif character in QUOTES or quote_end(query, place) is not None:
            token = _quoted(query, place)
            yield token
            place = token.end
        elif character in DASHES and (dash := _BETWEEN_WORDS.match(query, place)):
            place = dash.end()
        elif character in DASHES:
            yield _minus(query, place)
            place += 1
        else:
            end = _end_of_run(query, place)
            yield from _run(query, place, end)
            if query[place:end].lower() == f"{LIKE}:" and query[end : end + 1] == "(":
                examples = _examples(query, end)
                yield from examples
                end = examples[-1].end
            place = end
    yield _token(Kind.END, query, place, place)


def _value(query: str, start: int, end: int) -> Value:
    return Value(text=query[start:end], query=query, position=start, length=end - start, quoted=False)


def _token(kind: Kind, query: str, start: int, end: int) -> Token:
    return Token(kind, _value(query, start, end))


def _quoted(query: str, start: int) -> Token:
    end = quote_end(query, start)
    if end is None:
        raise QueryError(
            "A quote is opened and never closed.",
            'Write a second `"` where the phrase ends, or leave this one out.',
            query=query,
            position=start,
            length=1,
        )
    text = query[start + 1 : end]
    value = Value(text=text, query=query, position=start, length=end + 1 - start, quoted=True)
    if not text.strip():
        raise value.error(
            "There is nothing between these quotes.", 'Write a phrase there, like `"mixture of experts"`.'
        )
    return Token(Kind.TEXT, value)


def _exact_phrase(query: str, start: int) -> Token | None:
    """The token of `="a phrase"`, None where something else begins with the `=`."""
    if start + 1 == len(query) or not (query[start + 1] in QUOTES or quote_end(query, start + 1) is not None):
        return None
    value = _quoted(query, start + 1).value
    return Token(Kind.TEXT, replace(value, position=start, length=value.length + 1, exact=True))


def _minus(query: str, place: int) -> Token:
    token = _token(Kind.NOT, query, place, place + 1)
    if query[place + 1 : place + 2].strip() in ("", ")"):
        raise token.value.error(
            "A minus belongs right before the word that it excludes.", "Write it like `-survey`, or leave it out."
        )
    return token


_ENDS: Final = frozenset("()" + BACKTICK + QUOTES)


def _end_of_run(query: str, place: int) -> int:
    start = place
    while place < len(query) and not query[place].isspace() and query[place] not in _ENDS:
        if query[place - 1 : place] == ":" and place > start and quote_end(query, place) is not None:
            break  # author:'yann lecun'
        if place > start and query[place - 1] == ":" and query[place] == "=" and _exact_phrase(query, place):
            break  # title:="a phrase"
        place += 1
    return place


def _examples(query: str, start: int) -> list[Token]:
    """The tokens of `(2604.13035 https://arxiv.org/abs/2604.01234)`: in there a link is no field, and says itself."""
    found = [_token(Kind.OPEN, query, start, start + 1)]
    place, depth = start + 1, 1
    begin = place
    while place <= len(query) and depth:
        character = query[place : place + 1]
        depth += (character == "(") - (character == ")")
        if not depth or not character or character.isspace() or character in _BETWEEN_EXAMPLES:
            if place > begin:
                found.append(_token(Kind.TEXT, query, begin, place))
            begin = place + 1
        place += 1
    if not depth:
        found.append(_token(Kind.CLOSE, query, place - 1, place))
    return found


_BETWEEN_EXAMPLES: Final = frozenset(",;<>" + BACKTICK)  # Slack puts links between `<` and `>`


def _run(query: str, start: int, end: int) -> Iterator[Token]:
    """The tokens of characters without a space, quote or parenthesis among them."""
    run = _value(query, start, end)
    if operator := _OPERATORS.get(run.text):
        yield Token(operator, run)
        return
    name, colon, text = run.text.partition(":")
    if compared := _COMPARED.fullmatch(run.text):
        # `stars>100` means what `stars:>100` does.
        yield Token(Kind.FIELD, _value(query, start, start + compared.end(1)))
        yield Token(Kind.TEXT, _value(query, start + compared.end(1), end))
        return
    if not colon:
        yield Token(Kind.TEXT, run)
        return
    at_value = start + len(name) + 1
    follows = query[end : end + 1]
    belongs = follows != "" and not follows.isspace() and follows not in (")", BACKTICK)
    if name.lower() not in FIELDS and name.lower() != SORT:
        if text or belongs:
            raise not_a_field(run)
        # A title that somebody pasted: "Attention: a survey". The colon says nothing.
        yield Token(Kind.TEXT, _value(query, start, end - 1))
        return
    if not text and not belongs:
        raise run.error(
            f"There is nothing right after `{run.text}`.",
            f"Write its value there without a space, like `{_EXAMPLES[name.lower()]}`.",
        )
    if text.startswith(tuple(DASHES)):
        raise run.error(
            f"The minus in “{run.text}” is at the wrong place.", f"Write it in front: `-{name}:{text[1:]}`."
        )
    yield Token(Kind.FIELD, _value(query, start, at_value - 1))
    if text:
        yield Token(Kind.TEXT, _value(query, at_value, end))


_COMPARED: Final = re.compile(r"(upvotes|stars|comments)[<>=≤≥]{1,2}\d+", re.ASCII | re.IGNORECASE)
_EXAMPLES: Final = {
    "title": "title:agent",
    "abstract": "abstract:benchmark",
    "author": "author:hinton",
    "cat": "cat:cs.CL",
    "org": "org:nvidia",
    "submitter": "submitter:akhaliq",
    "source": "source:arxiv",
    "upvotes": "upvotes:>=20",
    "stars": "stars:>100",
    "comments": "comments:>5",
    "after": "after:2026-01-01",
    "before": "before:2026-01-01",
    "date": "date:2026-04",
    "has": "has:code",
    "id": "id:2604.13035",
    LIKE: f"{LIKE}:2604.13035",
    ABOUT: f'{ABOUT}:"plain words"',
    "doi": "doi:10.1101/2026.01.15.123456",
    SORT: "sort:new",
}
