"""Fixtures that all tests know. They are imported once, here: each import would start a database server of its own."""

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
