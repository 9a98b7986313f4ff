"""Pruning: what is old is deleted, so that the database stops growing.

What was posted where is forgotten after `history`, papers that feeds listed after `papers`. Nothing goes that is still
to be sent, that somebody saved or voted on, or that a topic has as an example. That a paper was posted in a channel is
known for ever, in a few bytes (`storage.pruning`): it is never posted there again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

import structlog

#: Rows that are looked at together, and deleted in one transaction; the seconds in between in which others may write.
ROWS_AT_ONCE: Final = 1_000
PAUSE: Final = 0.05
#: So much of a file has to be free before it is made smaller: what is free is soon used again.
FREE_SHARE: Final = 0.25
GIVEN_BACK_AT_ONCE: Final = 4_000_000  # bytes
#: How long it is kept which papers were deleted: other processes follow within seconds.
GONE_KEPT: Final = timedelta(days=1)

_log = structlog.get_logger()


class Prunable(StrEnum):
    """What is pruned, in this order: digests go when nothing is left of them, papers when nobody has them."""

    DELIVERIES = "deliveries"
    POSTS = "posts"
    DIGESTS = "digests"
    MESSAGES = "web messages"
    PAPERS = "papers"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """How long what was posted is kept, and papers."""

    history: timedelta = timedelta(days=365)
    papers: timedelta = timedelta(days=730)

    def ended(self, now: datetime) -> Cutoffs:
        return Cutoffs(now=now, history=now - self.history, papers=now - self.papers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """What is older goes: `history` is of what was posted, `papers` of papers, as of `now`."""

    now: datetime
    history: datetime
    papers: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneStep:
    """What a step found: `rows` that can go, of about so many bytes. It looked as far as `after`, None for the end."""

    after: int | None
    rows: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The bytes that a database takes, and those in it that hold nothing; None where only its server knows that."""

    total: int
    free: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows went, or would go, of what; and about how many bytes they took."""

    what: Prunable
    rows: int = 0
    size: int = 0


class PruneStore(Protocol):
    """Where it is deleted. All methods may raise `bot.errors.StorageError`."""

    async def step(self, what: Prunable, cutoffs: Cutoffs, after: int, limit: int, *, delete: bool) -> PruneStep:
        """Looks at `limit` rows from behind `after`, in the order in which they came, and deletes those that are old
        and may go. Without `delete` it only counts them, and those that only old ones keep from going.
        """
        ...

    async def forget_gone(self, before: datetime) -> None:
        """Forgets which papers were deleted before that: every index has heard of it, or is built anew."""
        ...

    async def space(self) -> Space: ...

    async def give_back(self, size: int) -> int:
        """Makes the file smaller by some of what is free in it, about `size` bytes at most; returns how many."""
        ...

    async def rewrite(self) -> None:
        """Writes the whole file anew, without what is free in it. Nobody else can write meanwhile."""
        ...


class Pruning:
    """Deletes what is old, in bounded steps between which others may write."""

    def __init__(self, store: PruneStore, kept: KeptFor | None = None) -> None:
        self._store = store
        self.kept = kept or KeptFor()

    async def prune(self, now: datetime, *, delete: bool = True, pause: float = PAUSE) -> list[Pruned]:
        """Deletes what may go then, or only counts it; it may be interrupted, and called again, any time."""
        cutoffs = self.kept.ended(now)
        found = [await self._prune(what, cutoffs, delete, pause) for what in Prunable]
        if delete:
            await self._store.forget_gone(cutoffs.now - GONE_KEPT)
            await self._give_back()
        if delete and (rows := sum(one.rows for one in found)):
            _log.info("database.pruned", rows=rows, **dict(_by_name(found)))
        return found

    async def _prune(self, what: Prunable, cutoffs: Cutoffs, delete: bool, pause: float) -> Pruned:
        total = Pruned(what=what)
        after: int | None = 0
        while after is not None:
            step = await self._store.step(what, cutoffs, after, ROWS_AT_ONCE, delete=delete)
            total = replace(total, rows=total.rows + step.rows, size=total.size + step.size)
            after = step.after
            await asyncio.sleep(pause if step.rows and delete else 0)
        return total

    async def _give_back(self) -> None:
        """Makes the file smaller where much of it is free, a little at a time."""
        space = await self._store.space()
        if space.free is None or space.free < FREE_SHARE * space.total:
            return
        given = GIVEN_BACK_AT_ONCE
        while given:
            given = await self._store.give_back(GIVEN_BACK_AT_ONCE)
            await asyncio.sleep(PAUSE)


def _by_name(found: list[Pruned]) -> Iterator[tuple[str, int]]:
    for one in found:
        if one.rows:
            yield one.what.value.replace(" ", "_"), one.rows
