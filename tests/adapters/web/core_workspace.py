"""A running workspace for tests on the whole core: real server, real sockets, real commands, store and index."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from adapters.web.app import create_app
from adapters.web.platform import WebPlatform
from bot.app.assembly import channel_feeds_of, history_of
from bot.channels.directory import Directory
from bot.platforms.platform import Platform
from storage.store import SqlStore
from tests.adapters.web.workspace import serve
from tests.core import Core
from tests.databases import sqlite_in
from tests.passwords import log_in_parts
from tests.patience import PATIENCE

#: The file of its database; one that is there already is taken as it is.
DATABASE = "core.db"


@dataclass
class CoreWorkspace:
    """The workspace that is served at `url`, with the core behind it."""

    url: str
    core: Core

    def client(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=PATIENCE, **options)


@asynccontextmanager
async def core_app(
    folder: Path, password: str = "", *, others: Sequence[Platform] = (), **options: Any
) -> AsyncIterator[tuple[Starlette, WebPlatform, Core]]:
    """The workspace's application around a core of its own."""
    store = SqlStore(sqlite_in(folder / DATABASE))
    core = Core(store, folder / "index", others=others)
    platform = WebPlatform(store.messages, core.clock, poll_interval=0.05)
    core.platforms[platform.name] = platform

    async def metrics() -> tuple[bytes, str]:
        return b"", "text/plain"

    app = create_app(
        platform=platform,
        commands=core.commands,
        library=core.library,
        votes=core.services.votes,
        directory=Directory(store.channels, core.clock),
        clock=core.clock,
        history=history_of(store),
        health=core.health,
        metrics=metrics,
        channel_panels=core.panels,
        channel_feeds=channel_feeds_of(store),
        **await log_in_parts(store, core.clock, password),
        **{"allowed_hosts": ["127.0.0.1"], **options},
    )
    try:
        yield app, platform, core
    finally:
        await core.index.close()
        await store.close()


@asynccontextmanager
async def core_workspace(folder: Path, password: str = "", **options: Any) -> AsyncIterator[CoreWorkspace]:
    """Serves the workspace of a core on a free port of the loopback for the length of the block."""
    async with core_app(folder, password, **options) as (app, platform, core):
        server, serving, url = await serve(app, platform)
        try:
            yield CoreWorkspace(url, core)
        finally:
            server.should_exit = True
            await serving
