"""Votes: what the people of a channel think of a paper."""

from __future__ import annotations

from dataclasses import dataclass
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
