"""Fixtures of the commands' tests: SQLite is enough, the store has its own tests on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.core import Core


@pytest.fixture
async def core(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Core]:
    store = SqlStore(sqlite_url)
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()
    await store.close()
