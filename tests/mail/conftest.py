"""A core with mail, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.mail.scene import LINKS, MailScene, mail_platform
from tests.simulators.smtp import SmtpSimulator


@pytest.fixture
async def scene(store: SqlStore, tmp_path: Path) -> AsyncIterator[MailScene]:
    clock = SettableClock()
    async with SmtpSimulator() as server:
        platform = mail_platform(server, store, clock)
        core = Core(store, tmp_path / "index", clock=clock, others=[platform], mail_links=LINKS)
        await core.say("subscribe diffusion")
        scene = MailScene(core, server, platform, store)
        yield scene
        await scene.browser.aclose()
        await platform.close()
        await core.index.close()
