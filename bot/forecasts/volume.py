"""How many papers a topic would have brought lately, day by day, and from which sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from bot.meaning.examples import days_known
from bot.papers.sources import BUILT_IN, HUGGINGFACE, SourceName, title_of_source
from bot.query.queries import Query
from bot.query.syntax import And, Days, Everything, FromSource, Node, Not, Number, NumberField, Or
from bot.search.index import SearchIndex
from bot.text.counting import count_of

#: Papers a day above which a topic is more than people read.
MANY: Final = 25
LEAST_LEFT = 0.25  # of the papers; fewer are not about half of them
BOUNDS: Final = (1, 2, 3, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Volume:
    """Papers of the last `days` days, by the source that had them first in their order.

    `halved_by` is the least bound on upvotes that leaves about half of them; None where none does, as where most papers
    have no votes because only arXiv lists them. `by_day` has each of the days, the earliest first, and `all_papers` is
    how many these sources had in them altogether.
    """

    days: int
    papers: Mapping[SourceName, int]
    halved_by: int | None = None
    by_day: Mapping[date, int] = field(default_factory=dict)
    all_papers: int = 0

    @property
    def total(self) -> int:
        return sum(self.papers.values())

    @property
    def is_large(self) -> bool:
        return self.total > MANY * self.days

    def pace(self) -> str:
        """`about 3 a day`; by the week where that is less than one a day."""
        number, unit, _ = self._pace()
        return f"about {number:,} a {unit}" if number else "less than one a week"

    def rate(self) -> str:
        """The pace with its sources: `about 3 a day: 1 from Daily Papers, 2 from arXiv`."""
        number, _, length = self._pace()
        if not number or len(self.papers) < 2:
            return self.pace()
        left = number
        parts = []
        for source, papers in sorted(self.papers.items(), key=lambda pair: pair[1]):
            share = min(round(papers * length / self.days), left)
            parts.append((source, share))
            left -= share
        parts[-1] = (parts[-1][0], parts[-1][1] + left)  # what rounding leaves is of whoever has the most
        said = [
            f"{share:,} from {list_of_source(source)}"
            for source, share in sorted(parts, key=lambda part: list(self.papers).index(part[0]))
            if share
        ]
        return f"{self.pace()}: {', '.join(said)}"

    def all_pace(self) -> int:
        """How many papers these sources have in the unit of the pace: a day, or a week."""
        _, _, length = self._pace()
        return round(self.all_papers * length / self.days)

    def period(self) -> str:
        """The days that are known: `the last 14 days`."""
        return f"the last {count_of(self.days, 'day')}" if self.days > 1 else "the one day that is known"

    def _pace(self) -> tuple[int, str, int]:
        """How many papers in which unit, and how many days that has."""
        unit, length = ("day", 1) if self.total >= self.days else ("week", 7)
        return round(self.total * length / self.days), unit, length


def list_of_source(name: SourceName) -> str:
    """What a source lists papers in, as it calls that."""
    return "Daily Papers" if name == HUGGINGFACE else title_of_source(name)


async def volume_of(index: SearchIndex, query: Query, newest: date, sources: Sequence[SourceName] = BUILT_IN) -> Volume:
    """What the query finds among the papers of the days up to `newest`, of these sources. Raises `StorageError`."""
    lately, count = await days_known(index, newest)
    days = [newest - timedelta(days=back) for back in reversed(range(count))]
    first_of = [And((lately, FromSource(source), *map(_not_from, sources[:at]))) for at, source in enumerate(sources)]
    here = of_sources(sources)
    found = await index.counts(query, [*(all_of(_on(day), here) for day in days), *first_of])
    (all_papers,) = await index.counts(Query.of(Everything()), [all_of(lately, here)])
    volume = Volume(
        count,
        dict(zip(sources, found[count:], strict=True)),
        by_day=dict(zip(days, found[:count], strict=True)),
        all_papers=all_papers,
    )
    if not volume.is_large:
        return volume
    bounded = [all_of(lately, Number(NumberField.UPVOTES, least, None)) for least in BOUNDS]
    for least, left in zip(BOUNDS, await index.counts(query, bounded), strict=True):
        if left <= volume.total / 2:
            return replace(volume, halved_by=least if left >= LEAST_LEFT * volume.total else None)
    return volume


def _on(day: date) -> Days:
    return Days(day, day + timedelta(days=1))


def _not_from(source: SourceName) -> Not:
    return Not(FromSource(source))


def of_sources(sources: Sequence[SourceName]) -> Node:
    return Or(tuple(map(FromSource, sources))) if sources[1:] else FromSource(sources[0])


def all_of(*nodes: Node) -> Node:
    return Query.of(nodes[0]).meeting(*nodes[1:]).root
