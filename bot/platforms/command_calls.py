"""Command calls: a command as it came in from a platform, and the reply to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.channels.channel import LOCAL_WORKSPACE, Address, PlatformName
from bot.messages.message import Message
from bot.platforms.outcomes import Outgoing
from bot.reading.lists import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who gives a command.

    `may_manage` is the platform's answer to "may they manage this channel?", and `as_member` says that it is so only
    because everybody there may: a role that was set for the workspace takes that away. `roles` are the roles they have,
    in the form that `Platform.parse_role` gives. `may_administer` is whether they may set that role. `everywhere` says
    that their id means the same person in every workspace. Who is not `known` could not be looked at just now, and what
    they may do is unknown. `may_post` is whether they may write in the channel themselves.
    `runs_the_bot` is who has a terminal where it runs, `sees_all` who may read the channels of all platforms, as there
    and in the pages of the workspace, and `manages_all` who may change all of those. `home` is the platform whose
    person they are, where that is not the channel's: people of the web workspace look after channels of others. Who
    `only_looks` changes nothing there, not even what everybody may, such as votes.
    """

    id: str
    name: str
    may_manage: bool = False
    as_member: bool = False
    may_administer: bool = False
    roles: frozenset[str] = frozenset()
    everywhere: bool = False
    known: bool = True
    runs_the_bot: bool = False
    sees_all: bool = False
    manages_all: bool = False
    may_post: bool = True
    time_zone: str | None = None
    home: PlatformName | None = None
    only_looks: bool = False

    def manages_with(self, role: str) -> bool:
        """Whether they may manage the channel where that role was set for the workspace (empty: none)."""
        return (self.may_manage and not (role and self.as_member)) or (bool(role) and role in self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCall:
    """A command as it came in: the text after `/papers`, who said it and where.

    `from_message` is the platform's id of the message whose button was pressed. The answer to a `public` one is read by
    everybody there, whatever the reply says. `attachment` is the text of a file that came with the command.
    """

    line: str
    address: Address
    channel_name: str
    person: Person
    from_message: str | None = None
    public: bool = False
    attachment: str = ""

    @property
    def home(self) -> PlatformName:
        """The platform whose person gives the command."""
        return self.person.home or self.address.platform

    @property
    def reader(self) -> Reader:
        """Whose reading list the command is about."""
        if self.person.home is PlatformName.WEB:
            return Reader(PlatformName.WEB, LOCAL_WORKSPACE, self.person.id)
        workspace = "" if self.person.everywhere else self.address.workspace
        return Reader(self.home, workspace, self.person.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command. Ephemeral answers are only for the asker.

    `replaces` says that the answer takes the place of the message whose button was pressed (paging), `failed` that
    the person made a mistake and nothing was changed; `about` is then the option that is meant, if it is one, and
    `mistakes` what is wrong with each, where several were sent in one step. `update`
    is what the message whose button was pressed says from now on, to all who see it; a platform that changes it so says
    nothing else.
    """

    message: Message
    ephemeral: bool = True
    replaces: bool = False
    failed: bool = False
    about: str = ""
    mistakes: Mapping[str, str] = field(default_factory=dict)
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
