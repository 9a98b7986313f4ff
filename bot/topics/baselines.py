"""Baselines: the papers that a topic which watches numbers finds already, and that are no news to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.papers.store import PaperStore
from bot.query.queries import Query
from bot.topics.decisions import MATCHED_AGAIN_FOR, Verdict, decide
from bot.topics.matcher import matches
from bot.topics.store import SubscriptionStore
from bot.topics.subscription import Subscription

#: Listed papers that were not matched yet: there are hardly ever any.
MOST_COMING = 1000


async def baseline_of(papers: PaperStore, wanted: Query, now: datetime) -> tuple[str, ...]:
    """The papers that match already, of those that may be matched again when their votes grow."""
    if not wanted.watches_numbers:
        return ()
    recent = await papers.listed_since(now - MATCHED_AGAIN_FOR)
    return tuple(paper.id for paper in recent if matches(wanted, paper))


async def common_baseline_of(
    papers: PaperStore, subscriptions: SubscriptionStore, wanted: Query, topics: Sequence[Subscription], now: datetime
) -> tuple[str, ...]:
    """What matches already or was old to one of the topics, less what is about to come by one of them."""
    if not wanted.watches_numbers:
        return ()
    baselines = await subscriptions.baselines([topic.id for topic in topics])
    known = {*await baseline_of(papers, wanted, now), *(paper_id for _, paper_id in baselines)}
    coming = {
        stored.paper.id
        for stored in await papers.unmatched(MOST_COMING)
        for topic in topics
        if decide(
            stored,
            topic,
            matched=matches(topic.wanted, stored.paper),
            watching=topic.wanted.watches_numbers,
            sources=None,
            baselines=baselines,
            now=now,
        )
        is Verdict.WANTED
    }
    return tuple(sorted(known - coming))
