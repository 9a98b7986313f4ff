"""What all tests share."""

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

# One PostgreSQL server for all folders of tests: whoever imports its fixture again starts another one.
from tests.databases import database_url, migrated_postgres, migrated_sqlite, postgres, postgres_url, sqlite_url, store
from tests.statements import keep_compiled

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
settings.register_profile("paperround", deadline=None, print_blob=True, max_examples=30)
settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "paperround"))

# Only the tests of meaning load a model.
os.environ["PAPERROUND_EMBEDDING_MODEL"] = "none"

keep_compiled()

# As the program does it: drawing the values of all variables around each error takes longer than most tests.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


# The program is started dozens of times: what was compiled once is kept, whatever the shell prefers.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

#: Bytes of free memory beside which the databases and indexes of a whole run are small.
_MUCH_MEMORY = 2**31
_MEMORY = Path("/dev/shm")

# A disk spends more time on thousands of small files than the tests on everything else. No test is about a power cut.
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MUCH_MEMORY:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # it is looked for again


#: Objects more than there were before the garbage collector looks at the newest. Python's 700 come with every few
#: statements to the database.
_GARBAGE = 20_000
# What is imported and collected stays to the end.
gc.disable()


def pytest_collection_finish() -> None:
    """What exists by now stays to the end, so the garbage collector need not look at thousands of tests each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, *gc.get_threshold()[1:])
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long tests first: one worker waits through them, while the others do all the rest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
