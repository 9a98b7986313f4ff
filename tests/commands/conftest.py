"""Fixtures of the commands' tests: SQLite is enough, the store has its own tests on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.town import Town


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    store = SqlStore(sqlite_url)
    town = Town(store, tmp_path / "index")
    yield town
    await town.index.close()
    await store.close()
