"""Baselines: the papers that a topic which watches numbers finds already, and that are no news to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.meaning.store import VectorStore, vectors_for
from bot.papers.sources import SourceName
from bot.papers.store import PaperStore
from bot.query.queries import Query
from bot.topics.decisions import MATCHED_AGAIN_FOR, Verdict, decide
from bot.topics.matcher import matches
from bot.topics.store import SubscriptionStore
from bot.topics.subscription import Subscription

#: Listed papers that were not matched yet: there are hardly ever any.
MOST_COMING = 1000


async def baseline_of(papers: PaperStore, vectors: VectorStore, wanted: Query, now: datetime) -> tuple[str, ...]:
    """The papers that match already, of those that may be matched again when their votes grow."""
    if not wanted.watches_numbers:
        return ()
    recent = await papers.listed_since(now - MATCHED_AGAIN_FOR)
    known = await vectors_for(vectors, wanted.embedding_models, [paper.id for paper in recent])
    return tuple(paper.id for paper in recent if matches(wanted, paper, known))


async def common_baseline_of(
    papers: PaperStore,
    vectors: VectorStore,
    subscriptions: SubscriptionStore,
    wanted: Query,
    topics: Sequence[Subscription],
    sources: frozenset[SourceName] | None,
    now: datetime,
) -> tuple[str, ...]:
    """What matches already or was old to one of the topics, less what is about to come by one of them.

    `sources` are those that the topics' channel takes papers from.
    """
    if not wanted.watches_numbers:
        return ()
    baselines = await subscriptions.baselines([topic.id for topic in topics])
    known = {*await baseline_of(papers, vectors, wanted, now), *(paper_id for _, paper_id in baselines)}
    unmatched = await papers.unmatched(MOST_COMING)
    models = frozenset().union(*(topic.wanted.embedding_models for topic in topics))
    meant = await vectors_for(vectors, models, [stored.paper.id for stored in unmatched])
    coming = {
        stored.paper.id
        for stored in unmatched
        for topic in topics
        if decide(
            stored,
            topic,
            matched=matches(topic.wanted, stored.paper, meant),
            watching=topic.wanted.watches_numbers,
            sources=sources,
            baselines=baselines,
            now=now,
        )
        is Verdict.WANTED
    }
    return tuple(sorted(known - coming))
