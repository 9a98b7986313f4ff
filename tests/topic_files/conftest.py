"""One core a test, on each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.adapters.topic_files import topic_files_of
from bot.topic_files.files import TopicFiles
from storage.store import SqlStore
from tests.core import Core


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()


@pytest.fixture
def files(core: Core) -> TopicFiles:
    return files_of(core)


def files_of(core: Core) -> TopicFiles:
    return topic_files_of(core.store, core.services)
