"""A short storm of faults on each database: every paper comes once, in order, and everything is well again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.databases import CrashingServer
from tests.faults.rounds import run_round
from tests.faults.world import Plan

SHORT: dict[str, Any] = {"seconds": 5.0, "papers": 8, "channels": 4, "clock": 5.0, "ages": False}


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
