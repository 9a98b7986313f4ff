"""What keeps one channel from being planned keeps no other from its papers, and is tried again later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.channel import Channel
from bot.digests import planning
from bot.digests.digest import DigestPlan, QueuedPaper
from bot.digests.selection import plan_digest
from storage.posting.digests import SqlDigestStore
from storage.store import SqlStore
from tests.core import Core
from tests.sources import a_paper

CHANNELS = ("alpha", "beta", "gamma")


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()


class Defect:
    """Keeps the channel from being planned, for as long as it `is_there`, and counts how often that was tried."""

    def __init__(self, channel: str, channel_id: int) -> None:
        self.channel, self.channel_id = channel, channel_id
        self.is_there = True
        self.met = 0

    def meet(self) -> None:
        if self.is_there:
            self.met += 1
            raise ValueError("a defect")

    def of_planning(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def plan(channel: Channel, *arguments: Any, **more: Any) -> DigestPlan:
            if channel.name == self.channel:
                self.meet()
            return plan_digest(channel, *arguments, **more)

        monkeypatch.setattr(planning, "plan_digest", plan)

    def of_what_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read = SqlDigestStore.waiting_in

        async def waiting_in(store: SqlDigestStore, channel_ids: Sequence[int]) -> dict[int, list[QueuedPaper]]:
            if self.channel_id in channel_ids:
                self.meet()
            return await read(store, channel_ids)

        monkeypatch.setattr(SqlDigestStore, "waiting_in", waiting_in)


@pytest.mark.parametrize("fails", [Defect.of_planning, Defect.of_what_waits])
async def test_a_channel_that_cannot_be_planned_is_set_aside_and_named(
    core: Core, fails: Callable[[Defect, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CHANNELS:
        await core.say("subscribe diffusion", name)
    await core.news(a_paper(1))
    beta = await core.channel("beta")
    defect = Defect("beta", beta.id)
    fails(defect, monkeypatch)
    monkeypatch.setattr(planning, "SET_ASIDE_FOR", 1e6)
    monkeypatch.setattr(planning, "CHANNELS_AT_ONCE", 2)
    with capture_logs() as said:
        await core.next_digest("alpha")
        met = defect.met
        await core.engine.deliver()
    assert {name: core.platform.papers_in(name) for name in CHANNELS} == {
        "alpha": ["2605.00001"], "beta": [], "gamma": ["2605.00001"],
    }  # fmt: skip
    named = [one["channel"] for one in said if one["event"] == "digest.not_planned"]
    assert named == [str(beta.address)]
    assert defect.met == met, "it is not tried again at once"
    # Once its time is over it is tried again, and is due as before.
    defect.is_there = False
    core.engine.planner._set_aside[beta.id] = 0.0
    await core.engine.deliver()
    assert core.platform.papers_in("beta") == ["2605.00001"]
