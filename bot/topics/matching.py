"""Topics meet papers: every new or changed paper is matched against all subscriptions."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Sequence

import structlog

from bot.background import Stints
from bot.channels.channel import Channel
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.meaning.store import VectorStore, vectors_for
from bot.metrics import Metrics
from bot.papers.paper import StoredPaper
from bot.papers.store import PaperStore
from bot.query.errors import QueryError
from bot.spans import Spans, trace_of_paper
from bot.topics.decisions import Verdict, decide, is_current
from bot.topics.matcher import Matcher
from bot.topics.store import Match, MatchStore, SubscriptionStore
from bot.topics.subscription import Subscription

BATCH = 100  # papers whose matches are stored together
EVALUATED_AT_ONCE = 20  # papers; the matcher does not let go of the event loop meanwhile
CHANGES_AT_ONCE = 250  # to read so many takes some milliseconds

_log = structlog.get_logger()


class TopicMatching:
    """Follows the subscriptions of all channels and tells which papers each is owed."""

    def __init__(
        self,
        *,
        papers: PaperStore,
        channels: ChannelStore,
        subscriptions: SubscriptionStore,
        matches: MatchStore,
        vectors: VectorStore,
        clock: Clock,
        metrics: Metrics,
        spans: Spans,
    ) -> None:
        self._papers = papers
        self._channels = channels
        self._subscriptions = subscriptions
        self._matches = matches
        self._vectors = vectors
        self._clock = clock
        self._metrics = metrics
        self._spans = spans
        self._matcher = Matcher()
        self._topics: dict[int, Subscription] = {}
        self._watching: set[int] = set()
        self._categories: dict[int, frozenset[str]] = {}
        self._change = 0
        self._one_at_a_time = asyncio.Lock()

    async def match_new(self) -> list[int]:
        """Matches what changed since the last time, in this process or another; returns the channels with news.

        A crash at any line is harmless: papers stay unmatched until their matches are stored, in one transaction.
        """
        news: set[int] = set()
        async with self._one_at_a_time:
            while papers := await self._papers.unmatched(BATCH):
                # Topics are read after the papers: one that is older than a paper is then certainly known.
                await self._follow()
                started = time.monotonic()
                matches = await self._match(papers)
                seconds = time.monotonic() - started
                self._metrics.match(len(papers), len(matches), seconds)
                revisions = {stored.paper.id: stored.revision for stored in papers}
                news.update(await self._matches.record_matches(revisions, matches, self._clock.now()))
                wanted = sorted({match.paper_id for match in matches})
                self._tell(len(papers), len(matches), wanted, seconds)
        return sorted(news)

    def _tell(self, papers: int, matches: int, wanted: Sequence[str], seconds: float) -> None:
        topics = len(self._topics)
        _log.info("papers.matched", matched=papers, matches=matches, topics=topics, papers=wanted)
        self._spans.done("match", seconds, papers=papers, matches=matches, topics=topics)
        for paper_id in wanted:
            self._spans.done("paper", 0.0, trace=trace_of_paper(paper_id), first=True, paper=paper_id)

    async def follow(self) -> None:
        """Takes over which topics were set, changed and removed, in this process or another."""
        async with self._one_at_a_time:
            await self._follow()

    async def categories(self) -> frozenset[str]:
        """The arXiv categories that topics name: what has to be read so that they get their papers."""
        await self.follow()
        return frozenset().union(*self._categories.values())

    async def _follow(self) -> None:
        stints = Stints()
        while changes := await self._subscriptions.changed(self._change, CHANGES_AT_ONCE):
            for change in changes:
                self._apply(change.subscription_id, change.subscription)
                self._change = change.change
                await stints.rest()
            if len(changes) == CHANGES_AT_ONCE:
                # So many come when a process starts. They stay, and looking through all of them again and again, as the
                # garbage collector would, holds up everybody: a quarter of a second with 100,000 topics.
                gc.freeze()

    def _apply(self, subscription_id: int, subscription: Subscription | None) -> None:
        if subscription is None:
            self._forget(subscription_id)
            return
        try:
            query = subscription.wanted
        except QueryError as error:
            # Only a topic stored by a version that understood more can be here; its channel's list shows it.
            _log.error("topic.unreadable", subscription=subscription_id, query=subscription.query, reason=str(error))
            self._forget(subscription_id)
            return
        self._matcher.put(subscription_id, query)
        self._topics[subscription_id] = subscription
        if query.categories:
            self._categories[subscription_id] = query.categories
        else:
            self._categories.pop(subscription_id, None)
        if query.watches_numbers:
            self._watching.add(subscription_id)
        else:
            self._watching.discard(subscription_id)

    def _forget(self, subscription_id: int) -> None:
        if self._topics.pop(subscription_id, None) is not None:
            self._matcher.remove(subscription_id)
            self._watching.discard(subscription_id)
            self._categories.pop(subscription_id, None)

    async def _match(self, papers: Sequence[StoredPaper]) -> list[Match]:
        now = self._clock.now()
        current = [stored for stored in papers if is_current(stored, now)]
        vectors = await vectors_for(
            self._vectors, self._matcher.embedding_models, [stored.paper.id for stored in current]
        )
        stints = Stints()
        found: list[list[int]] = []
        for start in range(0, len(current), EVALUATED_AT_ONCE):
            some = current[start : start + EVALUATED_AT_ONCE]
            found += self._matcher.match_all([stored.paper for stored in some], vectors)
            await stints.rest()
        watching: set[int] = set()
        channel_ids: set[int] = set()
        for topics in found:
            watching |= self._watching.intersection(topics)
            channel_ids.update(self._topics[topic].channel_id for topic in topics)
            await stints.rest()
        baselines = await self._subscriptions.baselines(sorted(watching)) if watching else set()
        channels = await self._channels.get(sorted(channel_ids))
        matches: list[Match] = []
        for stored, topics in zip(current, found, strict=True):
            wanted: defaultdict[int, list[Subscription]] = defaultdict(list)
            for topic in map(self._topics.__getitem__, topics):
                channel = channels.get(topic.channel_id)
                if channel is None:
                    continue
                verdict = decide(
                    stored,
                    topic,
                    matched=True,
                    watching=topic.id in watching,
                    sources=channel.settings.sources,
                    baselines=baselines,
                    now=now,
                )
                if verdict is Verdict.WANTED:
                    wanted[topic.channel_id].append(topic)
                await stints.rest()
            for channel_id, those in wanted.items():
                matches.append(_match(channels[channel_id], stored, those))
                await stints.rest()
        return matches


def _match(channel: Channel, stored: StoredPaper, topics: Sequence[Subscription]) -> Match:
    return Match(
        channel_id=channel.id,
        paper_id=stored.paper.id,
        subscription_ids=tuple(sorted(topic.id for topic in topics)),
        instant=channel.next_digest_at is None or any(topic.instant for topic in topics),
    )
