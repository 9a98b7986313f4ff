"""The store of reading lists and votes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.reading.lists import Reader, SavedPaper
from bot.reading.votes import CastVote, Tally, Vote, VoteState


class ReadingStore(Protocol):
    """People's reading lists, and what they think of papers."""

    async def save(
        self,
        reader: Reader,
        paper_id: str,
        now: datetime,
        *,
        channel_id: int | None = None,
        by_reaction: bool = False,
    ) -> bool:
        """Puts a paper that is known on the list; False when it was there already.

        `channel_id` is where that was done: there it counts as a 👍. What was saved by a reaction and then by a
        command is no longer the reaction's. Raises `UserError` for a paper that was deleted meanwhile.
        """
        ...

    async def unsave(self, reader: Reader, paper_id: str, *, by_reaction: bool = False) -> bool:
        """Takes a paper off the list, or only one that a reaction put there; False when there was none."""
        ...

    async def saved(self, reader: Reader, *, limit: int, offset: int = 0) -> list[SavedPaper]:
        """The list, what was saved last first."""
        ...

    async def saved_ids(self, reader: Reader, paper_ids: Sequence[str]) -> set[str]:
        """Which of these papers are on the list."""
        ...

    async def saved_count(self, reader: Reader) -> int: ...

    async def vote(self, channel_id: int, paper_id: str, person: str, vote: Vote, now: datetime) -> Vote | None:
        """Casts a vote, or withdraws it when the person cast it so already; returns what stands now.

        One that stands by a reaction is not withdrawn: it is no longer the reaction's. Raises `UserError` for a paper
        that was deleted meanwhile, as `cast` does.
        """
        ...

    async def cast(self, channel_id: int, paper_id: str, person: str, vote: Vote, now: datetime) -> bool:
        """Casts a vote by a reaction; False when it stands already."""
        ...

    async def take_back(self, channel_id: int, paper_id: str, person: str, vote: Vote) -> bool:
        """Takes back a vote that stands by a reaction; False when there is none."""
        ...

    async def tallies(self, channel_ids: Sequence[int], paper_ids: Sequence[str]) -> dict[tuple[int, str], Tally]:
        """The votes on each of those papers in each of those channels; without any, it is left out."""
        ...

    async def own_votes(self, channel_id: int, person: str, paper_ids: Sequence[str]) -> dict[str, Vote]:
        """That person's votes on these papers in that channel."""
        ...

    async def vote_states(self, channel_ids: Sequence[int]) -> dict[int, VoteState]:
        """How the votes of those channels stand; a channel without any is left out."""
        ...

    async def cast_votes(self, channel_ids: Sequence[int]) -> dict[int, list[CastVote]]:
        """The votes of each of those channels. Who votes on a paper that they saved there counts once, by the vote."""
        ...
