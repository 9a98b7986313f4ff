"""The composition root: the one place that knows which parts there are, and puts them together."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import uvicorn

from adapters.feeds.arxiv import Arxiv
from adapters.feeds.http import FeedClient
from adapters.feeds.huggingface import HuggingFace
from adapters.feeds.huggingface_papers import HuggingFacePapers
from adapters.feeds.json_lines import PapersFile
from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from adapters.web.app import create_app
from adapters.web.platform import WebPlatform, address_of, channel_name_of
from adapters.web.server import WebServer
from bot.channels import Address, PlatformName
from bot.clocks import SystemClock
from bot.commands import Commands, Services
from bot.directory import Directory
from bot.engine import Engine
from bot.enrichment import Enrichment
from bot.errors import OperatorError, StorageError, UserError
from bot.libraries import Libraries
from bot.metrics import Metrics
from bot.papers import SourceName
from bot.ports import Clock, Library, Platform, Source
from bot.settings import Settings
from storage.search import TantivyIndex
from storage.store import SqlStore

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
    web: WebPlatform

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
        settings = self.settings
        password = settings.web_password.get_secret_value()
        if not password and not _is_loopback(settings.web_host):
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
    settings: Settings, *, clock: Clock | None = None, sources: Sequence[Source] | None = None
) -> AsyncIterator[Application]:
    """Opens everything and closes it again; raises `OperatorError` or `StorageError` when that cannot be done.

    `sources` take the place of the feeds that the settings name.
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
        )
        directory = Directory(store, clock)
        services = Services(
            store=store,
            clock=clock,
            planner=engine.planner,
            index=index,
            libraries=Libraries([library for library in (hub, catalogue) if library], store.papers),
            directory=directory,
            platforms=platforms,
            wake=engine.posting.wake,
        )
        yield Application(
            settings=settings,
            clock=clock,
            store=store,
            index=index,
            engine=engine,
            commands=Commands(services, metrics),
            directory=directory,
            metrics=metrics,
            web=web,
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
