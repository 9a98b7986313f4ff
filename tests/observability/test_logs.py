"""The way of a paper in the log: its id leads from the feed to the post, and a trace through one delivery."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from storage.store import SqlStore
from tests.core import Core
from tests.platforms import Fault
from tests.sources import a_paper

Line = MutableMapping[str, Any]


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """What is logged, with what the context adds."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as said:
        yield said


def about(lines: list[Line], paper: str) -> list[Line]:
    """The lines that `grep` finds."""
    return [line for line in lines if paper in str(line)]


async def test_the_way_of_a_paper_can_be_followed_through_two_processes(
    store: SqlStore, database_url: str, tmp_path: Path, lines: list[Line]
) -> None:
    reading = Core(store, tmp_path / "one")
    await reading.say("subscribe diffusion")
    await reading.news(a_paper(1), a_paper(2))
    due = (await reading.channel()).next_digest_at
    assert due is not None
    other_store = SqlStore(database_url)
    posting = Core(other_store, tmp_path / "two", clock=reading.clock, platform=reading.platform)
    reading.clock.set(due)
    await reading.engine.planner.sweep()
    posting.platform.fail("general", Fault.ANSWER_LOST)
    await posting.engine.leadership.renew()
    await posting.engine.outbox.drain()
    posting.clock.advance(minutes=2)
    await posting.engine.reconcile()
    for core in (reading, posting):
        await core.index.close()
    await other_store.close()

    found = about(lines, "2605.00001")
    assert [line["event"] for line in found] == [
        "papers.listed", "papers.matched", "digest.planned", "post.leased", "post.unknown", "post.looked_up",
    ]  # fmt: skip
    planned, *later = found[2:]
    assert {line["trace"] for line in later} == {planned["trace"]}
    assert {line["digest"] for line in later} == {1}
    assert all("2605.00002" in line["papers"] for line in later)
    # Reading and matching are one piece of work.
    assert found[0]["trace"] == found[1]["trace"] != planned["trace"]
    assert about(lines, str(planned["trace"])) == [planned, *later]


async def test_each_delivery_has_a_trace_of_its_own(store: SqlStore, tmp_path: Path, lines: list[Line]) -> None:
    core = Core(store, tmp_path / "index")
    for name in ("one", "two"):
        await core.say("subscribe diffusion", name)
        await core.say("schedule instant", name)
    await core.news(a_paper(1))
    await core.engine.deliver()
    await core.news(a_paper(2))
    await core.engine.deliver()
    await core.index.close()
    sent = [line for line in lines if line["event"] == "post.sent"]
    assert len({line["trace"] for line in sent}) == len(sent) == 4
    assert sorted(str(line["papers"]) for line in sent) == ["['2605.00001']"] * 2 + ["['2605.00002']"] * 2
