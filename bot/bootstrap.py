"""The composition root: the one place that knows which parts there are, and puts them together."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from adapters.feeds.arxiv import Arxiv
from adapters.feeds.http import FeedClient
from adapters.feeds.huggingface import HuggingFace
from adapters.feeds.huggingface_papers import HuggingFacePapers
from adapters.feeds.json_lines import PapersFile
from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from adapters.web.platform import WebPlatform, address_of, channel_name_of
from bot.channel_life import ChannelLife
from bot.channels import Address, Channel, PlatformName
from bot.clocks import SystemClock
from bot.commands import REGISTRY, Commands, Services
from bot.directory import Directory
from bot.doctor import Check
from bot.engine import Engine
from bot.enrichment import Enrichment
from bot.errors import OperatorError, StorageError, UserError
from bot.forms import Forms
from bot.libraries import Libraries
from bot.metrics import Metrics
from bot.overview import Overview
from bot.papers import SOURCE_NAMES, SourceName
from bot.ports import Clock, InstallationStore, Library, Platform, Source
from bot.query import parse
from bot.settings import Settings
from bot.unfurling import Unfurling
from storage.search import TantivyIndex
from storage.store import SqlStore

if TYPE_CHECKING:
    # The libraries of chat platforms take most of a second to load, those of pages a tenth, and many runs need neither.
    from adapters.discord.bot import DiscordBot
    from adapters.discord.platform import DiscordPlatform
    from adapters.slack.app import SlackApp
    from adapters.slack.platform import SlackPlatform
    from adapters.slack.workspaces import InstalledWorkspaces
    from adapters.web.server import WebServer

__all__ = ["Application", "PapersFile", "demo_feed", "open_application", "parse_address"]

STOP_WITHIN = 10  # seconds that open connections get when the bot stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The whole bot, put together and open."""

    settings: Settings
    clock: Clock
    store: SqlStore
    index: TantivyIndex
    engine: Engine
    commands: Commands
    directory: Directory
    metrics: Metrics
    sources: Sequence[Source]
    web: WebPlatform
    slack: SlackApp | None
    slack_checks: Mapping[str, Check]
    discord: DiscordBot | None

    @property
    def platforms(self) -> frozenset[PlatformName]:
        """Where can be posted."""
        chats = {PlatformName.SLACK: self.slack, PlatformName.DISCORD: self.discord}
        return frozenset({self.web.name, *(name for name, chat in chats.items() if chat)})

    async def run(self) -> None:
        """The engine and the connections to chat platforms, until cancelled; raises `OperatorError` for bad tokens."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.engine.run())
            if self.slack:
                group.create_task(self.slack.keep_fresh())
            if self.slack and self.settings.slack_app_token.get_secret_value():
                group.create_task(self.slack.run())
            elif self.slack:
                await self.slack.check()
            if self.discord:
                group.create_task(self.engine.shifts.serve(PlatformName.DISCORD, self.discord.run))

    def checks(self) -> dict[str, Check]:
        """What `paperround doctor` looks at."""
        checks: dict[str, Check] = {"Database": self._check_database, "Search index": self._check_index}
        for source in self.sources:
            checks[SOURCE_NAMES[source.name]] = partial(_check_source, source)
        checks.update(self.slack_checks)
        if self.discord:
            checks |= self.discord.checks()
        return checks

    async def _check_database(self) -> str:
        counts = await self.store.counts()
        where = "PostgreSQL" if self.settings.database_url.startswith("postgres") else "SQLite"
        return f"{where}: " + ", ".join(f"{number:,} {what}" for what, number in counts.items())

    async def _check_index(self) -> str:
        await self.index.refresh()
        found = await self.index.search(parse("*"), limit=1)
        return f"{found.total:,} papers can be found"

    async def health(self) -> Mapping[str, Any]:
        """Whether the bot can do its work, and how its parts are; `ok` says it in a word."""
        try:
            posts = await self.store.posts.counts()
            sources = [await self.store.sources.state(name) for name in SourceName]
        except StorageError as error:
            return {"ok": False, "database": str(error)}
        read = {
            state.name.value: state.last_error if state.failures else "ok"
            for state in sources
            if state.last_success_at or state.last_failure_at
        }
        return {"ok": True, "database": "ok", "sources": read, "posts": {state.value: posts[state] for state in posts}}

    def web_server(self, banner: str = "") -> WebServer:
        """The HTTP server of the workspace; raises `OperatorError` when it would be open to the world."""
        import uvicorn

        from adapters.web.app import create_app
        from adapters.web.server import WebServer

        settings = self.settings
        password = settings.web_password.get_secret_value()
        if settings.has_workspace and not password and not _is_loopback(settings.web_host):
            raise OperatorError(
                f"PAPERROUND_WEB_HOST={settings.web_host} can be reached from outside. Set PAPERROUND_WEB_PASSWORD, "
                "or leave the host at 127.0.0.1."
            )
        app = create_app(
            platform=self.web,
            commands=self.commands,
            directory=self.directory,
            clock=self.clock,
            health=self.health,
            metrics=self.metrics.exposition,
            password=password or None,
            allowed_hosts=("localhost", "127.0.0.1", "::1", settings.web_host, *settings.web_allowed_hosts),
            banner=banner,
            with_workspace=settings.has_workspace,
            extra_routes=self.slack.routes() if self.slack else (),
        )
        config = uvicorn.Config(
            app,
            host=settings.web_host,
            port=settings.web_port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN,
        )
        return WebServer(config, self.web)


@contextlib.asynccontextmanager
async def open_application(
    settings: Settings,
    *,
    clock: Clock | None = None,
    sources: Sequence[Source] | None = None,
    announce: Callable[[str], None] | None = None,
) -> AsyncIterator[Application]:
    """Opens everything and closes it again; raises `OperatorError` or `StorageError` when that cannot be done.

    `sources` take the place of the feeds that the settings name. `announce` is told what the operator should know of
    the chat platforms once they are connected.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        _make_data_dir(settings)
        store = SqlStore(settings.store_url)
        stack.push_async_callback(store.close)
        await store.open()
        index = TantivyIndex(settings.index_dir, store.papers)
        stack.push_async_callback(index.close)
        catalogue: Library | None = None
        hub: Library | None = None

        async def wanted_categories() -> frozenset[str]:
            return (await engine.wanted_categories()).union(settings.arxiv_categories)

        if sources is None:
            client = await stack.enter_async_context(FeedClient(contact=settings.contact))
            arxiv = Arxiv(settings.arxiv_api_url, settings.arxiv_rss_url, client=client, categories=wanted_categories)
            token = settings.huggingface_token.get_secret_value()
            sources = [HuggingFace(settings.huggingface_url, client=client, token=token), arxiv]
            catalogue, hub = arxiv, HuggingFacePapers(settings.huggingface_url, client=client, token=token)
        web = WebPlatform(store.messages, clock)
        platforms: dict[PlatformName, Platform] = {web.name: web}
        slack_parts, discord_platform = _slack_parts(settings, store, clock), _discord_platform(settings, clock)
        if slack_parts:
            platforms[slack_parts.platform.name] = slack_parts.platform
            stack.push_async_callback(slack_parts.platform.close)
        if discord_platform:
            platforms[discord_platform.name] = discord_platform
            stack.push_async_callback(discord_platform.close)
        metrics = Metrics()
        engine = Engine(
            store=store,
            sources=sources,
            platforms=platforms,
            index=index,
            clock=clock,
            metrics=metrics,
            enrichment=Enrichment(store.papers, clock, catalogue=catalogue, hub=hub),
            poll_every=settings.poll_every,
            unknown_policy=settings.unknown_outcome,
            left_kept_for=timedelta(days=settings.left_days),
        )
        directory = Directory(store, clock)
        libraries = Libraries([library for library in (hub, catalogue) if library], store.papers)
        services = Services(
            store=store,
            clock=clock,
            planner=engine.planner,
            index=index,
            libraries=libraries,
            directory=directory,
            platforms=platforms,
            wake=engine.posting.wake,
        )
        commands = Commands(services, metrics)
        life = ChannelLife(store, directory, clock, engine.posting.wake)
        discord = (
            _discord_bot(
                settings,
                discord_platform,
                commands,
                directory=directory,
                life=life,
                clock=clock,
                forms=Forms(store),
                unfurling=Unfurling(store.papers, libraries),
                announce=announce,
            )
            if discord_platform
            else None
        )
        slack: SlackApp | None = None
        if slack_parts:
            slack = _slack_app(
                settings,
                slack_parts,
                commands,
                clock=clock,
                life=life,
                unfurling=Unfurling(store.papers, libraries),
                forms=Forms(store),
                directory=directory,
                overview=Overview(store, clock),
            )
            stack.push_async_callback(slack.finish)
        yield Application(
            settings=settings,
            clock=clock,
            store=store,
            index=index,
            engine=engine,
            commands=commands,
            directory=directory,
            metrics=metrics,
            sources=sources,
            web=web,
            slack=slack,
            slack_checks=_slack_checks(settings, slack_parts, store, clock) if slack_parts else {},
            discord=discord,
        )


def demo_feed(clock: Clock) -> tuple[Source, tuple[date, ...]]:
    """The bundled sample feed and the days that it has."""
    return SampleFeed(clock), SAMPLE_DAYS


def parse_address(text: str) -> tuple[Address, str]:
    """The address that an operator writes (`web/general`, `slack/T123/C456`) and the channel's name."""
    platform, _, rest = text.partition("/")
    if platform == PlatformName.WEB and rest:
        name = channel_name_of(rest.removeprefix("local/"))
        return address_of(name), name
    workspace, _, channel = rest.partition("/")
    if platform in tuple(PlatformName) and workspace and channel:
        return Address(PlatformName(platform), workspace, channel), channel
    raise UserError(f"“{text[:80]}” is no channel. Write `web/general`, or platform/workspace/channel.")


async def _check_source(source: Source) -> str:
    newest = await source.newest_day()
    return f"the newest day is {newest}" if newest else "nothing is listed there for us"


@dataclass(frozen=True, slots=True)
class _SlackParts:
    """What Slack's app is made of. Without `installed` there is one workspace, that of the settings' token."""

    platform: SlackPlatform
    installed: InstalledWorkspaces | None
    installations: InstallationStore | None


def _slack_parts(settings: Settings, store: SqlStore, clock: Clock) -> _SlackParts | None:
    token, client_id = settings.slack_bot_token.get_secret_value(), settings.slack_client_id
    client_secret = settings.slack_client_secret.get_secret_value()
    listens = any(one.get_secret_value() for one in (settings.slack_app_token, settings.slack_signing_secret))
    if not (token or client_id or client_secret or listens):
        return None
    if bool(client_id) != bool(client_secret):
        missing = "PAPERROUND_SLACK_CLIENT_SECRET" if client_id else "PAPERROUND_SLACK_CLIENT_ID"
        raise OperatorError(f"{missing} is missing. Slack shows both under “Basic Information”, “App Credentials”.")
    if not token and not client_id:
        raise OperatorError(
            "PAPERROUND_SLACK_BOT_TOKEN is missing. Slack shows it under “OAuth & Permissions”. (For many workspaces, "
            "set PAPERROUND_SLACK_CLIENT_ID and PAPERROUND_SLACK_CLIENT_SECRET instead.)"
        )
    if not listens:
        raise OperatorError(
            "PAPERROUND_SLACK_APP_TOKEN is missing. Slack makes one under “Basic Information”, “App-Level Tokens”, "
            "with the scope connections:write. (Without Socket Mode, set PAPERROUND_SLACK_SIGNING_SECRET instead.)"
        )
    from adapters.slack.api import Connection
    from adapters.slack.paths import INSTALL_PATH
    from adapters.slack.platform import SlackPlatform
    from adapters.slack.workspaces import InstalledWorkspaces, OneWorkspace
    from storage.installations import SqlInstallationStore
    from storage.keys import open_keyring

    connection = Connection(settings.slack_api_url)
    if not client_id:
        return _SlackParts(SlackPlatform(OneWorkspace(connection, token)), None, None)
    keyring = open_keyring(settings.secret_key.get_secret_value(), settings.data_dir)
    installations = SqlInstallationStore(store.database, keyring)
    installed = InstalledWorkspaces(
        connection,
        installations,
        clock,
        client_id=client_id,
        client_secret=client_secret,
        install_url=settings.public_url + INSTALL_PATH,
        first=OneWorkspace(connection, token) if token else None,
    )
    return _SlackParts(SlackPlatform(installed), installed, installations)


def _slack_app(
    settings: Settings,
    parts: _SlackParts,
    commands: Commands,
    *,
    clock: Clock,
    life: ChannelLife,
    unfurling: Unfurling,
    forms: Forms,
    directory: Directory,
    overview: Overview,
) -> SlackApp:
    from adapters.slack.app import SlackApp
    from adapters.slack.installing import Installing

    installing: Installing | None = None
    if parts.installed and parts.installations:
        installing = Installing(
            parts.installed,
            parts.installations,
            clock,
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            public_url=settings.public_url,
            life=life,
        )
    return SlackApp(
        parts.platform,
        commands,
        REGISTRY,
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        life=life,
        card_of=unfurling.card_of,
        forms=forms,
        directory=directory,
        overview=overview,
        installing=installing,
    )


def _slack_checks(settings: Settings, parts: _SlackParts, store: SqlStore, clock: Clock) -> Mapping[str, Check]:
    from adapters.slack.checkup import Checkup

    async def with_topics() -> list[Channel]:
        channels = await store.channels.on_platform(PlatformName.SLACK)
        return [channel for channel in channels if await store.subscriptions.of_channel(channel.id)]

    app_token = settings.slack_app_token.get_secret_value()
    return Checkup(parts.platform.workspaces, clock, app_token=app_token, with_topics=with_topics).checks()


def _discord_platform(settings: Settings, clock: Clock) -> DiscordPlatform | None:
    token = settings.discord_token.get_secret_value()
    if not token:
        return None
    from adapters.discord.platform import DiscordPlatform

    return DiscordPlatform(token, clock, api_url=settings.discord_api_url, reads_messages=settings.discord_link_cards)


def _discord_bot(
    settings: Settings,
    platform: DiscordPlatform,
    commands: Commands,
    *,
    directory: Directory,
    life: ChannelLife,
    clock: Clock,
    forms: Forms,
    unfurling: Unfurling,
    announce: Callable[[str], None] | None,
) -> DiscordBot:
    from adapters.discord.bot import DiscordBot

    return DiscordBot(
        platform,
        commands,
        REGISTRY,
        directory=directory,
        life=life,
        clock=clock,
        forms=forms,
        card_of=unfurling.card_of if settings.discord_link_cards else None,
        announce=announce,
    )


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"The data folder {settings.data_dir} cannot be made ({error.strerror}). Set PAPERROUND_DATA_DIR."
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
