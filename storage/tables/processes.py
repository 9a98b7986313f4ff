"""Processes of the bot that say they live."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import false, text
from sqlmodel import Field, SQLModel

from storage.tables.base import JsonType


class ProcessRow(SQLModel, table=True):
    """A process that was seen at `seen_at`. It says so every half minute, and is taken away when it ends in order."""

    __tablename__ = "processes"

    id: str = Field(primary_key=True)
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    leads: bool = Field(sa_column_kwargs={"server_default": false()})
    role: str = Field(sa_column_kwargs={"server_default": text("'all'")})
    #: Platforms that do not let it in, with what to do: `[{"platform": "discord", "advice": "…"}]`.
    refusals: list[dict[str, str]] = Field(sa_type=JsonType, sa_column_kwargs={"server_default": text("'[]'")})


PROCESSES = SQLModel.metadata.tables["processes"]
