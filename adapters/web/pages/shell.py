"""The shell: what stands around the content of every page, such as the list of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum

from starlette.requests import Request

from adapters.web.messages.timeline import ChannelView, channel_view, zone_of
from adapters.web.platform import WebPlatform
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.clocks import Clock

ZONE_COOKIE = "paperround_zone"


class Place(StrEnum):
    """Which of the main pages is open; the shell marks its link."""

    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What a page needs beside its own content. `zone` is the reader's time zone by its IANA name."""

    place: Place
    channels: Sequence[ChannelView]
    zone: str

    @property
    def current(self) -> ChannelView | None:
        """The channel that the page is about, if it is about one."""
        return next((channel for channel in self.channels if channel.current), None)


class Shells:
    """Makes the shell around a page."""

    def __init__(self, *, platform: WebPlatform, directory: ChannelDirectory, clock: Clock) -> None:
        self._platform = platform
        self._directory = directory
        self._clock = clock

    async def around(self, request: Request, place: Place, channel: Channel | None = None) -> Shell:
        """The shell of a page about `channel`, or about no channel."""
        return Shell(
            place=place, channels=await self.channels(request, channel), zone=str(reader_zone(request, channel))
        )

    async def channels(self, request: Request, current: Channel | None) -> list[ChannelView]:
        """The list of channels."""
        channels = await self._directory.channels(PlatformName.WEB)
        now = self._clock.now()
        latest = await self._platform.latest_ids([channel.address.channel for channel in channels])
        return [
            channel_view(
                channel,
                now,
                reader_zone(request, channel),
                latest=latest[channel.address.channel],
                current=current is not None and channel.id == current.id,
            )
            for channel in channels
        ]


def reader_zone(request: Request, channel: Channel | None) -> tzinfo:
    """The reader's time zone, which the page keeps in a cookie; until it is known the channel's."""
    names = (request.cookies.get(ZONE_COOKIE, ""), channel.time_zone if channel else "")
    return next((zone for name in names if (zone := zone_of(name))), UTC)
