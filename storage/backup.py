"""Backups: everything that is kept in one compressed file, which either database takes.

The file is JSON Lines: a head that says which schema it is of, a line `[table, row]` each, and a foot that says how
many there are, so that a file that was cut short is noticed. What is derived (the search index, vectors) is not in it.
Nor is anything with which somebody could log in: sessions and invitations are left out, and so are the hashes of
passwords. People are there, with their roles and lists; after a restore they are invited anew.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from bot.errors import MALFORMED, OperatorError
from storage.backup_rows import row_of
from storage.database.database import Database
from storage.tables.channels import CHANNELS, MAIL_QUESTIONS, WORKSPACES
from storage.tables.papers import COUNTERS, DERIVED, PAPERS
from storage.tables.people import ACCOUNTS, AUDIT_LINES, SHORT_LIVED
from storage.tables.processes import PROCESSES
from storage.tables.sources import FEEDS, SOURCE_DAYS, SOURCES

FORMAT = 1
LONGEST_LINE = 16_000_000  # bytes; the longest row, a paper with all that is kept of it, has a thirtieth
_BATCH = 500  # rows in one statement
_NO_PASSWORD = {"password": ""}
#: What is there before anything else is, and gives way to what a backup says: the feeds that the settings name come
#: with whoever opens the database, and a bot that was started notes which sources it could not read.
_BEGUN_WITH = (COUNTERS, ACCOUNTS, AUDIT_LINES, FEEDS, SOURCES, SOURCE_DAYS)

Progress = Callable[[int], None]
"""Is told how many rows are done."""


class Backup:
    """Writes and reads files with all tables of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, path: Path, progress: Progress, *, overwrite: bool = False) -> int:
        """Everything as it is at this moment, while others go on; returns how many rows. Raises `OperatorError`."""
        done = 0
        with _new_file(path, overwrite=overwrite) as file:
            async with self._database.snapshot() as connection:
                _write_line(file, {"paperround": FORMAT, "revision": await _revision(connection)})
                for table in _tables():
                    rows = await connection.stream(select(table).order_by(*table.primary_key.columns))
                    async for row in rows.mappings():
                        kept = {name: _plain(value) for name, value in row.items()}
                        _write_line(file, [table.name, kept | (_NO_PASSWORD if table is ACCOUNTS else {})])
                        done += 1
                        if done % _BATCH == 0:
                            progress(done)
            _write_line(file, {"rows": done})
        return done

    async def restore(self, path: Path, progress: Progress) -> int:
        """Fills an empty database, all or nothing; returns how many rows. Raises `OperatorError`."""
        done = 0
        tables = {table.name: table for table in _tables()}
        async with self._database.write() as connection:
            await _refuse_to_overwrite(connection)
            for begun_with in _BEGUN_WITH:
                await connection.execute(begun_with.delete())
            batch: list[dict[str, Any]] = []
            current: Table | None = None
            for name, row in _rows_of(path, await _revision(connection)):
                if (table := tables.get(name)) is None:
                    raise _damaged(path, f"row {done + 1:,} is of a table that there is not")
                if batch and current is not None and (table is not current or len(batch) == _BATCH):
                    await _insert(connection, current, batch, path)
                    batch = []
                    progress(done)
                current = table
                done += 1
                try:
                    batch.append(row_of(table, row))
                except MALFORMED as error:
                    raise _damaged(path, f"row {done:,}, of {name}, is not whole") from error
            if current is not None and batch:
                await _insert(connection, current, batch, path)
            await _continue_numbering(connection)
        return done


def _tables() -> list[Table]:
    """All tables of what is kept, each behind those that it refers to."""
    left_out = {*DERIVED, *SHORT_LIVED, MAIL_QUESTIONS, PROCESSES}  # who runs now says so
    return [table for table in SQLModel.metadata.sorted_tables if table not in left_out]


async def _revision(connection: AsyncConnection) -> str:
    revision: str = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    return revision


async def _refuse_to_overwrite(connection: AsyncConnection) -> None:
    for table in (PAPERS, CHANNELS, WORKSPACES):  # a workspace that installed the app has a token, and no channel yet
        if (await connection.execute(select(func.count()).select_from(table))).scalar_one():
            raise OperatorError(
                "The database is not empty, and nothing in it is overwritten. Name a new one with "
                "PAPERROUND_DATA_DIR or PAPERROUND_DATABASE_URL."
            )


async def _continue_numbering(connection: AsyncConnection) -> None:
    """PostgreSQL does not notice rows that bring their own numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in _tables():
        key = table.autoincrement_column
        if key is not None:
            sequence = f"pg_get_serial_sequence('{table.name}', '{key.name}')"
            await connection.execute(
                text(f"SELECT setval({sequence}, coalesce(max({key.name}), 0) + 1, false) FROM {table.name}")  # noqa: S608
            )


@contextmanager
def _new_file(path: Path, *, overwrite: bool) -> Iterator[IO[str]]:
    """A file that is there as a whole or not at all, and that only its owner reads."""
    # Of our own: another backup into the same file, begun before this one ends, would be written into it as well.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        if path.exists() and not overwrite:
            raise OperatorError(f"{path} is there already. Name another file, or write --force to replace it.")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8", compresslevel=6) as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())  # else a power cut may leave the name without what belongs to it
        unfinished.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):  # where it could not be made
            unfinished.unlink(missing_ok=True)


def _rows_of(path: Path, revision: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows in a file; raises `OperatorError` for one that cannot be used, at its end at the latest."""
    try:
        with gzip.open(path, "rb") as file:
            head = _entry(file, path, 1) or {}
            if not isinstance(head, dict) or head.get("paperround") != FORMAT:
                raise OperatorError(f"{path} is no backup of Paper Round.")
            if head.get("revision") != revision:
                raise OperatorError(
                    f"{path} was made by another version of Paper Round (schema {str(head.get('revision'))[:40]}, here "
                    f"{revision}). Restore it with that version, then start this one on the same database."
                )
            before = 0
            while entry := _entry(file, path, before + 2):
                match entry:
                    case {"rows": rows} if rows == before:
                        return
                    case [str(name), dict(row)]:
                        yield name, row
                    case dict():
                        break
                    case _:
                        raise _damaged(path, f"line {before + 2:,} is no row")
                before += 1
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "it cannot be unpacked") from error
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror or error}.") from error
    raise OperatorError(f"{path} is cut short.")


def _entry(file: gzip.GzipFile, path: Path, number: int) -> Any:
    """What the next line says; None at the end."""
    line = file.readline(LONGEST_LINE + 1)
    if not line:
        return None
    if len(line) > LONGEST_LINE:
        raise _damaged(path, f"line {number:,} is longer than {LONGEST_LINE // 1_000_000} MB")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"line {number:,} cannot be understood") from error


async def _insert(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]], path: Path) -> None:
    try:
        await connection.execute(table.insert(), rows)
    except (StatementError, OverflowError) as error:
        if isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError, ProgrammingError)):
            raise  # the database's trouble
        raise _damaged(path, f"the database does not take its rows of {table.name}") from error


def _damaged(path: Path, why: str) -> OperatorError:
    return OperatorError(f"{path} is damaged, or no backup of Paper Round: {why}. Nothing was restored; take another.")


def _write_line(file: IO[str], value: object) -> None:
    try:
        file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    except OSError as error:
        raise _unwritable(Path(file.name), error) from error


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"{path} cannot be written: {error.strerror or error}.")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
