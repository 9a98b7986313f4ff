"""What the core asks of the outside world, as protocols. Adapters and storage implement them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.channels import Address, Channel, PlatformName, Style
from bot.messages import Message
from bot.papers import Listing, SourceName


class Clock(Protocol):
    """Where the core gets the time from: aware, in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAnswer:
    """What a source lists for one day.

    `validator` is opaque to us: handed back with the next reading of that day it lets the source answer that nothing
    changed (`unchanged`, with no listings). `skipped` counts entries that were unusable and left out.
    """

    day: date
    listings: tuple[Listing, ...] = ()
    validator: str | None = None
    unchanged: bool = False
    skipped: int = 0


class Source(Protocol):
    """A feed of papers. Both methods raise `bot.errors.SourceError` when the feed cannot be read or is not one."""

    @property
    def name(self) -> SourceName: ...

    async def newest_day(self) -> date | None:
        """The latest day that the feed shows any sign of (it may still be growing), None when it shows nothing.

        A sign may run a few days ahead of or behind the listing itself; the intake reads around it.
        """
        ...

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        """Everything listed on that day, best first; no listings for a day that has none (yet)."""
        ...


# --- Platforms --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to send. `key` is the same in every attempt; `reply_to` is the platform's id of the parent."""

    address: Address
    message: Message
    key: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    remote_id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Certainly not sent. Try again in `after` seconds; None leaves the waiting to the outbox."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left and no answer came: the message may or may not be there."""

    reason: str


class GoneScope(StrEnum):
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Gone:
    """The platform refuses this channel or workspace until somebody acts. `reason` is a sentence for people."""

    reason: str
    scope: GoneScope = GoneScope.CHANNEL


@dataclass(frozen=True, slots=True)
class Rejected:
    """The platform will never take this message, though the channel is well."""

    reason: str


SendResult = Sent | Retry | Unknown | Gone | Rejected


class LookUp(StrEnum):
    """The answer to "is that message there?" when it is not there, or cannot be known."""

    MISSING = "missing"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who gives a command. `may_manage` is the platform's answer to "may they manage this channel?"."""

    id: str
    name: str
    may_manage: bool = False
    time_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCall:
    """A command as it came in: the text after `/papers`, who said it and where.

    `from_message` is the platform's id of the message whose button was pressed.
    """

    line: str
    address: Address
    channel_name: str
    person: Person
    from_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command. Ephemeral answers are only for the asker.

    `replaces` says that the answer takes the place of the message whose button was pressed (paging), `failed` that
    the person made a mistake and nothing was changed.
    """

    message: Message
    ephemeral: bool = True
    replaces: bool = False
    failed: bool = False


class CommandRunner(Protocol):
    """Runs commands for platforms. Never raises for what a person wrote."""

    async def run(self, call: CommandCall) -> Reply: ...

    async def complete(self, call: CommandCall) -> Sequence[str]:
        """Whole lines that `call.line` might become, best first."""
        ...


class Platform(Protocol):
    """A chat platform. An adapter renders, sends, reports and passes commands on: no rule about papers lives there."""

    @property
    def name(self) -> PlatformName: ...

    @property
    def channel_interval(self) -> float:
        """Seconds to leave between two messages in one channel."""
        ...

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        """How many papers surely fit into one message."""
        ...

    def parse_mention(self, text: str) -> str:
        """The platform's form of who is to be pinged with a digest; raises `UserError` for what cannot be."""
        ...

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Sends once, without retries of its own. Never raises for what the platform or the network does."""
        ...

    async def look_up(self, outgoing: Outgoing, since: datetime) -> Sent | LookUp:
        """Whether the message with that key is in the channel; `since` is when its first attempt began."""
        ...

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        """Says something to one person about that channel; whether it could be said."""
        ...


# --- The local web workspace ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMessage:
    """A message of the web workspace. `reply_to` is the id of the message that heads its thread."""

    id: int
    channel: str
    message: Message
    reply_to: int | None
    posted_at: datetime


class MessageLog(Protocol):
    """Where the web workspace keeps what was posted. Ids grow in the order of posting."""

    async def add(
        self, channel: str, message: Message, *, key: str, reply_to: int | None, posted_at: datetime
    ) -> LoggedMessage:
        """Adds a message, or returns the one that already has this key."""
        ...

    async def find(self, key: str) -> LoggedMessage | None: ...

    async def page(self, channel: str, *, before: int | None, limit: int) -> Sequence[LoggedMessage]:
        """The latest thread heads of a channel with all their replies, oldest first; `limit` counts heads."""
        ...

    async def after(self, message_id: int, *, limit: int) -> Sequence[LoggedMessage]:
        """Everything posted after that id, in all channels, oldest first."""
        ...

    async def last_id(self) -> int: ...


class ChannelDirectory(Protocol):
    """The channels of a platform, for adapters that list or add them."""

    async def channels(self, platform: PlatformName) -> Sequence[Channel]: ...

    async def add_channel(self, address: Address, name: str) -> Channel:
        """The channel at that address, added with the default settings if it is new; raises `UserError`."""
        ...
