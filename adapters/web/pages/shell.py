"""The shell: what stands around the content of every page, such as the list of channels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request

from adapters.web.messages.timeline import ChannelView, channel_view
from adapters.web.people.visitor import reader_zone
from adapters.web.platform import WebPlatform
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.clocks import Clock


class Place(StrEnum):
    """Which of the main pages is open; the shell marks its link."""

    CHANNEL = "channel"
    SEARCH = "search"
    ARCHIVE = "archive"
    HEALTH = "health"
    PEOPLE = "people"
    ACCOUNT = "account"
    WELCOME = "welcome"


@dataclass(frozen=True, slots=True)
class Link:
    """A link to one of the main pages."""

    place: Place
    label: str
    path: str


#: In the order in which they are shown. Those that are not here are reached otherwise.
LINKS = (
    Link(Place.SEARCH, "Search", "/search"),
    Link(Place.ARCHIVE, "Archive", "/archive"),
    Link(Place.HEALTH, "Health", "/health"),
    Link(Place.PEOPLE, "People", "/people"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What a page needs beside its own content. `zone` is the reader's time zone by its IANA name."""

    place: Place
    links: Sequence[Link]
    channels: Sequence[ChannelView]
    zone: str

    @property
    def current(self) -> ChannelView | None:
        """The channel that the page is about, if it is about one."""
        return next((channel for channel in self.channels if channel.current), None)


class Shells:
    """Makes the shell around a page. `places` are those that there is a page for."""

    def __init__(
        self, *, platform: WebPlatform, directory: ChannelDirectory, clock: Clock, places: Collection[Place] = ()
    ) -> None:
        self._platform = platform
        self._directory = directory
        self._clock = clock
        self._links = tuple(link for link in LINKS if link.place in places)

    async def around(self, request: Request, place: Place, channel: Channel | None = None) -> Shell:
        """The shell of a page about `channel`, or about no channel."""
        return Shell(
            place=place,
            links=self._links,
            channels=await self.channels(request, channel),
            zone=str(reader_zone(request, channel)),
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

    async def view(self, request: Request, channel: Channel) -> ChannelView:
        """One channel as the page about it shows it."""
        return channel_view(channel, self._clock.now(), reader_zone(request, channel), latest=0, current=True)
