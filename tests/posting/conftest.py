"""Fixtures of the outbox's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.town import Town


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """The core on SQLite: what the outbox's statements do on both databases has its own tests."""
    store = SqlStore(sqlite_url)
    town = Town(store, tmp_path / "index")
    yield town
    await town.index.close()
    await store.close()
