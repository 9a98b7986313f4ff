"""The entrance: who sends a request, by a session or by the word of a proxy, and whether anybody is let in."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from starlette.requests import HTTPConnection

from adapters.web.people.attempts import Attempts, client_of
from adapters.web.people.cookies import token_of
from adapters.web.people.visitor import LOCAL_VISITOR, Visitor
from adapters.web.serving.proxies import peer_of
from bot.clocks import Clock
from bot.errors import PaperRoundError, StorageError, UserError
from bot.people.account import Account, Role
from bot.people.people import People

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOptions:
    """How people get in.

    `password` is the one of the settings, empty for none; programs send it as a bearer token. `open_here` says that
    nobody needs to log in as long as there is nobody who could, and `begins_here` that the first manager may be named
    on the page then: where there are channels that only managers may change, that would let everybody change them.
    `user_header` is the header in which a proxy of `trusted_proxies` (addresses or networks) says who it is, empty for
    none; people whom only the proxy knows get `new_people`, or are not let in. `link_base` is what links for other
    people begin with.
    """

    password: str = ""
    open_here: bool = True
    begins_here: bool = True
    user_header: str = ""
    new_people: Role | None = Role.READER
    trusted_proxies: Sequence[str] = ()
    link_base: str = ""


class Entrance:
    """Tells who sends a request."""

    def __init__(self, people: People, clock: Clock, options: LoginOptions) -> None:
        self.people = people
        self.options = options
        self.attempts = Attempts(clock)
        self._trusted = [ipaddress.ip_network(proxy) for proxy in options.trusted_proxies]
        self._anybody = bool(options.password)

    async def visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who sends the request, None for somebody who has to log in first; raises `StorageError`."""
        if name := self._vouched_for(connection):
            try:
                account = await self.people.from_proxy(name, self.options.new_people)
            except UserError as error:
                _log.warning("web.proxy_named_nobody", reason=str(error))
                return None
            return _visitor_of(account) if account else None
        if session := await self.people.session(token_of(connection)):
            return Visitor(
                id=session.account.reader,
                name=session.account.name,
                role=session.account.role,
                account=session.account,
                session=session,
            )
        return replace(LOCAL_VISITOR, may_begin=self.options.begins_here) if await self.is_open() else None

    async def is_open(self) -> bool:
        """Whether whoever reaches the workspace is let in. While the database is away it is as it was."""
        if not self.options.open_here or self.options.user_header:
            return False
        try:
            self._anybody = await self.people.anybody()
        except StorageError:
            if self._anybody:
                raise
        return not self._anybody

    async def may_look_inside(self, connection: HTTPConnection) -> bool:
        """Whether somebody may see how the bot is: with the password as a bearer token, or logged in as a manager."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        client = client_of(connection)
        if scheme.lower() == "bearer" and self.options.password and self.attempts.wait_before(client) == 0:
            attempt = self.attempts.begin(client)
            # Headers are read as Latin-1, and programs send passwords as UTF-8.
            given = token.encode("latin-1", errors="replace")
            if hmac.compare_digest(given, self.options.password.encode(errors="replace")):
                self.attempts.succeeded(attempt)
                return True
            return False
        try:
            visitor = await self.visitor(connection)
        except StorageError:
            return False
        return visitor is not None and visitor.role is Role.MANAGER

    async def log_in(self, connection: HTTPConnection, name: str, password: str) -> Account | None:
        """Whose name and password that is; a wrong one counts against the address and the name."""
        attempt = self.attempts.begin(client_of(connection), name.strip().casefold())
        try:
            account = await self.people.with_password(name, password)
        except PaperRoundError:  # it is not known whether it was wrong
            self.attempts.succeeded(attempt)
            raise
        if account is not None:
            self.attempts.succeeded(attempt)
        return account

    def _vouched_for(self, connection: HTTPConnection) -> str:
        """The name that a trusted proxy gives, empty for none. A header from elsewhere says nothing."""
        if not self.options.user_header:
            return ""
        names = connection.headers.getlist(self.options.user_header)
        try:
            peer = ipaddress.ip_address(peer_of(connection))
        except ValueError:
            return ""
        if len(names) != 1 or not any(peer in network for network in self._trusted):
            return ""
        return names[0].strip()


def _visitor_of(account: Account) -> Visitor:
    return Visitor(id=account.reader, name=account.name, role=account.role, account=account)
