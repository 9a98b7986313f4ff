"""The whole application with the demo's papers and channels, served in the test's own process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from bot.app.adapters.web import web_server
from bot.app.application import Application, open_application
from bot.app.configuration.settings import Settings
from bot.app.demo import CHANNELS, Demo, DemoChannel
from bot.app.sources import demo_feed
from bot.clocks import ShiftedClock


@dataclass(frozen=True)
class RunningDemo:
    """A demo that is served at `url`, and has lived through some days of the sample feed."""

    url: str
    application: Application
    app: Starlette


@asynccontextmanager
async def running_demo(
    folder: Path, *, days: int, channels: tuple[DemoChannel, ...] = CHANNELS, banner: str = "", **settings: Any
) -> AsyncIterator[RunningDemo]:
    """Lives through the last `days` of the sample feed, then stands still at their end. Its papers have no vectors."""
    given = Settings(
        _env_file=None,
        data_dir=folder,
        database_url="",
        web=True,
        web_port=0,
        embedding_model=str(folder / "no-model"),
        **settings,
    )
    clock = ShiftedClock(datetime.now(UTC))
    feed, all_days = demo_feed(clock)
    shown = all_days[len(all_days) - days :]
    async with open_application(given, clock=clock, sources=[feed]) as application:
        engine, store = application.engine, application.store
        demo = Demo(engine, application.commands, store.channels, clock, application.web.tell)
        if shown:
            await demo.set_up(channels, shown[0])
            await demo.live_through(shown, pause=0)
        server = await web_server(application, banner)
        app: Any = server.config.app
        while not isinstance(app, Starlette):  # what stands before it believes proxies
            app = getattr(app, "_app", None) or app.app
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve_until_cancelled(listener))
            while not server.started:
                await asyncio.sleep(0.01)
            try:
                yield RunningDemo(f"http://127.0.0.1:{listener.getsockname()[1]}", application, app)
            finally:
                serving.cancel()
                await asyncio.wait([serving])
