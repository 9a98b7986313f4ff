"""Commits of others on SQLite, noticed for next to nothing: who asks every second whether there is news need not ask.

`PRAGMA data_version` changes whenever another connection commits (https://www.sqlite.org/pragma.html#pragma_data_version).
A connection that never writes sees every commit so, of this process and of others, without a transaction or a thread.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

#: SQLite's numbers are smaller, and begin anew with each connection.
_OF_ONE_CONNECTION: Final = 2**32


class CommitWatch:
    """Tells whether anything was committed. The file has to be there, else nobody can tell."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._connections = 0  # that there have been: what was committed between two of them is news as well

    def version(self) -> int | None:
        """Another number after each commit; None where nobody can tell."""
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.0, check_same_thread=False
                )
                self._connections += 1
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            return self._connections * _OF_ONE_CONNECTION + version
        except sqlite3.Error:
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
