"""Assembly: the parts of the core that work on a store, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.app.engine import Engine
from bot.channels.channel import PlatformName
from bot.channels.directory import Directory
from bot.clocks import Clock
from bot.commands.operating.overview import Overview
from bot.commands.services import Services
from bot.digests.planning import Planner
from bot.forecasts.forecasting import Forecasts
from bot.health.heartbeat import Heartbeat
from bot.health.reporting import Health, HealthReports
from bot.intake.enrichment import Enrichment
from bot.intake.feeds import Feeds
from bot.intake.lookup import PaperLookup, PaperLookups
from bot.intake.polling import Intake
from bot.intake.source import Source
from bot.library.channel_feed import ChannelFeeds
from bot.library.library import Library
from bot.library.searching import Searching
from bot.lifecycle.channels import ChannelLifecycle
from bot.lifecycle.pruning import KeptFor, Pruning
from bot.lifecycle.retention import KEPT_FOR, Retention
from bot.lifecycle.timekeeping import Timekeeping
from bot.mail.links import MailLinks
from bot.mail.mailing import Mailing
from bot.mail.trending import Trending
from bot.meaning.embedding import Embedding
from bot.meaning.examples import Examples
from bot.meaning.finding import Finder
from bot.meaning.meaning import Meaning
from bot.metrics import Metrics
from bot.people.audit import AUDIT_KEPT
from bot.people.record import Record
from bot.platforms.access import Access
from bot.platforms.platform import Platform
from bot.posting.composition import Composer
from bot.posting.history import History
from bot.posting.leadership import Leadership
from bot.posting.outbox import OutboxWorker
from bot.posting.redraws import Redraws
from bot.posting.retries import UnknownPolicy
from bot.posting.roles import ProcessRole
from bot.posting.traces import Tracing
from bot.ranking.tastes import Tastes
from bot.reading.news import VoteNews
from bot.search.index import SearchIndex
from bot.spans import Spans
from bot.topics.forms import TopicForms
from bot.topics.matching import TopicMatching
from bot.topics.model_change import ModelChange
from storage.database.database import newest_revision
from storage.store import SqlStore


def composer_of(store: SqlStore, mail_links: MailLinks | None = None) -> Composer:
    """What writes the messages of posts. `mail_links` are those of mails, where any can be sent."""
    return Composer(
        channels=store.channels,
        papers=store.papers,
        reading=store.reading,
        digests=store.digests,
        personal_channels=store.personal_channels,
        recipients=store.recipients,
        mail_links=mail_links,
    )


def history_of(store: SqlStore) -> History:
    """What reads what was posted."""
    return History(store.posts, composer_of(store))


def channel_feeds_of(store: SqlStore) -> ChannelFeeds:
    """What reads the feeds of channels."""
    return ChannelFeeds(store.channel_feeds, store.archive, store.papers)


def engine_of(
    store: SqlStore,
    *,
    sources: Sequence[Source],
    platforms: Mapping[PlatformName, Platform],
    index: SearchIndex,
    meaning: Meaning,
    clock: Clock,
    metrics: Metrics,
    spans: Spans,
    feeds: Feeds | None = None,
    catalogue: PaperLookup | None = None,
    hub: PaperLookup | None = None,
    poll_every: timedelta,
    spread: timedelta = timedelta(),
    unknown_policy: UnknownPolicy,
    clock_ahead: Callable[[datetime], timedelta | None] = lambda _: timedelta(),
    left_kept_for: timedelta = KEPT_FOR,
    audit_kept_for: timedelta = AUDIT_KEPT,
    kept: KeptFor | None = None,
    role: ProcessRole = ProcessRole.ALL,
    mail_links: MailLinks | None = None,
    access: Access | None = None,
) -> Engine:
    """What polls, matches, plans and posts. `catalogue` and `hub` complete papers (`bot.intake.enrichment`), `access`
    is whether platforms let us in."""
    access = access or Access(metrics)
    metrics.expect(platforms=platforms, sources=[source.name for source in sources])
    enrichment = Enrichment(store.papers, clock, catalogue=catalogue, hub=hub)
    leadership = Leadership(store.locks, platforms, role)
    timekeeping = Timekeeping(store.times, clock)
    tastes = Tastes(papers=store.papers, reading=store.reading, clock=clock)
    return Engine(
        clock=clock,
        clock_ahead=clock_ahead,
        intake=Intake(sources, store.papers, store.sources, clock, feeds),
        matching=TopicMatching(
            papers=store.papers,
            channels=store.channels,
            subscriptions=store.subscriptions,
            matches=store.digests,
            vectors=store.vectors,
            clock=clock,
            metrics=metrics,
            spans=spans,
        ),
        enrichment=enrichment,
        planner=Planner(
            digests=store.digests,
            channels=store.channels,
            platforms=platforms,
            clock=clock,
            enrichment=enrichment,
            tastes=tastes,
            trending=Trending(store.recipients, store.papers),
            metrics=metrics,
            spans=spans,
            spread=spread,
        ),
        outbox=OutboxWorker(
            posts=store.posts,
            channels=store.channels,
            subscriptions=store.subscriptions,
            composer=composer_of(store, mail_links),
            platforms=platforms,
            clock=clock,
            metrics=metrics,
            spans=spans,
            leadership=leadership,
            recipients=store.recipients,
            jumps=timekeeping.jumps,
            unknown_policy=unknown_policy,
        ),
        leadership=leadership,
        notifications=store.notifications,
        timekeeping=timekeeping,
        pruning=Pruning(store.pruning, kept),
        retention=Retention(
            store.channels, store.personal_channels, store.recipients, store.audit, left_kept_for, audit_kept_for
        ),
        index=index,
        meaning=meaning,
        embedding=Embedding(meaning, store.papers, store.vectors),
        model_change=ModelChange(
            meaning=meaning,
            vectors=store.vectors,
            examples=Examples(
                papers=store.papers, index=index, meaning=meaning, find=PaperLookups((), store.papers).known
            ),
            subscriptions=store.subscriptions,
            channels=store.channels,
            clock=clock,
        ),
        metrics=metrics,
        spans=spans,
        heartbeat=Heartbeat(store.health, clock, role, access),
        access=access,
        poll_every=poll_every,
        role=role,
    )


def services_of(
    store: SqlStore,
    engine: Engine,
    *,
    platforms: Mapping[PlatformName, Platform],
    index: SearchIndex,
    clock: Clock,
    feeds: Feeds | None = None,
    lookups: Sequence[PaperLookup] = (),
    categories: Callable[[], Awaitable[frozenset[str]]] | None = None,
    own_address: str = "",
    clock_ahead: Callable[[], timedelta | None] = lambda: None,
    mail_links: MailLinks | None = None,
) -> Services:
    """What commands work with. `clock_ahead` is how far the machine's clock is ahead of others', where they tell."""
    health = HealthReports(
        store=store.health,
        sources=store.sources,
        papers=store.papers,
        channels=store.channels,
        posts=store.posts,
        calendar=engine.planner.calendar,
        index=index,
        meaning=engine.meaning,
        clock=clock,
        poll_every=engine.poll_every,
        schema=newest_revision(),
        leads=lambda: engine.leadership.polls,
        stuck_for=engine.stuck_for,
        clock_ahead=clock_ahead,
        refusals=lambda: engine.access.refusals,
    )
    votes = VoteNews()
    redraws = Redraws(posts=store.posts, composer=composer_of(store), platforms=platforms)
    votes.listen(redraws)
    known = PaperLookups(lookups, store.papers)
    examples = Examples(papers=store.papers, index=index, meaning=engine.meaning, find=known.known)
    finder = Finder(index, engine.meaning)
    return Services(
        papers=store.papers,
        sources=store.sources,
        feeds=feeds or Feeds(store.feeds, store.sources, clock, None),
        mailing=Mailing(store.recipients, store.channels, clock, mail_links),
        channels=store.channels,
        personal_channels=store.personal_channels,
        channel_feeds=store.channel_feeds,
        subscriptions=store.subscriptions,
        matches=store.digests,
        digests=store.digests,
        posts=store.posts,
        health=health,
        reading=store.reading,
        votes=votes,
        redraws=redraws,
        composer=composer_of(store),
        tracing=Tracing(
            papers=store.papers,
            subscriptions=store.subscriptions,
            digests=store.digests,
            posts=store.posts,
            vectors=store.vectors,
            clock=clock,
        ),
        clock=clock,
        planner=engine.planner,
        tastes=engine.planner.tastes,
        index=index,
        lookups=known,
        forecasts=Forecasts(papers=store.papers, index=index),
        library=library_of(store, index, finder, examples, known),
        examples=examples,
        finder=finder,
        meaning=engine.meaning,
        vectors=store.vectors,
        directory=Directory(store.channels, clock),
        platforms=platforms,
        record=Record(store.audit, clock),
        precedence=engine.precedence,
        wake=engine.outbox.wake,
        categories=categories or engine.wanted_categories,
        own_address=own_address,
    )


def library_of(
    store: SqlStore, index: SearchIndex, finder: Finder, examples: Examples, lookups: PaperLookups
) -> Library:
    """What commands and pages about papers read."""
    return Library(
        papers=store.papers,
        sources=store.sources,
        lookups=lookups,
        searching=Searching(
            papers=store.papers,
            sources=store.sources,
            subscriptions=store.subscriptions,
            index=index,
            finder=finder,
            examples=examples,
            lookups=lookups,
        ),
        archive=store.archive,
        reading=store.reading,
        digests=store.digests,
        posts=store.posts,
        subscriptions=store.subscriptions,
    )


def lifecycle_of(store: SqlStore, clock: Clock, wake: Callable[[], None]) -> ChannelLifecycle:
    """What follows the channels on their platforms."""
    return ChannelLifecycle(
        channels=store.channels,
        personal_channels=store.personal_channels,
        subscriptions=store.subscriptions,
        directory=Directory(store.channels, clock),
        clock=clock,
        wake=wake,
    )


def forms_of(store: SqlStore) -> TopicForms:
    """What forms about topics begin with."""
    return TopicForms(store.channels, store.subscriptions)


def overview_of(store: SqlStore, health: Health) -> Overview:
    """What a person sees outside of any channel."""
    return Overview(reading=store.reading, health=health)
