"""Trouble with the database, in words: what drivers raise, what it means, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.errors import StorageError
from storage.database.conflicts import ConflictError

#: What is said of SQLite (https://www.sqlite.org/rescode.html) and of PostgreSQL
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html), and what to do about it.
_ADVICE: Final = (
    (r"unable to open database file", "Look whether its folder is there, and whether this user may write in it."),
    (r"readonly database|read-only", "Give the file and its folder to the user that runs the bot, writable."),
    (r"not a database", "Move the file away, or name another with PAPERROUND_DATABASE_URL or PAPERROUND_DATA_DIR."),
    (r"malformed|corrupted", "Stop the bot, move the file away, and fill a new one with `paperround restore`."),
    (r"is full|disk full|No space left", "Make room on the disk; the bot goes on by itself."),
    (r"disk I/O error", "Look at the disk (the system's log says more); the bot goes on by itself."),
    (r"database is locked", "Another program is writing, and does not end: look which with `fuser` on the file."),
    (r"password authentication|role .* does not exist", "Correct user and password in PAPERROUND_DATABASE_URL."),
    (r"database .* does not exist", "Make it (`createdb`), or correct its name in PAPERROUND_DATABASE_URL."),
    (r"pg_hba|SSL", "Look at how the server lets this machine in, and at sslmode in PAPERROUND_DATABASE_URL."),
    (r"too many|remaining connection slots", "Raise max_connections of the server, or run fewer processes."),
    (r"starting up|shutting down", "The bot goes on by itself when the server is up."),
    (
        r"connection was closed|connection is closed|another operation|[Bb]roken pipe|[Cc]onnection reset",
        "The connection to the server broke; the bot goes on by itself with another one.",
    ),
    (r"permission denied", "Give the user of PAPERROUND_DATABASE_URL the rights on this database."),
    (
        r"[Rr]efused|No such file|Name or service|getaddrinfo|resolution|No route|unreachable|[Tt]imeout|Connect call",
        "Look whether the server runs, and whether PAPERROUND_DATABASE_URL names it; the bot goes on by itself.",
    ),
)

#: Two transactions waited for each other, or could not be put in an order: PostgreSQL has rolled this one back.
_CONFLICTS: Final = ("40P01", "40001")


@contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turns what drivers raise about connections, disks and locks into `StorageError`.

    What they raise about a wrong statement or value stays as it is: those are defects. `url` is the database's.
    """
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError, NotSupportedError):
        raise
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        original = getattr(error, "orig", None) or error
        # Class 22: a value of the wrong kind or size.
        if (getattr(original, "sqlstate", None) or "").startswith("22"):
            raise
        kind = ConflictError if getattr(original, "sqlstate", None) in _CONFLICTS else StorageError
        raise kind(f"the database did not answer: {described(original, url)}") from error


def described(error: BaseException, url: str) -> str:
    """What is the matter with that database, without its password, and what to do."""
    lines = str(error).splitlines()
    detail = (lines[0] if lines else type(error).__name__).rstrip(".")
    advice = next((words for said, words in _ADVICE if re.search(said, detail)), "")
    place = make_url(url)
    where = place.database if place.drivername.startswith("sqlite") else place.host or place.query.get("host", "")
    known = f" ({where})" if where and str(where) not in detail else ""
    return f"{detail}{known}. {advice}".rstrip()
