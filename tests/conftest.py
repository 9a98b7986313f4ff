"""What all tests share."""

import os

import pytest
import structlog
from hypothesis import settings

# One PostgreSQL server for all folders of tests: whoever imports its fixture again starts another one.
from tests.databases import database_url, migrated_postgres, migrated_sqlite, postgres, postgres_url, sqlite_url, store

__all__ = [
    "database_url",
    "migrated_postgres",
    "migrated_sqlite",
    "postgres",
    "postgres_url",
    "sqlite_url",
    "store",
]

# How long an example takes says more about the machine than about us. `HYPOTHESIS_PROFILE=thorough make test` looks
# far longer for counterexamples.
settings.register_profile("paperround", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "paperround"))

# As the program does it: drawing the values of all variables around each error takes longer than most tests.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long tests first: one worker waits through them, while the others do all the rest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
