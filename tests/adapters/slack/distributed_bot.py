"""Many workspaces that install the app: the whole core and the real adapter, and the browsers of those who install."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from adapters.slack.app import SlackApp
from adapters.slack.client.connection import Connection
from adapters.slack.installation.installed_workspaces import BELIEVED_FOR, InstalledWorkspaces
from adapters.slack.installation.oauth import OAuthInstallation
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.paths import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH
from adapters.slack.platform import SlackPlatform
from bot.app.assembly import lifecycle_of
from bot.channels.channel import Address, Channel, PlatformName
from bot.channels.directory import Directory
from bot.commands.runner import REGISTRY
from storage.channels.installations import SqlInstallationStore
from storage.channels.token_encryption import open_token_encryption
from storage.store import SqlStore
from tests.adapters.slack.bot_process import BotProcess
from tests.clocks import SettableClock
from tests.patience import PATIENCE
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import SimulatedChannel
from tests.simulators.slack_oauth import CLIENT_ID, CLIENT_SECRET


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    text: str


class DistributedBot(BotProcess):
    """One process of the bot that any workspace may install. With `first` one workspace's token is in the settings."""

    def __init__(
        self,
        store: SqlStore,
        folder: Path,
        slack: SlackSimulator,
        clock: SettableClock,
        *,
        public_url: str = "",
        client_secret: str = CLIENT_SECRET,
        first: bool = False,
        believed_for: float = BELIEVED_FOR,
    ) -> None:
        connection = Connection(slack.api_url, timeout=10)
        self.installations = SqlInstallationStore(store.database, open_token_encryption("", folder))
        self.workspaces = InstalledWorkspaces(
            connection,
            self.installations,
            clock,
            client_id=CLIENT_ID,
            client_secret=client_secret,
            install_url=f"{public_url}{INSTALL_PATH}",
            first=OneWorkspace(connection, BOT_TOKEN) if first else None,
            believed_for=believed_for,
        )
        self.platform = SlackPlatform(self.workspaces)
        super().__init__(store, folder / "index", slack, self.platform, clock)
        self.sql = store
        directory = Directory(store.channels, clock)
        lifecycle = lifecycle_of(store, clock, self.engine.outbox.wake)
        self.app = SlackApp(
            self.platform,
            self.commands,
            REGISTRY,
            app_token=APP_TOKEN,
            signing_secret=SIGNING_SECRET,
            lifecycle=lifecycle,
            directory=directory,
            installing=OAuthInstallation(
                self.workspaces,
                self.installations,
                clock,
                client_id=CLIENT_ID,
                client_secret=client_secret,
                public_url=public_url,
                lifecycle=lifecycle,
            ),
            ping_interval=PATIENCE,
        )

    @property
    def base(self) -> str:
        """Where the bot listens."""
        assert self.slack.http_url is not None
        return self.slack.http_url.removesuffix(EVENTS_PATH)

    @asynccontextmanager
    async def over_http(self) -> AsyncIterator[None]:
        async with super().over_http():
            self.slack.oauth.redirect_url = self.base + REDIRECT_PATH
            yield
            await self.app.finish()
        self.slack.http_url = None

    async def install(self, team: SlackSimulator | None = None, browser: aiohttp.ClientSession | None = None) -> Page:
        """Somebody of that workspace installs the app in a browser; returns the page they end on."""
        self.slack.oauth.installer = team
        if browser is None:
            async with a_browser() as browser:
                return await visit(browser, self.base + INSTALL_PATH)
        return await visit(browser, self.base + INSTALL_PATH)

    async def at(self, team: SlackSimulator, channel: SimulatedChannel) -> Channel:
        """A channel of that workspace as it is stored."""
        found = await self.store.channels.find(Address(PlatformName.SLACK, team.team_id, channel.id))
        assert found is not None
        return found

    async def say_in(self, team: SlackSimulator, line: str, channel: SimulatedChannel) -> str:
        """Gives a command in that workspace; returns what the answer shows."""
        return words_of(await (await team.command(line, channel)).answer())

    async def close(self) -> None:
        await self.core.index.close()
        await self.platform.close()


def a_browser() -> aiohttp.ClientSession:
    """A browser with a memory of its own. (Cookies are kept for addresses, too, which the library calls unsafe.)"""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def visit(browser: aiohttp.ClientSession, url: str, **headers: str) -> Page:
    async with browser.get(url, headers=headers) as answer:
        return Page(answer.status, await answer.text())
