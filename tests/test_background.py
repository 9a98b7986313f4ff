"""Work that outlives what gave rise to it, and must not outlive what it needs."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot import background as module
from bot.background import BackgroundTasks, Precedence, Stints, Turns, cancel, give_way
from tests.patience import PATIENCE


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


async def test_what_nobody_waits_for_rests_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTS_FOR", 3600.0)
    precedence, done = Precedence(), []

    async def work() -> None:
        with precedence.last():
            await give_way()
            done.append("work")

    with precedence.first():
        with precedence.first():
            working = asyncio.create_task(work())
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        done.append("answer")
    await working
    assert done == ["answer", "work"]


async def test_endless_commands_do_not_stop_what_gives_way_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTS_FOR", 0.01)
    precedence = Precedence()
    with precedence.first(), precedence.last():
        async with asyncio.timeout(PATIENCE):
            for _ in range(5):
                await give_way()


async def test_who_waits_for_long_waits_for_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTS_FOR", 3600.0)
    monkeypatch.setattr(module, "COUNTS_FOR", 0.01)
    precedence = Precedence()
    with precedence.first():
        with precedence.last():
            async with asyncio.timeout(PATIENCE):
                await give_way()
        with precedence.first():
            resting = asyncio.create_task(_behind(precedence))
            await asyncio.sleep(0)
            assert not resting.done()
    await resting


async def test_people_wait_neither_for_a_turn_nor_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTS_FOR", 3600.0)
    precedence, turns = Precedence(), Turns()

    async def work() -> None:
        with precedence.last():
            await turns.take()

    with precedence.first():
        working = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0.01)
        async with asyncio.timeout(PATIENCE):
            await turns.take()
            await give_way()
        assert not any(task.done() for task in working)
    await asyncio.gather(*working)


async def _behind(precedence: Precedence) -> None:
    with precedence.last():
        await give_way()


async def test_who_overhears_that_it_is_cancelled_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CANCELLED_AGAIN", 0.01)

    async def deaf() -> None:
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    async def failing() -> None:
        raise ValueError

    tasks = [asyncio.create_task(work) for work in (deaf(), failing(), asyncio.Event().wait())]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await cancel(*tasks)
    assert all(task.done() for task in tasks)
