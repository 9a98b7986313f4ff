"""People: adding and inviting them, their passwords, and the sessions in which they are logged in."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

from bot.clocks import Clock
from bot.errors import StorageError, UserError
from bot.people.account import OWNER, Account, Origin, Role, Session, account_name, check_password
from bot.people.audit import Via
from bot.people.record import Author, Record
from bot.people.store import PeopleStore
from bot.people.tokens import Tokens, token_key
from bot.text.shortening import shorten

#: A session ends so long after it began, and so long after it was last used.
SESSION_LENGTH: Final = timedelta(days=30)
SESSION_IDLE: Final = timedelta(days=14)
#: Using a session is noted at most so often.
SEEN_EVERY: Final = timedelta(minutes=5)
INVITATION_LENGTH: Final = timedelta(days=3)
LONGEST_AGENT: Final = 200  # characters
_USED_INVITATION: Final = "This invitation was used already, or is too old. Ask a manager for another one."


class PasswordHasher(Protocol):
    """Makes hashes of passwords that are slow to guess at, away from the event loop."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether it is the password; takes as long for an empty `hashed`, which no password fits."""
        ...

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash was made with less care than one would be now."""
        ...


class People:
    """What happens to accounts. What it is given as names is in any form, as tokens what a browser sent.

    What is done `by` somebody stands in the audit.
    """

    def __init__(self, store: PeopleStore, record: Record, hasher: PasswordHasher, clock: Clock) -> None:
        self._store = store
        self._record = record
        self._hasher = hasher
        self._clock = clock
        self.tokens = Tokens(store, record, clock)

    async def accounts(self) -> list[Account]:
        return await self._store.accounts()

    async def anybody(self) -> bool:
        """Whether there is anybody who could log in, so that others must."""
        return await self._store.anybody()

    async def named(self, name: str) -> Account:
        """The account of that name; raises `UserError` when there is none."""
        found = await self._store.find(account_name(name))
        if found is None:
            raise UserError(f"There is nobody called {account_name(name)}.")
        return found

    async def follow_setting(self, password: str) -> None:
        """Gives `owner` the password of the settings; without one that account goes, but not its lists."""
        owner = await self._store.find(OWNER)
        if not password:
            if owner is not None:
                await self._store.remove(owner.id, needs_manager=False)
            return
        if owner is None:
            hashed = await self._hasher.hash(password)
            await self._add(OWNER, Role.MANAGER, Origin.SETTING, hashed)
        elif not await self._hasher.verify(owner.password, password):
            await self._store.set_password(owner.id, await self._hasher.hash(password))

    async def add(self, name: str, role: Role, *, by: Author, password: str | None = None) -> Account:
        """Adds somebody, who can log in once they have a password; raises `UserError`."""
        name = account_name(name)
        if name == OWNER:
            raise UserError(f"`{OWNER}` is whoever has PAPERROUND_WEB_PASSWORD. Choose another name.")
        if role is Role.READER and not any(one.role is Role.MANAGER for one in await self._store.accounts()):
            raise UserError("Somebody has to look after the others: add a manager first.")
        if password is not None:
            check_password(password)
        hashed = "" if password is None else await self._hasher.hash(password)
        async with self._record.change(by, f"people add {name} --role {role}"):
            added = await self._add(name, role, Origin.ADDED, hashed)
            if added is None:
                raise UserError(f"There is somebody called {name} already.")
            return added

    async def from_proxy(self, name: str, role: Role | None) -> Account | None:
        """Whom a proxy vouches for, added with that role when they are new; None when new ones are not let in."""
        name = account_name(name)
        found = await self._store.find(name)
        if found is not None or role is None or name == OWNER:
            return None if name == OWNER else found
        async with self._record.change(Author(Via.WEB, name, name), f"people add {name} --role {role}"):
            added = await self._add(name, role, Origin.PROXY, "")
        return added or await self._store.find(name)

    async def _add(self, name: str, role: Role, origin: Origin, hashed: str) -> Account | None:
        reader = f"person-{secrets.token_hex(8)}"
        return await self._store.add(name, role, origin, reader=reader, password=hashed, now=self._clock.now())

    async def set_role(self, account: Account, role: Role, *, by: Author) -> None:
        """Changes what somebody may do; they log in anew. Raises `UserError`."""
        _refuse_owner(account)
        if account.role is not role:
            async with self._record.change(by, f"people role {account.name} {role}"):
                await self._store.set_role(account.id, role)

    async def remove(self, account: Account, *, by: Author) -> None:
        """Removes somebody; raises `UserError`."""
        _refuse_owner(account)
        async with self._record.change(by, f"people remove {account.name}"):
            await self._store.remove(account.id)

    # ---- passwords

    async def set_password(self, account: Account, password: str, *, by: Author) -> None:
        """Gives somebody a new password and ends their sessions; raises `UserError`."""
        _refuse_owner(account)
        check_password(password)
        hashed = await self._hasher.hash(password)
        async with self._record.change(by, f"people password {account.name}"):
            await self._store.set_password(account.id, hashed)

    async def change_password(self, session: Session, before: str, after: str, *, by: Author) -> None:
        """Changes one's own password and ends one's other sessions; raises `UserError`."""
        account = session.account
        _refuse_owner(account)
        check_password(after)
        if not await self._hasher.verify(account.password, before):
            raise UserError("That is not your present password. Nothing was changed.")
        hashed = await self._hasher.hash(after)
        async with self._record.change(by, f"people password {account.name}"):
            await self._store.set_password(account.id, hashed, keep=session.key)

    async def with_password(self, name: str, password: str) -> Account | None:
        """Whose name and password that is, None for nobody's; takes the same time for names that there are not."""
        try:
            account = await self._store.find(account_name(name or OWNER))
        except UserError:
            account = None
        hashed = account.password if account else ""
        if not await self._hasher.verify(hashed, password) or account is None:
            return None
        if self._hasher.is_outdated(hashed):
            await self._store.improve_hash(account.id, hashed, await self._hasher.hash(password))
        return account

    # ---- invitations

    async def invite(self, account: Account, *, by: Author) -> str:
        """A token with which somebody chooses their password, once and soon; raises `UserError`."""
        _refuse_owner(account)
        token, now = secrets.token_urlsafe(32), self._clock.now()
        async with self._record.change(by, f"people invite {account.name}"):
            await self._store.invite(account.id, token_key(token), now=now, until=now + INVITATION_LENGTH)
        return token

    async def invited(self, token: str) -> Account | None:
        """Who may choose their password with that token."""
        return await self._store.invited(token_key(token), self._clock.now())

    async def accept(self, token: str, password: str) -> Account:
        """Chooses the password with an invitation, and uses it up; raises `UserError`."""
        check_password(password)
        key = token_key(token)
        if (invited := await self._store.invited(key, self._clock.now())) is None:
            raise UserError(_USED_INVITATION)
        hashed = await self._hasher.hash(password)
        by = Author(Via.WEB, invited.reader, invited.name)
        async with self._record.change(by, f"people password {invited.name}"):
            account = await self._store.accept(key, hashed, self._clock.now())
            if account is None:  # somebody else was quicker
                raise UserError(_USED_INVITATION)
        return account

    # ---- sessions

    async def begin_session(self, account: Account, agent: str) -> str:
        """Begins a session; returns its token, which is kept nowhere but in the browser."""
        token = secrets.token_urlsafe(32)
        await self._store.begin_session(account.id, token_key(token), shorten(agent, LONGEST_AGENT), self._clock.now())
        return token

    async def session(self, token: str) -> Session | None:
        """The session with that token, None when it has ended.

        A clock that is ahead ends none for good: what is too old by it holds again when it is right. Nor does one live
        longer because it began under such a clock: its times are pulled in to now when they are still to come.
        """
        session = await self._store.session(token_key(token)) if token else None
        if session is None:
            return None
        now = self._clock.now()
        begun, seen = min(session.begun_at, now), min(session.seen_at, now)
        if now - begun >= SESSION_LENGTH or now - seen >= SESSION_IDLE:
            return None
        if now - seen >= SEEN_EVERY or (begun, seen) != (session.begun_at, session.seen_at):
            with suppress(StorageError):  # where nothing can be written, people may still read
                await self._store.see_session(session.key, begun_at=begun, seen_at=now)
        return session

    async def sessions(self, account: Account) -> list[Session]:
        """Where somebody is logged in now, what was seen last first."""
        now = self._clock.now()
        return [
            session
            for session in await self._store.sessions(account.id)
            if now - session.begun_at < SESSION_LENGTH and now - session.seen_at < SESSION_IDLE
        ]

    async def end_session(self, token: str) -> None:
        if token:
            await self._store.end_session(token_key(token))

    async def end_sessions(self, account: Account, *, by: Author, keep: str = "") -> int:
        """Logs somebody out everywhere, but in the session with the key `keep`; returns of how many."""
        async with self._record.change(by, f"people log-out {account.name}"):
            return await self._store.end_sessions(account.id, keep=keep)


def _refuse_owner(account: Account) -> None:
    if account.origin is Origin.SETTING:
        raise UserError(
            f"`{OWNER}` is whoever has PAPERROUND_WEB_PASSWORD: change or remove that setting, and start the bot anew."
        )
