"""Papers, their ids and listings, what they mean as vectors, and the counters that number changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from storage.tables.base import JsonType


class CounterRow(SQLModel, table=True):
    """Numbers that only grow. Whoever writes a numbered change locks the row first, so numbers are in commit order."""

    __tablename__ = "counters"

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class PaperRow(SQLModel, table=True):
    """A paper. It waits for the matcher while `matched_revision` is less than `revision`."""

    __tablename__ = "papers"
    __table_args__ = (
        Index("ix_papers_change", "change", unique=True),
        Index("ix_papers_listed_at", "listed_at"),
        Index(
            "ix_papers_unmatched",
            "listed_change",
            postgresql_where=text("listed_change IS NOT NULL AND matched_revision < revision"),
            sqlite_where=text("listed_change IS NOT NULL AND matched_revision < revision"),
        ),
    )

    id: str = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    title_tex: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    abstract: str = Field(sa_type=Text)
    authors: list[dict[str, Any]] = Field(sa_type=JsonType)
    categories: list[str] = Field(sa_type=JsonType)
    keywords: list[str] = Field(sa_type=JsonType)
    summary: str = Field(sa_type=Text)
    published_on: date | None
    featured_on: date | None
    sources: list[str] = Field(sa_type=JsonType)
    upvotes: int
    comments: int
    stars: int
    models: int
    datasets: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    spaces: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    submitter: str
    organization: str
    organization_name: str
    code_url: str = Field(sa_type=Text)
    project_url: str = Field(sa_type=Text)
    thumbnail_url: str = Field(sa_type=Text)
    author_comment: str = Field(sa_type=Text)
    doi: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    page_url: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    file_url: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    venue: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    other_ids: list[str] = Field(sa_type=JsonType, sa_column_kwargs={"server_default": text("'[]'")})
    listed_at: datetime | None
    listed_change: int | None = Field(sa_type=BigInteger)
    revision: int
    matched_revision: int
    change: int = Field(sa_type=BigInteger)


class PaperIdRow(SQLModel, table=True):
    """What else a paper is known as: its DOI, a feed's name for it, an id that it had before."""

    __tablename__ = "paper_ids"
    __table_args__ = (Index("ix_paper_ids_paper_id", "paper_id"),)

    id: str = Field(primary_key=True)
    paper_id: str = Field(foreign_key="papers.id", ondelete="CASCADE")


class GonePaperRow(SQLModel, table=True):
    """A paper that was deleted `at` a time, numbered like the changes of those that are there: indexes follow it."""

    __tablename__ = "gone_papers"

    change: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: str
    at: datetime = Field(index=True)


class ListingRow(SQLModel, table=True):
    """A source featured a paper on a day; `listed_at` and `listed_change` are when we first read so."""

    __tablename__ = "listings"
    __table_args__ = (
        Index("ix_listings_paper_id", "paper_id"),
        Index("ix_listings_day", "day"),
        Index("ix_listings_listed_at", "listed_at"),
    )

    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    paper_id: str = Field(primary_key=True, foreign_key="papers.id", ondelete="CASCADE")
    rank: int
    listed_at: datetime
    listed_change: int = Field(sa_type=BigInteger)


class EmbeddingModelRow(SQLModel, table=True):
    """A version of a model that vectors are of. Topics go by the current one."""

    __tablename__ = "embedding_models"
    __table_args__ = (UniqueConstraint("name"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    is_current: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class VectorRow(SQLModel, table=True):
    """What a paper means to a version of a model. Gone as soon as the paper's text changes."""

    __tablename__ = "vectors"
    __table_args__ = (Index("ix_vectors_change", "model_id", "change", unique=True),)

    paper_id: str = Field(primary_key=True, foreign_key="papers.id", ondelete="CASCADE")
    model_id: int = Field(primary_key=True, foreign_key="embedding_models.id", ondelete="CASCADE")
    numbers: bytes = Field(sa_type=LargeBinary)
    change: int = Field(sa_type=BigInteger)


COUNTERS = SQLModel.metadata.tables["counters"]
PAPERS = SQLModel.metadata.tables["papers"]
PAPER_IDS = SQLModel.metadata.tables["paper_ids"]
GONE_PAPERS = SQLModel.metadata.tables["gone_papers"]
LISTINGS = SQLModel.metadata.tables["listings"]
EMBEDDING_MODELS = SQLModel.metadata.tables["embedding_models"]
VECTORS = SQLModel.metadata.tables["vectors"]

#: What can be made again from the others, or is about what was made of them, so that no backup needs it.
DERIVED = frozenset({EMBEDDING_MODELS, GONE_PAPERS, VECTORS})
