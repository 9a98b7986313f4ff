"""The store of accounts, their sessions and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.people.account import Account, ApiToken, Origin, Role, Session


class PeopleStore(Protocol):
    """Accounts of the workspace. Of tokens only hashes come here, of passwords only what a hasher made of them."""

    async def accounts(self) -> list[Account]:
        """Everybody, by name."""
        ...

    async def anybody(self) -> bool:
        """Whether there is an account."""
        ...

    async def find(self, name: str) -> Account | None: ...

    async def add(
        self, name: str, role: Role, origin: Origin, *, reader: str, password: str, now: datetime
    ) -> Account | None:
        """Adds an account; None when the name is taken.

        The first manager takes over the lists of everybody (`LOCAL_PERSON`), whatever `reader` is.
        """
        ...

    async def set_role(self, account_id: int, role: Role) -> None:
        """Changes the role and ends the sessions; raises `UserError` when no manager would be left."""
        ...

    async def set_password(self, account_id: int, password: str, *, keep: str = "") -> None:
        """Changes the password; ends the sessions, but the one with the key `keep`, and the invitations."""
        ...

    async def improve_hash(self, account_id: int, before: str, after: str) -> None:
        """Puts a better hash of the same password in the place of `before`, where that still stands."""
        ...

    async def remove(self, account_id: int, *, needs_manager: bool = True) -> None:
        """Removes an account with its sessions and its reading list, and stops its own topics; votes still count.

        The list of `LOCAL_PERSON` stays. Raises `UserError` when people but no manager would be left, and one is
        needed.
        """
        ...

    async def begin_session(self, account_id: int, key: str, agent: str, now: datetime) -> None:
        """Begins a session. Sessions that ended long ago, and the oldest of too many, are deleted."""
        ...

    async def session(self, key: str) -> Session | None: ...

    async def sessions(self, account_id: int) -> list[Session]:
        """All that are kept, what was seen last first."""
        ...

    async def see_session(self, key: str, *, begun_at: datetime, seen_at: datetime) -> None:
        """Notes that a session was used."""
        ...

    async def end_session(self, key: str) -> None: ...

    async def end_sessions(self, account_id: int, *, keep: str = "") -> int:
        """Ends all sessions of a person, but the one with the key `keep`; returns how many."""
        ...

    async def invite(self, account_id: int, key: str, *, now: datetime, until: datetime) -> None:
        """Keeps an invitation in the place of the account's last one."""
        ...

    async def invited(self, key: str, now: datetime) -> Account | None:
        """Whose invitation that is, None when it is nobody's or no longer valid."""
        ...

    async def accept(self, key: str, password: str, now: datetime) -> Account | None:
        """Uses an invitation up: of many who bring it at once one gets it. The account has that password then."""
        ...

    async def add_token(
        self, account_id: int, key: str, name: str, *, now: datetime, until: datetime | None, most: int
    ) -> ApiToken:
        """Keeps the hash of a token; raises `UserError` where the person has so many already."""
        ...

    async def tokens(self, account_id: int | None = None) -> list[ApiToken]:
        """Those of a person, or of everybody, the latest first; those that have ended, too."""
        ...

    async def token(self, key: str) -> ApiToken | None: ...

    async def use_token(self, token_id: int, now: datetime) -> None:
        """Notes that a token was used."""
        ...

    async def remove_token(self, token_id: int) -> None: ...
