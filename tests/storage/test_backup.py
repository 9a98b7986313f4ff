"""Backups: what was kept comes back, on either database, or nothing does."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import resource
import shutil
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from bot.channels.channel import PlatformName
from bot.errors import OperatorError
from bot.intake.feeds import Feed
from bot.papers.sources import SourceName
from bot.people.account import Origin, Role
from bot.posting.post import PostState
from bot.reading.lists import Reader
from bot.reading.votes import Vote
from storage.store import SqlStore
from storage.tables.channels import WORKSPACES
from tests.clocks import NOON
from tests.databases import PostgresServer
from tests.papers.names import names
from tests.storage.scenes import channel, lease_one, listed, paper, plan, queue, sent, topic

ADA = Reader(PlatformName.SLACK, "T1", "U1")


@pytest.fixture(params=["sqlite", "postgresql"])
async def other(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Another, empty store on each kind of database."""
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), tmp_path / 'other.db')}"
    else:
        postgres: PostgresServer = request.getfixturevalue("migrated_postgres")
        name = postgres.create(migrated=True)
        url = postgres.url(name)
    store = SqlStore(url)
    yield store
    await store.close()
    if request.param == "postgresql":
        postgres.drop(name)


async def rows_of(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    async with store.database.read() as connection:
        return {
            table.name: [tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))]
            for table in SQLModel.metadata.sorted_tables
        }


async def a_full_life(store: SqlStore) -> None:
    await listed(store, paper(1, title="Ünïcode “quotes”\nand lines", authors=names("Ada", "孫")), paper(2), paper(3))
    here = await channel(store)
    wanted = await topic(store, here)
    await queue(store, here, wanted, paper(4), paper(2))
    assert await store.digests.plan(plan(here, [paper(4).id, paper(2).id]), NOON)
    await sent(store, await lease_one(store))
    await store.reading.save(ADA, paper(3).id, NOON)
    await store.reading.vote(here.id, paper(1).id, "U1", Vote.UP, NOON)


async def test_everything_comes_back_and_life_goes_on(store: SqlStore, other: SqlStore, tmp_path: Path) -> None:
    await a_full_life(store)
    told: list[int] = []
    rows = await store.backup.write(tmp_path / "backup", told.append)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    assert await other.backup.restore(tmp_path / "backup", told.append) == rows
    assert await rows_of(other) == await rows_of(store)
    # Numbers go on where they were: nothing collides with what came back.
    known = await other.channels.on_platform(PlatformName.SLACK)
    added = await topic(other, known[0], "turtles")
    assert added.number == 2
    assert (await channel(other, "another")).id > known[0].id
    await listed(other, paper(5))
    assert await other.papers.last_change() > await store.papers.last_change()
    assert (await other.posts.counts())[PostState.SENT] == 1


async def test_nobody_logs_in_with_a_backup(store: SqlStore, other: SqlStore, tmp_path: Path) -> None:
    password, sealed = "correct horse battery", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
    ada = await store.people.add("ada", Role.MANAGER, Origin.ADDED, reader="r", password=sealed, now=NOON)
    assert ada
    await store.people.begin_session(ada.id, "session-key", password, NOON)
    await store.people.invite(ada.id, "invitation-key", now=NOON, until=NOON)
    await store.backup.write(tmp_path / "backup", lambda _: None)
    written = gzip.decompress((tmp_path / "backup").read_bytes()).decode()
    assert "ada" in written
    for secret in (sealed, "argon2", "session-key", "invitation-key", password):
        assert secret not in written
    # A bot that was started once has its owner already.
    await other.people.add("owner", Role.MANAGER, Origin.SETTING, reader="r", password=sealed, now=NOON)
    await other.backup.restore(tmp_path / "backup", lambda _: None)
    assert await other.people.accounts() == [replace(ada, password="")]


async def test_what_a_bot_notes_before_it_has_a_paper_gives_way(
    store: SqlStore, other: SqlStore, tmp_path: Path
) -> None:
    # Feeds that PAPERROUND_FEEDS names are there when `restore` itself opens the database, and a bot that was started
    # once may have noted that no source could be read.
    feed = Feed(name=SourceName("lab"), address="https://lab.example/feed", added_at=NOON, from_settings=True)
    for one in (store, other):
        await one.feeds.keep_from_settings([feed])
        await one.sources.record_failure(feed.name, NOON, "no network", None)
        await one.sources.record_unchanged(feed.name, NOON.date(), NOON)
    await a_full_life(store)
    await store.backup.write(tmp_path / "backup", lambda _rows: None)
    await other.backup.restore(tmp_path / "backup", lambda _rows: None)
    assert await rows_of(other) == await rows_of(store)


async def test_a_workspace_that_installed_the_app_is_not_overwritten(
    store: SqlStore, other: SqlStore, tmp_path: Path
) -> None:
    await a_full_life(store)
    await store.backup.write(tmp_path / "backup", lambda _rows: None)
    async with other.database.write() as connection:
        row = {"platform": "slack", "external_id": "T9", "name": "lab", "role": "", "stopped_for": ""}
        await connection.execute(WORKSPACES.insert().values(row))
    before = await rows_of(other)
    with pytest.raises(OperatorError, match="not empty"):
        await other.backup.restore(tmp_path / "backup", lambda _rows: None)
    assert await rows_of(other) == before


async def test_a_database_with_something_in_it_is_left_alone(store: SqlStore, tmp_path: Path) -> None:
    await a_full_life(store)
    await store.backup.write(tmp_path / "backup", lambda _rows: None)
    before = await rows_of(store)
    with pytest.raises(OperatorError, match="not empty"):
        await store.backup.restore(tmp_path / "backup", lambda _rows: None)
    assert await rows_of(store) == before


def changed(lines: list[bytes], table: bytes, old: bytes, new: bytes) -> list[bytes]:
    """The rows of a backup, with something else in those of one table."""
    return [line.replace(old, new, 1) if line.startswith(b"[" + table) else line for line in lines[1:-1]]


def spoil(table: str, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [lines[0], *changed(lines, f'"{table}"'.encode(), old, new), lines[-1]]


SPOILT: tuple[tuple[Callable[[list[bytes]], list[bytes]], str], ...] = (
    (lambda lines: lines[:-1], "cut short"),
    (lambda lines: [*lines[:3], lines[-1]], "cut short"),
    (lambda lines: lines[1:], "no backup"),
    (lambda lines: [lines[0].replace(b'"00', b'"99', 1), *lines[1:]], "another version"),
    (lambda lines: [lines[0], b"{nonsense\n"], "damaged"),
    (lambda lines: [lines[0], b"[" * 200_000 + b"\n"], "damaged"),
    (lambda lines: [lines[0], b'"text"\n'], "line 2 is no row"),
    (lambda lines: [lines[0], b'["papers"]\n'], "line 2 is no row"),
    (lambda lines: [lines[0], b'["secrets",{"a":1}]\n'], "a table that there is not"),
    (lambda lines: [lines[0], b'["papers",{"id":"1"}]\n'], "row 1, of papers, is not whole"),
    (
        lambda lines: [lines[0], *changed(lines, b'"papers"', b'"revision":', b'"revision":"x",'), lines[-1]],
        "damaged",
    ),
    (lambda lines: [lines[0], *changed(lines, b'"papers"', b'"id":', b'"id":null,"x":'), lines[-1]], "damaged"),
    # What SQLite would take, and nobody could read later.
    *(
        (spoil(table, old, new), f"of {table}, is not whole")
        for table, old, new in (
            ("papers", b'"upvotes":0', b'"upvotes":"many"'),
            ("papers", b'"keywords":[]', b'"keywords":[5]'),
            ("papers", b'"sources":["huggingface"]', b'"sources":{"a":1}'),
            ("channels", b'"limit":20', b'"limit":"few"'),
            ("subscriptions", b'"models":null', b'"models":"{nonsense"'),
            ("posts", b'"type":"digest"', b'"type":"nothing"'),
        )
    ),
)


async def test_a_bad_file_changes_nothing(store: SqlStore, other: SqlStore, tmp_path: Path) -> None:
    await a_full_life(store)
    good, bad = tmp_path / "good", tmp_path / "bad"
    await store.backup.write(good, lambda _rows: None)
    lines = gzip.decompress(good.read_bytes()).splitlines(keepends=True)
    empty = await rows_of(other)
    for spoil, complaint in SPOILT:
        bad.write_bytes(gzip.compress(b"".join(spoil(lines)), compresslevel=1))
        with pytest.raises(OperatorError, match=complaint):
            await other.backup.restore(bad, lambda _rows: None)
        assert await rows_of(other) == empty, complaint


async def test_a_line_without_an_end_takes_no_memory(store: SqlStore, other: SqlStore, tmp_path: Path) -> None:
    await a_full_life(store)
    good, bad = tmp_path / "good", tmp_path / "bad"
    await store.backup.write(good, lambda _rows: None)
    head = gzip.decompress(good.read_bytes()).splitlines(keepends=True)[0]
    with gzip.open(bad, "wb", compresslevel=1) as file:
        file.write(head + b'["papers",{"id":"')
        for _ in range(60):
            file.write(b"x" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(OperatorError, match="line 2 is longer than 16 MB"):
        await other.backup.restore(bad, lambda _rows: None)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40_000_000
    assert await other.papers.count() == 0


async def test_a_backup_does_not_replace_another_unless_told(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("the old one")
    with pytest.raises(OperatorError, match=r"there already.*--force"):
        await store.backup.write(tmp_path / "backup", lambda _rows: None)
    assert (tmp_path / "backup").read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []
    await store.backup.write(tmp_path / "backup", lambda _rows: None, overwrite=True)
    assert (tmp_path / "backup").read_bytes()[:2] == b"\x1f\x8b"


async def test_two_backups_into_one_file_at_once_are_both_whole(
    store: SqlStore, other: SqlStore, tmp_path: Path
) -> None:
    noise = random.Random(1)
    await listed(store, *(paper(number, abstract=noise.randbytes(2000).hex()) for number in range(1, 600)))

    async def write() -> int:
        return await store.backup.write(tmp_path / "backup", lambda _rows: None, overwrite=True)

    rows = await asyncio.gather(write(), write())
    assert await other.backup.restore(tmp_path / "backup", lambda _rows: None) == rows[0] == rows[1]
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


async def test_a_file_that_is_no_archive_or_not_there_is_explained(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for name, complaint in (("text", "damaged"), ("nowhere", "cannot be read")):
        with pytest.raises(OperatorError, match=complaint):
            await store.backup.restore(tmp_path / name, lambda _rows: None)
    with pytest.raises(OperatorError, match="cannot be written"):
        await store.backup.write(tmp_path / "no" / "folder" / "backup", lambda _rows: None)


async def test_a_backup_is_on_the_disk_before_it_has_its_name(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves the old one, or the new one."""
    path, written = tmp_path / "backup", []
    to_disk = os.fsync

    def watched(descriptor: int) -> None:
        to_disk(descriptor)
        written.append(gzip.decompress(Path(f"/proc/self/fd/{descriptor}").read_bytes()))
        assert not path.exists()

    monkeypatch.setattr(os, "fsync", watched)
    await store.backup.write(path, lambda _rows: None)
    assert written == [gzip.decompress(path.read_bytes())]


async def test_a_backup_that_fails_leaves_the_old_file(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("the old one")
    noise = random.Random(1)
    await listed(store, *(paper(number, abstract=noise.randbytes(2000).hex()) for number in range(1, 400)))
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, allowed[1]))
    try:
        with pytest.raises(OperatorError, match="cannot be written: File too large"):
            await store.backup.write(tmp_path / "backup", lambda _rows: None, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    assert (tmp_path / "backup").read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []
