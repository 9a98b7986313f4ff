"""A database that goes away and comes back: noticed, said a few times, and used again without a restart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from bot.errors import OperatorError, StorageError
from storage.database import database
from storage.database.availability import REMIND_EVERY, Availability
from storage.database.sqlite import file as database_file
from storage.store import SqlStore
from tests.storage.scenes import listed, paper


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def events(seconds: int, fails: Iterator[bool]) -> list[str]:
    time = Time()
    availability = Availability(time)
    with capture_logs() as said:
        for _ in range(seconds):
            time.now += 1
            (availability.failed("write", "gone") if next(fails) else availability.succeeded("write"))
    return [str(entry["event"]) for entry in said]


def test_an_outage_is_said_when_it_begins_once_a_minute_and_when_it_is_over() -> None:
    fails = iter([True] * 150 + [False] * 10)
    assert events(160, fails) == ["database.away", "database.still_away", "database.still_away", "database.back"]


def test_one_that_comes_and_goes_does_not_fill_the_log() -> None:
    fails = iter([True, False] * 300)
    assert len(events(600, fails)) <= 2 * (600 / REMIND_EVERY)


def test_reading_on_does_not_make_a_database_writable() -> None:
    availability = Availability()
    availability.failed("write", "the disk is full")
    availability.succeeded("read")
    assert availability.reason == "the disk is full"
    availability.succeeded("write")
    assert availability.reason == ""


@pytest.fixture
async def opened(tmp_path: Path) -> SqlStore:
    store = SqlStore(f"sqlite:///{tmp_path}/data/paperround.db")
    await store.open()
    return store


def file_of(store: SqlStore) -> Path:
    return Path(make_url(store.database.url).database or "")


async def test_a_file_that_is_taken_away_is_missed_and_used_again_once_it_is_back(opened: SqlStore) -> None:
    await listed(opened, paper(1))
    file, kept = file_of(opened), file_of(opened).with_name("kept")
    file.rename(kept)
    for _ in range(2):
        with pytest.raises(StorageError, match="was removed while the bot was running"):
            await listed(opened, paper(2))
        with pytest.raises(StorageError, match="was removed"):
            await opened.papers.count()
        with pytest.raises(StorageError, match="was removed"):
            await opened.database.prove_writable()
    assert not file.exists()
    kept.rename(file)
    await listed(opened, paper(2))
    assert await opened.papers.count() == 2
    await opened.close()


async def test_another_file_in_its_place_is_not_written_into(opened: SqlStore, tmp_path: Path) -> None:
    await listed(opened, paper(1))
    await opened.database.prove_writable()
    other = SqlStore(f"sqlite:///{tmp_path}/other.db")
    await other.open()
    await other.close()
    (tmp_path / "other.db").replace(file_of(opened))
    with pytest.raises(StorageError, match="replaced by another file"):
        await opened.database.prove_writable()
    with pytest.raises(StorageError, match="start the bot again"):
        await listed(opened, paper(2))
    await opened.close()


async def test_a_disk_that_was_full_is_noticed_by_writing_and_forgiven(opened: SqlStore) -> None:
    await opened.database.prove_writable()
    async with opened.database.read() as connection:
        await connection.execute(text("PRAGMA query_only = ON"))
    with pytest.raises(StorageError, match="readonly"):
        await listed(opened, paper(1))
    assert "readonly" in opened.database.availability.reason
    # The connection that could only read is replaced by a new one, without a restart.
    await opened.database.prove_writable()
    assert opened.database.availability.reason == ""
    await listed(opened, paper(1))
    await opened.close()


async def test_a_disk_without_room_is_noticed_before_the_next_paper(
    opened: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened.database.prove_writable()
    monkeypatch.setattr(database, "PROOF_LASTS", 0.0)
    monkeypatch.setattr(database_file, "LEAST_ROOM", 1 << 62)
    with pytest.raises(StorageError, match=r"the disk of .* is full"):
        await opened.database.prove_writable()
    assert "Make room" in opened.database.availability.reason
    monkeypatch.setattr(database_file, "LEAST_ROOM", 1)
    await opened.database.prove_writable()
    assert opened.database.availability.reason == ""
    await opened.close()


async def test_a_database_is_read_by_its_owner_alone(opened: SqlStore) -> None:
    await listed(opened, paper(1))
    files = [file for file in file_of(opened).parent.iterdir() if file.name.startswith("paperround.db")]
    assert len(files) == 3  # with SQLite's log and its index
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    await opened.close()


async def test_one_that_others_could_read_is_closed_to_them(opened: SqlStore) -> None:
    await opened.close()
    file_of(opened).chmod(0o644)
    again = SqlStore(opened.database.url)
    await again.open()
    assert file_of(again).stat().st_mode & 0o777 == 0o600
    await again.close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_may_not_be_written_is_refused_in_a_sentence(opened: SqlStore) -> None:
    await opened.close()
    folder = file_of(opened).parent
    folder.chmod(0o500)
    try:
        with pytest.raises(OperatorError, match="cannot be opened for writing"):
            await SqlStore(opened.database.url).open()
    finally:
        folder.chmod(0o700)


async def test_a_file_that_cannot_even_be_looked_for_is_refused_in_a_sentence(tmp_path: Path) -> None:
    # As one in somebody else's folder, but for root.
    store = SqlStore(f"sqlite:///{tmp_path / ('x' * 300)}")
    assert store.database.is_missing
    with pytest.raises(OperatorError, match="cannot be opened for writing"):
        await store.open()
    await store.close()


@pytest.mark.parametrize(
    ("url", "said", "advice"),
    [
        ("postgresql://ada:geheim@127.0.0.1:1/papers", "Connect call failed", "whether the server runs"),
        ("postgresql://ada:geheim@nowhere.invalid/papers", "(nowhere.invalid)", "PAPERROUND_DATABASE_URL names it"),
    ],
)
async def test_a_server_that_cannot_be_reached_comes_with_the_next_step(url: str, said: str, advice: str) -> None:
    store = SqlStore(url)
    with pytest.raises(StorageError) as raised:
        await store.open()
    assert said in str(raised.value)
    assert advice in str(raised.value)
    assert "geheim" not in str(raised.value)
    await store.close()


async def test_a_database_is_called_by_the_path_of_its_file_or_an_address_without_the_password(tmp_path: Path) -> None:
    for url, place in (
        (f"sqlite:///{tmp_path}/papers.db", f"{tmp_path}/papers.db"),
        ("postgresql://ada:secret@db.example.org/papers", "postgresql://ada:***@db.example.org/papers"),
    ):
        called = database.Database(url)
        assert called.place == place
        await called.close()
