"""The directory: the channels that adapters list and add."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels import Address, Channel, PlatformName, Workspace
from bot.planning import next_digest_at
from bot.ports import Clock, Store

DEFAULT_SCHEDULE = "weekdays 09:00"
DEFAULT_TIME_ZONE = "UTC"


class Directory:
    """Implements `bot.ports.WorkspaceDirectory` on the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def channels(
        self, platform: PlatformName, *, workspace: str = "", with_topics: bool = False
    ) -> Sequence[Channel]:
        return await self._store.channels.on_platform(platform, workspace=workspace, with_topics=with_topics)

    async def workspaces(self, platform: PlatformName) -> Sequence[Workspace]:
        return await self._store.channels.workspaces(platform)

    async def find(self, address: Address) -> Channel | None:
        return await self._store.channels.find(address)

    async def add_channel(self, address: Address, name: str, time_zone: str = DEFAULT_TIME_ZONE) -> Channel:
        """The channel at that address, added with the default schedule if it is new; it takes a new name.

        A `name` that is only the address is no name: who does not know better says that.
        """
        known = await self.find(address)
        if known is not None and name in (known.name, address.channel):
            return known
        first = next_digest_at(DEFAULT_SCHEDULE, time_zone, self._clock.now())
        return await self._store.channels.add(
            address, name, time_zone=time_zone, schedule=DEFAULT_SCHEDULE, next_digest_at=first
        )
