"""The stores of subscriptions and of what they match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.query.models import Models
from bot.topics.subscription import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOptions:
    """What a person chose for a topic. `baseline` are papers that it matches already.

    `models` are what the terms by example of its query are decided by.
    """

    query: str
    models: Models = ()
    name: str = ""
    min_upvotes: int | None = None
    instant: bool = False
    baseline: tuple[str, ...] = ()


def options_of(topic: Subscription, baseline: tuple[str, ...] = ()) -> TopicOptions:
    """What somebody chose for a topic that there is."""
    return TopicOptions(
        query=topic.query,
        models=topic.models,
        name=topic.name,
        min_upvotes=topic.min_upvotes,
        instant=topic.instant,
        baseline=baseline,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicEdit:
    """What a topic is to be. Of what waits for its channel, the `unwanted` papers wait no more because of it.

    `before` is the topic of which that was made, where it must still be so.
    """

    subscription_id: int
    options: TopicOptions
    unwanted: tuple[str, ...] = ()
    before: Subscription | None = None


@dataclass(frozen=True, slots=True)
class TopicMove:
    """A topic that moves to another channel, and what it is there."""

    topic: Subscription
    options: TopicOptions


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """What a topic brought to its channel: papers by the day of the digest, and the channel's votes on them."""

    by_day: Mapping[date, int] = field(default_factory=dict)
    up: int = 0
    down: int = 0

    @property
    def brought(self) -> int:
        return sum(self.by_day.values())


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """`subscription` is None when the topic was removed."""

    change: int
    subscription_id: int
    subscription: Subscription | None


class SubscriptionStore(Protocol):
    async def add(
        self,
        channel_id: int,
        options: TopicOptions,
        *,
        created_by: str,
        now: datetime,
        backfill: Sequence[str] = (),
        named_in: int | None = None,
        quiet: bool = False,
    ) -> Subscription:
        """Adds a topic, and queues the older papers that were asked for.

        Raises `UserError` when the channel has that query already, named in the same place, or was deleted meanwhile.
        """
        ...

    async def add_all(
        self, channel_id: int, topics: Sequence[TopicOptions], *, created_by: str, now: datetime
    ) -> list[Subscription]:
        """Adds several topics at once, each as `add` does: all of them or none."""
        ...

    async def edit(self, edit: TopicEdit) -> Subscription:
        """Changes a topic.

        Raises `UserError` when another topic of the channel has that query, when this one was removed meanwhile, or is
        not any more what it was `before`.
        """
        ...

    async def edit_all(self, edits: Sequence[TopicEdit]) -> list[Subscription]:
        """Changes several topics at once, each as `edit` does: all of them or none."""
        ...

    async def merge(self, kept: Subscription, gone: Subscription, options: TopicOptions, now: datetime) -> Subscription:
        """Makes `kept` a topic with these options, which finds what both did, and removes `gone`.

        What waits or was posted because of `gone` is then because of `kept`; news is what comes after the later one.
        Raises `UserError` when another topic of the channel has that query, or when one of these changed meanwhile.
        """
        ...

    async def transfer(
        self, moves: Sequence[TopicMove], channel_id: int, *, created_by: str, now: datetime
    ) -> list[Subscription]:
        """Adds these topics to a channel and removes them where they were: all of them or none.

        What waits because of them waits in that channel then, and what is being matched is matched once more. Raises
        `UserError` when the channel has one of the queries, or when one of the topics changed meanwhile.
        """
        ...

    async def remove(self, subscription_id: int, now: datetime) -> None:
        """Removes the topic, and what waits for the channel only because of it."""
        ...

    async def remove_all(self, channel_id: int, now: datetime) -> int:
        """Removes all topics of a channel as `remove` does; returns how many."""
        ...

    async def of_channel(self, channel_id: int) -> list[Subscription]: ...

    async def get(self, subscription_ids: Sequence[int]) -> dict[int, Subscription]: ...

    async def changed(self, after: int, limit: int) -> list[SubscriptionChange]: ...

    async def baselines(self, subscription_ids: Sequence[int]) -> set[tuple[int, str]]: ...

    async def delivered(self, channel_id: int, since: datetime) -> dict[int, int]:
        """How many papers each topic brought since then."""
        ...

    async def figures(self, channel_id: int, since: date) -> dict[int, TopicFigures]:
        """What each topic brought with the digests from that day on; a topic that brought nothing is left out.

        A bounded number of statements, however many topics there are.
        """
        ...

    async def by_another_model(self, model: str) -> list[Subscription]:
        """The topics that go by vectors of another embedding model."""
        ...

    async def move(self, moved: Sequence[tuple[Subscription, Models]], model: str, notice: str, now: datetime) -> bool:
        """Gives all topics by another embedding model their new models, makes this one current, and tells each channel.

        All or nothing: False when these are not all of them, or not what they were. What had no vector of the old model
        is matched once more.
        """
        ...

    async def owner(self, channel_id: int) -> str:
        """Who made the channel's first topic that is still there, or an empty string."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A paper that topics of one channel want. `instant` asks for it to go out at once."""

    channel_id: int
    paper_id: str
    subscription_ids: tuple[int, ...]
    instant: bool


class MatchStore(Protocol):
    """Where it is kept which papers topics want."""

    async def record_matches(self, revisions: Mapping[str, int], matches: Sequence[Match], now: datetime) -> list[int]:
        """Queues what matched and notes that these revisions are done; returns the channels with something new.

        A paper that a channel already has is left as it is.
        """
        ...
