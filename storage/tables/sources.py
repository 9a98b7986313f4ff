"""Sources, feeds that were added, and which days of them were read."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel


class SourceRow(SQLModel, table=True):
    """How a source is doing. `read_through` is the last day that was read for good."""

    __tablename__ = "sources"

    name: str = Field(primary_key=True)
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str = Field(sa_type=Text)
    failures: int
    read_through: date | None
    retry_at: datetime | None


class FeedRow(SQLModel, table=True):
    """A source that somebody added. `from_settings` says that the settings name it, which alone can take it away."""

    __tablename__ = "feeds"
    __table_args__ = (UniqueConstraint("address"),)

    name: str = Field(primary_key=True)
    address: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    added_by: str
    added_at: datetime
    from_settings: bool


class SourceDayRow(SQLModel, table=True):
    __tablename__ = "source_days"

    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    validator: str | None = Field(sa_type=Text)
    read_at: datetime


SOURCES = SQLModel.metadata.tables["sources"]
FEEDS = SQLModel.metadata.tables["feeds"]
SOURCE_DAYS = SQLModel.metadata.tables["source_days"]
