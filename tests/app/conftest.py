"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.town import Town


@pytest.fixture
async def town(store: SqlStore, tmp_path: Path) -> AsyncIterator[Town]:
    """The core on both kinds of database."""
    town = Town(store, tmp_path / "index")
    yield town
    await town.index.close()
