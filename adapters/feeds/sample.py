"""The sample feed of `paperround demo`: ten weekdays of Daily Papers, bundled, so that the demo needs no network.

Ids, titles, authors, numbers and links are those that Hugging Face and arXiv showed at the time; keywords, summaries
and abstracts were written for this file.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from bot.clocks import Clock
from bot.papers.names import Name, read_names
from bot.papers.paper import Listing, Paper
from bot.papers.sources import HUGGINGFACE
from bot.papers.store import DayAnswer
from bot.text.readable import readable, tex_of

_OCTOBER_WEEKDAYS = (13, 14, 15, 16, 17, 20, 21, 22, 23, 24)
SAMPLE_DAYS: tuple[date, ...] = tuple(date(2025, 10, day) for day in _OCTOBER_WEEKDAYS)
"""The days that have listings, oldest first."""

_LONGEST_TITLE = 500
_Text = Annotated[str, Field(min_length=1)]
_Count = Annotated[int, Field(ge=0)]
_HttpsLink = Annotated[str, Field(pattern=r"^(https://\S+)?$")]


class _Entry(BaseModel):
    """A paper of the file. What it leaves out is not known of the paper."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^\d{4}\.\d{5}$")]
    title: _Text
    authors: Annotated[tuple[Name, ...], BeforeValidator(read_names), Field(min_length=1)]
    published_on: date
    categories: tuple[_Text, ...] = ()
    keywords: Annotated[tuple[_Text, ...], Field(min_length=1)]
    summary: _Text
    abstract: _Text
    upvotes: _Count = 0
    comments: _Count = 0
    stars: _Count = 0
    submitter: _Text
    organization: str = ""
    organization_name: str = ""
    code_url: _HttpsLink = ""
    project_url: _HttpsLink = ""

    def to_listing(self, day: date, rank: int) -> Listing:
        source = HUGGINGFACE
        said = dict(self) | {"title": readable(self.title), "title_tex": tex_of(self.title, _LONGEST_TITLE)}
        paper = Paper(featured_on=day, sources=frozenset({source}), **said)
        return Listing(source=source, day=day, paper=paper, rank=rank)


_FILE = TypeAdapter(dict[date, tuple[_Entry, ...]])


class SampleFeed:
    """Shows the sample days as the clock reaches them. Implements `bot.intake.source.Source`.

    A day's list is there from midnight UTC on, complete, and never changes. Nothing is ever wrong with this feed, so
    no method raises `SourceError`.
    """

    name = HUGGINGFACE

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        content = resources.files("adapters.feeds").joinpath("sample.json").read_bytes()
        self._version = hashlib.sha256(content).hexdigest()[:16]
        self._listings = {
            day: tuple(entry.to_listing(day, rank) for rank, entry in enumerate(entries, start=1))
            for day, entries in _FILE.validate_json(content).items()
        }

    async def newest_day(self) -> date | None:
        """The latest sample day that has begun, None before the first."""
        today = self._today()
        return max((day for day in self._listings if day <= today), default=None)

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        """The list of a sample day that has begun; no listings and no validator for any other day."""
        if day not in self._listings or day > self._today():
            return DayAnswer(day=day)
        current = f"{self._version}-{day}"
        if validator == current:
            return DayAnswer(day=day, validator=current, unchanged=True)
        return DayAnswer(day=day, listings=self._listings[day], validator=current)

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()
