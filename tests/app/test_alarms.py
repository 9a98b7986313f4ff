"""Alarms ring on time whatever the machine's clock does."""

from __future__ import annotations

import asyncio
import datetime as real
from typing import Any

import pytest
from apscheduler.schedulers import base

from bot.app import alarms
from tests.simulators.discord import eventually


@pytest.mark.parametrize("watch_every", [0.02, 0.15], ids=["watched first", "rung first"])
@pytest.mark.parametrize(
    "jump",
    [real.timedelta(minutes=-30), real.timedelta(days=-400), real.timedelta(hours=5), real.timedelta(days=20_000)],
    ids=str,
)
async def test_a_clock_that_is_set_stops_no_alarm(
    jump: real.timedelta, watch_every: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = real.timedelta()

    class SetClock(real.datetime):
        """The clock that APScheduler looks at."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.datetime.now(tz) + off

    monkeypatch.setattr(base, "datetime", SetClock)
    monkeypatch.setattr(alarms, "WATCH_EVERY", watch_every)
    rung: list[float] = []
    seldom: list[float] = []

    async def ring(times: list[float]) -> None:
        times.append(asyncio.get_running_loop().time())

    ringing = alarms.Alarms(wall=lambda: SetClock.now(real.UTC))
    ringing.every(real.timedelta(seconds=0.05), ring, "often", rung)
    ringing.every(real.timedelta(hours=1), ring, "seldom", seldom)
    async with ringing.ringing():
        await eventually(lambda: len(rung) >= 2)
        off, before = jump, len(rung)
        # One may have been on its way, and one may be rung by the jump; the others are due every now and then.
        await eventually(lambda: len(rung) - before >= 8)
    assert len(seldom) <= 2  # one that is not due is not hastened for good


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_what_is_under_way_or_about_to_begin_at_the_stop_is_no_failure(
    steps: int, caplog: pytest.LogCaptureFixture
) -> None:
    ringing = alarms.Alarms()
    ringing.every(real.timedelta(seconds=1), asyncio.sleep, "often", 60)
    async with ringing.ringing():
        for _ in range(steps):
            await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert not caplog.records


async def test_a_job_that_fails_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("unheard of")

    ringing = alarms.Alarms()
    ringing.every(real.timedelta(seconds=1), fail, "often")
    async with ringing.ringing():
        await eventually(lambda: "unheard of" in caplog.text)
