"""Reads a query: a recursive descent over its tokens, OR loosest, then the space between words, then minus.

either = all (OR all)*
all    = part (AND? part)*
part   = (- | NOT)? (field? text | field? "(" either ")")
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from bot.papers.sources import SourceName
from bot.query.by_example import ABOUT, LIKE, SHARE_SIGN, about, examples, with_share
from bot.query.errors import QueryError
from bot.query.fields import FIELDS, SORT, sort_named, text_term, unknown_source
from bot.query.queries import Query
from bot.query.syntax import (
    About,
    And,
    Author,
    FromSource,
    Like,
    Node,
    Not,
    Or,
    Organization,
    Phrase,
    Sort,
    Submitter,
    Term,
)
from bot.query.tokens import Kind, Token, tokens
from bot.query.values import Value, shortened
from bot.text.typed import as_typed, unquoted

LONGEST_QUERY = 500  # characters
MOST_TERMS = 50
_HAS_FIELD = re.compile(rf"(?:^|[\s(-])(?:{'|'.join([*FIELDS, SORT])}):\S", re.IGNORECASE)
DEEPEST = 20  # parentheses within each other


def parse(text: str, *, sources: Collection[SourceName] | None = None) -> Query:
    """The query that somebody wrote. `sources` are those that there are; None does not look whether there are.

    Raises `QueryError`, which says what is wrong, where, and what to write instead.
    """
    if len(text) > LONGEST_QUERY:
        raise QueryError(
            f"The query has {len(text)} characters, {LONGEST_QUERY} at most are read.",
            "Write a shorter one, or split it into several topics.",
            query=text,
            position=LONGEST_QUERY,
            length=len(text) - LONGEST_QUERY,
        )
    query = _Parser(readable_part(text)[0], sources).query()
    if len(query.text) > LONGEST_QUERY:
        raise QueryError(
            f"Written out the query has {len(query.text)} characters, {LONGEST_QUERY} at most are read.",
            "Write a shorter one, or split it into several topics.",
            query=text,
            position=0,
            length=len(text),
        )
    return query


def readable_part(text: str) -> tuple[str, int]:
    """What of a text is read as a query, with ASCII for what stands for it, and where in the text that begins.

    It is all of it, or what is in quotes around all of it, as people put them around any value: no phrase has a field
    in it.
    """
    typed = as_typed(text)
    inner = unquoted(typed)
    return (inner, typed.index(inner)) if inner != typed and _HAS_FIELD.search(inner) else (typed, 0)


@dataclass(frozen=True, slots=True)
class _Part:
    """A node and where in the query it is; `parts` are those of its nodes."""

    node: Node
    start: int
    end: int
    parts: tuple[_Part, ...] = ()


class _Parser:
    def __init__(self, text: str, sources: Collection[SourceName] | None) -> None:
        self._text = text
        self._sources = sources
        self._tokens = list(tokens(text))
        self._next = 0
        self._depth = 0
        self._terms = 0
        self._sort: Sort | None = None

    def query(self) -> Query:
        if self._peek().kind is Kind.END:
            raise self._error("The query is empty.", "Write words like `diffusion`, or `*` for every paper.", 0, 0)
        root = self._either(None)
        if self._peek().kind is Kind.CLOSE:
            raise self._peek().value.error(
                "This parenthesis closes nothing.", "Leave it out, or write a `(` where the group begins."
            )
        if root is None:
            raise self._error(
                "Sorting alone finds nothing.",
                "Write what to look for too, or `*` for every paper.",
                0,
                len(self._text),
            )
        if not is_anchored(root.node):
            raise self._only_negative(root)
        return Query.of(root.node, self._sort or Sort.RELEVANCE)

    # A part is None where there was only a `sort:`, which is an option and finds nothing.

    def _either(self, field: str | None) -> _Part | None:
        parts = [self._all(field)]
        while self._peek().kind is Kind.OR:
            before = self._take()
            if self._peek().kind in (Kind.END, Kind.CLOSE, Kind.OR, Kind.AND):
                raise before.value.error("Something is missing after OR.", _ABOUT_OPERATORS)
            if parts[-1] is None:
                raise before.value.error("Something is missing before OR.", _ABOUT_OPERATORS)
            parts.append(self._all(field))
            if parts[-1] is None:
                raise before.value.error("Something is missing after OR.", _ABOUT_OPERATORS)
        return _joined(Or, [part for part in parts if part])

    def _all(self, field: str | None) -> _Part | None:
        parts: list[_Part] = []
        first = True
        while (token := self._peek()).kind not in (Kind.END, Kind.CLOSE, Kind.OR):
            if token.kind is Kind.AND:
                self._take()
                if first or self._peek().kind in (Kind.END, Kind.CLOSE, Kind.OR, Kind.AND):
                    raise token.value.error(
                        "AND needs something on both sides.",
                        'Write `llm agent`, which means both; `"and"` in quotes looks for the word.',
                    )
            first = False
            if part := self._part(field):
                parts.append(part)
        if first:
            if token.kind is Kind.OR:
                raise token.value.error("Something is missing before OR.", _ABOUT_OPERATORS)
            raise _nothing_inside(token)
        return _joined(And, parts)

    def _part(self, field: str | None) -> _Part | None:
        if self._peek().kind is not Kind.NOT:
            return self._operand(field)
        negation = self._take()
        if self._peek().kind is Kind.NOT:
            second = self._take()
            raise self._error(
                "One negation is enough.", "Write it like `-survey`.", negation.start, second.end - negation.start
            )
        if self._peek().kind in (Kind.END, Kind.CLOSE, Kind.OR, Kind.AND):
            raise negation.value.error(
                "It does not say what to exclude.",
                'Write it like `agents -survey`; `"not"` in quotes looks for the word.',
            )
        part = self._operand(field)
        if part is None:
            raise negation.value.error("An order cannot be excluded.", "Write `sort:new` or `sort:top` without it.")
        if isinstance(part.node, Not):
            return part.parts[0]
        return _Part(Not(part.node), negation.start, part.end, (part,))

    def _operand(self, field: str | None) -> _Part | None:
        token = self._take()
        match token.kind:
            case Kind.OPEN:
                return self._group(token, field)
            case Kind.FIELD:
                return self._field(token, field)
            case _:
                return self._term(FIELDS[field](token.value) if field else text_term(token.value), token)

    def _field(self, token: Token, outer: str | None) -> _Part | None:
        name = token.value.text.lower()
        if outer:
            raise token.value.error(
                f"A field cannot be inside `{outer}:(…)`.", f"Write it outside of the parentheses of `{outer}:`."
            )
        value = self._take()
        if name == SORT:
            if value.kind is Kind.OPEN:
                raise value.value.error("There is one order at a time.", "Write `sort:new` or `sort:top`.")
            self._set_sort(value.value)
            return None
        if name in (LIKE, ABOUT):
            return self._by_example(token, value)
        if value.kind is Kind.OPEN:
            return self._group(value, name)
        return self._term(FIELDS[name](value.value), token, value)

    def _by_example(self, field: Token, value: Token) -> _Part:
        """One example or several in parentheses, or plain words, and behind them how many papers a day are wanted."""
        last = value
        share: Value | None = None
        if value.kind is Kind.OPEN:
            named = []
            while (last := self._take()).kind is Kind.TEXT:
                named.append(last.value)
            if last.kind is not Kind.CLOSE:
                raise self._never_closed(value)
            if not named:
                raise _nothing_inside(last)
        else:
            one, share = with_share(value.value)
            named = [one]
        following = self._peek()
        if following.kind is Kind.TEXT and not following.value.quoted and following.value.text.startswith(SHARE_SIGN):
            last = self._take()
            share = last.value
        made = examples if field.value.text.lower() == LIKE else about
        return self._term(made(named, share), field, last)

    def _group(self, opening: Token, field: str | None) -> _Part | None:
        if self._depth == DEEPEST:
            raise opening.value.error(f"Parentheses go {DEEPEST} deep at most.", "Leave out those that change nothing.")
        self._depth += 1
        part = self._either(field)
        self._depth -= 1
        if self._peek().kind is not Kind.CLOSE:
            raise self._never_closed(opening)
        closing = self._take()
        if part is None:
            return None
        return _Part(part.node, opening.start, closing.end, part.parts)

    def _term(self, term: Term, first: Token, last: Token | None = None) -> _Part:
        last = last or first
        if isinstance(term, FromSource) and self._sources is not None and term.source not in self._sources:
            raise unknown_source(last.value, self._sources)
        match term:
            case Phrase(parts) | Author(parts) | Organization(parts) | Submitter(parts) | Like(parts):
                self._terms += len(parts)
            case About(plain):
                self._terms += len(plain.split())
            case _:
                self._terms += 1
        if self._terms > MOST_TERMS:
            raise self._error(
                f"A query can have {MOST_TERMS} words at most.",
                "Leave some out from here on, or split it into several topics.",
                first.start,
                last.end - first.start,
            )
        return _Part(term, first.start, last.end)

    @staticmethod
    def _never_closed(opening: Token) -> QueryError:
        return opening.value.error(
            "This parenthesis is never closed.", "Write a `)` where the group ends, or leave this one out."
        )

    def _set_sort(self, value: Value) -> None:
        sort = sort_named(value)
        if self._sort not in (None, sort):
            raise value.error("There is one order at a time.", f"Leave out `sort:{sort}` or the other one.")
        self._sort = sort

    def _only_negative(self, root: _Part) -> QueryError:
        part = _unanchored(root)
        text = self._text[part.start : part.end]
        excluded = shortened(text)
        if part is root:
            problem = "The query only says what to leave out."
            # What is cut short cannot be written as it stands there.
            all_others = f"`* {excluded}`" if excluded == text else "a `*` in front"
            hint = f"Write what to look for too, or {all_others} for every other paper."
        else:
            problem = f"One side of this OR, `{excluded}`, only says what to leave out."
            hint = "Write there what to look for too."
        return self._error(problem, hint, part.start, part.end - part.start)

    def _error(self, problem: str, hint: str, position: int, length: int) -> QueryError:
        return QueryError(problem, hint, query=self._text, position=position, length=length)

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token


def _nothing_inside(token: Token) -> QueryError:
    return token.value.error("There is nothing in these parentheses.", "Write words there, or leave them out.")


_ABOUT_OPERATORS = 'Write it like `llm OR agent`, or in quotes to look for the word itself: `"or"`.'


def _joined(kind: type[And | Or], parts: Sequence[_Part]) -> _Part | None:
    """The parts as one: what is nested is spliced in, what is said twice is kept once."""
    if len(parts) < 2:
        return parts[0] if parts else None
    spliced = [inner for part in parts for inner in (part.parts if isinstance(part.node, kind) else (part,))]
    once = list({part.node: part for part in reversed(spliced)}.values())[::-1]
    if len(once) == 1:
        return once[0]
    nodes = cast("tuple[Term, ...]", tuple(part.node for part in once))
    return _Part(kind(nodes), parts[0].start, parts[-1].end, tuple(once))


def is_anchored(node: Node, *, negated: bool = False) -> bool:
    """Whether there is something that every paper found must have: no branch only says what it must not have."""
    match node:
        case Not(part):
            return is_anchored(part, negated=not negated)
        case And(nodes) | Or(nodes):
            every = isinstance(node, Or) != negated
            return (all if every else any)(is_anchored(part, negated=negated) for part in nodes)
        case _:
            return not negated


def _unanchored(part: _Part) -> _Part:
    """The smallest part to blame: the branch of an OR that is only negative, or everything."""
    if isinstance(part.node, And | Or):
        for inner in part.parts:
            if not is_anchored(inner.node) and (isinstance(part.node, Or) or isinstance(inner.node, Or)):
                smaller = _unanchored(inner)
                if isinstance(part.node, Or) or smaller is not inner:
                    return smaller
    return part
