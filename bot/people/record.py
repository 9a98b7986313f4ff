"""The record: writes the audit while changes are made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.channels.channel import Address
from bot.clocks import Clock
from bot.errors import PaperRoundError, StorageError, UserError
from bot.people.audit import AuditStore, Change, Outcome, Via, without_secrets

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: from where, by their id there, and by name."""

    via: Via
    person: str
    name: str


TERMINAL = Author(Via.TERMINAL, "terminal", "the operator")
"""Whoever has a terminal where the bot runs."""


class Record:
    """Writes a line before a change is made, so that none is made without one, and what came of it afterwards."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(
        self,
        author: Author,
        line: str,
        address: Address | None = None,
        channel_name: str = "",
        *,
        outcome: Outcome = Outcome.BEGUN,
        typed: bool = True,
    ) -> int:
        """Writes the line, without its secrets where somebody `typed` it; returns its id.

        Raises `StorageError`: then nothing may be changed.
        """
        change = Change(
            at=self._clock.now(),
            via=author.via,
            person=author.person,
            name=author.name,
            line=without_secrets(line) if typed else line,
            address=address,
            channel_name=channel_name,
        )
        return await self._store.begin(change, outcome)

    async def settle(self, line_id: int, outcome: Outcome | None) -> None:
        """Notes what came of it, None for a change that was not made. Never fails: else the line says `begun`."""
        try:
            await self._store.settle(line_id, outcome)
        except StorageError as error:
            _log.warning("audit.not_settled", line=line_id, outcome=outcome, reason=str(error))

    @asynccontextmanager
    async def change(
        self, author: Author, line: str, address: Address | None = None, channel_name: str = ""
    ) -> AsyncIterator[None]:
        """A change that is made in the block, in words of ours without secrets; of a channel where one is named.

        One that is refused there (`UserError`) leaves no line.
        """
        line_id = await self.begin(author, line, address, channel_name, typed=False)
        try:
            yield
        except UserError:
            await self.settle(line_id, None)
            raise
        except PaperRoundError:
            await self.settle(line_id, Outcome.FAILED)
            raise
        await self.settle(line_id, Outcome.DONE)
