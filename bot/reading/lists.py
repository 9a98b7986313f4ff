"""What people do with papers: put them on their reading list, and say what they think of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.channels import PlatformName
from bot.papers import Paper


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose reading list it is. `workspace` is empty where a person is the same one in every workspace."""

    platform: PlatformName
    workspace: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPaper:
    """A line of a reading list."""

    paper: Paper
    saved_at: datetime


class Vote(StrEnum):
    """What a person of a channel thinks of a paper. It counts in that channel only."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of a channel on a paper."""

    up: int = 0
    down: int = 0
