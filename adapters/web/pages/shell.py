"""The shell: what stands around the content of every page, such as the list of channels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.web.addresses import address_of_key
from adapters.web.messages.timeline import ChannelView, channel_view
from adapters.web.people.visitor import Visitor, reader_zone, visitor_of
from adapters.web.platform import WebPlatform
from adapters.web.serving.forms import id_of
from bot.channels.channel import Address, Channel, PlatformName
from bot.channels.directory import BrowsableDirectory
from bot.clocks import Clock
from bot.posting.history import History

#: Channels of one platform that are shown at a time; the rest is found by its name, or stands behind a link.
CHANNELS_AT_ONCE = 40
LONGEST_SEARCH = 80  # characters
#: What the address of any page says of the list of channels: words of their names, and behind which one it goes on.
NAMED, OF_PLATFORM, BEHIND = "channels-named", "channels-of", "channels-behind"
#: What people call the platforms, in the order in which they are shown.
PLATFORMS = {PlatformName.WEB: "Here", PlatformName.SLACK: "Slack", PlatformName.DISCORD: "Discord"}


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
class ChannelGroup:
    """Channels of one platform, of a workspace of it where there are several; `more` is behind which there are more."""

    platform: PlatformName
    title: str
    channels: Sequence[ChannelView]
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelList:
    """The list of channels, or a page of it. `words` are what their names were searched for.

    The channel that is open stands in `apart` where it is in none of the groups. Archived ones are folded away.
    """

    groups: Sequence[ChannelGroup]
    archived: Sequence[ChannelView] = ()
    words: str = ""
    apart: ChannelView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What a page needs beside its own content. `zone` is the reader's time zone by its IANA name."""

    place: Place
    visitor: Visitor
    links: Sequence[Link]
    channels: ChannelList
    current: ChannelView | None
    zone: str


class Shells:
    """Makes the shell around a page. `places` are those that there is a page for."""

    def __init__(
        self,
        *,
        platform: WebPlatform,
        directory: BrowsableDirectory,
        history: History,
        clock: Clock,
        places: Collection[Place] = (),
    ) -> None:
        self._platform = platform
        self._directory = directory
        self._history = history
        self._clock = clock
        self._links = tuple(link for link in LINKS if link.place in places)

    async def around(self, request: Request, place: Place, channel: Channel | None = None) -> Shell:
        """The shell of a page about `channel`, or about no channel."""
        return Shell(
            place=place,
            visitor=(visitor := visitor_of(request)),
            links=[link for link in self._links if link.place is not Place.PEOPLE or visitor.looks_after_people],
            channels=await self.channels(request, channel),
            current=self.view(request, channel) if channel else None,
            zone=str(reader_zone(request, channel)),
        )

    def view(self, request: Request, channel: Channel, *, latest: int = 0) -> ChannelView:
        """A channel as the page about it shows it."""
        return channel_view(channel, self._clock.now(), reader_zone(request, channel), latest=latest, current=True)

    async def find(self, request: Request, address: Address) -> Channel | None:
        """The channel at that address, if it is one that the visitor may see: not somebody else's own."""
        channel = await self._directory.find(address)
        if channel is None or not channel.person:
            return channel
        mine = channel.address.platform is PlatformName.WEB and channel.person == visitor_of(request).id
        return channel if mine else None

    async def of_path(self, request: Request) -> Channel:
        """The channel that the path names; raises `HTTPException` where there is none that the visitor may see."""
        key = request.path_params["channel"]
        channel = await self.find(request, address_of_key(key))
        if channel is None:
            raise HTTPException(404, f"There is no channel {'' if ':' in key else '#'}{key} here.")
        return channel

    async def channels(self, request: Request, current: Channel | None, *, words: str | None = None) -> ChannelList:
        """The list of channels: the first of each platform, those whose names have what was searched for (`NAMED`), or
        those behind a channel (`OF_PLATFORM`, `BEHIND`)."""
        words = _words_of(request) if words is None else words
        after = id_of(request.query_params.get(BEHIND))
        only = request.query_params.get(OF_PLATFORM)
        found: dict[PlatformName, list[Channel]] = {}
        for platform in PLATFORMS:
            behind = after if only == platform else None
            found[platform] = await self._browse(request, platform, words=words, after=behind)
        archived = await self._browse(request, PlatformName.WEB, words=words, archived=True)
        listed = [*archived, *(channel for channels in found.values() for channel in channels)]
        missing = current is not None and current.id not in {channel.id for channel in listed}
        views = await self._views(request, [*listed, *([current] if current and missing else [])], current)
        return ChannelList(
            groups=[group for platform, channels in found.items() for group in _groups(platform, channels, views)],
            archived=[views[channel.id] for channel in archived[:CHANNELS_AT_ONCE]],
            words=words,
            apart=views[current.id] if current and missing else None,
        )

    async def more(self, request: Request, platform: PlatformName, after: int) -> ChannelList:
        """The channels of a platform behind that one."""
        words = _words_of(request)
        channels = await self._browse(request, platform, words=words, after=after)
        current = await self.find(request, address_of_key(request.query_params.get("current", "")))
        return ChannelList(groups=_groups(platform, channels, await self._views(request, channels, current)))

    async def first(self, request: Request) -> Channel | None:
        """The channel that is opened when none is named."""
        for platform in PLATFORMS:
            if channels := await self._browse(request, platform, limit=1):
                return channels[0]
        return None

    async def _browse(
        self,
        request: Request,
        platform: PlatformName,
        *,
        words: str = "",
        after: int | None = None,
        archived: bool = False,
        limit: int = CHANNELS_AT_ONCE + 1,
    ) -> list[Channel]:
        # People's ids on other platforms are not those of the web's.
        person = visitor_of(request).id if platform is PlatformName.WEB else ""
        found = await self._directory.browse(
            platform, person=person, words=words, after=after, archived=archived, limit=limit
        )
        return list(found)

    async def _views(
        self, request: Request, channels: Sequence[Channel], current: Channel | None
    ) -> dict[int, ChannelView]:
        ours = [channel for channel in channels if channel.address.platform is PlatformName.WEB]
        latest = await self._history.latest([channel for channel in channels if channel not in ours])
        ids = await self._platform.latest_ids([channel.address.channel for channel in ours])
        latest |= {channel.id: ids[channel.address.channel] for channel in ours}
        now = self._clock.now()
        return {
            channel.id: channel_view(
                channel,
                now,
                reader_zone(request, channel),
                latest=latest[channel.id],
                current=current is not None and channel.id == current.id,
            )
            for channel in channels
        }


def _words_of(request: Request) -> str:
    return " ".join(request.query_params.get(NAMED, "").split())[:LONGEST_SEARCH].removeprefix("#")


def _groups(platform: PlatformName, channels: Sequence[Channel], views: dict[int, ChannelView]) -> list[ChannelGroup]:
    """The channels by workspace. One more than is shown says that there are more."""
    shown = channels[:CHANNELS_AT_ONCE]
    groups = []
    for _, some in groupby(shown, key=lambda channel: channel.address.workspace):
        members = list(some)
        name = members[0].workspace_name
        named = platform is not PlatformName.WEB and name not in ("", members[0].address.workspace)
        is_last = members[-1] is shown[-1]
        groups.append(
            ChannelGroup(
                platform=platform,
                title=f"{PLATFORMS[platform]} · {name}" if named else PLATFORMS[platform],
                channels=[views[channel.id] for channel in members],
                more=members[-1].id if is_last and len(channels) > CHANNELS_AT_ONCE else None,
            )
        )
    return groups
