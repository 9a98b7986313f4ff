"""Traces: what happened to a paper in a channel, stage by stage, and what will.

Nothing is decided here. What topics say of the paper comes from `bot.topics.decisions`, where the matching decides,
and all else from what is stored of its delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.channels.channel import Channel, ChannelState
from bot.channels.next_digest import quiet_until
from bot.clocks import Clock
from bot.digests.digest import DeliveryState
from bot.digests.store import DigestStore
from bot.meaning.store import VectorStore, vectors_for
from bot.meaning.vectors import PaperVectors
from bot.papers.paper import PaperRecord
from bot.papers.store import PaperStore
from bot.posting.post import DeliveryRecord, PostState
from bot.posting.store import PostStore
from bot.query.errors import QueryError
from bot.query.models import embedding_model_of
from bot.topics.decisions import Evidence, Verdict, decide, evidence
from bot.topics.matcher import matches
from bot.topics.store import SubscriptionStore
from bot.topics.subscription import Subscription


class Outcome(StrEnum):
    """Where a paper stands in a channel. The value is the sentence that says it."""

    POSTED = "It was posted here."
    LONG_AGO = "It was posted here, so long ago that nothing else is kept of that."
    COUNTED = "It was among the papers that a digest counts and does not show."
    ON_ITS_WAY = "The message with it is on its way."
    PAUSED = "It waits: posting here is paused."
    STOPPED = "It waits: posting here is stopped."
    QUIET = "It waits: today is a quiet day here."
    WAITING = "It waits for the next digest."
    COMING_ELSEWHERE = "It waits: it comes in a channel of yours, and is sent here only if it does not."
    READ_ELSEWHERE = "It was not sent here: you read it in another channel of yours."
    NOT_SENT = "It was not posted: its message could not be sent."
    TAKEN_BACK = "It was not posted: it waited, and then no topic here wanted it any more."
    UNKNOWN = "It was not posted: I have never read about it."
    NEVER_LISTED = (
        "It was not posted: no feed that I read has listed it. I only know it from a search, a link or an import."
    )
    NO_TOPICS = "It was not posted: this channel has no topics."
    NOT_LOOKED_AT = "It is so new that topics have not looked at it yet."
    NOT_MATCHED = "It was not posted: no topic here finds it."
    TOO_LONG_AGO = "It was not posted: what it has gained since came too long after it was listed."
    OLDER_THAN_TOPICS = "It was not posted: it was listed before the topic that finds it was set."
    SOURCE_LEFT_OUT = "It was not posted: this channel takes no papers from the feed that listed it."
    CHANGED_SINCE = "It was not posted: a topic finds it now, but topics or settings were other ones when it came."


@dataclass(frozen=True, slots=True)
class TopicTrace:
    """What one topic says of the paper. Without `evidence` its query cannot be read any more."""

    topic: Subscription
    verdict: Verdict
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that is known of a paper in a channel."""

    outcome: Outcome
    record: PaperRecord | None
    delivery: DeliveryRecord | None
    topics: tuple[TopicTrace, ...]
    waits_until: datetime | None = None


class Tracing:
    """Follows papers through what is stored."""

    def __init__(
        self,
        *,
        papers: PaperStore,
        subscriptions: SubscriptionStore,
        digests: DigestStore,
        posts: PostStore,
        vectors: VectorStore,
        clock: Clock,
    ) -> None:
        self._papers = papers
        self._digests = digests
        self._subscriptions = subscriptions
        self._posts = posts
        self._vectors = vectors
        self._clock = clock

    async def trace(self, channel: Channel, paper_id: str) -> Trace:
        """What happened to the paper in the channel."""
        record = await self._papers.record_of(paper_id)
        if record is None:
            return Trace(Outcome.UNKNOWN, None, None, ())
        delivery = await self._posts.delivery(channel.id, record.paper.id)
        topics = await self._asked(channel, record)
        now = self._clock.now()
        if delivery is not None:
            outcome = _delivered(channel, delivery, now)
            if outcome in (Outcome.WAITING, Outcome.QUIET) and channel.person:
                elsewhere = (await self._digests.elsewhere([channel.id]))[channel.id]
                outcome = (
                    Outcome.READ_ELSEWHERE
                    if paper_id in elsewhere.read
                    else Outcome.COMING_ELSEWHERE
                    if paper_id in elsewhere.coming
                    else outcome
                )
            until = quiet_until(channel, now) if outcome is Outcome.QUIET else channel.next_digest_at
            return Trace(outcome, record, delivery, topics, until)
        if await self._digests.delivered_ids(channel.id, [record.paper.id]):
            return Trace(Outcome.LONG_AGO, record, None, topics)
        return Trace(_left_out(record, topics), record, None, topics)

    async def _asked(self, channel: Channel, record: PaperRecord) -> tuple[TopicTrace, ...]:
        topics = await self._subscriptions.of_channel(channel.id)
        baselines = await self._subscriptions.baselines([topic.id for topic in topics]) if topics else set()
        vectors = await vectors_for(
            self._vectors, {name for topic in topics if (name := embedding_model_of(topic.models))}, [record.paper.id]
        )
        return tuple(self._ask(topic, channel, record, baselines, vectors) for topic in topics)

    def _ask(
        self,
        topic: Subscription,
        channel: Channel,
        record: PaperRecord,
        baselines: set[tuple[int, str]],
        vectors: PaperVectors,
    ) -> TopicTrace:
        try:
            wanted = topic.wanted
        except QueryError:
            return TopicTrace(topic, Verdict.NOT_MATCHED, None)
        matched, found = matches(wanted, record.paper, vectors), evidence(wanted, record.paper, vectors)
        if record.stored is None:
            return TopicTrace(topic, Verdict.WANTED if matched else Verdict.NOT_MATCHED, found)
        verdict = decide(
            record.stored,
            topic,
            matched=matched,
            watching=wanted.watches_numbers,
            sources=channel.settings.sources,
            baselines=baselines,
            now=self._clock.now(),
        )
        return TopicTrace(topic, verdict, found)


def _delivered(channel: Channel, delivery: DeliveryRecord, now: datetime) -> Outcome:
    if delivery.state is DeliveryState.POSTED:
        shown = delivery.digest is None or delivery.place <= delivery.digest.shown
        return Outcome.POSTED if shown else Outcome.COUNTED
    if delivery.state is DeliveryState.DROPPED:
        if delivery.read_elsewhere:
            return Outcome.READ_ELSEWHERE
        return Outcome.NOT_SENT if delivery.post is PostState.FAILED else Outcome.TAKEN_BACK
    if channel.state is not ChannelState.ACTIVE:
        return Outcome.PAUSED if channel.state is ChannelState.PAUSED else Outcome.STOPPED
    if delivery.digest is not None:
        return Outcome.ON_ITS_WAY
    return Outcome.QUIET if quiet_until(channel, now) is not None else Outcome.WAITING


#: Of several topics the one decides that got the farthest.
_FARTHEST = (
    (Verdict.SOURCE_LEFT_OUT, Outcome.SOURCE_LEFT_OUT),
    (Verdict.OLDER_THAN_TOPIC, Outcome.OLDER_THAN_TOPICS),
    (Verdict.TOO_LONG_AGO, Outcome.TOO_LONG_AGO),
)


def _left_out(record: PaperRecord, topics: tuple[TopicTrace, ...]) -> Outcome:
    if record.stored is None:
        return Outcome.NEVER_LISTED
    if not topics:
        return Outcome.NO_TOPICS
    if not record.is_matched:
        return Outcome.NOT_LOOKED_AT
    verdicts = {topic.verdict for topic in topics}
    if Verdict.WANTED in verdicts:
        return Outcome.CHANGED_SINCE
    return next((outcome for verdict, outcome in _FARTHEST if verdict in verdicts), Outcome.NOT_MATCHED)
