"""Installations of the app, with their tokens encrypted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, or_, select, update

from bot.channels.installations import Installation, Tokens
from bot.errors import OperatorError
from storage.channels.token_encryption import TokenEncryption
from storage.database.database import Database
from storage.database.statements import upsert
from storage.tables.channels import INSTALLATIONS, OAUTH_STATES


class SqlInstallationStore:
    """Implements `bot.channels.installations.InstallationStore`. Tokens are sealed for their workspace."""

    def __init__(self, database: Database, encryption: TokenEncryption) -> None:
        self._database = database
        self._keyring = encryption

    async def save(self, installation: Installation) -> None:
        values = {
            "enterprise": installation.enterprise,
            "team": installation.team,
            "name": installation.name,
            "app_id": installation.app_id,
            "bot_user": installation.bot_user,
            "scopes": list(installation.scopes),
            "installed_by": installation.installed_by,
            "installed_at": installation.installed_at,
            "lease": "",
            "lease_until": None,
            **self._columns(installation.workspace, installation.tokens),
        }
        async with self._database.write() as connection:
            row = upsert(connection, INSTALLATIONS).values(workspace=installation.workspace, **values)
            await connection.execute(row.on_conflict_do_update(index_elements=["workspace"], set_=values))

    async def find(self, workspace: str) -> Installation | None:
        statement = select(INSTALLATIONS).where(INSTALLATIONS.c.workspace == workspace)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return self._installation_of(row) if row else None

    async def first_of(self, workspaces: Sequence[str]) -> str | None:
        statement = select(INSTALLATIONS.c.workspace).where(INSTALLATIONS.c.workspace.in_(workspaces))
        async with self._database.read() as connection:
            known = set((await connection.execute(statement)).scalars())
        return next((workspace for workspace in workspaces if workspace in known), None)

    async def workspaces(self) -> list[str]:
        async with self._database.read() as connection:
            statement = select(INSTALLATIONS.c.workspace).order_by(INSTALLATIONS.c.workspace)
            return list((await connection.execute(statement)).scalars())

    async def remove(self, workspace: str, *, access: str | None = None) -> bool:
        this_one = INSTALLATIONS.c.workspace == workspace
        async with self._database.write() as connection:
            if access is not None:
                row = (await connection.execute(select(INSTALLATIONS).where(this_one).with_for_update())).one_or_none()
                if row is None or self._installation_of(row).tokens.access != access:
                    return False
            return (await connection.execute(delete(INSTALLATIONS).where(this_one))).rowcount == 1

    async def due_for_renewal(self, now: datetime) -> list[str]:
        statement = select(INSTALLATIONS.c.workspace).where(INSTALLATIONS.c.renew_at <= now, _free(now))
        async with self._database.read() as connection:
            return list((await connection.execute(statement.order_by(INSTALLATIONS.c.renew_at))).scalars())

    async def lease_renewal(
        self, workspace: str, lease: str, *, now: datetime, until: datetime, expired: str = ""
    ) -> Installation | None:
        this_one = INSTALLATIONS.c.workspace == workspace
        async with self._database.write() as connection:
            free = select(INSTALLATIONS).where(this_one, _free(now)).with_for_update()
            row = (await connection.execute(free)).one_or_none()
            found = self._installation_of(row) if row else None
            if found is None or not found.tokens.is_due(now, expired=expired):
                return None
            await connection.execute(update(INSTALLATIONS).where(this_one).values(lease=lease, lease_until=until))
        return found

    async def renewed(self, workspace: str, lease: str, tokens: Tokens) -> bool:
        return await self._end_lease(workspace, lease, lease_until=None, **self._columns(workspace, tokens))

    async def not_renewed(self, workspace: str, lease: str, problem: str, *, retry_at: datetime) -> None:
        await self._end_lease(workspace, lease, lease_until=retry_at, problem=problem)

    async def encrypt_anew(self) -> int:
        done = 0
        async with self._database.write() as connection:
            for row in (await connection.execute(select(INSTALLATIONS).with_for_update())).all():
                if self._keyring.is_newest(row.sealed):
                    continue
                try:
                    secret = self._keyring.unseal(row.workspace, row.sealed)
                except OperatorError:
                    # Whoever needs it is told; the others need not wait for that.
                    continue
                sealed = self._keyring.seal(row.workspace, secret)
                this_one = INSTALLATIONS.c.workspace == row.workspace
                await connection.execute(update(INSTALLATIONS).where(this_one).values(sealed=sealed))
                done += 1
        return done

    async def add_state(self, state: str, *, now: datetime, until: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(OAUTH_STATES).where(OAUTH_STATES.c.expires_at <= now))
            await connection.execute(OAUTH_STATES.insert().values(state=_hashed(state), expires_at=until))

    async def take_state(self, state: str, now: datetime) -> bool:
        # One statement finds and removes it, so that of many who bring it only one gets it.
        statement = delete(OAUTH_STATES).where(OAUTH_STATES.c.state == _hashed(state))
        async with self._database.write() as connection:
            until = (await connection.execute(statement.returning(OAUTH_STATES.c.expires_at))).scalar_one_or_none()
        return until is not None and until > now

    async def _end_lease(self, workspace: str, lease: str, **values: Any) -> bool:
        statement = (
            update(INSTALLATIONS)
            .where(INSTALLATIONS.c.workspace == workspace, INSTALLATIONS.c.lease == lease)
            .values(lease="", **values)
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    def _columns(self, workspace: str, tokens: Tokens) -> dict[str, Any]:
        return {
            "sealed": self._keyring.seal(workspace, {"access": tokens.access, "refresh": tokens.refresh}),
            "expires_at": tokens.expires_at,
            "renew_at": tokens.renew_at,
            "problem": "",
        }

    def _installation_of(self, row: Row[Any]) -> Installation:
        secret = self._keyring.unseal(row.workspace, row.sealed)
        return Installation(
            enterprise=row.enterprise,
            team=row.team,
            name=row.name,
            app_id=row.app_id,
            bot_user=row.bot_user,
            scopes=tuple(row.scopes),
            installed_by=row.installed_by,
            installed_at=row.installed_at,
            tokens=Tokens(
                access=secret["access"],
                refresh=secret["refresh"],
                expires_at=row.expires_at,
                renew_at=row.renew_at,
            ),
            problem=row.problem,
        )


def _free(now: datetime) -> ColumnElement[bool]:
    """Nobody is renewing it, and nobody failed a moment ago."""
    return or_(INSTALLATIONS.c.lease_until.is_(None), INSTALLATIONS.c.lease_until <= now)


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
