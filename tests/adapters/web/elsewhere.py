"""The workspace around a real core whose platform is another than the web."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from adapters.web.app import create_app
from adapters.web.platform import WebPlatform
from bot.app.assembly import history_of
from bot.channels.channel import PlatformName
from bot.channels.directory import Directory
from storage.store import SqlStore
from tests.adapters.web.workspace import GivenHealth
from tests.core import Core
from tests.passwords import log_in_parts
from tests.platforms import SimulatedPlatform

PAGE = {"accept": "text/html"}
JSON = {"accept": "application/json"}


@dataclass(frozen=True)
class Elsewhere:
    """A core that posts to Slack, and a browser, without a network between them, that looks at the workspace."""

    core: Core
    app: Starlette
    client: httpx.AsyncClient

    async def page(self, path: str) -> str:
        answer = await self.client.get(path, headers=PAGE)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def run(self, key: str, line: str, **fields: str) -> dict[str, Any]:
        """Runs a line in a channel as a page does."""
        answer = await self.client.post(f"/c/{key}/command", json={"line": line, **fields}, headers=JSON)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def elsewhere(
    store: SqlStore, folder: Path, *, platform: PlatformName = PlatformName.SLACK, password: str = "", **options: Any
) -> AsyncIterator[Elsewhere]:
    core = Core(store, folder / "index", platform=SimulatedPlatform(platform))
    web = WebPlatform(store.messages, core.clock)
    core.platforms[PlatformName.WEB] = web

    async def metrics() -> tuple[bytes, str]:
        return b"", "text/plain"

    app = create_app(
        platform=web,
        commands=core.commands,
        library=core.library,
        votes=core.services.votes,
        directory=Directory(store.channels, core.clock),
        history=history_of(store),
        clock=core.clock,
        health=GivenHealth(),
        metrics=metrics,
        **await log_in_parts(store, core.clock, password),
        **{"allowed_hosts": ["workspace"], **options},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://workspace") as client:
        yield Elsewhere(core, app, client)
    await core.index.close()
