"""Workspaces, channels with their feeds, people's own channels, and what a workspace installed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from bot.channels.channel import ChannelState, PlatformName
from bot.channels.channel_feed import FeedForm
from bot.mail.recipients import Content
from storage.tables.base import JsonType, one_of


class WorkspaceRow(SQLModel, table=True):
    """A Slack team, a Discord guild, the local workspace.

    `role` names who may manage its channels, empty for what the platform says; `left_at` is when the bot was removed,
    `stopped_for` why nothing could be posted in any of its channels, the last time that was so.
    """

    __tablename__ = "workspaces"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        one_of("platform", PlatformName),
        Index("ix_workspaces_name", "platform", "name", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    external_id: str
    name: str
    role: str = Field(default="", sa_column_kwargs={"server_default": ""})
    left_at: datetime | None = None
    stopped_for: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})


class ChannelRow(SQLModel, table=True):
    """A channel. `archived_at` is since when it is folded away and gets nothing. One that was deleted is nowhere to be
    found any more, and waits since `deleted_at` until its rows are deleted, too."""

    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("workspace_id", "external_id"),
        one_of("state", ChannelState),
        Index("ix_channels_next_digest_at", "next_digest_at"),
        Index("ix_channels_instant_at", "instant_at"),
        Index("ix_channels_name", "workspace_id", "name", "id"),
        *(
            Index(
                f"ix_channels_{column}",
                column,
                postgresql_where=text(f"{column} IS NOT NULL"),
                sqlite_where=text(f"{column} IS NOT NULL"),
            )
            for column in ("archived_at", "deleted_at")
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace_id: int = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    external_id: str
    name: str
    time_zone: str
    schedule: str
    settings: dict[str, Any] = Field(sa_type=JsonType)
    state: str
    reason: str = Field(sa_type=Text)
    paused_until: datetime | None
    next_digest_at: datetime | None
    instant_at: datetime | None
    post_after: datetime | None
    last_number: int
    archived_at: datetime | None = None
    deleted_at: datetime | None = None


class PersonalChannelRow(SQLModel, table=True):
    """Whose own channel a channel is: their direct messages with the bot.

    `told` is the last reason, of those why nothing reaches them there, that they were told elsewhere; `stopped_at` is
    since when that is so, as far as somebody noticed.
    """

    __tablename__ = "personal_channels"
    __table_args__ = (Index("ix_personal_channels_person", "person"),)

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    person: str
    name: str
    pings: bool
    told: str = Field(sa_type=Text)
    stopped_at: datetime | None


class MailRecipientRow(SQLModel, table=True):
    """An address that gets what a channel gets, in a channel of its own (`bot.mail.recipients`)."""

    __tablename__ = "mail_recipients"
    __table_args__ = (
        UniqueConstraint("follows", "content", "email"),
        one_of("content", Content),
    )

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    follows: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    email: str
    content: str
    added_by: str
    nonce: str
    asked_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    ended_by: str


class MailQuestionRow(SQLModel, table=True):
    """That an address was asked whether it wants mail. Kept for a day, so that nobody floods anybody with it."""

    __tablename__ = "mail_questions"

    id: int | None = Field(default=None, primary_key=True)
    follows: int
    email: str
    asked_at: datetime = Field(index=True)


class InstallationRow(SQLModel, table=True):
    """The app in a workspace or organisation. `sealed` are its tokens, encrypted; whoever renews them holds a lease."""

    __tablename__ = "installations"

    workspace: str = Field(primary_key=True)
    enterprise: str
    team: str
    name: str
    app_id: str
    bot_user: str
    scopes: list[str] = Field(sa_type=JsonType)
    installed_by: str
    installed_at: datetime
    sealed: str = Field(sa_type=Text)
    expires_at: datetime | None
    renew_at: datetime | None = Field(index=True)
    lease: str
    lease_until: datetime | None
    problem: str = Field(sa_type=Text)


class ChannelFeedRow(SQLModel, table=True):
    """The Atom feed of a channel. `key` is a hash: what is kept here tells nobody its address."""

    __tablename__ = "channel_feeds"
    __table_args__ = (one_of("form", FeedForm),)

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    key: str = Field(unique=True)
    form: str
    tag: str
    changed_at: datetime


class OAuthStateRow(SQLModel, table=True):
    """An installation under way. `state` is a hash: what is kept here lets nobody go on with it."""

    __tablename__ = "oauth_states"

    state: str = Field(primary_key=True)
    expires_at: datetime = Field(index=True)


WORKSPACES = SQLModel.metadata.tables["workspaces"]
CHANNELS = SQLModel.metadata.tables["channels"]
PERSONAL_CHANNELS = SQLModel.metadata.tables["personal_channels"]
CHANNEL_FEEDS = SQLModel.metadata.tables["channel_feeds"]
MAIL_RECIPIENTS = SQLModel.metadata.tables["mail_recipients"]
MAIL_QUESTIONS = SQLModel.metadata.tables["mail_questions"]
INSTALLATIONS = SQLModel.metadata.tables["installations"]
OAUTH_STATES = SQLModel.metadata.tables["oauth_states"]
