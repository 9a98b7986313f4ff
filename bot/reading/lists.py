"""Reading lists: the papers that a person has saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.channels.channel import PlatformName
from bot.papers.paper import Paper


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
