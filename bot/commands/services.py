"""What the handlers of commands work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.background import Precedence
from bot.channels.channel import Channel, PlatformName
from bot.channels.channel_feed import ChannelFeedStore
from bot.channels.directory import Directory
from bot.channels.personal import PersonalChannel, PersonalChannelStore
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.digests.planning import Planner
from bot.digests.store import DigestStore
from bot.errors import UserError
from bot.forecasts.forecasting import Forecasts
from bot.health.reporting import Health
from bot.intake.feeds import Feeds
from bot.intake.lookup import PaperLookups
from bot.intake.store import SourceStore
from bot.library.library import Library
from bot.mail.mailing import Mailing
from bot.meaning.examples import Examples
from bot.meaning.finding import Finder
from bot.meaning.meaning import Meaning
from bot.meaning.store import VectorStore, vectors_for
from bot.meaning.vectors import PaperVectors
from bot.papers.paper import Paper
from bot.papers.sources import SourceName, in_order
from bot.papers.store import PaperStore
from bot.people.record import Record
from bot.platforms.command_calls import CommandCall
from bot.platforms.platform import Platform
from bot.posting.composition import Composer
from bot.posting.redraws import Redraws
from bot.posting.store import PostStore
from bot.posting.traces import Tracing
from bot.query.models import Models
from bot.query.parser import parse
from bot.query.queries import Query
from bot.ranking.tastes import Tastes
from bot.reading.news import VoteNews
from bot.reading.store import ReadingStore
from bot.schedules.stored import DEFAULT_TIME_ZONE
from bot.schedules.zones import parse_time_zone
from bot.search.index import SearchIndex
from bot.topics.store import MatchStore, SubscriptionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of the bot that commands use. `wake` says that the outbox may have something to send,
    `categories` are arXiv's that are read. `own_address` is where our HTTP is reached, empty where nobody said."""

    papers: PaperStore
    sources: SourceStore
    feeds: Feeds
    mailing: Mailing
    channels: ChannelStore
    personal_channels: PersonalChannelStore
    channel_feeds: ChannelFeedStore
    subscriptions: SubscriptionStore
    matches: MatchStore
    digests: DigestStore
    posts: PostStore
    health: Health
    reading: ReadingStore
    votes: VoteNews
    redraws: Redraws
    composer: Composer
    tracing: Tracing
    clock: Clock
    planner: Planner
    tastes: Tastes
    index: SearchIndex
    finder: Finder
    meaning: Meaning
    vectors: VectorStore
    lookups: PaperLookups
    library: Library
    examples: Examples
    forecasts: Forecasts
    directory: Directory
    platforms: Mapping[PlatformName, Platform]
    record: Record
    precedence: Precedence
    wake: Callable[[], None]
    categories: Callable[[], Awaitable[frozenset[str]]]
    own_address: str = ""

    async def query(self, text: str) -> Query:
        """The query that a person wrote; raises `QueryError`, also for a source that there is not."""
        return parse(text, sources=await self.sources.names())

    async def sources_of(self, channel: Channel | None) -> list[SourceName]:
        """The sources that a channel takes papers from, in their order; all where there is no channel yet."""
        chosen = channel.settings.sources if channel else None
        return await self.sources.names() if chosen is None else in_order(chosen)

    async def vectors_of(self, papers: Sequence[Paper], *queries: Query) -> PaperVectors:
        """The vectors of papers that these queries are decided by; nothing is asked for queries without meaning."""
        models = frozenset[str]().union(*(query.embedding_models for query in queries))
        return await vectors_for(self.vectors, models, [paper.id for paper in papers])

    async def models_here(self, call: CommandCall) -> Models:
        """What the terms by example of the topics of a call's channel are decided by: a search finds the same."""
        channel = await self.known_channel(call)
        topics = await self.subscriptions.of_channel(channel.id) if channel else []
        return tuple(model for topic in topics for model in topic.models)

    def platform(self, name: PlatformName) -> Platform:
        """The platform of that name; raises `UserError` for one that is not connected: its channels stay."""
        if name not in self.platforms:
            raise UserError(f"{name.capitalize()} is not connected. The README says how.")
        return self.platforms[name]

    async def known_channel(self, call: CommandCall) -> Channel | None:
        """The channel of a call, None when nobody has set anything up there."""
        return await self.directory.find(call.address)

    async def personal_channel(self, call: CommandCall) -> PersonalChannel | None:
        """The own channel of the person who gives a command, None where they have none."""
        reader = call.reader
        return await self.personal_channels.find(reader.platform, reader.workspace, reader.person)

    async def channel(self, call: CommandCall) -> Channel:
        """The channel of a call, added with the defaults when it is new."""
        return await self.directory.add_channel(call.address, call.channel_name, _usable_zone(call.person.time_zone))


def _usable_zone(name: str | None) -> str:
    """The person's own time zone where the platform knows it; its name may be newer than our list."""
    try:
        return parse_time_zone(name).key if name else DEFAULT_TIME_ZONE
    except UserError:
        return DEFAULT_TIME_ZONE
