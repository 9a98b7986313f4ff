"""The fixtures of the store's tests."""

from __future__ import annotations

from tests.databases import (
    database_url,
    migrated_postgres,
    migrated_sqlite,
    postgres,
    postgres_url,
    sqlite_url,
    store,
)

__all__ = [
    "database_url",
    "migrated_postgres",
    "migrated_sqlite",
    "postgres",
    "postgres_url",
    "sqlite_url",
    "store",
]
