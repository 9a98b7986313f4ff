"""People's reading lists and votes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Index,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from bot.channels.channel import PlatformName
from bot.reading.votes import Vote
from storage.tables.base import one_of


class SavedPaperRow(SQLModel, table=True):
    """A paper on a person's reading list. `workspace` is empty where a person is the same one in every workspace.

    `channel_id` is where it was put there, None where that was in no channel that we know.
    """

    __tablename__ = "saved_papers"
    __table_args__ = (
        one_of("platform", PlatformName),
        Index("ix_saved_papers_paper_id", "paper_id"),
        Index(
            "ix_saved_papers_channel_id",
            "channel_id",
            postgresql_where=text("channel_id IS NOT NULL"),
            sqlite_where=text("channel_id IS NOT NULL"),
        ),
    )

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    paper_id: str = Field(primary_key=True, foreign_key="papers.id")
    saved_at: datetime
    channel_id: int | None = Field(default=None, foreign_key="channels.id", ondelete="SET NULL")
    by_reaction: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class VoteRow(SQLModel, table=True):
    """What a person of a channel thinks of a paper. `by_reaction`: taking the reaction away takes the vote back."""

    __tablename__ = "votes"
    __table_args__ = (one_of("vote", Vote), Index("ix_votes_paper_id", "paper_id"))

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    paper_id: str = Field(primary_key=True, foreign_key="papers.id")
    person: str = Field(primary_key=True)
    vote: str
    voted_at: datetime
    by_reaction: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


SAVED_PAPERS = SQLModel.metadata.tables["saved_papers"]
VOTES = SQLModel.metadata.tables["votes"]
