"""What all tests share."""

import pytest
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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Gives every worker some of the long tests to begin with: whoever gets one last keeps all the others waiting."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [item for item in items if item.get_closest_marker("long")]
    rest = [item for item in items if not item.get_closest_marker("long")]
    share = -(-len(items) // workers)  # pytest-xdist deals the tests out in as many runs of the same length
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        mine = long[worker::workers]
        ordered += mine + [rest.pop(0) for _ in range(min(len(rest), share - len(mine)))]
    items[:] = ordered
