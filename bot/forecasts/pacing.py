"""Pacing: other ways to write a query, so that it brings about as many papers a day as somebody wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from bot.errors import UserError
from bot.forecasts.forecasting import dividing_words
from bot.papers.paper import Paper
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import And, Not, Or, Word

MOST_A_DAY: Final = 100
MOST_WORDS: Final = 3  # that are tried as further conditions
MOST_SHOWN: Final = 4
#: How far what is offered may be from what is wanted, as a factor.
NEAR: Final = 1.8
#: What the number of papers with a further word may be, in parts of what is wanted.
ABOUT: Final = (0.6, 1.6)


@dataclass(frozen=True, slots=True)
class Paced:
    """Another way to write a draft: what it is called, its query or its bound, and how many papers a day it brings."""

    label: str
    per_day: float
    query: str = ""
    min_upvotes: int | None = None

    @property
    def pace(self) -> str:
        """`about 3 a day`, and by the week where that is less than one a day."""
        if self.per_day >= 1:
            return f"about {round(self.per_day):,} a day"
        return f"about {max(round(self.per_day * 7), 1)} a week"


def per_day_of(written: str) -> int:
    """How many papers a day somebody wants; raises `UserError` for what is no such number."""
    if not (written.isascii() and written.isdigit() and len(written) <= 4 and 0 < int(written) <= MOST_A_DAY):
        raise UserError(f"Write how many papers a day, from 1 to {MOST_A_DAY}.")
    return int(written)


def narrower(query: Query, papers: Sequence[Paper], share: float) -> list[tuple[str, Query]]:
    """Queries that find about that share of the papers that this one finds, of which `papers` are the newest."""
    low, high = (share * part for part in ABOUT)
    words = dividing_words(query, papers, low, min(high, 0.9))[:MOST_WORDS]
    return [(f"With “{word}”", query.meeting(parse(word).root)) for word in words]


def wider(query: Query) -> list[tuple[str, Query]]:
    """Queries that find more: without one of the conditions, or with any of the words instead of all."""
    found: list[tuple[str, Query]] = []
    parts = query.root.nodes if isinstance(query.root, And) else ()
    for part in parts:
        rest = tuple(one for one in parts if one is not part)
        if any(not isinstance(one, Not) for one in rest):
            without = And(rest) if rest[1:] else rest[0]
            label = f"Without “{Query.of(part).text}”" if not isinstance(part, Not) else "With what is excluded"
            found.append((label, Query.of(without)))
    if parts and all(isinstance(part, Word) for part in parts):
        found.append(("With any of these words", Query.of(Or(tuple(one for one in parts if isinstance(one, Word))))))
    return [(label, one) for label, one in found if _is_readable(one)]


def best(ways: Sequence[Paced], now: float, wanted: int) -> list[Paced]:
    """The ways that come near to what is wanted, nearest first, and nearer than it is now: of bounds only one."""
    near = [one for one in ways if _distance(one.per_day, wanted) < min(log(NEAR), _distance(now, wanted))]
    shown: list[Paced] = []
    for one in sorted(near, key=lambda way: _distance(way.per_day, wanted)):
        if not any(one.query == other.query for other in shown):  # bounds have none
            shown.append(one)
    return shown[:MOST_SHOWN]


def _distance(per_day: float, wanted: int) -> float:
    return abs(log((per_day + 0.05) / (wanted + 0.05)))


def _is_readable(query: Query) -> bool:
    try:
        return bool(parse(query.text))
    except QueryError:
        return False
