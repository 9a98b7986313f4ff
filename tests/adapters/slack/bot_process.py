"""One process of the bot: the whole core on a real store, and the real Slack adapter before a simulated Slack."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import uvicorn
from starlette.applications import Starlette

from adapters.slack.app import SlackApp
from adapters.slack.paths import EVENTS_PATH
from adapters.slack.platform import SlackPlatform
from bot.channels.channel import Address, Channel, PlatformName
from bot.commands.runner import REGISTRY
from bot.papers.paper import Paper
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.patience import PATIENCE
from tests.simulators.slack import APP_TOKEN, SIGNING_SECRET, SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import TEAM, Json, SimulatedChannel

TRANSPORTS: Final = ("socket", "http")


class BotProcess:
    """One process of the bot, connected to Slack while `connected` is open."""

    def __init__(
        self, store: SqlStore, folder: Path, slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
    ) -> None:
        # The core needs nothing of its platform but the port, as long as nobody asks for what was posted there.
        self.core = Core(store, folder, clock=clock, platform=cast("Any", platform))
        self.slack = slack
        self.store = store
        self.clock = clock
        self.engine = self.core.engine
        self.commands = self.core.commands
        self.platform = platform
        self.app = self.another_app()

    def another_app(self, **parts: Any) -> SlackApp:
        """The app as it is after a restart, with these parts of the core."""
        return SlackApp(
            self.platform,
            self.commands,
            REGISTRY,
            app_token=APP_TOKEN,
            signing_secret=SIGNING_SECRET,
            ping_interval=PATIENCE,
            reactions=self.core.reactions,
            **parts,
        )

    @asynccontextmanager
    async def connected(self, transport: str) -> AsyncIterator[None]:
        """Listens to Slack over one of `TRANSPORTS`."""
        async with self.over_socket() if transport == "socket" else self.over_http():
            yield

    @asynccontextmanager
    async def over_socket(self) -> AsyncIterator[None]:
        running = asyncio.create_task(self.app.run())
        waiting = asyncio.create_task(self.slack.connected())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            waiting.cancel()
            running.result()
        yield
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    @asynccontextmanager
    async def over_http(self) -> AsyncIterator[None]:
        app = Starlette(routes=self.app.routes())
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            self.slack.http_url = f"http://127.0.0.1:{listener.getsockname()[1]}{EVENTS_PATH}"
            yield
            server.should_exit = True
            await serving
        await self.app.finish()

    # ---- what people see

    async def say(self, text: str, channel: SimulatedChannel, user: str = "U0ADA") -> Json:
        """Gives a command; returns the answer."""
        return await (await self.slack.command(text, channel, user)).answer()

    async def read(self, text: str, channel: SimulatedChannel, user: str = "U0ADA") -> str:
        """Gives a command; returns what the answer shows."""
        return words_of(await self.say(text, channel, user))

    async def stored(self, channel: SimulatedChannel) -> Channel:
        found = await self.store.channels.find(Address(PlatformName.SLACK, TEAM, channel.id))
        assert found is not None
        return found

    async def news(self, *papers: Paper) -> None:
        """The feed lists these papers today, and is read."""
        await self.core.news(*papers)

    async def next_digest(self, channel: SimulatedChannel) -> None:
        """Moves the clock to the channel's next digest and lets the engine work."""
        due = (await self.stored(channel)).next_digest_at
        assert due is not None
        self.clock.set(max(due, self.clock.now()))
        await self.engine.deliver()

    async def settle(self, *, minutes: int = 40) -> None:
        """Lets time pass as if the engine had run all along."""
        for _ in range(minutes):
            await self.engine.deliver()
            await self.engine.reconcile()
            self.clock.advance(seconds=61)
        await self.engine.deliver()
