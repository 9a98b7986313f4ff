"""Many small writes that arrive together share one transaction."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, event

from bot.errors import StorageError
from bot.posting.post import PostState, Settlement
from storage.database.group_commit import GROUP_LIMIT, MANY, GroupCommit
from storage.store import SqlStore
from tests.clocks import NOON
from tests.patience import PATIENCE
from tests.storage.scenes import channel, lease, posts


class Disk:
    """Where groups are written to: it keeps them, and fails as it is told."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.failure: Exception | None = None
        self.poison = -1
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, items: list[int]) -> list[bool]:
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        if self.poison in items:
            raise ValueError(f"{self.poison} cannot be written")
        self.groups.append(items)
        return [item % 2 == 0 for item in items]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def commit(disk: Disk) -> GroupCommit[int]:
    return GroupCommit(disk.write)


async def test_writes_that_arrive_together_are_written_together(disk: Disk, commit: GroupCommit[int]) -> None:
    assert await asyncio.gather(*(commit.submit(number) for number in range(5))) == [True, False, True, False, True]
    assert disk.groups == [[0, 1, 2, 3, 4]]


async def test_writes_that_may_wait_gather_once_there_are_many(disk: Disk) -> None:
    commit = GroupCommit(disk.write, gather=3600.0)
    for number in range(3):
        await asyncio.wait_for(commit.submit(number), PATIENCE)  # of few, nobody waits for others
    commit._gather = 0.5
    some = [asyncio.create_task(commit.submit(number)) for number in range(3, MANY)]
    await asyncio.sleep(0)
    others = [asyncio.create_task(commit.submit(number)) for number in range(MANY, 2 * MANY)]
    await asyncio.gather(*some, *others)
    assert disk.groups[:3] == [[0], [1], [2]]
    assert len(disk.groups) <= 5
    assert sorted(number for group in disk.groups for number in group) == list(range(2 * MANY))


async def test_writes_that_arrive_during_a_write_go_next_in_limited_groups(
    disk: Disk, commit: GroupCommit[int]
) -> None:
    disk.open.clear()
    first = asyncio.create_task(commit.submit(0))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(commit.submit(number)) for number in range(2, 2 * GROUP_LIMIT + 10)]
    await asyncio.sleep(0.01)
    disk.open.set()
    await asyncio.gather(first, *others)
    assert disk.groups[0] == [0]
    assert [len(group) for group in disk.groups[1:]] == [GROUP_LIMIT, GROUP_LIMIT, 8]
    assert [number for group in disk.groups for number in group] == [0, *range(2, 2 * GROUP_LIMIT + 10)]


async def test_a_failure_reaches_everybody_in_the_group_and_nobody_after(disk: Disk, commit: GroupCommit[int]) -> None:
    disk.failure = StorageError("full")
    failed = await asyncio.gather(*(commit.submit(number) for number in range(3)), return_exceptions=True)
    assert failed == [disk.failure] * 3
    disk.failure = None
    assert await commit.submit(4)


async def test_an_item_that_cannot_be_written_fails_alone(disk: Disk, commit: GroupCommit[int]) -> None:
    disk.poison = 2
    results = await asyncio.gather(*(commit.submit(number) for number in (0, 2, 4)), return_exceptions=True)
    assert (results[0], results[2]) == (True, True)
    assert isinstance(results[1], ValueError)


async def test_who_waits_no_longer_takes_nothing_from_the_others(disk: Disk, commit: GroupCommit[int]) -> None:
    disk.open.clear()
    waiting = [asyncio.create_task(commit.submit(number)) for number in (0, 2, 4)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    disk.open.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [True, True]


async def test_settling_a_hundred_posts_takes_few_commits(sqlite_url: str) -> None:
    """Each commit on SQLite waits for the disk (`synchronous=FULL`), so their number is what it costs."""
    store = SqlStore(sqlite_url)
    async with store.database.read() as connection:
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one() == 2
        assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one() == "wal"
    for number in range(100):
        await posts(store, await channel(store, str(number)))
    leased = await lease(store)
    commits: list[Connection] = []
    event.listen(store.database.engine.sync_engine, "commit", commits.append)
    await asyncio.gather(
        *(store.posts.settle(Settlement(post=post, state=PostState.SENT, at=NOON, remote_id="1")) for post in leased)
    )
    assert len(commits) == 1
    await store.close()
