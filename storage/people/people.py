"""Accounts, sessions and invitations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import ChannelState, PlatformName
from bot.errors import UserError
from bot.people.account import LOCAL_PERSON, Account, ApiToken, Origin, Role, Session
from storage.database.database import Database
from storage.database.statements import upsert
from storage.tables.channels import CHANNELS, PERSONAL_CHANNELS, WORKSPACES
from storage.tables.people import ACCOUNTS, API_TOKENS, INVITATIONS, SESSIONS
from storage.tables.reading import SAVED_PAPERS

MOST_SESSIONS = 20  # of one person
#: Sessions that began so long ago are deleted. It is long after they end, because a clock may be wrong for a while.
SESSIONS_KEPT = timedelta(days=90)
_REMOVED = "The person was removed."


class SqlPeopleStore:
    """Implements `bot.people.store.PeopleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accounts(self) -> list[Account]:
        async with self._database.read() as connection:
            return [_account_of(row) for row in await connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.name))]

    async def anybody(self) -> bool:
        async with self._database.read() as connection:
            return bool((await connection.execute(select(exists(select(ACCOUNTS.c.id))))).scalar_one())

    async def find(self, name: str) -> Account | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.name == name))).one_or_none()
        return _account_of(row) if row else None

    async def add(
        self, name: str, role: Role, origin: Origin, *, reader: str, password: str, now: datetime
    ) -> Account | None:
        async with self._database.write() as connection:
            await _lock(connection)
            taken = exists(select(ACCOUNTS.c.id).where(ACCOUNTS.c.reader == LOCAL_PERSON))
            if role is Role.MANAGER and not (await connection.execute(select(taken))).scalar_one():
                reader = LOCAL_PERSON
            row = upsert(connection, ACCOUNTS).values(
                name=name, role=role, origin=origin, reader=reader, password=password, created_at=now
            )
            added = row.on_conflict_do_nothing(index_elements=["name"]).returning(*ACCOUNTS.c)
            found = (await connection.execute(added)).one_or_none()
        return _account_of(found) if found else None

    async def set_role(self, account_id: int, role: Role) -> None:
        async with self._database.write() as connection:
            await _lock(connection)
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(role=role))
            await _end_sessions(connection, account_id)
            await _refuse_without_manager(connection)

    async def set_password(self, account_id: int, password: str, *, keep: str = "") -> None:
        async with self._database.write() as connection:
            await _set_password(connection, account_id, password, keep=keep)

    async def improve_hash(self, account_id: int, before: str, after: str) -> None:
        still = (ACCOUNTS.c.id == account_id, ACCOUNTS.c.password == before)
        async with self._database.write(asked_for=False) as connection:
            await connection.execute(update(ACCOUNTS).where(*still).values(password=after))

    async def remove(self, account_id: int, *, needs_manager: bool = True) -> None:
        async with self._database.write() as connection:
            await _lock(connection)
            removal = delete(ACCOUNTS).where(ACCOUNTS.c.id == account_id).returning(ACCOUNTS.c.reader)
            reader = (await connection.execute(removal)).scalar_one_or_none()
            if needs_manager:
                await _refuse_without_manager(connection)
            if reader not in (None, LOCAL_PERSON):
                await _forget(connection, reader)

    async def begin_session(self, account_id: int, key: str, agent: str, now: datetime) -> None:
        newest = (
            select(SESSIONS.c.key)
            .where(SESSIONS.c.account_id == account_id)
            .order_by(SESSIONS.c.begun_at.desc(), SESSIONS.c.key)
            .limit(MOST_SESSIONS - 1)
        )
        async with self._database.write(asked_for=False) as connection:
            await connection.execute(delete(SESSIONS).where(SESSIONS.c.begun_at < now - SESSIONS_KEPT))
            await connection.execute(
                delete(SESSIONS).where(SESSIONS.c.account_id == account_id, SESSIONS.c.key.not_in(newest))
            )
            await connection.execute(
                SESSIONS.insert().values(key=key, account_id=account_id, begun_at=now, seen_at=now, agent=agent)
            )

    async def session(self, key: str) -> Session | None:
        statement = select(SESSIONS, ACCOUNTS).join_from(SESSIONS, ACCOUNTS).where(SESSIONS.c.key == key)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return _session_of(row) if row else None

    async def sessions(self, account_id: int) -> list[Session]:
        statement = (
            select(SESSIONS, ACCOUNTS)
            .join_from(SESSIONS, ACCOUNTS)
            .where(SESSIONS.c.account_id == account_id)
            .order_by(SESSIONS.c.seen_at.desc(), SESSIONS.c.key)
        )
        async with self._database.read() as connection:
            return [_session_of(row) for row in await connection.execute(statement)]

    async def see_session(self, key: str, *, begun_at: datetime, seen_at: datetime) -> None:
        seen = update(SESSIONS).where(SESSIONS.c.key == key).values(begun_at=begun_at, seen_at=seen_at)
        async with self._database.write(asked_for=False) as connection:
            await connection.execute(seen)

    async def end_session(self, key: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(SESSIONS).where(SESSIONS.c.key == key))

    async def end_sessions(self, account_id: int, *, keep: str = "") -> int:
        async with self._database.write() as connection:
            return await _end_sessions(connection, account_id, keep=keep)

    async def invite(self, account_id: int, key: str, *, now: datetime, until: datetime) -> None:
        values = {"key": key, "made_at": now, "expires_at": until}
        async with self._database.write() as connection:
            row = upsert(connection, INVITATIONS).values(account_id=account_id, **values)
            await connection.execute(row.on_conflict_do_update(index_elements=["account_id"], set_=values))

    async def invited(self, key: str, now: datetime) -> Account | None:
        statement = select(ACCOUNTS).join_from(ACCOUNTS, INVITATIONS).where(*_valid(key, now))
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return _account_of(row) if row else None

    async def accept(self, key: str, password: str, now: datetime) -> Account | None:
        async with self._database.write() as connection:
            # One statement finds and removes it, so that of many who bring it only one gets it.
            taken = delete(INVITATIONS).where(*_valid(key, now)).returning(INVITATIONS.c.account_id)
            account_id = (await connection.execute(taken)).scalar_one_or_none()
            if account_id is None:
                return None
            await _set_password(connection, account_id, password)
            row = (await connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.id == account_id))).one()
        return _account_of(row)

    async def add_token(
        self, account_id: int, key: str, name: str, *, now: datetime, until: datetime | None, most: int
    ) -> ApiToken:
        adding = API_TOKENS.insert().values(account_id=account_id, key=key, name=name, made_at=now, expires_at=until)
        async with self._database.write() as connection:
            await _lock(connection)
            counted = select(func.count()).select_from(API_TOKENS).where(API_TOKENS.c.account_id == account_id)
            if (await connection.execute(counted)).scalar_one() >= most:
                raise UserError(f"One person has at most {most} tokens. Revoke one that is not used any more.")
            await connection.execute(adding)
            row = (await connection.execute(_TOKENS.where(API_TOKENS.c.key == key))).one()
            return _token_of(row)

    async def tokens(self, account_id: int | None = None) -> list[ApiToken]:
        statement = _TOKENS if account_id is None else _TOKENS.where(API_TOKENS.c.account_id == account_id)
        async with self._database.read() as connection:
            return [_token_of(row) for row in await connection.execute(statement.order_by(API_TOKENS.c.id.desc()))]

    async def token(self, key: str) -> ApiToken | None:
        async with self._database.read() as connection:
            row = (await connection.execute(_TOKENS.where(API_TOKENS.c.key == key))).one_or_none()
        return _token_of(row) if row else None

    async def use_token(self, token_id: int, now: datetime) -> None:
        async with self._database.write(asked_for=False) as connection:
            await connection.execute(update(API_TOKENS).where(API_TOKENS.c.id == token_id).values(used_at=now))

    async def remove_token(self, token_id: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(API_TOKENS).where(API_TOKENS.c.id == token_id))


#: Tokens with whose they are.
_TOKENS = select(
    API_TOKENS.c.id.label("token_id"),
    API_TOKENS.c.name.label("token_name"),
    API_TOKENS.c.made_at,
    API_TOKENS.c.expires_at,
    API_TOKENS.c.used_at,
    *ACCOUNTS.c,
).join_from(API_TOKENS, ACCOUNTS)


def _token_of(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.token_id,
        account=_account_of(row),
        name=row.token_name,
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _valid(key: str, now: datetime) -> tuple[Any, ...]:
    # One that is still to be made comes from a clock that was ahead, and would be valid for too long.
    return INVITATIONS.c.key == key, INVITATIONS.c.made_at <= now + timedelta(hours=1), INVITATIONS.c.expires_at > now


async def _lock(connection: AsyncConnection) -> None:
    """Lets one transaction at a time count managers. On SQLite one writes at a time, anyway."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")


async def _refuse_without_manager(connection: AsyncConnection) -> None:
    counted = select(func.count(), func.count().filter(ACCOUNTS.c.role == Role.MANAGER)).select_from(ACCOUNTS)
    everybody, managers = (await connection.execute(counted)).one()
    if everybody and not managers:
        raise UserError("That is the only manager. Make somebody else a manager first.")


async def _set_password(connection: AsyncConnection, account_id: int, password: str, *, keep: str = "") -> None:
    await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(password=password))
    await connection.execute(delete(INVITATIONS).where(INVITATIONS.c.account_id == account_id))
    await _end_sessions(connection, account_id, keep=keep)


async def _end_sessions(connection: AsyncConnection, account_id: int, *, keep: str = "") -> int:
    these = delete(SESSIONS).where(SESSIONS.c.account_id == account_id, SESSIONS.c.key != keep)
    return (await connection.execute(these)).rowcount


async def _forget(connection: AsyncConnection, reader: str) -> None:
    """Deletes a list, and stops the person's own channel: what it has is deleted like that of others who left."""
    await connection.execute(
        delete(SAVED_PAPERS).where(SAVED_PAPERS.c.platform == PlatformName.WEB, SAVED_PAPERS.c.person == reader)
    )
    own = (
        select(PERSONAL_CHANNELS.c.channel_id)
        .join(CHANNELS, CHANNELS.c.id == PERSONAL_CHANNELS.c.channel_id)
        .join(WORKSPACES, WORKSPACES.c.id == CHANNELS.c.workspace_id)
        .where(WORKSPACES.c.platform == PlatformName.WEB, PERSONAL_CHANNELS.c.person == reader)
    )
    stopped = update(CHANNELS).where(CHANNELS.c.id.in_(own))
    await connection.execute(stopped.values(state=ChannelState.BROKEN, reason=_REMOVED))


def _account_of(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        reader=row.reader,
        origin=Origin(row.origin),
        password=row.password,
        created_at=row.created_at,
    )


def _session_of(row: Row[Any]) -> Session:
    return Session(key=row.key, account=_account_of(row), begun_at=row.begun_at, seen_at=row.seen_at, agent=row.agent)
