"""Drafts of topics: the fields of the editor, and the line that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from bot.query.parser import LONGEST_QUERY
from bot.topics.forms import line_of, marks_of
from bot.topics.store import TopicOptions, options_of
from bot.topics.subscription import Subscription

_LONGEST_FIELD = 200  # characters
LARGEST_BOUND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDraft:
    """What somebody wrote into the editor. `number` is the topic that is edited, None for a new one, and `marks` say
    what that was like as the editor was opened."""

    number: int | None = None
    marks: str = ""
    query: str = ""
    name: str = ""
    min_upvotes: str = ""
    backfill: str = ""
    instant: bool = False
    for_me: bool = False

    @classmethod
    def of_fields(cls, fields: Mapping[str, str], number: int | None = None) -> Self:
        """The draft that the fields of a form are. A box that is not ticked sends nothing."""
        text = {name: fields.get(name, "")[:_LONGEST_FIELD].strip() for name in ("name", "min-upvotes", "backfill")}
        return cls(
            number=number,
            marks=fields.get("marks", "")[:_LONGEST_FIELD],
            query=" ".join(fields.get("query", "")[: 4 * LONGEST_QUERY].split()),
            name=text["name"],
            min_upvotes=text["min-upvotes"],
            backfill=text["backfill"],
            instant="instant" in fields,
            for_me="for-me" in fields and number is None,
        )

    @classmethod
    def of_topic(cls, topic: Subscription) -> Self:
        """The draft that a topic is edited from."""
        options = options_of(topic)
        return cls(
            number=topic.number,
            marks=marks_of(options),
            query=options.query,
            name=options.name,
            min_upvotes=str(options.min_upvotes or ""),
            instant=options.instant,
        )

    @property
    def bound(self) -> int | None:
        """The least upvotes as a number, None where none can be read: the command says what is wrong with it."""
        digits = self.min_upvotes
        return min(int(digits[:8]), LARGEST_BOUND) or None if digits.isascii() and digits.isdigit() else None

    @property
    def line(self) -> str:
        """The command that saves it; empty without a query."""
        if not self.query:
            return ""
        options = TopicOptions(query=self.query, name=self.name, instant=self.instant)
        return line_of(
            options,
            number=self.number,
            marks=self.marks,
            min_upvotes=self.min_upvotes,
            backfill=self.backfill,
            for_me=self.for_me,
        )

    def search(self, **others: str) -> str:
        """The part of an address that opens the editor with this draft, and with other things."""
        fields = {
            "marks": self.marks,
            "query": self.query,
            "name": self.name,
            "min-upvotes": self.min_upvotes,
            "backfill": self.backfill,
            "instant": "on" if self.instant else "",
            "for-me": "on" if self.for_me else "",
        }
        fields |= others
        return "?" + urlencode({name: value for name, value in fields.items() if value})
