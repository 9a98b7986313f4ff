"""The directory: the channels that adapters list and add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.channels.channel import Address, Channel, PlatformName, Workspace
from bot.channels.next_digest import next_digest_at
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.schedules.stored import DEFAULT_SCHEDULE, DEFAULT_TIME_ZONE


class Directory:
    """Implements `WorkspaceDirectory` and `BrowsableDirectory` on the store."""

    def __init__(self, channels: ChannelStore, clock: Clock) -> None:
        self._channels = channels
        self._clock = clock

    async def channels(
        self, platform: PlatformName, *, workspace: str = "", with_topics: bool = False
    ) -> Sequence[Channel]:
        return await self._channels.on_platform(platform, workspace=workspace, with_topics=with_topics)

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
        return await self._channels.browse(
            platform, person=person, words=words, name=name, after=after, archived=archived, limit=limit
        )

    async def workspaces(self, platform: PlatformName) -> Sequence[Workspace]:
        return await self._channels.workspaces(platform)

    async def find(self, address: Address) -> Channel | None:
        return await self._channels.find(address)

    async def get(self, channel_id: int) -> Channel | None:
        return (await self._channels.get([channel_id])).get(channel_id)

    async def add_channel(
        self, address: Address, name: str, time_zone: str = DEFAULT_TIME_ZONE, schedule: str = DEFAULT_SCHEDULE
    ) -> Channel:
        """The channel at that address, added with that schedule if it is new; it takes a new name.

        A `name` that is only the address is no name: who does not know better says that.
        """
        known = await self.find(address)
        if known is not None and name in (known.name, address.channel):
            return known
        first = next_digest_at(schedule, time_zone, self._clock.now())
        return await self._channels.add(address, name, time_zone=time_zone, schedule=schedule, next_digest_at=first)


class ChannelDirectory(Protocol):
    """The channels of a platform, for adapters that list or add them."""

    async def channels(self, platform: PlatformName) -> Sequence[Channel]: ...

    async def add_channel(self, address: Address, name: str) -> Channel:
        """The channel at that address, added with the default settings if it is new; raises `UserError`."""
        ...


class BrowsableDirectory(Protocol):
    """The channels of all platforms, a page at a time, for whoever looks through them."""

    async def find(self, address: Address) -> Channel | None: ...

    async def get(self, channel_id: int) -> Channel | None: ...

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
    ) -> Sequence[Channel]:
        """As `bot.channels.store.ChannelStore.browse` says."""
        ...

    async def add_channel(self, address: Address, name: str) -> Channel:
        """The channel at that address, added with the default settings if it is new; raises `UserError`."""
        ...


class WorkspaceDirectory(ChannelDirectory, Protocol):
    """The workspaces of a platform, and their channels, for adapters that keep an eye on them."""

    async def workspaces(self, platform: PlatformName) -> Sequence[Workspace]: ...

    async def channels(
        self, platform: PlatformName, *, workspace: str = "", with_topics: bool = False
    ) -> Sequence[Channel]:
        """All channels, or only those of a workspace, or only those that have a topic."""
        ...

    async def find(self, address: Address) -> Channel | None: ...
