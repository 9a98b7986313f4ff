"""Who asks every second whether there is news is told of every commit, and asks the database for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import StorageError
from storage.database.database import Database
from storage.store import SqlStore
from tests.storage.scenes import listed, paper


async def test_every_commit_is_seen_and_nothing_else(sqlite_url: str) -> None:
    here, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    before = here.database.version()
    assert before is not None
    await here.papers.count()
    assert here.database.version() == before
    for store in (here, other):
        await listed(store, paper(1 if store is here else 2))
        assert here.database.version() != before
        before = here.database.version()
    await here.close()
    await other.close()


async def test_what_another_process_writes_is_found_however_often_nothing_was(sqlite_url: str) -> None:
    here, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    for number in range(1, 4):
        for _ in range(3):
            unmatched = await here.papers.unmatched(10)
            assert len(unmatched) == number - 1
            change = await here.papers.last_change()
        await listed(other, paper(number))
        assert await here.papers.last_change() > change
        assert len(await here.papers.unmatched(10)) == number
    await here.close()
    await other.close()


async def test_what_is_written_while_nobody_watches_is_found(sqlite_url: str) -> None:
    here, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    assert await here.papers.unmatched(10) == []
    assert await here.papers.last_change() == 0
    with pytest.raises(StorageError):
        async with here.database.read():
            raise OSError("disk I/O error")  # after which all connections are opened anew
    await here.papers.count()
    await listed(other, paper(1))
    assert len(await here.papers.unmatched(10)) == 1
    assert await here.papers.last_change() > 0
    await here.close()
    await other.close()


async def test_a_file_that_is_not_there_is_nothing_to_tell_of(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none/paperround.db")
    assert database.version() is None
    assert not (tmp_path / "none" / "paperround.db").exists()
    await database.close()
