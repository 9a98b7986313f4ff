"""Trouble on demand: a database that breaks in the middle of something."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from storage.database.database import Database


class Trouble:
    """The database breaks at the statement of that number, and stays broken until `end`."""

    def __init__(self, database: Database, at: int) -> None:
        self._engine = database.engine.sync_engine
        self.left = at
        self.struck = False
        event.listen(self._engine, "before_cursor_execute", self._strike)

    def _strike(self, *_: Any) -> None:
        self.left -= 1
        if self.left < 0:
            self.struck = True
            raise OSError("No space left on device")

    def end(self) -> None:
        event.remove(self._engine, "before_cursor_execute", self._strike)
