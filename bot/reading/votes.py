"""Votes: what the people of a channel think of a paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Vote(StrEnum):
    """What a person of a channel thinks of a paper. It counts in that channel only."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of a channel on a paper."""

    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class CastVote:
    """One person's 👍 or 👎 on a paper in a channel. To put a paper on one's list there is a 👍, too."""

    paper_id: str
    up: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class VoteState:
    """How many votes and saves a channel has, and when the latest was cast: it changes whenever one of them does."""

    up: int
    down: int
    latest: datetime
