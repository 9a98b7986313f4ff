"""Rows of backups: whether one that somebody wrote is a row of its table, and whether the bot could read it later.

SQLite takes any value in any column, so what a column holds is looked at here, by the table's own class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Date, Table
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.digests.content import POST_CONTENT_JSON
from bot.messages.message import MESSAGE_JSON
from storage.channels.channel_rows import SETTINGS_JSON
from storage.channels.subscription_rows import subscription_of
from storage.papers.papers import paper_of
from storage.posting.deliveries import digest_of
from storage.tables.channels import CHANNELS
from storage.tables.papers import PAPERS
from storage.tables.posts import DIGESTS, POSTS, WEB_MESSAGES
from storage.tables.topics import SUBSCRIPTIONS

_CLASSES: Final[Mapping[Any, type[SQLModel]]] = {table.__tablename__: table for table in SQLModel.__subclasses__()}
#: What reads the rows in which there is more than the columns say.
_READERS: Final[Mapping[Table, Callable[[Any], object]]] = {
    CHANNELS: lambda row: SETTINGS_JSON.validate_python(row.settings),
    DIGESTS: digest_of,
    PAPERS: paper_of,
    POSTS: lambda row: POST_CONTENT_JSON.validate_python(row.content),
    SUBSCRIPTIONS: subscription_of,
    WEB_MESSAGES: lambda row: MESSAGE_JSON.validate_python(row.message),
}


def row_of(table: Table, written: Mapping[str, Any]) -> dict[str, Any]:
    """What a backup says of a row, as the table takes it; raises one of `bot.errors.MALFORMED` for what is none."""
    row = {column.name: _typed(column.type, written[column.name]) for column in table.columns}
    _CLASSES[table.name].model_validate(row, strict=True)
    if (reader := _READERS.get(table)) is not None:
        reader(SimpleNamespace(**row))
    return row


def _typed(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UTCDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
