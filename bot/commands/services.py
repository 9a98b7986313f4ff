"""What the handlers of commands work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels import Channel, PlatformName
from bot.directory import DEFAULT_TIME_ZONE, Directory
from bot.errors import UserError
from bot.libraries import Libraries
from bot.planning import Planner
from bot.ports import Clock, CommandCall, Platform, Store
from bot.schedules import parse_time_zone
from bot.search import SearchIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of the bot that commands use. `wake` says that the outbox may have something to send."""

    store: Store
    clock: Clock
    planner: Planner
    index: SearchIndex
    libraries: Libraries
    directory: Directory
    platforms: Mapping[PlatformName, Platform]
    wake: Callable[[], None]

    async def known_channel(self, call: CommandCall) -> Channel | None:
        """The channel of a call, None when nobody has set anything up there."""
        return await self.directory.find(call.address)

    async def channel(self, call: CommandCall) -> Channel:
        """The channel of a call, added with the defaults when it is new."""
        return await self.directory.add_channel(call.address, call.channel_name, _usable_zone(call.person.time_zone))

    async def may_manage(self, call: CommandCall) -> bool:
        """Whether the person may manage the channel of the call, by the platform's word and the workspace's role."""
        return call.person.manages_with(await self.store.channels.role(call.address))


def _usable_zone(name: str | None) -> str:
    """The person's own time zone where the platform knows it; its name may be newer than our list."""
    try:
        return parse_time_zone(name).key if name else DEFAULT_TIME_ZONE
    except UserError:
        return DEFAULT_TIME_ZONE
