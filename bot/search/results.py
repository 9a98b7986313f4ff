"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from bot.messages.message import Span

#: With fewer exact results than this, papers that have only some of the words are offered as well.
FEW_RESULTS = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that was found. Scores are comparable within one answer only; results in order of time have none (0).

    `snippet` is a part of the abstract, with the words that were looked for in bold; empty if none of them is there.
    """

    paper_id: str
    score: float
    snippet: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results, best first. `total` counts all that match.

    `related` are papers that do not match but have some of the words and meet the query's other conditions. They come
    with the first page, when fewer than `FEW_RESULTS` match, and are no more than are missing to as many.
    """

    total: int
    hits: tuple[Hit, ...]
    related: tuple[Hit, ...] = ()
