"""Chat platforms: what is sent to them, what they answer, and the commands that come from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.channels import Address, PlatformName, Style
from bot.messages import Message
from bot.reading import Reader


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
    """Who gives a command.

    `may_manage` is the platform's answer to "may they manage this channel?", and `as_member` says that it is so only
    because everybody there may: a role that was set for the workspace takes that away. `roles` are the roles they have,
    in the form that `Platform.parse_role` gives. `may_administer` is whether they may set that role. `everywhere` says
    that their id means the same person in every workspace.
    """

    id: str
    name: str
    may_manage: bool = False
    as_member: bool = False
    may_administer: bool = False
    roles: frozenset[str] = frozenset()
    everywhere: bool = False
    time_zone: str | None = None

    def manages_with(self, role: str) -> bool:
        """Whether they may manage the channel where that role was set for the workspace (empty: none)."""
        return (self.may_manage and not (role and self.as_member)) or (bool(role) and role in self.roles)


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

    @property
    def reader(self) -> Reader:
        """Whose reading list the command is about."""
        workspace = "" if self.person.everywhere else self.address.workspace
        return Reader(self.address.platform, workspace, self.person.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command. Ephemeral answers are only for the asker.

    `replaces` says that the answer takes the place of the message whose button was pressed (paging), `failed` that
    the person made a mistake and nothing was changed; `about` is then the option that is meant, if it is one. `update`
    is what the message whose button was pressed says from now on, to all who see it; a platform that changes it so says
    nothing else.
    """

    message: Message
    ephemeral: bool = True
    replaces: bool = False
    failed: bool = False
    about: str = ""
    update: Outgoing | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole line that a half-written one might become. `label` says what its last word stands for."""

    line: str
    label: str = ""


class CommandRunner(Protocol):
    """Runs commands for platforms. Never raises for what a person wrote."""

    async def run(self, call: CommandCall) -> Reply: ...

    async def complete(self, call: CommandCall) -> Sequence[Completion]:
        """What `call.line` might become, best first."""
        ...


class Platform(Protocol):
    """A chat platform. An adapter renders, sends, reports and passes commands on: no rule about papers lives there."""

    @property
    def name(self) -> PlatformName: ...

    @property
    def account(self) -> str:
        """A name for the bot's account where one process at a time may serve it, empty where any number may."""
        ...

    @property
    def channel_interval(self) -> float:
        """Seconds to leave between two messages in one channel."""
        ...

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        """How many papers surely fit into one message."""
        ...

    async def takes_apart(self, address: Address) -> bool:
        """Whether that channel takes papers one by one, each in a post of its own, as forums do. Never raises."""
        ...

    def parse_mention(self, text: str) -> str:
        """The platform's form of who is to be pinged with a digest; raises `UserError` for what cannot be."""
        ...

    def mention_name(self, mention: str) -> str:
        """Whom a parsed mention pings, in words that ping nobody."""
        ...

    def parse_role(self, text: str) -> str:
        """The platform's form of who may manage channels; raises `UserError` for what cannot be."""
        ...

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Sends once, without retries of its own. Never raises for what the platform or the network does."""
        ...

    async def look_up(self, outgoing: Outgoing, since: datetime) -> Sent | Retry | Gone | LookUp:
        """Whether the message with that key is in the channel; `since` is when its first attempt began."""
        ...

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        """Says something to one person about that channel; whether it could be said."""
        ...
