"""Marking: which part of a query is what, while somebody still writes it. The tokens are those that are parsed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from bot.papers.sources import SourceName
from bot.query.errors import QueryError
from bot.query.parser import LONGEST_QUERY, parse, readable_part
from bot.query.tokens import Kind, Token, tokens


class MarkKind(StrEnum):
    """What a part of a query is. A `VALUE` belongs to the field before it."""

    WORD = "word"
    PHRASE = "phrase"
    FIELD = "field"
    VALUE = "value"
    OPERATOR = "operator"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Mark:
    """From `start` to before `end` the text is of that kind; `excluded` is what papers must not have."""

    start: int
    end: int
    kind: MarkKind
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a query that cannot be understood, and where in the text that is."""

    start: int
    end: int
    sentence: str


def marks_of(text: str) -> list[Mark]:
    """The parts of a text that somebody writes as a query, in their order, as far as it can be read."""
    if len(text) > LONGEST_QUERY:
        return []
    inner, offset = readable_part(text)
    return [
        Mark(mark.start + offset, mark.end + offset, mark.kind, mark.excluded)
        for mark in _marked(_tokens_before_mistakes(inner))
        if mark.start < mark.end  # of a lone colon nothing is left
    ]


def mistake_in(text: str, *, sources: Collection[SourceName] | None = None) -> Mistake | None:
    """What keeps the text from being a query, None where it is one."""
    try:
        parse(text, sources=sources)
    except QueryError as error:
        _, offset = readable_part(text) if len(text) <= LONGEST_QUERY else ("", 0)
        start = min(error.position + offset, len(text))
        return Mistake(start, min(start + error.length, len(text)), str(error))
    return None


def _tokens_before_mistakes(text: str) -> Iterator[Token]:
    """What is wrong is said by `mistake_in`; what stands before it keeps its colours."""
    with suppress(QueryError):
        yield from tokens(text)


def _marked(found: Iterator[Token]) -> Iterator[Mark]:
    depth, of_field = 0, False
    negated = False  # the next word or group is
    excluded_in: int | None = None  # parentheses that are open around what is excluded
    fields: set[int] = set()  # parentheses that are open behind a field
    for token in found:
        excluded = negated or excluded_in is not None
        match token.kind:
            case Kind.END:
                return
            case Kind.NOT:
                negated = True
                yield Mark(token.start, token.end, MarkKind.OPERATOR, excluded=True)
            case Kind.AND | Kind.OR:
                negated = False
                yield Mark(token.start, token.end, MarkKind.OPERATOR)
            case Kind.FIELD:
                of_field = True
                yield Mark(token.start, token.end + 1 if _has_colon(token) else token.end, MarkKind.FIELD, excluded)
            case Kind.OPEN:
                depth += 1
                if negated and excluded_in is None:
                    excluded_in = depth
                if of_field:
                    fields.add(depth)
                negated = of_field = False
                yield Mark(token.start, token.end, MarkKind.GROUP, excluded)
            case Kind.CLOSE:
                yield Mark(token.start, token.end, MarkKind.GROUP, excluded)
                if excluded_in == depth:
                    excluded_in = None
                fields.discard(depth)
                depth -= 1
            case Kind.TEXT:
                plain = MarkKind.PHRASE if token.value.quoted or token.value.exact else MarkKind.WORD
                kind = MarkKind.VALUE if of_field or fields else plain
                negated = of_field = False
                yield Mark(token.start, token.end, kind, excluded)


def _has_colon(token: Token) -> bool:
    """Whether the field is written `name:`, and not as in `stars>100`."""
    return token.value.query[token.end : token.end + 1] == ":"
