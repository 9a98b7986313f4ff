"""Backups that somebody changed: they are refused in words, and nothing of them stays, or what comes of them works."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.channels.channel import PlatformName
from bot.errors import MALFORMED, OperatorError, PaperRoundError
from storage.backup import _plain, _tables
from storage.backup_rows import row_of
from storage.store import SqlStore
from tests.core import Core
from tests.databases import sqlite_in
from tests.fuzz.log import watched
from tests.fuzz.target import Running, RunningTarget, Target
from tests.sources import a_paper

#: What people ask of a bot, whatever was restored.
_LINES = ("topics", "settings", "status", "history", "saved", "today", "search hares", "preview", "why 2605.00001")


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    async with AsyncExitStack() as stack:
        log = stack.enter_context(watched())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="paperround-")))
        file = folder / "backup"

        async def read(data: bytes) -> None:
            file.write_bytes(gzip.compress(data, compresslevel=1))
            for left in folder.glob("tried.db*"):
                left.unlink()
            store = SqlStore(sqlite_in(folder / "tried.db"))
            try:
                rows = await store.backup.restore(file, lambda _rows: None)
            except OperatorError as error:
                assert str(error).strip(), "an error without words"
                assert not await store.papers.count()
                assert not await store.channels.on_platform(PlatformName.WEB)
            else:
                assert await store.backup.write(folder / "again", lambda _rows: None, overwrite=True) == rows
                await _works(store, folder)
            finally:
                await store.close()
            log.check()

        yield Running(read, [await _a_backup(folder)])


async def _a_backup(folder: Path) -> bytes:
    """What a small backup has in it, before it is compressed."""
    store = SqlStore(sqlite_in(folder / "full.db"))
    core = Core(store, folder / "index-full")
    await core.news(*(a_paper(number, title=f"Hares run {number}") for number in range(1, 4)))
    await core.say("subscribe title:hares --name Runners")
    await core.say("subscribe like:(2605.00001 2605.00002)~3/day")
    await core.next_digest()
    for line in ("save 2605.00001", "vote 2605.00002 up", "settings limit 7"):
        await core.say(line)
    await core.store.backup.write(folder / "full", lambda _rows: None)
    await core.index.close()
    await store.close()
    return gzip.decompress((folder / "full").read_bytes())


async def _works(store: SqlStore, folder: Path) -> None:
    """Uses what was restored, as people and the engine do."""
    core = Core(store, folder / "index")
    try:
        for line in _LINES:
            await core.ask(line)
        await core.engine.deliver()
        await core.health.report()
    except PaperRoundError as error:
        raise AssertionError("what was restored does not work") from error
    await core.index.close()
    shutil.rmtree(folder / "index", ignore_errors=True)


def read_row(data: bytes) -> None:
    """A row as a backup has it: what is taken of it can be written, and read again as the same."""
    try:
        name, written = json.loads(data)
        table = _TABLES[name]
        row = row_of(table, dict(written))
    except MALFORMED:
        return
    again = {name: _plain(value) for name, value in row.items()}
    assert row_of(table, json.loads(json.dumps(again))) == row, name


#: Bytes of the longest row that is changed: short ones are tried more often.
_LONGEST_ROW = 4_000


@cache
def _rows() -> list[bytes]:
    """All rows of a small backup, and the lines around them."""
    with TemporaryDirectory(prefix="paperround-") as folder:
        return [line for line in asyncio.run(_a_backup(Path(folder))).splitlines() if len(line) <= _LONGEST_ROW]


_TABLES = {table.name: table for table in _tables()}
TARGETS = (RunningTarget("backup", _running), Target("backup-row", read_row, _rows))
