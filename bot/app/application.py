"""The application: all parts of the bot, put together and open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.web.platform import WebPlatform
from bot.app.adapters.chat import ChatDependencies
from bot.app.adapters.discord import discord_bot, discord_platform
from bot.app.adapters.mail import mail_checks, mail_links, mail_platform
from bot.app.adapters.slack import SlackParts, slack_app, slack_checks, slack_parts
from bot.app.adapters.telemetry import spans_of
from bot.app.assembly import engine_of, forms_of, lifecycle_of, overview_of, services_of
from bot.app.configuration.settings import Settings
from bot.app.engine import Engine
from bot.app.foundation import open_foundation
from bot.app.sources import Sources, open_sources, take_feeds
from bot.channels.channel import PlatformName
from bot.channels.directory import Directory
from bot.checks import Check
from bot.clocks import Clock, SteadyClock
from bot.commands.papers.reactions import Reactions
from bot.commands.runner import Commands
from bot.commands.services import Services
from bot.digests.unfurling import Unfurling
from bot.health.exposition import families_of
from bot.health.reporting import Health
from bot.intake.feeds import Feeds
from bot.intake.source import Source
from bot.library.library import Library
from bot.lifecycle.pruning import KeptFor
from bot.mail.mailing import Mailing
from bot.meaning.examples import Examples
from bot.meaning.finding import Finder
from bot.meaning.meaning import Meaning
from bot.metrics import Metrics
from bot.panels.panels import Panels
from bot.platforms.access import Access
from bot.platforms.platform import Platform
from bot.posting.roles import Duty, ProcessRole
from storage.search.index import TantivyIndex
from storage.store import SqlStore

if TYPE_CHECKING:
    # The libraries of chat platforms take most of a second to load, those of pages a tenth, and many runs need neither.
    from adapters.discord.bot import DiscordBot
    from adapters.discord.platform import DiscordPlatform
    from adapters.mail.platform import MailPlatform
    from adapters.slack.app import SlackApp


@dataclass(frozen=True, slots=True)
class Platforms:
    """Where can be posted."""

    web: WebPlatform
    slack: SlackParts | None
    discord: DiscordPlatform | None
    mail: MailPlatform | None = None

    @property
    def by_name(self) -> dict[PlatformName, Platform]:
        platforms: list[Platform] = [self.web]
        if self.slack:
            platforms.append(self.slack.platform)
        if self.discord:
            platforms.append(self.discord)
        if self.mail:
            platforms.append(self.mail)
        return {platform.name: platform for platform in platforms}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The whole bot, put together and open."""

    settings: Settings
    clock: Clock
    store: SqlStore
    index: TantivyIndex
    finder: Finder
    library: Library
    meaning: Meaning
    engine: Engine
    commands: Commands
    panels: Panels
    services: Services
    examples: Examples
    directory: Directory
    metrics: Metrics
    health: Health
    feeds: Sources
    added: Feeds
    web: WebPlatform
    slack: SlackApp | None
    slack_checks: Mapping[str, Check]
    discord: DiscordBot | None
    role: ProcessRole
    mail_checks: Mapping[str, Check]
    mailing: Mailing

    @property
    def platforms(self) -> frozenset[PlatformName]:
        """Where can be posted."""
        chats = {
            PlatformName.SLACK: self.slack,
            PlatformName.DISCORD: self.discord,
            PlatformName.MAIL: self.mail_checks,
        }
        return frozenset({self.web.name, *(name for name, chat in chats.items() if chat)})

    async def run(self) -> None:
        """The engine and the connections to chat platforms, until cancelled.

        Raises `OperatorError` where there is one platform alone, which refuses its token from the start.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self.engine.run())
            if self.slack:
                group.create_task(self.slack.keep_fresh())
                group.create_task(self.slack.watch())
            if self.slack and self.role.listens and self.settings.slack_app_token.get_secret_value():
                group.create_task(self.slack.run())
            if self.discord:
                serve = self.engine.leadership.serve
                if self.role.listens:
                    group.create_task(serve(PlatformName.DISCORD, Duty.LISTENING, self.discord.run))
                if self.role.works:
                    group.create_task(serve(PlatformName.DISCORD, Duty.POSTING, self.discord.watch))

    async def exposition(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type."""
        return self.metrics.exposition(*families_of(await self.health.report()))


@contextlib.asynccontextmanager
async def open_application(
    settings: Settings,
    *,
    clock: Clock | None = None,
    sources: Sequence[Source] | None = None,
    announce: Callable[[str], None] | None = None,
    role: ProcessRole = ProcessRole.ALL,
) -> AsyncIterator[Application]:
    """Opens everything and closes it again; raises `OperatorError` or `StorageError` when that cannot be done.

    `sources` take the place of the feeds that the settings name. `announce` is told what the operator should know of
    the chat platforms once they are connected.
    """
    clock, metrics = clock or SteadyClock(), Metrics()
    async with contextlib.AsyncExitStack() as stack:
        spans = spans_of(settings)
        stack.callback(spans.close)
        foundation = await open_foundation(settings, clock, stack, role)
        store, index = foundation.store, foundation.index

        async def categories_of_topics() -> frozenset[str]:
            return await engine.wanted_categories()  # the engine that is made of these feeds

        feeds = Sources(sources or ())
        if sources is None:
            feeds = await open_sources(settings, store, clock, stack, categories_of_topics, metrics)
        added = Feeds(store.feeds, store.sources, clock, feeds.added)
        await take_feeds(added, settings)
        access = Access(metrics)
        platforms = await _open_platforms(settings, store, clock, role, stack, access)
        links = mail_links(settings)
        engine = engine_of(
            store,
            sources=feeds.sources,
            feeds=added,
            platforms=platforms.by_name,
            index=index,
            meaning=foundation.meaning,
            clock=clock,
            metrics=metrics,
            spans=spans,
            catalogue=feeds.catalogue,
            hub=feeds.hub,
            poll_every=settings.poll_every,
            spread=timedelta(minutes=settings.spread_minutes),
            unknown_policy=settings.unknown_outcome,
            # Of the clock that counts: the database server's, where there is one, may be wrong as well.
            clock_ahead=feeds.ahead_of_feeds if sources is None else lambda _: timedelta(),
            left_kept_for=timedelta(days=settings.left_days),
            audit_kept_for=timedelta(days=settings.audit_days),
            kept=KeptFor(history=timedelta(days=settings.history_days), papers=timedelta(days=settings.paper_days)),
            role=role,
            mail_links=links,
            access=access,
        )
        stack.callback(engine.close)
        services = services_of(
            store,
            engine,
            platforms=platforms.by_name,
            index=index,
            clock=clock,
            feeds=added,
            lookups=feeds.lookups,
            categories=feeds.categories,
            own_address=settings.own_address,
            clock_ahead=feeds.clock_ahead,
            mail_links=links,
        )
        stack.push_async_callback(services.redraws.close)
        parts = _chat_dependencies(settings, store, services, Commands(services, metrics, spans), engine.outbox.wake)
        slack = slack_app(platforms.slack, parts) if platforms.slack else None
        if slack:
            stack.push_async_callback(slack.finish)
        yield Application(
            settings=settings,
            clock=clock,
            store=store,
            index=index,
            finder=services.finder,
            library=services.library,
            meaning=engine.meaning,
            engine=engine,
            commands=parts.commands,
            panels=Panels(services),
            services=services,
            examples=services.examples,
            directory=parts.directory,
            metrics=metrics,
            health=services.health,
            feeds=feeds,
            added=added,
            web=platforms.web,
            slack=slack,
            slack_checks=slack_checks(platforms.slack, parts) if platforms.slack else {},
            discord=discord_bot(platforms.discord, parts, announce) if platforms.discord else None,
            role=role,
            mail_checks=mail_checks(platforms.mail) if platforms.mail else {},
            mailing=services.mailing,
        )


def _chat_dependencies(
    settings: Settings, store: SqlStore, services: Services, commands: Commands, wake: Callable[[], None]
) -> ChatDependencies:
    return ChatDependencies(
        settings=settings,
        clock=services.clock,
        store=store,
        commands=commands,
        reactions=Reactions(services),
        directory=services.directory,
        lifecycle=lifecycle_of(store, services.clock, wake),
        forms=forms_of(store),
        unfurling=Unfurling(store.papers, services.lookups),
        overview=overview_of(store, services.health),
    )


async def _open_platforms(
    settings: Settings,
    store: SqlStore,
    clock: Clock,
    role: ProcessRole,
    stack: contextlib.AsyncExitStack,
    access: Access,
) -> Platforms:
    platforms = Platforms(
        web=WebPlatform(store.messages, clock),
        slack=slack_parts(settings, store, clock, access, role),
        discord=discord_platform(settings, clock, access),
        mail=mail_platform(settings, store, clock, access),
    )
    for platform in (platforms.slack and platforms.slack.platform, platforms.discord, platforms.mail):
        if platform:
            stack.push_async_callback(platform.close)
    return platforms
