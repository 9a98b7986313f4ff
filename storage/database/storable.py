"""Text that both databases keep, so that what one takes the other takes too."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Connection, Engine, event

# What no database keeps: PostgreSQL refuses NUL, and neither takes half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The same NUL inside JSON. An escaped backslash is matched first, so that it never lends its second half to a NUL.
_UNSTORABLE_JSON = re.compile(r"\\\\|\\u0000")


def write_json(value: object) -> str:
    """JSON that both databases keep."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSTORABLE_JSON.sub(lambda found: "" if found[0] == r"\u0000" else found[0], text)


def drop_what_cannot_be_stored(engine: Engine) -> None:
    """Has both databases take any text, so that what one keeps the other keeps too.

    Feeds are cleaned before; this is for whatever else people and platforms write.
    """

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def clean(
        _connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> tuple[str, Any]:
        # Rows that SQLAlchemy put into one statement come as one row, though there were many.
        several = many and isinstance(parameters, list)
        rows = [_storable(row) for row in parameters] if several else _storable(parameters)
        return statement, rows


def _storable(parameters: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_UNSTORABLE.sub("", value) if isinstance(value, str) else value for value in parameters)
