"""SQLite's file: made for its owner alone, and missed when somebody takes it away.

A process that has the file open can go on writing into it after it was removed or replaced, and everything that it
writes is lost with it.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from bot.errors import OperatorError, StorageError

REWRITE_WAITS: Final = 30.0  # seconds, for those who write at that moment
PAGE: Final = 4096  # bytes, SQLite's usual
LEAST_ROOM = 1_000_000  # bytes: a few transactions, before SQLite takes its log into the file


class DatabaseFile:
    """The file at a path, as it was when it was opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None

    def exists(self) -> bool:
        """Whether it is there, as far as this user may see: where not, `prepare` says why."""
        try:
            return self._path.exists()
        except OSError:
            return False

    def prepare(self) -> None:
        """Makes the file where there is none, and keeps others from reading it; raises `OperatorError`."""
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            if not os.access(self._path.parent, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "SQLite keeps its log beside it, and the folder is not writable")
            for file in (self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
                if file.exists() and file.stat().st_uid == os.getuid() and file.stat().st_mode & 0o077:
                    file.chmod(0o600)
        except OSError as error:
            raise OperatorError(
                f"The database {self._path} cannot be opened for writing ({error.strerror}). Give the file and its "
                f"folder to the user that runs the bot (here user {os.getuid()}), or name another with "
                "PAPERROUND_DATA_DIR or PAPERROUND_DATABASE_URL."
            ) from error

    def remember(self) -> None:
        """From now on it has to stay this file."""
        self._identity = self._find()

    def check(self) -> None:
        """Raises `StorageError` if it is not the file any more that was opened."""
        if self._identity is not None and (found := self._find()) != self._identity:
            what = "replaced by another file" if found else "removed"
            raise StorageError(
                f"the database did not answer: {self._path} was {what} while the bot was running, and nothing is "
                "written any more. Put it back; or, to go on with what is there now, start the bot again."
            )

    def rewrite(self) -> None:
        """Writes it anew, without what is free in it, and so that it can be made smaller step by step from now on."""
        self._run("PRAGMA auto_vacuum=INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")

    def shrink(self, size: int) -> None:
        """Gives up to so many bytes back that are free in it; none of a file that was made before it could do that."""
        self._run(f"PRAGMA incremental_vacuum({max(size // PAGE, 1)})")

    def _run(self, script: str) -> None:
        """Runs what must not stand in a transaction. A cursor would stop behind the first page that it frees."""
        try:
            with closing(sqlite3.connect(self._path, timeout=REWRITE_WAITS, isolation_level=None)) as connection:
                connection.executescript(script)
        except sqlite3.Error as error:
            raise StorageError(f"the database could not be made smaller: {error}") from error

    def check_room(self) -> None:
        """Raises `StorageError` if nothing more fits on the disk: small writes may still do, for a while."""
        free = shutil.disk_usage(self._path.parent).free
        if free < LEAST_ROOM:
            raise StorageError(
                f"the database did not answer: the disk of {self._path} is full ({free:,} bytes are free). Make room; "
                "the bot goes on by itself."
            )

    def _find(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
