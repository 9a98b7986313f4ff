"""A short storm of faults on each database: every paper comes once, in order, and everything is well again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.chats import Web
from tests.faults.databases import CrashingServer, Sqlite
from tests.faults.feed import Feed
from tests.faults.lines import Trouble
from tests.faults.program import Program
from tests.faults.rounds import Outcome, environment_of, judge, run_round, set_up
from tests.faults.world import Plan, World
from tests.patience import PATIENCE
from tests.ports import free_port

SHORT: dict[str, Any] = {"seconds": 5.0, "papers": 8, "faults": 5, "channels": 4, "clock": 5.0, "ages": False}


@pytest.fixture
def server() -> Iterator[CrashingServer]:
    with CrashingServer() as running:
        yield running


@pytest.mark.long
def test_a_storm_of_faults_on_sqlite(tmp_path: Path, migrated_sqlite: Path) -> None:
    plan = Plan(seed="short", database="sqlite", platform="slack", **SHORT)
    outcome = run_round(plan, tmp_path, model=migrated_sqlite, server=None)
    assert outcome.problems == []
    assert outcome.expected
    assert outcome.faults.total() > 4, outcome.faults


@pytest.mark.long
def test_a_storm_of_faults_on_postgresql(tmp_path: Path, migrated_sqlite: Path, server: CrashingServer) -> None:
    plan = Plan(seed="short", database="postgresql", platform="slack", processes=2, **SHORT)
    outcome = run_round(plan, tmp_path, model=migrated_sqlite, server=server)
    assert outcome.problems == []
    assert outcome.expected
    assert outcome.faults.total() > 4, outcome.faults


@pytest.mark.long
def test_a_process_whose_shared_memory_is_cut_ends_and_loses_nothing(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SQLite's `-shm` is mapped into memory: whoever cuts it short, or a disk that fails under it, ends the process."""
    with ExitStack() as stack:
        database = Sqlite(tmp_path / "data", migrated_sqlite)
        chat, feed = Web(database, channels=2), stack.enter_context(Feed("short"))
        (tmp_path / "temporary").mkdir()
        environment = environment_of(tmp_path, feed.url, chat.settings, database)
        set_up(environment, chat)
        program = Program(tmp_path, environment, free_port(), number=0)
        stack.callback(program.close)
        plan = Plan(seed="short", database="sqlite", platform="web")
        world = World(plan, feed, chat, database, [program], disks=(), lines=Trouble("short", "line"))
        feed.list(3)
        program.start()
        world.become_calm()
        os.truncate(f"{database.file}-shm", 0)
        feed.list(3)
        until = time.monotonic() + PATIENCE
        while program.runs and time.monotonic() < until:
            time.sleep(0.05)
        assert program.exit_code == -signal.SIGBUS
        program.start()
        world.become_calm()
        assert world.problems == []
        judge(world, outcome := Outcome(plan))
        assert outcome.problems == []
        assert outcome.expected
