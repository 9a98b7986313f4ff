"""What all tests share."""

from hypothesis import settings

# One PostgreSQL server for all folders of tests: whoever imports its fixture again starts another one.
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

# How long an example takes says more about the machine than about us.
settings.register_profile("paperround", deadline=None, print_blob=True)
settings.load_profile("paperround")
