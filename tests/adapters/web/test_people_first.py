"""Pages, forms and actions go before what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import background
from bot.background import Precedence
from tests.adapters.web.workspace import running_workspace
from tests.patience import PATIENCE


class Noted(Precedence):
    """Notes how often somebody began to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0

    def begin(self) -> Callable[[], None]:
        self.begun += 1
        return super().begin()


async def test_who_waits_for_a_page_goes_first_and_who_only_listens_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RESTS_FOR", 3600.0)
    monkeypatch.setattr(background, "COUNTS_FOR", 3600.0)
    precedence = Noted()
    async with running_workspace(tmp_path, precedence=precedence) as workspace, workspace.client() as client:
        for path in ("/healthz", "/readyz", "/static/workspace.css"):
            assert (await client.get(path)).status_code == 200
        assert precedence.begun == 0
        for path in ("/c/general", "/login", "/health"):
            await client.get(path)
        assert (await client.post("/c/general/command", json={"line": "help"})).status_code == 200
        assert precedence.begun == 4
        async with client.stream("GET", "/c/general/events"):
            assert precedence.begun == 5
            async with asyncio.timeout(PATIENCE):
                await precedence.rest()
        # What is slow holds up what nobody waits for, until it is answered.
        workspace.commands.release.clear()
        asking = asyncio.create_task(client.post("/c/general/command", json={"line": "slow"}))
        async with asyncio.timeout(PATIENCE):
            while precedence.begun < 6:
                await asyncio.sleep(0.005)
        resting = asyncio.create_task(precedence.rest())
        await asyncio.sleep(0.05)
        assert not resting.done()
        workspace.commands.release.set()
        assert (await asking).status_code == 200
        async with asyncio.timeout(PATIENCE):
            await resting
