"""Filters: conditions that people choose from a list, added to what they wrote and taken away again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from bot.query.errors import QueryError
from bot.query.parser import is_anchored, parse
from bot.query.printing import printed
from bot.query.queries import Query
from bot.query.syntax import (
    And,
    Author,
    Category,
    Days,
    Everything,
    FromSource,
    Has,
    Node,
    Not,
    Number,
    Or,
    Organization,
    Sort,
    Submitter,
)
from bot.query.tokens import Kind, tokens

Filter = Category | FromSource | Has | Days | Number | Author | Organization | Submitter

EVERYTHING = "*"


def filters_of(query: Query) -> list[Filter | Not]:
    """The conditions that every paper found must meet, beside the words: those, and those that are excluded."""
    return [cast("Filter | Not", node) for node in _parts(query.root) if _is_filter(node)]


def with_filter(asked: str, query: Query | None, chosen: Filter) -> str:
    """The text that finds what `asked` does, less what does not meet the condition; in the words of who wrote it.

    `query` is what `asked` was read as, None where nothing was written. Of numbers and days there is one at a time.
    """
    if query is None:
        return printed(chosen)
    kept = [node for node in _parts(query.root) if not _replaces(chosen, node) and not isinstance(node, Everything)]
    wanted = _query([*kept, *([] if chosen in kept else [chosen])], query.sort)
    base = asked
    for node in _parts(query.root):
        if _replaces(chosen, node):
            base = without_filter(base, parse(base), cast("Filter", node)) if _reads(base) else base
    return _written(wanted, (asked, f"{base} {printed(chosen)}", f"({base}) {printed(chosen)}"))


def without_filter(asked: str, query: Query, gone: Filter | Not) -> str:
    """The text that finds what `asked` would without that condition."""
    kept = [node for node in _parts(query.root) if node != gone]
    if not kept or not is_anchored(_query(kept, query.sort).root):
        kept = [Everything(), *kept]
    return _written(_query(kept, query.sort), _cuts(asked))


def sorted_by(asked: str, query: Query, sort: Sort) -> str:
    """The text that finds the same in another order."""
    wanted = Query.of(query.root, sort)
    return _written(wanted, (asked, *(f"{text} sort:{sort}" for text in (asked, *_cuts(asked))), *_cuts(asked)))


def _parts(root: Node) -> Sequence[Node]:
    return root.nodes if isinstance(root, And) else (root,)


def _is_filter(node: Node) -> bool:
    return isinstance(node.node if isinstance(node, Not) else node, Filter)


def _replaces(chosen: Filter, other: Node) -> bool:
    if isinstance(chosen, Number):
        return isinstance(other, Number) and other.field == chosen.field
    return isinstance(chosen, Days) and isinstance(other, Days)


def _query(nodes: Sequence[Node], sort: Sort) -> Query:
    once = list(dict.fromkeys(nodes))
    return Query.of(once[0] if len(once) == 1 else And(cast("tuple[Filter | Not | Or, ...]", tuple(once))), sort)


def _written(wanted: Query, texts: Sequence[str] | Iterator[str]) -> str:
    """The first of the texts that says what is wanted; else it is said in the canonical way."""
    return next((text.strip() for text in texts if _says(text, wanted)), wanted.text)


def _says(text: str, wanted: Query) -> bool:
    try:
        return parse(text).text == wanted.text
    except QueryError:
        return False


def _reads(text: str) -> bool:
    try:
        parse(text)
    except QueryError:
        return False
    return True


def _cuts(asked: str) -> Iterator[str]:
    """The text without one of its fields and their values, each in turn."""
    try:
        found = list(tokens(asked))
    except QueryError:
        return
    for number, token in enumerate(found[:-1]):
        value = found[number + 1]
        if token.kind is not Kind.FIELD or value.kind is not Kind.TEXT:
            continue
        before = found[number - 1] if number else None
        start = before.start if before and before.kind is Kind.NOT else token.start
        yield f"{asked[:start].rstrip()} {asked[value.end :].lstrip()}".strip() or EVERYTHING
