"""The store of channels and workspaces.

Every method of a store is one transaction: it has happened as a whole when it returns, or not at all. All of them may
raise `bot.errors.StorageError`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.channels.channel import Address, Channel, PlatformName, Workspace


class ChannelStore(Protocol):
    async def find(self, address: Address) -> Channel | None: ...

    async def get(self, channel_ids: Sequence[int]) -> dict[int, Channel]: ...

    async def on_platform(
        self, platform: PlatformName, *, workspace: str = "", with_topics: bool = False
    ) -> list[Channel]:
        """The channels of a platform, or of one workspace; all of them or those with a topic, by name."""
        ...

    async def browse(
        self,
        platform: PlatformName,
        *,
        person: str = "",
        words: str = "",
        name: str = "",
        after: int | None = None,
        archived: bool = False,
        limit: int,
    ) -> list[Channel]:
        """A page of a platform's channels, by workspace and name: at most `limit` of those behind the channel `after`.

        `words` stand in the name of the channel or of its workspace, or `name` is the channel's, in small letters or
        capitals. People's own channels are left out but for that of the `person`, and so are addresses that follow a
        channel, which are their readers' affair. Those that were `archived` have pages of their own.
        """
        ...

    async def add(
        self, address: Address, name: str, *, time_zone: str, schedule: str, next_digest_at: datetime | None
    ) -> Channel:
        """The channel at that address: the one that is there, or a new one with default settings."""
        ...

    async def change(self, channel_id: int, change: Callable[[Channel], Channel], now: datetime) -> Channel:
        """Gives a channel another schedule, time zone, settings and next digest: what `change` makes of those it has.

        Nothing is changed if it raises. Where there is no `next_digest_at`, papers go out at once, those that wait now.
        Raises `UserError` for a channel that was deleted meanwhile.
        """
        ...

    async def pause(self, channel_id: int, *, reason: str, until: datetime | None) -> None: ...

    async def break_channels(
        self, address: Address, reason: str, *, whole_workspace: bool, even_paused: bool = False
    ) -> list[Channel]:
        """Marks what the platform refuses; returns the channels that were well until now.

        A single channel that was refused already, and not with its workspace, takes the new reason. Channels that
        people paused stay so, but for a single one where nothing will ever be taken again: `even_paused`.
        """
        ...

    async def move(self, address: Address, channel: str) -> bool:
        """Gives the channel of that address another id; False where there is none, or one of the new id already."""
        ...

    async def rename(self, channel_id: int, name: str) -> None:
        """Calls a channel of the web's own otherwise. Its name is its id there, and its messages go with it.

        Raises `UserError` where another one is called so, a message is on its way there at this moment, or it was
        deleted meanwhile.
        """
        ...

    async def archive(self, channel_id: int, *, reason: str, now: datetime) -> None:
        """Pauses a channel until somebody resumes it, and folds it away."""
        ...

    async def delete(self, channel_id: int, now: datetime) -> None:
        """Removes a channel with everything that is kept of it: its topics as people remove them, what waits for it at
        once, and the rest later (`delete_marked`). Nothing of it is found any more, and its address is free.

        Raises `UserError` where a message is on its way there at this moment.
        """
        ...

    async def delete_marked(self, now: datetime, limit: int) -> int:
        """Deletes some of what is kept of channels that were deleted, about `limit` rows.

        Returns how many rows; 0 when nothing is left to delete now.
        """
        ...

    async def workspaces(self, platform: PlatformName) -> list[Workspace]: ...

    async def join_workspace(self, address: Address, name: str = "") -> None:
        """Notes that the bot is in the workspace of that address, and what it is called now if a name is given."""
        ...

    async def leave_workspace(self, address: Address, reason: str, now: datetime) -> None:
        """Notes since when the bot is not in that workspace any more, and marks the channels of it as refused that
        nobody paused."""
        ...

    async def delete_left_workspaces(self, left_before: datetime, now: datetime, limit: int) -> int:
        """Deletes some of what is kept of workspaces that the bot left before that time, about `limit` rows at a time.

        Returns how many rows; 0 when nothing is left to delete now. Topics are first removed as people remove them, so
        that other processes learn of it, and deleted an hour later with the rest.
        """
        ...

    async def stopped_with_workspace(self, address: Address) -> list[Channel]:
        """The channels that were stopped with their whole workspace, and still are."""
        ...

    async def resume(self, channel_id: int, next_digest: Callable[[Channel], datetime | None]) -> bool:
        """Lets posts flow again, whatever stopped them; False if nothing had. The next digest is what `next_digest`
        makes of what people set by then."""
        ...

    async def resume_all(self, channel_ids: Collection[int], next_digest: Callable[[Channel], datetime | None]) -> int:
        """The same for several channels, all or none; returns how many were stopped."""
        ...

    async def role(self, address: Address) -> str:
        """Who may manage the channels of that workspace, in the platform's words; empty for what it says itself."""
        ...

    async def set_role(self, address: Address, role: str) -> None: ...

    async def ended_pauses(self, now: datetime) -> list[Channel]: ...

    async def end_pauses(self, now: datetime, next_digest: Callable[[Channel], datetime | None]) -> list[Channel]:
        """Lets the channels go on whose pauses have ended, each with what `next_digest` makes of what people set by
        then, in one transaction; returns these channels as they were before."""
        ...

    async def due_after(self, time: datetime) -> list[Channel]:
        """Channels whose next digest, or next papers that go out at once, are set to later than that."""
        ...

    async def kinds_due_after(self, time: datetime) -> list[Channel]:
        """Of the channels that `due_after` has, one of each kind: all that their times depend on is the same."""
        ...
