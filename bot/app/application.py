"""The application: all parts of the bot, put together and open."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from adapters.feeds.arxiv.source import Arxiv
from adapters.feeds.http import FeedClient
from adapters.feeds.huggingface.lookup import HuggingFacePapers
from adapters.feeds.huggingface.source import HuggingFace
from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from adapters.web.platform import WebPlatform
from bot.app.assembly import engine_of, forms_of, lifecycle_of, services_of
from bot.app.core import Core
from bot.app.discord import discord_bot, discord_platform
from bot.app.engine import Engine
from bot.app.settings import Settings
from bot.app.slack import slack_app, slack_checks, slack_parts
from bot.channels.channel import PlatformName
from bot.channels.directory import Directory
from bot.checks import Check
from bot.clocks import Clock, SystemClock
from bot.commands.runner import Commands
from bot.digests.unfurling import Unfurling
from bot.errors import OperatorError, StorageError
from bot.intake.lookup import PaperLookup
from bot.intake.source import Source
from bot.metrics import Metrics
from bot.papers.paper import SOURCE_NAMES, SourceName
from bot.platforms.platform import Platform
from bot.query.parser import parse
from storage.search.index import TantivyIndex
from storage.store import SqlStore

if TYPE_CHECKING:
    # The libraries of chat platforms take most of a second to load, those of pages a tenth, and many runs need neither.
    from adapters.discord.bot import DiscordBot
    from adapters.slack.app import SlackApp
    from adapters.web.server import WebServer

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
                group.create_task(self.engine.leadership.serve(PlatformName.DISCORD, self.discord.run))

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
        catalogue: PaperLookup | None = None
        hub: PaperLookup | None = None

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
        for_slack, for_discord = slack_parts(settings, store, clock), discord_platform(settings, clock)
        if for_slack:
            platforms[for_slack.platform.name] = for_slack.platform
            stack.push_async_callback(for_slack.platform.close)
        if for_discord:
            platforms[for_discord.name] = for_discord
            stack.push_async_callback(for_discord.close)
        metrics = Metrics()
        engine = engine_of(
            store,
            sources=sources,
            platforms=platforms,
            index=index,
            clock=clock,
            metrics=metrics,
            catalogue=catalogue,
            hub=hub,
            poll_every=settings.poll_every,
            unknown_policy=settings.unknown_outcome,
            left_kept_for=timedelta(days=settings.left_days),
        )
        lookups = [lookup for lookup in (hub, catalogue) if lookup]
        services = services_of(store, engine, platforms=platforms, index=index, clock=clock, lookups=lookups)
        core = Core(
            settings=settings,
            clock=clock,
            store=store,
            commands=Commands(services, metrics),
            directory=services.directory,
            lifecycle=lifecycle_of(store, clock, engine.outbox.wake),
            forms=forms_of(store),
            unfurling=Unfurling(store.papers, services.lookups),
        )
        slack = slack_app(for_slack, core) if for_slack else None
        if slack:
            stack.push_async_callback(slack.finish)
        yield Application(
            settings=settings,
            clock=clock,
            store=store,
            index=index,
            engine=engine,
            commands=core.commands,
            directory=core.directory,
            metrics=metrics,
            sources=sources,
            web=web,
            slack=slack,
            slack_checks=slack_checks(for_slack, core) if for_slack else {},
            discord=discord_bot(for_discord, core, announce) if for_discord else None,
        )


def demo_feed(clock: Clock) -> tuple[Source, tuple[date, ...]]:
    """The bundled sample feed and the days that it has."""
    return SampleFeed(clock), SAMPLE_DAYS


async def _check_source(source: Source) -> str:
    newest = await source.newest_day()
    return f"the newest day is {newest}" if newest else "nothing is listed there for us"


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
