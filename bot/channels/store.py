"""The store: everything that is kept.

Every method is one transaction: it has happened as a whole when it returns, or not at all. All of them may raise
`bot.errors.StorageError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.channels import Address, Channel, ChannelSettings, PlatformName, Workspace
from bot.papers import Paper, SourceName, StoredPaper
from bot.ports.sources import DayAnswer
from bot.posts import (
    Digest,
    DigestPlan,
    Match,
    Post,
    PostContent,
    PostedPaper,
    PostState,
    QueuedPaper,
    Settlement,
)
from bot.reading import Reader, SavedPaper, Tally, Vote
from bot.subscriptions import Subscription


class PaperStore(Protocol):
    """Papers and where they were listed."""

    async def record_day(self, source: SourceName, answer: DayAnswer, now: datetime) -> int:
        """Merges a day's listings and remembers its validator; returns how many papers are new or changed."""
        ...

    async def import_papers(self, papers: Sequence[Paper]) -> int:
        """Merges papers that are news to nobody: they are searchable and no topic is told of them."""
        ...

    async def paper(self, paper_id: str) -> Paper | None: ...

    async def papers(self, paper_ids: Sequence[str]) -> dict[str, Paper]: ...

    async def beginning_with(self, beginning: str, limit: int) -> list[Paper]:
        """The papers whose id begins so, the largest ids first."""
        ...

    async def listed_on(self, day: date) -> list[Paper]:
        """The papers that any source listed on that day, most upvoted first."""
        ...

    async def newest_day(self) -> date | None: ...

    async def trending(self, since: date, limit: int) -> list[Paper]:
        """The most upvoted papers featured on `since` or later."""
        ...

    async def listed_since(self, since: datetime) -> list[Paper]:
        """The papers first listed after that time, newest first."""
        ...

    async def unmatched(self, limit: int) -> list[StoredPaper]:
        """Listed papers that changed since topics were last told of them, in the order of listing."""
        ...

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
        """Papers by growing change number; numbers are in commit order, so none can appear behind a reader."""
        ...

    async def last_change(self) -> int: ...

    async def count(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source is doing. `read_through` is the latest day read with success, `retry_at` what it asked of us."""

    name: SourceName
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_error: str = ""
    failures: int = 0
    read_through: date | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayReading:
    """The last reading of a source's day, and the validator that came with it."""

    read_at: datetime
    validator: str | None


class SourceStore(Protocol):
    async def state(self, name: SourceName) -> SourceState: ...

    async def readings(self, name: SourceName, days: Sequence[date]) -> dict[date, DayReading]:
        """When and how those of the days that were read before were read."""
        ...

    async def record_unchanged(self, name: SourceName, day: date, now: datetime) -> None:
        """Notes that a day was read again and is as it was."""
        ...

    async def record_success(self, name: SourceName, now: datetime, read_through: date | None) -> None: ...

    async def record_failure(self, name: SourceName, now: datetime, error: str, retry_at: datetime | None) -> None: ...


class ChannelStore(Protocol):
    async def find(self, address: Address) -> Channel | None: ...

    async def get(self, channel_ids: Sequence[int]) -> dict[int, Channel]: ...

    async def on_platform(
        self, platform: PlatformName, *, workspace: str = "", with_topics: bool = False
    ) -> list[Channel]:
        """The channels of a platform, or of one workspace; all of them or those with a topic, by name."""
        ...

    async def add(
        self, address: Address, name: str, *, time_zone: str, schedule: str, next_digest_at: datetime | None
    ) -> Channel:
        """The channel at that address: the one that is there, or a new one with default settings."""
        ...

    async def set_schedule(
        self, channel_id: int, *, schedule: str, time_zone: str, next_digest_at: datetime | None, now: datetime
    ) -> None:
        """Sets when digests go out. Without a `next_digest_at` papers go out at once, and those that wait do so now."""
        ...

    async def set_settings(self, channel_id: int, settings: ChannelSettings) -> None: ...

    async def pause(self, channel_id: int, *, reason: str, until: datetime | None) -> None: ...

    async def break_channels(self, address: Address, reason: str, *, whole_workspace: bool) -> list[Channel]:
        """Marks what the platform refuses; returns the channels that were well until now.

        A single channel that was refused already, and not with its workspace, takes the new reason.
        """
        ...

    async def move(self, address: Address, channel: str) -> bool:
        """Gives the channel of that address another id; False where there is none, or one of the new id already."""
        ...

    async def workspaces(self, platform: PlatformName) -> list[Workspace]: ...

    async def join_workspace(self, address: Address, name: str = "") -> None:
        """Notes that the bot is in the workspace of that address, and what it is called now if a name is given."""
        ...

    async def leave_workspace(self, address: Address, reason: str, now: datetime) -> None:
        """Notes since when the bot is not in that workspace any more, and marks all channels of it as refused."""
        ...

    async def forget_left(self, left_before: datetime, now: datetime, limit: int) -> int:
        """Deletes some of what is kept of workspaces that the bot left before that time, about `limit` rows at a time.

        Returns how many rows; 0 when nothing is left to delete now. Topics are first removed as people remove them, so
        that other processes learn of it, and deleted an hour later with the rest.
        """
        ...

    async def stopped_with_workspace(self, address: Address) -> list[Channel]:
        """The channels that were stopped with their whole workspace, and still are."""
        ...

    async def resume(self, channel_id: int, *, next_digest_at: datetime | None) -> bool:
        """Lets posts flow again, whatever stopped them; False if nothing had."""
        ...

    async def role(self, address: Address) -> str:
        """Who may manage the channels of that workspace, in the platform's words; empty for what it says itself."""
        ...

    async def set_role(self, address: Address, role: str) -> None: ...

    async def ended_pauses(self, now: datetime) -> list[Channel]: ...

    async def next_digests_after(self, time: datetime) -> list[Channel]:
        """Channels whose next digest is set to later than that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOptions:
    """What a person chose for a topic. `baseline` are papers that it matches already."""

    query: str
    name: str = ""
    min_upvotes: int | None = None
    instant: bool = False
    baseline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """`subscription` is None when the topic was removed."""

    change: int
    subscription_id: int
    subscription: Subscription | None


class SubscriptionStore(Protocol):
    async def add(self, channel_id: int, options: TopicOptions, *, created_by: str, now: datetime) -> Subscription:
        """Adds a topic; raises `UserError` when the channel has that query already."""
        ...

    async def edit(self, subscription_id: int, options: TopicOptions, *, unwanted: Sequence[str] = ()) -> Subscription:
        """Changes a topic; of what waits for the channel, the `unwanted` papers wait no more because of it.

        Raises `UserError` when another topic of the channel has that query, or when this one was removed meanwhile.
        """
        ...

    async def merge(self, kept: Subscription, gone: Subscription, options: TopicOptions, now: datetime) -> Subscription:
        """Makes `kept` a topic with these options, which finds what both did, and removes `gone`.

        What waits or was posted because of `gone` is then because of `kept`; news is what comes after the later one.
        Raises `UserError` when another topic of the channel has that query, or when one of these changed meanwhile.
        """
        ...

    async def remove(self, subscription_id: int, now: datetime) -> None:
        """Removes the topic, and what waits for the channel only because of it."""
        ...

    async def of_channel(self, channel_id: int) -> list[Subscription]: ...

    async def get(self, subscription_ids: Sequence[int]) -> dict[int, Subscription]: ...

    async def changed(self, after: int, limit: int) -> list[SubscriptionChange]: ...

    async def baselines(self, subscription_ids: Sequence[int]) -> set[tuple[int, str]]: ...

    async def delivered(self, channel_id: int, since: datetime) -> dict[int, int]:
        """How many papers each topic brought since then."""
        ...

    async def owner(self, channel_id: int) -> str:
        """Who made the channel's first topic that is still there, or an empty string."""
        ...


class DigestStore(Protocol):
    """What each channel is owed, and how it was put into digests."""

    async def record_matches(self, revisions: Mapping[str, int], matches: Sequence[Match], now: datetime) -> list[int]:
        """Queues what matched and notes that these revisions are done; returns the channels with something new.

        A paper that a channel already has is left as it is.
        """
        ...

    async def due(self, now: datetime, limit: int) -> list[Channel]: ...

    async def waiting(self, channel_id: int) -> list[QueuedPaper]: ...

    async def waiting_in(self, channel_ids: Sequence[int]) -> dict[int, list[QueuedPaper]]:
        """What waits in each of many channels, asked for in one go."""
        ...

    async def plan(self, plan: DigestPlan, now: datetime) -> bool:
        """Stores a digest with its posts and moves the channel on, all or nothing.

        False, and nothing is stored, when the channel moved on or a paper was taken since the plan was made.
        """
        ...

    async def digests(self, digest_ids: Sequence[int]) -> dict[int, Digest]: ...

    async def hidden(self, digest_id: int) -> list[Paper]:
        """The papers of a digest beyond those that its messages show."""
        ...

    async def topics_of(self, digest_ids: Sequence[int]) -> dict[int, dict[str, tuple[str, ...]]]:
        """For each paper of each digest the titles of the topics that matched it."""
        ...

    async def history(self, channel_id: int, limit: int, *, since: datetime | None = None) -> list[PostedPaper]:
        """The latest papers that were posted in the channel, newest first, none from before `since`."""
        ...

    async def delivered_ids(self, channel_id: int, paper_ids: Sequence[str]) -> set[str]:
        """Which of these papers are posted in the channel or wait to be."""
        ...


class PostStore(Protocol):
    """The outbox."""

    async def add(self, channel_id: int, content: PostContent, now: datetime) -> int: ...

    async def lease(
        self, platforms: Sequence[PlatformName], *, now: datetime, until: datetime, limit: int
    ) -> list[Post]:
        """Takes posts that are due, at most one of a channel and always its oldest open one."""
        ...

    async def begin(self, post: Post, *, now: datetime, until: datetime) -> bool:
        """Notes that a request is about to leave, and holds the post `until` then.

        False when the lease is not ours any more, or has ended: then nothing may leave.
        """
        ...

    async def settle(self, settlement: Settlement) -> bool:
        """Notes what became of a post; False, and nothing is written, when the lease is not ours any more."""
        ...

    async def expire(self, now: datetime) -> int:
        """Frees leases that ran out: untried posts are pending again, tried ones are unknown. Returns how many."""
        ...

    async def lease_unknown(
        self, platforms: Sequence[PlatformName], *, now: datetime, until: datetime, limit: int
    ) -> list[Post]:
        """Takes posts with an unknown outcome to look for them."""
        ...

    async def counts(self) -> dict[PostState, int]: ...

    async def open_in(self, channel_id: int) -> int:
        """How many posts of a channel are still to be sent."""
        ...

    async def last_error(self, channel_id: int) -> str: ...

    async def failures(self, channel_id: int, since: datetime) -> list[str]:
        """Why posts that were made since then will never be sent, the latest first."""
        ...

    async def sent_as(self, channel_id: int, remote_id: str) -> Post | None:
        """The post that became that message of the platform's, None if it is none of ours."""
        ...


class ReadingStore(Protocol):
    """People's reading lists, and what they think of papers."""

    async def save(self, reader: Reader, paper_id: str, now: datetime) -> bool:
        """Puts a paper that is known on the list; False when it was there already."""
        ...

    async def unsave(self, reader: Reader, paper_id: str) -> bool:
        """Takes a paper off the list; False when it was not there."""
        ...

    async def saved(self, reader: Reader, *, limit: int, offset: int = 0) -> list[SavedPaper]:
        """The list, what was saved last first."""
        ...

    async def saved_count(self, reader: Reader) -> int: ...

    async def vote(self, channel_id: int, paper_id: str, person: str, vote: Vote, now: datetime) -> Vote | None:
        """Casts a vote, or withdraws it when it is the person's already; returns what stands now."""
        ...

    async def tallies(self, channel_ids: Sequence[int], paper_ids: Sequence[str]) -> dict[tuple[int, str], Tally]:
        """The votes on each of those papers in each of those channels; without any, it is left out."""
        ...


class Store(Protocol):
    """Everything that is kept."""

    @property
    def papers(self) -> PaperStore: ...

    @property
    def sources(self) -> SourceStore: ...

    @property
    def channels(self) -> ChannelStore: ...

    @property
    def subscriptions(self) -> SubscriptionStore: ...

    @property
    def digests(self) -> DigestStore: ...

    @property
    def posts(self) -> PostStore: ...

    @property
    def reading(self) -> ReadingStore: ...

    async def counts(self) -> dict[str, int]:
        """How many papers, channels and subscriptions there are."""
        ...

    async def let_go(self, duty: str) -> None:
        """Leaves that duty to others; harmless if this process does not have it. Raises `StorageError`."""
        ...

    async def hold(self, duty: str) -> bool:
        """Whether this process is the one that does something only one may do at a time; it is now if nobody was.

        `duty` names it, in small letters, digits and hyphens. It has to be asked for every few seconds to be kept.
        """
        ...
