"""Runs the migrations, on SQLite and PostgreSQL alike, one process at a time."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel
from sqlmodel.sql import sqltypes

from storage.database.database import MIGRATION_LOCK
from storage.tables.base import JsonType

TIMEOUT = 60.0  # seconds that a process waits for another one that migrates the same file
#: The schema as the tables say it is; importing them is what fills it.
TARGET = SQLModel.metadata


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Writes our column types into new migrations in the short names that the template imports."""
    if kind == "type" and item is JsonType:
        return "JSON_TYPE"
    if kind == "type" and type(item).__module__ == sqltypes.__name__:
        return f"sqltypes.{type(item).__name__}()"
    return False


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    else:
        use_wal(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=TARGET,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
    )
    context.run_migrations()
    connection.commit()


def use_wal(connection: Connection) -> None:
    """Has SQLite keep a write-ahead log, for good: it is a property of the file.

    The switch fails at once while anybody else has the file open for writing, busy timeout or not.
    """
    give_up_at = time.monotonic() + TIMEOUT
    # Of a file without tables; it costs little, and lets what is free in it be given back step by step.
    connection.exec_driver_sql("PRAGMA auto_vacuum=INCREMENTAL")
    while True:
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)
        else:
            return


async def main() -> None:
    url = context.config.attributes["url"]
    # Without the driver's own transactions SQLite takes DDL and data in the one that we begin ourselves.
    options = {"isolation_level": None, "timeout": TIMEOUT} if url.startswith("sqlite") else {}
    engine = create_async_engine(url, poolclass=NullPool, connect_args=options)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
