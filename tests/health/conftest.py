"""Fixtures of the tests of health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.core import Core


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    """The core on both kinds of database."""
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()
