"""How many papers a topic would have brought lately, and from which sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.meaning.examples import days_known
from bot.papers.sources import BUILT_IN, HUGGINGFACE, SourceName, title_of_source
from bot.query.queries import Query
from bot.query.syntax import And, FromSource, Node, Not, Number, NumberField
from bot.search.index import SearchIndex
from bot.text.counting import count_of

#: Papers a day above which a topic is more than people read.
MANY: Final = 25
LEAST_LEFT = 0.25  # of the papers; fewer are not about half of them
_BOUNDS: Final = (1, 2, 3, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Volume:
    """Papers of the last `days` days, by the source that had them first in their order.

    `halved_by` is the least bound on upvotes that leaves about half of them; None where none does, as where most papers
    have no votes because only arXiv lists them.
    """

    days: int
    papers: dict[SourceName, int]
    halved_by: int | None = None

    @property
    def total(self) -> int:
        return sum(self.papers.values())

    @property
    def is_large(self) -> bool:
        return self.total > MANY * self.days

    def rate(self) -> str:
        """`about 3 a day: 1 from Daily Papers, 2 from arXiv`; by the week where that is less than one a day."""
        unit, length = ("day", 1) if self.total >= self.days else ("week", 7)
        number = round(self.total * length / self.days)
        if number < 1:
            return "less than one a week"
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
        return f"about {number:,} a {unit}" + (f": {', '.join(said)}" if len(self.papers) > 1 else "")

    def period(self) -> str:
        """The days that are known: `the last 14 days`."""
        return f"the last {count_of(self.days, 'day')}" if self.days > 1 else "the one day that is known"


def list_of_source(name: SourceName) -> str:
    """What a source lists papers in, as it calls that."""
    return "Daily Papers" if name == HUGGINGFACE else title_of_source(name)


async def volume_of(index: SearchIndex, query: Query, newest: date, sources: Sequence[SourceName] = BUILT_IN) -> Volume:
    """What the query finds among the papers of the days up to `newest`, of these sources. Raises `StorageError`."""

    async def count(*nodes: Node) -> int:
        flat = [part for node in nodes for part in (node.nodes if isinstance(node, And) else (node,))]
        return (await index.search(Query.of(And(tuple(flat))), limit=1)).total

    lately, days = await days_known(index, newest)
    papers: dict[SourceName, int] = {}
    earlier: list[Node] = []
    for source in sources:
        papers[source] = await count(query.root, lately, FromSource(source), *earlier)
        earlier.append(Not(FromSource(source)))
    volume = Volume(days, papers)
    if not volume.is_large:
        return volume
    for least in _BOUNDS:
        left = await count(query.root, lately, Number(NumberField.UPVOTES, least, None))
        if left <= volume.total / 2:
            return Volume(volume.days, papers, least if left >= LEAST_LEFT * volume.total else None)
    return volume
