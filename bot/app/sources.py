"""The sources of a running bot: what is read, put together from the settings."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from adapters.feeds.arxiv.source import Arxiv
from adapters.feeds.http import MEGABYTE, FeedClient, Limits
from adapters.feeds.huggingface.lookup import HuggingFacePapers
from adapters.feeds.huggingface.source import HuggingFace
from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from adapters.feeds.syndication.public_addresses import PublicTransport
from adapters.feeds.thumbnails import THUMBNAIL_LIMITS, FetchedThumbnails
from bot.app.adapters.feeds import AddedFeeds
from bot.app.configuration.settings import Settings
from bot.clocks import Clock, machine_time
from bot.errors import SettingsError
from bot.intake.feeds import FeedHistory, FeedReader, Feeds
from bot.intake.lookup import PaperLookup
from bot.intake.source import Source
from bot.metrics import Metrics
from bot.papers.thumbnails import Thumbnails
from storage.store import SqlStore

MOST_OF_A_FEED = 8 * MEGABYTE


async def _no_categories() -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where papers come from. `catalogue` and `hub` know single papers; `categories` are arXiv's that are read.
    `added` reads what people add, and `thumbnails` the pictures of papers.
    """

    sources: Sequence[Source]
    catalogue: PaperLookup | None = None
    hub: PaperLookup | None = None
    client: FeedClient | None = None
    categories: Callable[[], Awaitable[frozenset[str]]] = _no_categories
    added: FeedReader | None = None
    thumbnails: Thumbnails | None = None

    def clock_ahead(self) -> timedelta | None:
        """How far this machine's clock is ahead of the feeds'; None as long as none told the time."""
        return self.ahead_of_feeds(machine_time())

    def ahead_of_feeds(self, moment: datetime) -> timedelta | None:
        """The same of a clock that shows that moment."""
        return self.client.ahead_of_servers(moment) if self.client else None

    @property
    def lookups(self) -> list[PaperLookup]:
        return [lookup for lookup in (self.hub, self.catalogue) if lookup]


async def open_sources(
    settings: Settings,
    store: SqlStore,
    clock: Clock,
    stack: contextlib.AsyncExitStack,
    topic_categories: Callable[[], Awaitable[frozenset[str]]],
    metrics: Metrics,
) -> Sources:
    """The sources that the settings name; they are closed with the `stack`. `topic_categories` are those of topics."""

    async def wanted() -> frozenset[str]:
        return (await topic_categories()).union(settings.arxiv_categories)

    client = await stack.enter_async_context(FeedClient(contact=settings.contact, metrics=metrics))
    token = settings.huggingface_token.get_secret_value()
    arxiv = Arxiv(settings.arxiv_api_url, settings.arxiv_rss_url, client=client, categories=wanted)
    anywhere = await stack.enter_async_context(
        FeedClient(
            contact=settings.contact,
            limits=Limits(body=MOST_OF_A_FEED, total=40.0, redirects=4, attempts=2),
            transport=PublicTransport(inside=settings.feeds_inside),
            metrics=metrics,
        )
    )
    # Whoever writes a feed chooses these addresses: they are never the operator's own network.
    pictures = await stack.enter_async_context(
        FeedClient(
            contact=settings.contact,
            limits=THUMBNAIL_LIMITS,
            transport=PublicTransport(),
            metrics=metrics,
            operation="picture",
        )
    )
    return Sources(
        sources=[HuggingFace(settings.huggingface_url, client=client, token=token), arxiv],
        catalogue=arxiv,
        hub=HuggingFacePapers(settings.huggingface_url, client=client, token=token),
        client=client,
        categories=wanted,
        added=AddedFeeds(
            client=anywhere,
            servers=settings.biorxiv_url,
            server_client=client,
            history=FeedHistory(store.papers, store.sources),
            clock=clock,
        ),
        thumbnails=FetchedThumbnails(pictures),
    )


async def take_feeds(feeds: Feeds, settings: Settings) -> None:
    """Adds the feeds that the settings name; raises `SettingsError` for one that is none."""
    try:
        await feeds.take_from_settings(settings.feeds)
    except ValueError as error:
        raise SettingsError(f"PAPERROUND_FEEDS: {error}.") from error


def demo_feed(clock: Clock) -> tuple[Source, tuple[date, ...]]:
    """The bundled sample feed and the days that it has."""
    return SampleFeed(clock), SAMPLE_DAYS
