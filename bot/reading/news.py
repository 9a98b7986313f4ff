"""News of votes: whoever takes one says so, and what shows votes hears of it."""

from __future__ import annotations

from typing import Protocol

from bot.channels.channel import Channel


class VoteListener(Protocol):
    """Hears of votes. Never raises, and leaves what takes time for later."""

    def voted(self, channel: Channel, paper_id: str, *, drawn: str) -> None:
        """The votes on a paper stand otherwise in that channel. The message called `drawn` there shows it already."""
        ...


class VoteNews:
    """Passes on, within a process, that somebody voted."""

    def __init__(self) -> None:
        self._listeners: list[VoteListener] = []

    def listen(self, listener: VoteListener) -> None:
        """Has it hear of all that comes."""
        self._listeners.append(listener)

    def voted(self, channel: Channel, paper_id: str, *, drawn: str = "") -> None:
        """The votes on a paper stand otherwise in that channel. The message called `drawn` there shows it already."""
        for listener in self._listeners:
            listener.voted(channel, paper_id, drawn=drawn)
