"""Digests, posts, deliveries and what a delivery came by; keys of requests, and messages of the web workspace."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from bot.channels.channel import Style
from bot.digests.digest import DeliveryState, DigestKind
from bot.posting.post import PostState
from storage.tables.base import JsonType, one_of


class DigestRow(SQLModel, table=True):
    __tablename__ = "digests"
    __table_args__ = (one_of("kind", DigestKind), one_of("style", Style), Index("ix_digests_channel_id", "channel_id"))

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    kind: str
    day: date
    style: str
    topics: list[str] = Field(sa_type=JsonType)
    total: int
    shown: int
    planned_at: datetime


class PostRow(SQLModel, table=True):
    """The outbox. A channel has at most one post in flight: the partial unique index makes it a fact.

    `noted_at` is when `due_at` was written last, None where that was when the post was planned: it tells what a clock
    that was ahead has put off.
    """

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("key"),
        one_of("state", PostState),
        Index(
            "uq_posts_in_flight",
            "channel_id",
            unique=True,
            postgresql_where=text("state = 'leased'"),
            sqlite_where=text("state = 'leased'"),
        ),
        # Of all states: databases do not see that an index for some of them serves a statement with parameters.
        Index("ix_posts_channel_state", "channel_id", "state", "id"),
        Index("ix_posts_state_due", "state", "priority", "due_at"),
        Index(
            "ix_posts_remote_id",
            "channel_id",
            "remote_id",
            postgresql_where=text("remote_id IS NOT NULL"),
            sqlite_where=text("remote_id IS NOT NULL"),
        ),
        *(
            Index(
                f"ix_posts_{column}",
                column,
                postgresql_where=text(f"{column} IS NOT NULL"),
                sqlite_where=text(f"{column} IS NOT NULL"),
            )
            for column in ("parent_id", "digest_id")
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    digest_id: int | None = Field(foreign_key="digests.id", ondelete="CASCADE")
    parent_id: int | None = Field(foreign_key="posts.id", ondelete="CASCADE")
    content: dict[str, Any] = Field(sa_type=JsonType)
    key: str
    state: str
    priority: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    due_at: datetime
    noted_at: datetime | None
    lease: str
    lease_until: datetime | None
    attempt_at: datetime | None
    first_attempt_at: datetime | None
    attempts: int
    tried_for: float = Field(default=0.0, sa_column_kwargs={"server_default": text("0")})
    look_ups: int
    looked_for: float = Field(default=0.0, sa_column_kwargs={"server_default": text("0")})
    look_up_cursor: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    look_up_began_at: datetime | None
    late: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    remote_id: str | None
    error: str = Field(sa_type=Text)
    created_at: datetime
    sent_at: datetime | None


class DeliveryRow(SQLModel, table=True):
    """A paper in a channel. The unique key is the promise that there is never a second one.

    `read_in` is the channel in which a person read it, and because of which it was dropped from their own. It may be
    gone since, and nothing else is looked up by it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("channel_id", "paper_id"),
        one_of("state", DeliveryState),
        Index(
            "ix_deliveries_waiting",
            "channel_id",
            postgresql_where=text("state = 'queued' AND digest_id IS NULL"),
            sqlite_where=text("state = 'queued' AND digest_id IS NULL"),
        ),
        Index("ix_deliveries_post_id", "post_id"),
        Index("ix_deliveries_digest_id", "digest_id"),
        Index("ix_deliveries_posted_at", "channel_id", "posted_at"),
        Index("ix_deliveries_paper", "paper_id", "posted_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    paper_id: str = Field(foreign_key="papers.id")
    state: str
    instant: bool
    queued_at: datetime
    digest_id: int | None = Field(foreign_key="digests.id", ondelete="CASCADE")
    position: int | None
    points: int | None = None
    post_id: int | None = Field(foreign_key="posts.id", ondelete="SET NULL")
    posted_at: datetime | None
    read_in: int | None = None


class PastDeliveryRow(SQLModel, table=True):
    """That a paper was once posted in a channel, when nothing else is known of it any more.

    `paper` is a hash of one of the paper's ids (`storage.past_deliveries`).
    """

    __tablename__ = "past_deliveries"
    __table_args__ = ({"sqlite_with_rowid": False},)

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    paper: int = Field(sa_type=BigInteger, primary_key=True)


class DeliveryTopicRow(SQLModel, table=True):
    __tablename__ = "delivery_topics"
    __table_args__ = (Index("ix_delivery_topics_subscription_id", "subscription_id"),)

    delivery_id: int = Field(primary_key=True, foreign_key="deliveries.id", ondelete="CASCADE")
    subscription_id: int = Field(primary_key=True, foreign_key="subscriptions.id", ondelete="CASCADE")


class IdempotencyKeyRow(SQLModel, table=True):
    """Something that was begun, and is not to be begun again for a while."""

    __tablename__ = "idempotency_keys"

    key: str = Field(primary_key=True)
    expires_at: datetime = Field(index=True)


class WebMessageRow(SQLModel, table=True):
    """What was posted in the web workspace."""

    __tablename__ = "web_messages"
    __table_args__ = (UniqueConstraint("key"), Index("ix_web_messages_channel", "channel", "id"))

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    key: str
    reply_to: int | None
    message: dict[str, Any] = Field(sa_type=JsonType)
    posted_at: datetime


DIGESTS = SQLModel.metadata.tables["digests"]
POSTS = SQLModel.metadata.tables["posts"]
DELIVERIES = SQLModel.metadata.tables["deliveries"]
PAST_DELIVERIES = SQLModel.metadata.tables["past_deliveries"]
DELIVERY_TOPICS = SQLModel.metadata.tables["delivery_topics"]
IDEMPOTENCY_KEYS = SQLModel.metadata.tables["idempotency_keys"]
WEB_MESSAGES = SQLModel.metadata.tables["web_messages"]
