"""Statements that SQLAlchemy compiled, kept for all engines of a run.

Each engine keeps its own; a test with a new one would compile every statement anew, which takes a tenth of the time of
all tests. Engines for one kind of database differ in nothing that what is compiled depends on.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

#: More than the product has.
_MOST = 5000


class _SharedCache(LRUCache[Any, Any]):
    """The cache that an engine has, with the kind of its dialect instead of the dialect in the keys."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_shared(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_shared(key), value)


def _shared(key: Any) -> Any:
    dialect, *others = key
    return (type(dialect), *others)


_COMPILED = _SharedCache(_MOST)


def keep_compiled() -> None:
    """From now on engines find what others compiled."""

    @event.listens_for(Engine, "engine_connect")
    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=_COMPILED)
