"""Who asks for a page, what they may change, and their time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import HTTPConnection
from starlette.types import Scope

from bot.channels.channel import Address, Channel, PlatformName
from bot.people.account import LOCAL_PERSON, Account, Role, Session
from bot.people.audit import Via
from bot.people.record import Author
from bot.platforms.command_calls import Person

ZONE_COOKIE = "paperround_zone"
_VISITOR = "paperround.visitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks. Whoever has not logged in, where nobody needs to, may change the web's own channels only.

    `id` is whose lists, votes and topics are theirs. `account` is None for who has not logged in, and so is `session`
    for those of whom a proxy says who they are. `may_begin` is whether the first manager may be named by whoever
    reaches the workspace.
    """

    id: str
    name: str
    role: Role = Role.MANAGER
    account: Account | None = None
    session: Session | None = None
    may_begin: bool = True

    @property
    def has_logged_in(self) -> bool:
        return self.account is not None

    @property
    def is_manager(self) -> bool:
        return self.role is Role.MANAGER

    @property
    def looks_after_people(self) -> bool:
        return self.is_manager and (self.has_logged_in or self.may_begin)

    @property
    def author(self) -> Author:
        """Who they are in the audit."""
        return Author(Via.WEB, self.id, self.name)

    def may_change(self, address: Address) -> bool:
        return self.is_manager and (self.has_logged_in or address.platform is PlatformName.WEB)

    def why_not(self, address: Address) -> str:
        """Why a channel can only be read, and what changes that; empty where it can be changed."""
        if self.may_change(address):
            return ""
        if not self.is_manager:
            return "You are a reader here: managers change what a channel gets."
        return "Without a password this page only reads channels of other platforms: set PAPERROUND_WEB_PASSWORD."


LOCAL_VISITOR = Visitor(id=LOCAL_PERSON, name="someone")


def visitor_of(request: HTTPConnection) -> Visitor:
    visitor: Visitor = request.scope.get(_VISITOR, LOCAL_VISITOR)
    return visitor


def let_in(scope: Scope, visitor: Visitor) -> None:
    """Notes who sends a request, for everything that answers it."""
    scope[_VISITOR] = visitor


def person_of(request: HTTPConnection, address: Address) -> Person:
    """Who asks, as the core knows people: what they may is about the channel at that address."""
    visitor = visitor_of(request)
    zone = zone_named(request.cookies.get(ZONE_COOKIE, ""))
    may_change = visitor.may_change(address)
    at_home = address.platform is PlatformName.WEB
    return Person(
        id=visitor.id,
        name=visitor.name,
        may_manage=may_change,
        may_post=may_change,
        may_administer=may_change and not at_home,
        sees_all=True,
        manages_all=visitor.is_manager and visitor.has_logged_in,
        home=PlatformName.WEB,
        only_looks=not (visitor.has_logged_in or at_home),
        time_zone=str(zone) if zone else None,
    )


def reader_zone(request: HTTPConnection, channel: Channel | None) -> tzinfo:
    """The reader's time zone, which the page keeps in a cookie; until it is known the channel's."""
    names = (request.cookies.get(ZONE_COOKIE, ""), channel.time_zone if channel else "")
    return next((zone for name in names if (zone := zone_named(name))), UTC)


def zone_named(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, None for what is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
