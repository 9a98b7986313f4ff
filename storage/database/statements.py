"""Statements that both databases know but spell in their own dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import JSON, Boolean, Column, FromClause, Integer, Table, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

#: How many values one IN list or one insert gets: well below SQLite's 32,766 variables for our widest table.
CHUNK = 500


def upsert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def given(connection: AsyncConnection, *columns: Column[Any]) -> FromClause:
    """A table of rows that come with the statement, as the parameter `rows`: dicts, with the names of these columns.

    However many they are, it is one value, and the same statement each time: nothing to put together, to compile, or to
    plan anew. SQLite's driver lets go of the interpreter once, and not once for each row. Texts, numbers and truth
    values only.
    """
    rows = bindparam("rows", type_=JSON)
    if connection.dialect.name == "postgresql":
        named = (column(one.name, one.type) for one in columns)
        return func.json_to_recordset(rows).table_valued(*named).render_derived(name="given", with_types=True)
    each = func.json_each(rows).table_valued("value")
    # It has no truth values of its own; what it makes of those of JSON is 0 and 1, as it keeps them.
    values = (
        func.json_extract(each.c.value, f"$.{one.name}", type_=Integer() if isinstance(one.type, Boolean) else one.type)
        for one in columns
    )
    return select(*(value.label(one.name) for value, one in zip(values, columns, strict=True))).subquery("given")


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
