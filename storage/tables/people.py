"""Accounts of the workspace, their sessions and invitations; and who changed what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from bot.people.account import Origin, Role
from bot.people.audit import Outcome, Via
from storage.tables.base import one_of


class AccountRow(SQLModel, table=True):
    """Somebody who may use the workspace. `password` is a hash, empty for who has none."""

    __tablename__ = "accounts"
    __table_args__ = (one_of("role", Role), one_of("origin", Origin))

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    role: str
    reader: str = Field(unique=True)
    origin: str
    password: str = Field(sa_type=Text)
    created_at: datetime


class SessionRow(SQLModel, table=True):
    """A browser in which somebody is logged in. `key` is a hash: what is kept here lets nobody in."""

    __tablename__ = "sessions"

    key: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    begun_at: datetime = Field(index=True)
    seen_at: datetime
    agent: str


class InvitationRow(SQLModel, table=True):
    """Somebody who may choose their password. `key` is a hash, too."""

    __tablename__ = "invitations"

    account_id: int = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    key: str = Field(unique=True)
    made_at: datetime
    expires_at: datetime


class ApiTokenRow(SQLModel, table=True):
    """What lets a program read as somebody. `key` is a hash, too; `expires_at` is empty for one that does not end."""

    __tablename__ = "api_tokens"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    key: str = Field(unique=True)
    name: str
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class AuditLineRow(SQLModel, table=True):
    """A change that somebody asked for. `platform` is empty where it was about no channel."""

    __tablename__ = "audit_lines"
    __table_args__ = (one_of("via", Via), one_of("outcome", Outcome))

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    via: str
    person: str
    name: str
    platform: str
    workspace: str
    channel: str
    channel_name: str
    line: str = Field(sa_type=Text)
    outcome: str


ACCOUNTS = SQLModel.metadata.tables["accounts"]
SESSIONS = SQLModel.metadata.tables["sessions"]
INVITATIONS = SQLModel.metadata.tables["invitations"]
API_TOKENS = SQLModel.metadata.tables["api_tokens"]
AUDIT_LINES = SQLModel.metadata.tables["audit_lines"]
#: What a backup leaves out: nobody is let in on the strength of one.
SHORT_LIVED = (SESSIONS, INVITATIONS, API_TOKENS)
