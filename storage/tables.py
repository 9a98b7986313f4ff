"""The tables. What they mean is in `bot`; here is only how it is kept.

Enumerations are stored as their values in plain text with a CHECK, so that a new member is an ordinary migration on
both databases. Lists that are read and written whole are JSON.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from bot.channels.channel import ChannelState, PlatformName, Style
from bot.digests.digest import DeliveryState, DigestKind
from bot.posting.post import PostState
from bot.reading.votes import Vote

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JsonType = JSON().with_variant(JSONB(), "postgresql")


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A CHECK that the column holds one of the enumeration's values."""
    allowed = ", ".join(f"'{member.value}'" for member in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


class CounterRow(SQLModel, table=True):
    """Numbers that only grow. Whoever writes a numbered change locks the row first, so numbers are in commit order."""

    __tablename__ = "counters"

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class PaperRow(SQLModel, table=True):
    """A paper. It waits for the matcher while `matched_revision` is less than `revision`."""

    __tablename__ = "papers"
    __table_args__ = (
        Index("ix_papers_change", "change", unique=True),
        Index("ix_papers_listed_at", "listed_at"),
        Index(
            "ix_papers_unmatched",
            "listed_change",
            postgresql_where=text("listed_change IS NOT NULL AND matched_revision < revision"),
            sqlite_where=text("listed_change IS NOT NULL AND matched_revision < revision"),
        ),
    )

    id: str = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    title_tex: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    abstract: str = Field(sa_type=Text)
    authors: list[dict[str, Any]] = Field(sa_type=JsonType)
    categories: list[str] = Field(sa_type=JsonType)
    keywords: list[str] = Field(sa_type=JsonType)
    summary: str = Field(sa_type=Text)
    published_on: date | None
    featured_on: date | None
    sources: list[str] = Field(sa_type=JsonType)
    upvotes: int
    comments: int
    stars: int
    models: int
    datasets: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    spaces: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    submitter: str
    organization: str
    organization_name: str
    code_url: str = Field(sa_type=Text)
    project_url: str = Field(sa_type=Text)
    thumbnail_url: str = Field(sa_type=Text)
    author_comment: str = Field(sa_type=Text)
    doi: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    page_url: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    file_url: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    venue: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    other_ids: list[str] = Field(sa_type=JsonType, sa_column_kwargs={"server_default": text("'[]'")})
    listed_at: datetime | None
    listed_change: int | None = Field(sa_type=BigInteger)
    revision: int
    matched_revision: int
    change: int = Field(sa_type=BigInteger)


class PaperIdRow(SQLModel, table=True):
    """What else a paper is known as: its DOI, a feed's name for it, an id that it had before."""

    __tablename__ = "paper_ids"
    __table_args__ = (Index("ix_paper_ids_paper_id", "paper_id"),)

    id: str = Field(primary_key=True)
    paper_id: str = Field(foreign_key="papers.id", ondelete="CASCADE")


class ListingRow(SQLModel, table=True):
    __tablename__ = "listings"
    __table_args__ = (Index("ix_listings_paper_id", "paper_id"), Index("ix_listings_day", "day"))

    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    paper_id: str = Field(primary_key=True, foreign_key="papers.id", ondelete="CASCADE")
    rank: int


class EmbeddingModelRow(SQLModel, table=True):
    """A version of a model that vectors are of. Topics go by the current one."""

    __tablename__ = "embedding_models"
    __table_args__ = (UniqueConstraint("name"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    is_current: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class VectorRow(SQLModel, table=True):
    """What a paper means to a version of a model. Gone as soon as the paper's text changes."""

    __tablename__ = "vectors"
    __table_args__ = (Index("ix_vectors_change", "model_id", "change", unique=True),)

    paper_id: str = Field(primary_key=True, foreign_key="papers.id", ondelete="CASCADE")
    model_id: int = Field(primary_key=True, foreign_key="embedding_models.id", ondelete="CASCADE")
    numbers: bytes = Field(sa_type=LargeBinary)
    change: int = Field(sa_type=BigInteger)


class SourceRow(SQLModel, table=True):
    """How a source is doing. `read_through` is the last day that was read for good."""

    __tablename__ = "sources"

    name: str = Field(primary_key=True)
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str = Field(sa_type=Text)
    failures: int
    read_through: date | None
    retry_at: datetime | None


class FeedRow(SQLModel, table=True):
    """A source that somebody added. `from_settings` says that the settings name it, which alone can take it away."""

    __tablename__ = "feeds"
    __table_args__ = (UniqueConstraint("address"),)

    name: str = Field(primary_key=True)
    address: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    added_by: str
    added_at: datetime
    from_settings: bool


class SourceDayRow(SQLModel, table=True):
    __tablename__ = "source_days"

    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    validator: str | None = Field(sa_type=Text)
    read_at: datetime


class WorkspaceRow(SQLModel, table=True):
    """A Slack team, a Discord guild, the local workspace.

    `role` names who may manage its channels, empty for what the platform says; `left_at` is when the bot was removed,
    `stopped_for` why nothing could be posted in any of its channels, the last time that was so.
    """

    __tablename__ = "workspaces"
    __table_args__ = (UniqueConstraint("platform", "external_id"), one_of("platform", PlatformName))

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    external_id: str
    name: str
    role: str = Field(default="", sa_column_kwargs={"server_default": ""})
    left_at: datetime | None = None
    stopped_for: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})


class ChannelRow(SQLModel, table=True):
    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("workspace_id", "external_id"),
        one_of("state", ChannelState),
        Index("ix_channels_next_digest_at", "next_digest_at"),
        Index("ix_channels_instant_at", "instant_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace_id: int = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    external_id: str
    name: str
    time_zone: str
    schedule: str
    settings: dict[str, Any] = Field(sa_type=JsonType)
    state: str
    reason: str = Field(sa_type=Text)
    paused_until: datetime | None
    next_digest_at: datetime | None
    instant_at: datetime | None
    post_after: datetime | None
    last_number: int


class PersonalChannelRow(SQLModel, table=True):
    """Whose own channel a channel is: their direct messages with the bot.

    `told` is the last reason, of those why nothing reaches them there, that they were told elsewhere; `stopped_at` is
    since when that is so, as far as somebody noticed.
    """

    __tablename__ = "personal_channels"
    __table_args__ = (Index("ix_personal_channels_person", "person"),)

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    person: str
    name: str
    pings: bool
    told: str = Field(sa_type=Text)
    stopped_at: datetime | None


class SubscriptionRow(SQLModel, table=True):
    """A topic. Removed ones stay, so that other processes learn of the removal and history keeps its names.

    One that is a person's own belongs to their own channel, and `named_in` is where they named it.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("channel_id", "number"),
        Index("ix_subscriptions_change", "change", unique=True),
        Index(
            "ix_subscriptions_embedding_model",
            "embedding_model",
            postgresql_where=text("embedding_model IS NOT NULL"),
            sqlite_where=text("embedding_model IS NOT NULL"),
        ),
        Index(
            "ix_subscriptions_named_in",
            "named_in",
            postgresql_where=text("named_in IS NOT NULL"),
            sqlite_where=text("named_in IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    number: int
    name: str
    query: str = Field(sa_type=Text)
    models: str | None = Field(default=None, sa_type=Text)
    embedding_model: str | None = Field(default=None)
    min_upvotes: int | None
    instant: bool
    since: int = Field(sa_type=BigInteger)
    change: int = Field(sa_type=BigInteger)
    created_by: str
    created_at: datetime
    removed_at: datetime | None
    named_in: int | None = Field(default=None, foreign_key="channels.id", ondelete="CASCADE")
    quiet: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class BaselineRow(SQLModel, table=True):
    """A paper that a topic on growing numbers matched when it was set: no news to it, however the numbers grow."""

    __tablename__ = "baselines"

    subscription_id: int = Field(primary_key=True, foreign_key="subscriptions.id", ondelete="CASCADE")
    paper_id: str = Field(primary_key=True, foreign_key="papers.id", ondelete="CASCADE")


class DigestRow(SQLModel, table=True):
    __tablename__ = "digests"
    __table_args__ = (one_of("kind", DigestKind), one_of("style", Style), Index("ix_digests_channel_id", "channel_id"))

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    kind: str
    day: date
    style: str
    topics: list[str] = Field(sa_type=JsonType)
    total: int
    shown: int
    planned_at: datetime


class PostRow(SQLModel, table=True):
    """The outbox. A channel has at most one post in flight: the partial unique index makes it a fact."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("key"),
        one_of("state", PostState),
        Index(
            "uq_posts_in_flight",
            "channel_id",
            unique=True,
            postgresql_where=text("state = 'leased'"),
            sqlite_where=text("state = 'leased'"),
        ),
        # Of all states: databases do not see that an index for some of them serves a statement with parameters.
        Index("ix_posts_channel_state", "channel_id", "state", "id"),
        Index("ix_posts_state_due", "state", "due_at"),
        Index(
            "ix_posts_remote_id",
            "channel_id",
            "remote_id",
            postgresql_where=text("remote_id IS NOT NULL"),
            sqlite_where=text("remote_id IS NOT NULL"),
        ),
        *(
            Index(
                f"ix_posts_{column}",
                column,
                postgresql_where=text(f"{column} IS NOT NULL"),
                sqlite_where=text(f"{column} IS NOT NULL"),
            )
            for column in ("parent_id", "digest_id")
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    digest_id: int | None = Field(foreign_key="digests.id", ondelete="CASCADE")
    parent_id: int | None = Field(foreign_key="posts.id", ondelete="CASCADE")
    content: dict[str, Any] = Field(sa_type=JsonType)
    key: str
    state: str
    due_at: datetime
    lease: str
    lease_until: datetime | None
    attempt_at: datetime | None
    first_attempt_at: datetime | None
    attempts: int
    look_ups: int
    look_up_cursor: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    look_up_began_at: datetime | None
    late: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    remote_id: str | None
    error: str = Field(sa_type=Text)
    created_at: datetime
    sent_at: datetime | None


class DeliveryRow(SQLModel, table=True):
    """A paper in a channel. The unique key is the promise that there is never a second one.

    `read_in` is the channel in which a person read it, and because of which it was dropped from their own. It may be
    gone since, and nothing else is looked up by it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("channel_id", "paper_id"),
        one_of("state", DeliveryState),
        Index(
            "ix_deliveries_waiting",
            "channel_id",
            postgresql_where=text("state = 'queued' AND digest_id IS NULL"),
            sqlite_where=text("state = 'queued' AND digest_id IS NULL"),
        ),
        Index("ix_deliveries_post_id", "post_id"),
        Index("ix_deliveries_digest_id", "digest_id"),
        Index("ix_deliveries_posted_at", "channel_id", "posted_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channels.id", ondelete="CASCADE")
    paper_id: str = Field(foreign_key="papers.id")
    state: str
    instant: bool
    queued_at: datetime
    digest_id: int | None = Field(foreign_key="digests.id", ondelete="CASCADE")
    position: int | None
    points: int | None = None
    post_id: int | None = Field(foreign_key="posts.id", ondelete="SET NULL")
    posted_at: datetime | None
    read_in: int | None = None


class DeliveryTopicRow(SQLModel, table=True):
    __tablename__ = "delivery_topics"
    __table_args__ = (Index("ix_delivery_topics_subscription_id", "subscription_id"),)

    delivery_id: int = Field(primary_key=True, foreign_key="deliveries.id", ondelete="CASCADE")
    subscription_id: int = Field(primary_key=True, foreign_key="subscriptions.id", ondelete="CASCADE")


class SavedPaperRow(SQLModel, table=True):
    """A paper on a person's reading list. `workspace` is empty where a person is the same one in every workspace.

    `channel_id` is where it was put there, None where that was in no channel that we know.
    """

    __tablename__ = "saved_papers"
    __table_args__ = (
        one_of("platform", PlatformName),
        Index(
            "ix_saved_papers_channel_id",
            "channel_id",
            postgresql_where=text("channel_id IS NOT NULL"),
            sqlite_where=text("channel_id IS NOT NULL"),
        ),
    )

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    paper_id: str = Field(primary_key=True, foreign_key="papers.id")
    saved_at: datetime
    channel_id: int | None = Field(default=None, foreign_key="channels.id", ondelete="SET NULL")
    by_reaction: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class VoteRow(SQLModel, table=True):
    """What a person of a channel thinks of a paper. `by_reaction`: taking the reaction away takes the vote back."""

    __tablename__ = "votes"
    __table_args__ = (one_of("vote", Vote),)

    channel_id: int = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    paper_id: str = Field(primary_key=True, foreign_key="papers.id")
    person: str = Field(primary_key=True)
    vote: str
    voted_at: datetime
    by_reaction: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class InstallationRow(SQLModel, table=True):
    """The app in a workspace or organisation. `sealed` are its tokens, encrypted; whoever renews them holds a lease."""

    __tablename__ = "installations"

    workspace: str = Field(primary_key=True)
    enterprise: str
    team: str
    name: str
    app_id: str
    bot_user: str
    scopes: list[str] = Field(sa_type=JsonType)
    installed_by: str
    installed_at: datetime
    sealed: str = Field(sa_type=Text)
    expires_at: datetime | None
    renew_at: datetime | None = Field(index=True)
    lease: str
    lease_until: datetime | None
    problem: str = Field(sa_type=Text)


class OAuthStateRow(SQLModel, table=True):
    """An installation under way. `state` is a hash: what is kept here lets nobody go on with it."""

    __tablename__ = "oauth_states"

    state: str = Field(primary_key=True)
    expires_at: datetime = Field(index=True)


class IdempotencyKeyRow(SQLModel, table=True):
    """Something that was begun, and is not to be begun again for a while."""

    __tablename__ = "idempotency_keys"

    key: str = Field(primary_key=True)
    expires_at: datetime = Field(index=True)


class WebMessageRow(SQLModel, table=True):
    """What was posted in the web workspace."""

    __tablename__ = "web_messages"
    __table_args__ = (UniqueConstraint("key"), Index("ix_web_messages_channel", "channel", "id"))

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    key: str
    reply_to: int | None
    message: dict[str, Any] = Field(sa_type=JsonType)
    posted_at: datetime


# Statements are written against the tables themselves: they return plain rows, and nothing is tracked or refreshed.
_TABLES = SQLModel.metadata.tables
COUNTERS = _TABLES["counters"]
PAPERS = _TABLES["papers"]
PAPER_IDS = _TABLES["paper_ids"]
LISTINGS = _TABLES["listings"]
EMBEDDING_MODELS = _TABLES["embedding_models"]
VECTORS = _TABLES["vectors"]
FEEDS = _TABLES["feeds"]
SOURCES = _TABLES["sources"]
SOURCE_DAYS = _TABLES["source_days"]
WORKSPACES = _TABLES["workspaces"]
CHANNELS = _TABLES["channels"]
PERSONAL_CHANNELS = _TABLES["personal_channels"]
SUBSCRIPTIONS = _TABLES["subscriptions"]
BASELINES = _TABLES["baselines"]
DIGESTS = _TABLES["digests"]
POSTS = _TABLES["posts"]
DELIVERIES = _TABLES["deliveries"]
DELIVERY_TOPICS = _TABLES["delivery_topics"]
SAVED_PAPERS = _TABLES["saved_papers"]
VOTES = _TABLES["votes"]
INSTALLATIONS = _TABLES["installations"]
OAUTH_STATES = _TABLES["oauth_states"]
IDEMPOTENCY_KEYS = _TABLES["idempotency_keys"]
WEB_MESSAGES = _TABLES["web_messages"]

#: What can be made again from the others, so that no backup needs it.
DERIVED = frozenset({EMBEDDING_MODELS, VECTORS})
