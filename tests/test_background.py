"""Work that outlives what gave rise to it, and must not outlive what it needs."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot import background as module
from bot.background import BackgroundTasks, Stints


async def test_what_is_under_way_is_let_finish() -> None:
    background, done = BackgroundTasks(), []

    async def work(name: str) -> None:
        await asyncio.sleep(0.01)
        done.append(name)

    background.start(work("started here"))
    somebody = asyncio.create_task(background.run(work("in a task of somebody else")))
    await asyncio.sleep(0)
    await background.end()
    assert sorted(done) == ["in a task of somebody else", "started here"]
    await somebody


async def test_what_begins_meanwhile_is_let_finish_too() -> None:
    background, done = BackgroundTasks(), []

    async def work(more: int) -> None:
        await asyncio.sleep(0.01)
        done.append(more)
        if more:
            background.start(work(more - 1))

    background.start(work(2))
    await background.finish()
    assert done == [2, 1, 0]


async def test_what_takes_too_long_is_cancelled_and_has_cleaned_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISH_WITHIN", 0.01)
    background, cleaned = BackgroundTasks(), []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    background.start(work())
    await asyncio.sleep(0)
    await background.finish()
    assert cleaned == [True]


async def test_after_the_end_nothing_begins_in_the_tasks_of_others() -> None:
    background, begun = BackgroundTasks(), []

    async def work() -> None:
        begun.append(True)

    await background.end()
    await background.run(work())
    assert begun == []


async def test_a_failure_that_nobody_waits_for_is_logged() -> None:
    background = BackgroundTasks()

    async def work() -> None:
        raise ValueError("no such thing")

    with capture_logs() as logs:
        background.start(work())
        await background.finish()
        await asyncio.sleep(0)
    assert [(line["event"], str(line["exc_info"])) for line in logs] == [("background.failed", "no such thing")]


async def test_long_work_lets_others_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def long_work() -> None:
        stints = Stints()
        for number in range(3):
            done.append(f"piece {number}")
            await stints.rest()

    async def somebody() -> None:
        done.append("somebody")

    monkeypatch.setattr(module, "STINT", 3_600.0)
    await asyncio.gather(long_work(), somebody())
    assert done == ["piece 0", "piece 1", "piece 2", "somebody"]
    done.clear()
    monkeypatch.setattr(module, "STINT", 0.0)
    await asyncio.gather(long_work(), somebody())
    assert done == ["piece 0", "somebody", "piece 1", "piece 2"]
