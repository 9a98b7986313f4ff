"""The port of the log in which the web workspace keeps its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.messages.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMessage:
    """A message of the web workspace. `reply_to` is the id of the message that heads its thread."""

    id: int
    channel: str
    message: Message
    reply_to: int | None
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """That a message was posted, and where."""

    id: int
    channel: str


class MessageLog(Protocol):
    """Where the web workspace keeps what was posted. Ids grow in the order of posting."""

    async def add(
        self, channel: str, message: Message, *, key: str, reply_to: int | None, posted_at: datetime
    ) -> LoggedMessage:
        """Adds a message, or returns the one that already has this key."""
        ...

    async def change(self, message_id: int, message: Message) -> LoggedMessage | None:
        """Lets a message say something else from now on; None when there is none of that id."""
        ...

    async def find(self, key: str) -> LoggedMessage | None: ...

    async def page(self, channel: str, *, before: int | None, limit: int) -> Sequence[LoggedMessage]:
        """The latest thread heads of a channel with all their replies, oldest first; `limit` counts heads."""
        ...

    async def after(self, message_id: int, *, limit: int) -> Sequence[Arrival]:
        """What was posted after that id, in all channels, oldest first."""
        ...

    async def get(self, message_ids: Sequence[int]) -> Sequence[LoggedMessage]:
        """Those of these messages that are there, oldest first."""
        ...

    async def latest_ids(self, channels: Sequence[str]) -> dict[str, int]:
        """The id of the last message of each channel, 0 for an empty one."""
        ...

    async def last_id(self) -> int: ...
