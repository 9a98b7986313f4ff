"""The canonical text of a query: what `parse` reads back as the same tree."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from bot.papers.ids import is_arxiv_id
from bot.query.syntax import (
    USUAL_SHARE,
    About,
    And,
    Author,
    Category,
    Days,
    Everything,
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
    Term,
    TextField,
    Word,
)
from bot.text.words import as_written


def printed(root: Node, sort: Sort = Sort.RELEVANCE) -> str:
    """The query in its canonical form."""
    if sort is Sort.RELEVANCE:
        return _node(root)
    # As a part of the last branch of an OR it would read as if it belonged to that branch alone.
    return f"{_grouped(root) if isinstance(root, Or) else _node(root)} sort:{sort}"


def _node(node: Node) -> str:
    match node:
        case Or(nodes):
            return " OR ".join(map(_node, nodes))
        case And(nodes):
            return " ".join(_grouped(part) if isinstance(part, Or) else _node(part) for part in nodes)
        case Not(part):
            return "-" + (_grouped(part) if isinstance(part, And | Or) else _node(part))
        case _:
            return _term(node)


def _grouped(node: Node) -> str:
    return f"({_node(node)})"


def _term(term: Term) -> str:
    match term:
        case Everything():
            return "*"
        case Word(word, field, exact):
            return _in_field(field, f"{'=' if exact else ''}{as_written((word,))}")
        case Phrase(words, field, exact):
            return _in_field(field, f"{'=' if exact else ''}{_quoted(words)}")
        case Prefix(start, field):
            return _in_field(field, f"{start}*")
        case Author(words):
            return f"author:{_quoted(words)}"
        case Organization(words):
            return f"org:{_quoted(words)}"
        case Submitter(words):
            return f"submitter:{_quoted(words)}"
        case Category(name):
            return f"cat:{name}"
        case FromSource(source):
            return f"source:{source}"
        case Has(feature):
            return f"has:{feature}"
        case PaperId(paper_id):
            return _paper(paper_id)
        case Like(papers, share):
            named = _quoted_id(papers[0]) if len(papers) == 1 else f"({' '.join(map(_quoted_id, papers))})"
            return f"like:{named}{_share(share)}"
        case About(plain, share):
            return f'about:"{plain}"{_share(share)}'
        case Number(number, low, high):
            return f"{number}:{_interval(low, high)}"
        case Days(first, end):
            return _days(first, end)


def _quoted_id(paper_id: str) -> str:
    """An id among several; in quotes, if it would be taken for a field and its value."""
    return paper_id if is_arxiv_id(paper_id) else f'"{paper_id}"'


def _paper(paper_id: str) -> str:
    if is_arxiv_id(paper_id):
        return f"id:{paper_id}"
    field, _, name = paper_id.partition(":")
    field, name = (field, name) if field == "doi" else ("id", paper_id)
    # Quotes for what would end a word or group elsewhere.
    return f"{field}:{name}" if _PLAIN.fullmatch(name) else f'{field}:"{name}"'


_PLAIN = re.compile(r"[a-z0-9./_-]+", re.ASCII)


def _in_field(field: TextField, text: str) -> str:
    return text if field is TextField.ANY else f"{field}:{text}"


def _quoted(words: tuple[str, ...]) -> str:
    """Words in a row; in quotes, if there are spaces between."""
    written = as_written(words)
    return f'"{written}"' if " " in written else written


def _share(weekly: int) -> str:
    if weekly == USUAL_SHARE:
        return ""
    return f"~{weekly}/week" if weekly % 7 else f"~{weekly // 7}/day"


def _interval(low: int | None, high: int | None) -> str:
    if high is None:
        return f">={low}"
    if low is None:
        return f"<={high}"
    return f"={low}" if low == high else f"{low}..{high}"


def _days(first: date | None, end: date | None) -> str:
    if first is None:
        return f"before:{end}"
    if end is None:
        return f"after:{first}"
    return f"date:{period(first, end) or f'{first}..{end - timedelta(days=1)}'}"


def period(first: date, end: date) -> str:
    """`2026`, `2026-04` or `2026-04-03` when the days from `first` to before `end` are just that, else nothing."""
    if first.month == first.day == end.month == end.day == 1 and end.year == first.year + 1:
        return f"{first:%Y}"
    if first.day == 1 and end == first + timedelta(days=calendar.monthrange(first.year, first.month)[1]):
        return f"{first:%Y-%m}"
    return f"{first}" if end == first + timedelta(days=1) else ""
