"""Topics of channels, and how often words were seen, against which thresholds are set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Index,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel


class SubscriptionRow(SQLModel, table=True):
    """A topic. Removed ones stay, so that other processes learn of the removal and history keeps its names.

    One that is a person's own belongs to their own channel, and `named_in` is where they named it.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("channel_id", "number"),
        Index("ix_subscriptions_change", "change", unique=True),
        Index(
            "ix_subscriptions_embedding_model",
            "embedding_model",
            postgresql_where=text("embedding_model IS NOT NULL"),
            sqlite_where=text("embedding_model IS NOT NULL"),
        ),
        Index(
            "ix_subscriptions_named_in",
            "named_in",
            postgresql_where=text("named_in IS NOT NULL"),
            sqlite_where=text("named_in IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    number: int
    name: str
    query: str = Field(sa_type=Text)
    models: str | None = Field(default=None, sa_type=Text)
    embedding_model: str | None = Field(default=None)
    min_upvotes: int | None
    instant: bool
    since: int = Field(sa_type=BigInteger)
    change: int = Field(sa_type=BigInteger)
    created_by: str
    created_at: datetime
    removed_at: datetime | None
    named_in: int | None = Field(default=None, foreign_key="channels.id", ondelete="CASCADE")
    quiet: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class BaselineRow(SQLModel, table=True):
    """A paper that a topic on growing numbers matched when it was set: no news to it, however the numbers grow."""

    __tablename__ = "baselines"
    # Where a paper is deleted they are looked for by it, as are saved papers.
    __table_args__ = (Index("ix_baselines_paper_id", "paper_id"),)

    subscription_id: int = Field(primary_key=True, foreign_key="subscriptions.id", ondelete="CASCADE")
    paper_id: str = Field(primary_key=True, foreign_key="papers.id", ondelete="CASCADE")


SUBSCRIPTIONS = SQLModel.metadata.tables["subscriptions"]
BASELINES = SQLModel.metadata.tables["baselines"]
