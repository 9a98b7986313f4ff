"""A query in words, for people who want to know what they will get."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.messages.message import Span, text
from bot.papers.sources import title_of_source
from bot.query.printing import period
from bot.query.queries import Query
from bot.query.syntax import (
    About,
    And,
    Author,
    Category,
    Days,
    Everything,
    Feature,
    FromSource,
    Has,
    Like,
    Node,
    Not,
    Number,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    Sort,
    Submitter,
    TextField,
    Word,
)
from bot.text.words import as_written

_FEATURES = {Feature.CODE: "code", Feature.PROJECT: "a project page", Feature.MODEL: "a model"}
_ORDERS = {Sort.NEW: ", newest first", Sort.TOP: ", most upvoted first"}

#: Examples that are named; of more the rest is counted.
MOST_NAMED = 3

Spans = tuple[Span, ...]


def explain(query: Query) -> Spans:
    """What the query finds, as the rest of a sentence: “papers with *diffusion*, not *survey*”."""
    match query.root:
        case Everything():
            spans = text("all papers")
        case And(nodes) if Everything() in nodes:
            others = [node for node in nodes if not isinstance(node, Everything)]
            spans = (*text("all papers, "), *_all(others))
        case root:
            spans = (*text("papers "), *_described(root))
    return _merged((*spans, *text(_ORDERS.get(query.sort, ""))))


def _described(node: Node) -> Spans:
    match node:
        case And(nodes):
            return _all(nodes)
        case Or(nodes) if all(_is_plain(part) for part in nodes):
            return (*text("with "), *_listed([_term(part) for part in nodes], "or"))
        case Or(nodes):
            return (*text("either "), *_listed([_enclosed(part) for part in nodes], "or"))
        case Not(part) if _is_plain(part):
            return (*text("not "), *_term(part))
        case Not(Or(nodes)) if all(_is_plain(part) for part in nodes):
            return (*text("neither "), *_separated([_term(part) for part in nodes], " nor "))
        case Not(part):
            return (*text("not "), *_enclosed(part))
        case _ if _is_plain(node):
            return (*text("with "), *_term(node))
        case _:
            return _fact(node)


def _all(nodes: Sequence[Node]) -> Spans:
    """The plain words together and first, then the rest in order."""
    plain = [_term(node) for node in nodes if _is_plain(node)]
    parts = [(*text("with "), *_listed(plain, "and"))] if plain else []
    parts += [_described(node) for node in nodes if not _is_plain(node)]
    return _separated(parts, ", ")


def _enclosed(node: Node) -> Spans:
    return (*text("("), *_described(node), *text(")")) if isinstance(node, And | Or) else _described(node)


def _is_plain(node: Node) -> bool:
    return isinstance(node, Word | Phrase | Prefix) and node.field is TextField.ANY


def _term(node: Node) -> Spans:
    match node:
        case Word(word, exact=exact):
            return text("exactly " if exact else "", _quoted(as_written((word,))))
        case Phrase(words, exact=exact):
            return text("exactly the phrase " if exact else "the phrase ", _quoted(as_written(words)))
        case Prefix(start):
            return text("words that start with ", _quoted(start))
    raise TypeError(f"{node!r} is no text")


def _fact(node: Node) -> Spans:
    match node:
        case Word(field=field) | Phrase(field=field) | Prefix(field=field):
            return (*text("with "), *_term(node), *text(f" in the {field}"))
        case Author(words):
            return text("by ", _quoted(as_written(words)))
        case Organization(words):
            return text("from the organisation ", _quoted(as_written(words)))
        case Submitter(words):
            return text("submitted by ", _quoted(as_written(words)))
        case Category(name) if name.endswith(".*"):
            return text("in any category of ", _quoted(name.removesuffix(".*")))
        case Category(name):
            return text("in ", _quoted(name))
        case FromSource(source):
            return text(f"listed by {title_of_source(source)}")
        case Has(feature):
            return text(f"with {_FEATURES[feature]}")
        case PaperId(paper_id):
            return text("with the id ", _quoted(paper_id))
        case Like(papers, share, model):
            named = list(model.titles if model else papers)
            shown: list[Spans] = [(_quoted(one),) for one in named]
            if len(named) > MOST_NAMED:
                shown[MOST_NAMED - 1 :] = [text(f"{len(named) - MOST_NAMED + 1} others")]
            return (*text("like "), *_listed(shown, "or"), *text(f" (about {rate_in_words(share)})"))
        case About(plain, share):
            return text("about ", _quoted(plain), f" (about {rate_in_words(share)})")
        case Number():
            return text(_number(node))
        case Days(first, end):
            return text(_days(first, end))
        case Everything():
            return text("of any kind")
    raise TypeError(f"{node!r} is no term")


def rate_in_words(weekly: int) -> str:
    """How many papers a share is: `2 a day`."""
    return f"{weekly} a week" if weekly % 7 else f"{weekly // 7} a day"


def _number(number: Number) -> str:
    low, high = number.low, number.high
    if high == 0:
        return f"with no {number.field}"
    if low is None:
        return f"with at most {_counted(high, number)}"
    if high is None:
        return f"with at least {_counted(low, number)}"
    return f"with exactly {_counted(low, number)}" if low == high else f"with {low} to {_counted(high, number)}"


def _counted(count: int | None, number: Number) -> str:
    return f"{count} {number.field.removesuffix('s') if count == 1 else number.field}"


def _days(first: date | None, end: date | None) -> str:
    if first is None:
        return f"from before {end}"
    if end is None:
        return f"from {first} or later"
    return f"from {period(first, end) or f'{first} to {end - timedelta(days=1)}'}"


def _quoted(value: str) -> Span:
    return Span(value, italic=True)


def _listed(parts: Sequence[Spans], conjunction: str) -> Spans:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return parts[0]
    return (*_separated(parts[:-1], ", "), *text(f" {conjunction} "), *parts[-1])


def _separated(parts: Sequence[Spans], separator: str) -> Spans:
    spans = list(parts[0]) if parts else []
    for part in parts[1:]:
        spans += [*text(separator), *part]
    return tuple(spans)


def _merged(spans: Sequence[Span]) -> Spans:
    """The spans with neighbours of the same style put together, empty ones left out."""
    merged: list[Span] = []
    for span in spans:
        if merged and not span.italic and not merged[-1].italic:
            merged[-1] = Span(merged[-1].text + span.text)
        elif span.text:
            merged.append(span)
    return tuple(merged)
