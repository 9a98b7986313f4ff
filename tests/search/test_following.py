"""The index follows the database: through changes, crashes, other processes and damaged files."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bot.errors import StorageError
from bot.papers.paper import Paper
from bot.query.parser import parse
from storage.search.files import IndexFiles, IndexWriting
from storage.search.index import TantivyIndex
from storage.store import SqlStore
from tests.forked import Forked
from tests.patience import PATIENCE
from tests.search import neighbour
from tests.search.conftest import ids, numbered
from tests.search.feeds import MemoryFeed
from tests.simulators.discord import eventually


async def found(index: TantivyIndex, text: str) -> list[str]:
    """The ids that a search finds, in their own order."""
    return sorted(ids(await index.search(parse(text), limit=10_000)))


async def found_soon(index: TantivyIndex, text: str, expected: list[str]) -> bool:
    """Whether searches alone come to find these."""
    deadline = time.monotonic() + PATIENCE
    while await found(index, text) != expected:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


# --- Changes ----------------------------------------------------------------------------------------------------------


async def test_a_search_sees_what_was_committed_before_it(feed: MemoryFeed, index: TantivyIndex) -> None:
    assert await found(index, "*") == []
    for number in range(5):
        feed.put(numbered(number, "Diffusion"))
        assert await found_soon(index, "diffusion", [f"2604.{n:05d}" for n in range(number + 1)])


async def test_a_changed_paper_is_found_as_it_is_now(feed: MemoryFeed, index: TantivyIndex) -> None:
    feed.put(numbered(1, "Diffusion", upvotes=1), numbered(2, "Diffusion"))
    await index.refresh()
    feed.put(numbered(1, "Agents", upvotes=20))
    assert await index.refresh() == 1
    assert await found(index, "diffusion") == ["2604.00002"]
    assert await found(index, "agents upvotes:>=20") == ["2604.00001"]
    assert await found(index, "*") == ["2604.00001", "2604.00002"]


async def test_a_refresh_says_how_many_papers_it_took_over(
    feed: MemoryFeed, index: TantivyIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.index.LINGER", 0)  # else what follows on its own may be first
    assert await index.refresh() == 0
    feed.put(*(numbered(number) for number in range(1200)))
    assert await index.refresh() == 1200
    assert await index.refresh() == 0
    feed.skip()  # a topic, not a paper
    assert await index.refresh() == 0
    feed.put(numbered(3, "Changed"))
    assert await index.refresh() == 1


async def test_a_paper_that_changes_while_the_index_is_built_is_there_once(tmp_path: Path) -> None:
    class Restless(MemoryFeed):
        async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
            changes = await super().changed_papers(after, 2)
            if after and await self.last_change() < 40:
                self.put(numbered(1, "Later"))
            return changes

    index = TantivyIndex(tmp_path, Restless([numbered(1, "Early"), *(numbered(n) for n in range(2, 9))]))
    await index.refresh()
    assert await found(index, "*") == [f"2604.{n:05d}" for n in range(1, 9)]
    assert await found(index, "early") == []
    await index.close()


async def test_many_searches_at_once_share_one_refresh(feed: MemoryFeed, index: TantivyIndex) -> None:
    feed.put(*(numbered(number, "Diffusion") for number in range(50)))
    await index.refresh()
    feed.put(numbered(50, "Diffusion"))
    pages = await asyncio.gather(*(index.search(parse("diffusion"), limit=5) for _ in range(30)))
    assert {page.total for page in pages} <= {50, 51}
    assert await found_soon(index, "id:2604.00050", ["2604.00050"])


async def test_the_next_start_continues_where_the_last_one_ended(feed: MemoryFeed, tmp_path: Path) -> None:
    feed.put(*(numbered(number, "Diffusion") for number in range(20)))
    first = TantivyIndex(tmp_path, feed)
    assert await first.refresh() == 20
    await first.close()
    feed.put(numbered(20, "Diffusion"))
    second = TantivyIndex(tmp_path, feed)
    assert await second.refresh() == 1
    assert len(await found(second, "diffusion")) == 21
    await second.close()


async def test_closing_stops_a_long_build_which_the_next_start_continues(tmp_path: Path) -> None:
    index: TantivyIndex

    class Interrupted(MemoryFeed):
        async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
            if after > 600:
                closing.append(asyncio.create_task(index.close()))
                await asyncio.sleep(0)
            return await super().changed_papers(after, 100)

    closing: list[asyncio.Task[None]] = []
    papers = [numbered(number, "Diffusion") for number in range(1000)]
    index = TantivyIndex(tmp_path, Interrupted(papers))
    taken = await index.refresh()
    await asyncio.gather(*closing)
    assert 300 < taken < 1000

    index = TantivyIndex(tmp_path, MemoryFeed(papers))
    assert await index.refresh() == 1000 - taken
    assert len(await found(index, "diffusion")) == 1000
    await index.close()


async def test_who_is_stopped_while_it_gets_the_right_to_write_gives_it_back(
    feed: MemoryFeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = TantivyIndex(tmp_path, feed)
    write, begun, goes_on = index._files.write, threading.Event(), threading.Event()
    given: list[IndexWriting | None] = []

    def slowly(*, check: bool) -> IndexWriting | None:
        begun.set()
        goes_on.wait(PATIENCE)
        given.append(write(check=check))
        return given[0]

    monkeypatch.setattr(index._files, "write", slowly)
    refreshing = asyncio.create_task(index.refresh())
    await asyncio.to_thread(begun.wait)
    refreshing.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await refreshing
    await eventually(lambda: given)
    writing = IndexFiles(tmp_path).write()
    assert writing
    writing.close()
    await index.close()


async def test_files_that_were_merged_do_not_pile_up(
    feed: MemoryFeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.index.LINGER", 0)
    index = TantivyIndex(tmp_path, feed)
    for number in range(20):
        feed.put(numbered(number, "Diffusion"))
        writer = TantivyIndex(tmp_path, feed) if number % 5 == 1 else index
        while await writer.refresh() == 0:
            await asyncio.sleep(0.01)  # the other one is merging
        if writer is not index:
            await writer.close()
            await index.refresh()
    await index.close()
    (folder,) = tmp_path.glob("format-*")
    segments = json.loads((folder / "meta.json").read_bytes())["segments"]
    needed = {segment["segment_id"].replace("-", "") for segment in segments}
    assert {file.name.partition(".")[0] for file in folder.glob("*.idx")} == needed


# --- Other databases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        [numbered(7, "Agents")],  # fewer changes
        [numbered(number, "Agents") for number in range(10, 15)],  # as many changes, other papers
        [numbered(number, "Agents") for number in range(10, 30)],  # more of both
        [*(numbered(9, "Agents") for _ in range(20)), numbered(8, "Agents")],  # more changes, fewer papers
        [],
    ],
)
async def test_the_index_of_another_database_is_not_used(other: list[Paper], feed: MemoryFeed, tmp_path: Path) -> None:
    feed.put(*(numbered(number, "Diffusion") for number in range(5)))
    index = TantivyIndex(tmp_path, feed)
    await index.refresh()
    await index.close()

    replaced = MemoryFeed(other)
    index = TantivyIndex(tmp_path, replaced)
    await index.refresh()
    assert await found(index, "diffusion") == []
    assert len(await found(index, "*")) == await replaced.count()
    await index.close()


async def test_a_database_that_went_back_in_time_is_followed(feed: MemoryFeed, index: TantivyIndex) -> None:
    feed.put(*(numbered(number, "Diffusion") for number in range(5)))
    await index.refresh()
    feed.forget()
    feed.put(numbered(1, "Agents"))
    await index.refresh()
    assert await found(index, "*") == await found(index, "agents") == ["2604.00001"]


# --- Damaged files ----------------------------------------------------------------------------------------------------


def _files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix not in (".lock", "")]


def _truncate(folder: Path, kind: str) -> None:
    for file in _files(folder):
        if file.suffix == kind:
            os.truncate(file, file.stat().st_size // 2)


def _delete(folder: Path, kind: str) -> None:
    for file in _files(folder):
        if file.suffix == kind:
            file.unlink()


def _scribble(folder: Path, kind: str) -> None:
    for file in _files(folder):
        if file.suffix == kind:
            content = bytearray(file.read_bytes())
            content[len(content) // 3] ^= 0xFF
            file.write_bytes(content)


def _overwrite(folder: Path, kind: str) -> None:
    for file in _files(folder):
        if file.suffix == kind:
            file.write_bytes(random.Random(7).randbytes(file.stat().st_size))


@pytest.mark.parametrize("kind", [".term", ".idx", ".pos", ".fast", ".fieldnorm", ".store", ".json"])
@pytest.mark.parametrize("damage", [_truncate, _delete, _scribble, _overwrite])
async def test_damaged_files_are_built_anew(
    damage: Callable[[Path, str], None], kind: str, feed: MemoryFeed, tmp_path: Path
) -> None:
    feed.put(*(numbered(number, "Diffusion models", abstract="Of agents") for number in range(30)))
    index = TantivyIndex(tmp_path, feed)
    await index.refresh()
    await index.close()
    damage(tmp_path, kind)

    index = TantivyIndex(tmp_path, feed)
    assert await index.refresh() == 30
    assert len(await found(index, '"diffusion models" agents')) == 30
    await index.close()


async def test_an_index_that_fails_under_a_search_is_built_anew(
    feed: MemoryFeed, index: TantivyIndex, tmp_path: Path
) -> None:
    feed.put(*(numbered(number, "Diffusion models", abstract="Of agents") for number in range(30)))
    await index.refresh()
    # Documents are read from the file as they are needed.
    for file in _files(tmp_path):
        if file.suffix == ".store":
            file.write_bytes(bytes(file.stat().st_size))
    assert await found_soon(index, "agents", [f"2604.{number:05d}" for number in range(30)])


@pytest.mark.parametrize("wreck", ["everything", "a file instead of the folder", "an older format"])
async def test_a_wrecked_folder_is_built_anew(wreck: str, feed: MemoryFeed, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    feed.put(numbered(1, "Diffusion"))
    index = TantivyIndex(folder, feed)
    await index.refresh()
    await index.close()
    (format_folder,) = folder.glob("format-*")
    if wreck == "everything":
        shutil.rmtree(folder)
    elif wreck == "a file instead of the folder":
        shutil.rmtree(format_folder)
        format_folder.write_text("not an index")
    else:
        format_folder.rename(folder / "format-0")

    index = TantivyIndex(folder, feed)
    assert await index.refresh() == 1
    assert await found(index, "diffusion") == ["2604.00001"]
    await index.close()
    assert [path.name for path in folder.glob("format-*")] == [format_folder.name]


async def test_a_folder_that_cannot_be_is_an_error_and_not_an_empty_answer(feed: MemoryFeed, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    index = TantivyIndex(tmp_path / "taken", feed)
    with pytest.raises(StorageError):
        await index.refresh()
    with pytest.raises(StorageError):
        await index.search(parse("diffusion"), limit=5)
    await index.close()


# --- Several processes ------------------------------------------------------------------------------------------------


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_url)
    yield store
    await store.close()


class Neighbour(Forked):
    """A process beside this one."""

    def __init__(self, says: Path, *arguments: object) -> None:
        self._says = says
        says.touch()
        super().__init__(neighbour.main, *arguments, stdout=says)

    async def writes(self) -> None:
        """Waits until it says that it is about to write."""
        async with asyncio.timeout(PATIENCE):
            while not self._says.read_text().startswith("writing\n"):
                await asyncio.sleep(0.002)

    async def answer(self) -> str:
        """The last line of what it says; before it may be its log."""
        assert await asyncio.to_thread(self.wait, PATIENCE) == 0
        return self._says.read_text().splitlines()[-1]


class Neighbours:
    """Starts processes beside this one, which write into one folder what they say."""

    def __init__(self, url: str, index: Path, folder: Path) -> None:
        self._arguments = (url, index)
        self._folder = folder
        self._started: list[Neighbour] = []

    def start(self, *arguments: str) -> Neighbour:
        says = self._folder / f"neighbour-{len(self._started)}"
        self._started.append(Neighbour(says, *self._arguments, *arguments))
        return self._started[-1]

    def kill(self) -> None:
        """Ends all of them as nothing can prevent or notice."""
        for process in self._started:
            process.kill()


@pytest.fixture
def neighbours(sqlite_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Other processes on the database of `store` and the index in `tmp_path`."""
    neighbours = Neighbours(sqlite_url, tmp_path, tmp_path_factory.mktemp("neighbours"))
    yield neighbours
    neighbours.kill()


async def test_processes_see_what_each_other_took_over(store: SqlStore, neighbours: Neighbours, tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path, store.papers)
    await store.papers.import_papers([numbered(1, "Diffusion")])
    assert json.loads(await neighbours.start("search", "diffusion").answer()) == ["2604.00001"]
    assert await found_soon(index, "diffusion", ["2604.00001"])
    await store.papers.import_papers([numbered(2, "Diffusion")])
    assert await found_soon(index, "diffusion", ["2604.00001", "2604.00002"])
    await store.papers.import_papers([numbered(3, "Diffusion")])
    assert len(json.loads(await neighbours.start("search", "diffusion").answer())) == 3
    await index.close()


async def test_many_processes_may_start_at_once(store: SqlStore, neighbours: Neighbours, tmp_path: Path) -> None:
    await store.papers.import_papers([numbered(number, "Diffusion") for number in range(300)])
    started = [neighbours.start("refresh") for _ in range(3)]
    taken = [int(await one.answer()) for one in started]
    assert sum(taken) == 300
    index = TantivyIndex(tmp_path, store.papers)
    assert await found_soon(index, "diffusion", [f"2604.{number:05d}" for number in range(300)])
    await index.close()


async def test_readers_go_on_while_another_process_writes(
    store: SqlStore, neighbours: Neighbours, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.index.LINGER", 0)
    index = TantivyIndex(tmp_path, store.papers)
    await store.papers.import_papers([numbered(1, "Diffusion")])
    await index.refresh()
    await store.papers.import_papers([numbered(2, "Diffusion")])
    await neighbours.start("hang").writes()
    assert await index.refresh() == 0
    assert await found(index, "diffusion") == ["2604.00001"]
    latecomer = TantivyIndex(tmp_path, store.papers)
    assert await found(latecomer, "diffusion") == ["2604.00001"]
    await latecomer.close()
    neighbours.kill()
    assert await found_soon(index, "diffusion", ["2604.00001", "2604.00002"])
    await index.close()


async def test_a_process_killed_while_writing_stops_nobody(
    store: SqlStore, neighbours: Neighbours, tmp_path: Path
) -> None:
    await store.papers.import_papers([numbered(number, "Diffusion of agents " * 20) for number in range(3000)])
    for delay in (0.0, 0.05, 0.1, 0.2, 0.4):
        await neighbours.start("refresh").writes()
        await asyncio.sleep(delay)
        neighbours.kill()
        writing = IndexFiles(tmp_path).write()
        assert writing  # nobody has the right to write, and the files can be opened
        writing.close()
    index = TantivyIndex(tmp_path, store.papers)
    await index.refresh()
    assert await found(index, "agents") == [f"2604.{number:05d}" for number in range(3000)]
    await index.close()
