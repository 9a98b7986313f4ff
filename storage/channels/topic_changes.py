"""Changes of topics, each a part of a transaction: added, edited, merged, moved, removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.digest import DeliveryState
from bot.errors import UserError
from bot.mail.recipients import Content
from bot.query.models import embedding_model_of, models_written
from bot.topics.store import Match, TopicEdit, TopicMove, TopicOptions
from bot.topics.subscription import Subscription
from storage.channels.channel_rows import deleted_meanwhile
from storage.channels.subscription_rows import subscription_of
from storage.database.counters import Counter, next_numbers
from storage.database.statements import chunks, upsert
from storage.posting.deliveries import WAITING, queue
from storage.tables.channels import CHANNELS, MAIL_RECIPIENTS
from storage.tables.papers import LISTINGS, PAPERS
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS
from storage.tables.topics import BASELINES, SUBSCRIPTIONS

#: Topics of a channel that are removed together; no command lets anybody have more.
MOST_REMOVED = 200


async def add_topics(
    connection: AsyncConnection,
    channel_id: int,
    topics: Sequence[TopicOptions],
    created_by: str,
    now: datetime,
    *,
    named_in: int | None = None,
    quiet: bool = False,
) -> list[Subscription]:
    """Adds different topics, numbered in their order."""
    if not topics:
        return []
    change = await next_numbers(connection, Counter.CHANGE, len(topics))
    await _refuse_doubles(connection, channel_id, [options.query for options in topics], named_in)
    numbering = (
        update(CHANNELS)
        .where(CHANNELS.c.id == channel_id, CHANNELS.c.deleted_at.is_(None))
        .values(last_number=CHANNELS.c.last_number + len(topics))
        .returning(CHANNELS.c.last_number)
    )
    last_number: int | None = (await connection.execute(numbering)).scalar_one_or_none()
    if last_number is None:
        raise deleted_meanwhile()
    number = last_number - len(topics) + 1
    rows = [
        {
            "channel_id": channel_id,
            "number": number + place,
            **_chosen(options),
            "since": change + place,
            "change": change + place,
            "created_by": created_by,
            "created_at": now,
            "named_in": named_in,
            "quiet": quiet,
        }
        for place, options in enumerate(topics)
    ]
    # They are put in order here: told to do so, SQLAlchemy sends SQLite a statement for each.
    stored = map(subscription_of, await connection.execute(insert(SUBSCRIPTIONS).returning(SUBSCRIPTIONS), rows))
    added = sorted(stored, key=lambda topic: topic.number)
    for topic, options in zip(added, topics, strict=True):
        await _set_baseline(connection, topic.id, options.baseline)
    return added


def _chosen(options: TopicOptions) -> dict[str, Any]:
    """What a person chose, by the columns that keep it."""
    return {
        "name": options.name,
        "query": options.query,
        "models": models_written(options.models),
        "embedding_model": embedding_model_of(options.models),
        "min_upvotes": options.min_upvotes,
        "instant": options.instant,
    }


async def edit_topic(connection: AsyncConnection, edit: TopicEdit) -> Subscription:
    change = await next_numbers(connection, Counter.CHANGE)
    known = select(SUBSCRIPTIONS).where(
        SUBSCRIPTIONS.c.id == edit.subscription_id, SUBSCRIPTIONS.c.removed_at.is_(None)
    )
    before = (await connection.execute(known)).one_or_none()
    if before is None:
        raise UserError("That topic was removed in the meantime.")
    if edit.before is not None and subscription_of(before) != edit.before:
        # What is kept of it would be what somebody else has just changed.
        raise UserError("That topic was changed in the meantime. `/papers topics` shows it.")
    await _refuse_doubles(
        connection, before.channel_id, [edit.options.query], before.named_in, besides=[edit.subscription_id]
    )
    # A new name is no new question: only another query starts over with what is news.
    models = models_written(edit.options.models)
    asked = (edit.options.query, edit.options.min_upvotes, models)
    asks_anew = (before.query, before.min_upvotes, before.models) != asked
    editing = (
        update(SUBSCRIPTIONS)
        .where(SUBSCRIPTIONS.c.id == edit.subscription_id)
        .values(
            **_chosen(edit.options),
            since=change if asks_anew else before.since,
            change=change,
        )
        .returning(SUBSCRIPTIONS)
    )
    edited = subscription_of((await connection.execute(editing)).one())
    if asks_anew:
        await connection.execute(delete(BASELINES).where(BASELINES.c.subscription_id == edit.subscription_id))
        await _set_baseline(connection, edit.subscription_id, edit.options.baseline)
    for some in chunks(edit.unwanted):
        await _drop_waiting(connection, edit.subscription_id, some)
    return edited


async def remove_topic(connection: AsyncConnection, subscription_id: int, now: datetime) -> None:
    change = await next_numbers(connection, Counter.CHANGE)
    await connection.execute(
        update(SUBSCRIPTIONS)
        .where(SUBSCRIPTIONS.c.id == subscription_id, SUBSCRIPTIONS.c.removed_at.is_(None))
        .values(removed_at=now, change=change)
    )
    await _drop_waiting(connection, subscription_id)


async def merge_topics(
    connection: AsyncConnection, kept: Subscription, gone: Subscription, options: TopicOptions, now: datetime
) -> Subscription:
    """Makes one topic of two, with what either brought. Raises `UserError` where one of them is not as it was."""
    change = await next_numbers(connection, Counter.CHANGE, 2)
    both = select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id.in_([kept.id, gone.id]), SUBSCRIPTIONS.c.removed_at.is_(None))
    known = {row.id: subscription_of(row) for row in await connection.execute(both)}
    if known != {kept.id: kept, gone.id: gone}:
        raise UserError("One of these topics was changed in the meantime. `/papers topics` shows them.")
    await _refuse_doubles(connection, kept.channel_id, [options.query], kept.named_in, besides=(kept.id, gone.id))
    await connection.execute(
        update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == gone.id).values(removed_at=now, change=change)
    )
    merging = (
        update(SUBSCRIPTIONS)
        .where(SUBSCRIPTIONS.c.id == kept.id)
        .values(
            **_chosen(options),
            since=max(kept.since, gone.since),
            change=change + 1,
        )
        .returning(SUBSCRIPTIONS)
    )
    merged = subscription_of((await connection.execute(merging)).one())
    await connection.execute(delete(BASELINES).where(BASELINES.c.subscription_id.in_([kept.id, gone.id])))
    await _set_baseline(connection, kept.id, options.baseline)
    await _hand_over(connection, gone.id, kept.id)
    await _match_again(connection)
    return merged


async def remove_topics(connection: AsyncConnection, channel_id: int, now: datetime) -> int:
    """Removes all topics of a channel, and lets go of what waits there; returns how many there were."""
    alive = select(SUBSCRIPTIONS.c.id).where(
        SUBSCRIPTIONS.c.channel_id == channel_id, SUBSCRIPTIONS.c.removed_at.is_(None)
    )
    change = await next_numbers(connection, Counter.CHANGE, MOST_REMOVED)
    topics = list((await connection.execute(alive.order_by(SUBSCRIPTIONS.c.id).limit(MOST_REMOVED))).scalars())
    for place, topic in enumerate(topics):
        removal = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == topic)
        await connection.execute(removal.values(removed_at=now, change=change + place))
    followers = select(MAIL_RECIPIENTS.c.channel_id).where(
        MAIL_RECIPIENTS.c.follows == channel_id, MAIL_RECIPIENTS.c.content == Content.TOPICS
    )
    theirs = or_(DELIVERIES.c.channel_id == channel_id, DELIVERIES.c.channel_id.in_(followers))
    waiting = update(DELIVERIES).where(theirs, WAITING)
    await connection.execute(waiting.values(state=DeliveryState.DROPPED))
    return len(topics)


async def transfer_topics(
    connection: AsyncConnection, moves: Sequence[TopicMove], channel_id: int, created_by: str, now: datetime
) -> list[Subscription]:
    """Moves topics to a channel, with what waits because of them (`SubscriptionStore.transfer`)."""
    change = await next_numbers(connection, Counter.CHANGE, len(moves))
    ids = [one.topic.id for one in moves]
    known = select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id.in_(ids), SUBSCRIPTIONS.c.removed_at.is_(None))
    there = {row.id: subscription_of(row) for row in await connection.execute(known)}
    if there != {one.topic.id: one.topic for one in moves}:
        raise UserError("One of these topics was changed in the meantime. `/papers topics` shows them.")
    # Topics, then papers, then what waits: in the order in which whoever matches papers locks them.
    for place, topic_id in enumerate(sorted(ids)):
        removal = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == topic_id)
        await connection.execute(removal.values(removed_at=now, change=change + place))
    added = await add_topics(connection, channel_id, [one.options for one in moves], created_by, now)
    coming = await _coming(connection)
    for one, topic in zip(moves, added, strict=True):
        if news := [change for change in coming if change > one.topic.since]:
            before = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == topic.id)
            await connection.execute(before.values(since=min(news) - 1))
    await _match_again(connection)
    because: dict[str, list[Subscription]] = {}
    for one, topic in zip(moves, added, strict=True):
        for paper_id in await _waiting_because_of(connection, one.topic.id):
            because.setdefault(paper_id, []).append(topic)
    waiting = [
        Match(
            channel_id=channel_id,
            paper_id=paper_id,
            subscription_ids=tuple(topic.id for topic in topics),
            instant=any(topic.instant for topic in topics),
        )
        for paper_id, topics in because.items()
    ]
    await queue(connection, waiting, now)
    for topic_id in ids:
        await _drop_waiting(connection, topic_id)
    return added


async def _coming(connection: AsyncConnection) -> Sequence[int]:
    """The changes with which papers were listed that wait to be matched: news to topics that move, if it was before."""
    unmatched = (
        select(LISTINGS.c.listed_change)
        .join(PAPERS, PAPERS.c.id == LISTINGS.c.paper_id)
        .where(PAPERS.c.listed_change.is_not(None), PAPERS.c.matched_revision < PAPERS.c.revision)
    )
    return (await connection.execute(unmatched)).scalars().all()


async def _waiting_because_of(connection: AsyncConnection, subscription_id: int) -> list[str]:
    """The papers that wait for a digest because of this topic, locked, so that none gets into one."""
    waiting = (
        select(DELIVERIES.c.paper_id)
        .join(DELIVERY_TOPICS, DELIVERY_TOPICS.c.delivery_id == DELIVERIES.c.id)
        .where(DELIVERY_TOPICS.c.subscription_id == subscription_id, WAITING)
        .order_by(DELIVERIES.c.id)
        .with_for_update(of=DELIVERIES)
    )
    return list((await connection.execute(waiting)).scalars())


async def _refuse_doubles(
    connection: AsyncConnection,
    channel_id: int,
    queries: Collection[str],
    named_in: int | None,
    besides: Collection[int] = (),
) -> None:
    """Raises `UserError` when the channel has a topic with one of these queries, named in the same place. Nobody can
    add one meanwhile: all of them take a change number first, and the counter stays locked.
    """
    statement = select(SUBSCRIPTIONS.c.number).where(
        SUBSCRIPTIONS.c.channel_id == channel_id,
        SUBSCRIPTIONS.c.query.in_(queries),
        SUBSCRIPTIONS.c.named_in.is_not_distinct_from(named_in),
        SUBSCRIPTIONS.c.removed_at.is_(None),
        SUBSCRIPTIONS.c.id.not_in(besides),
    )
    number: int | None = (await connection.execute(statement.limit(1))).scalar_one_or_none()
    if number is not None:
        whose = "This channel has" if named_in is None else "You have"
        raise UserError(f"{whose} that topic already: it is number {number}.")


async def _set_baseline(connection: AsyncConnection, subscription_id: int, paper_ids: Sequence[str]) -> None:
    for some in chunks(paper_ids):
        await connection.execute(
            insert(BASELINES), [{"subscription_id": subscription_id, "paper_id": paper_id} for paper_id in some]
        )


async def _hand_over(connection: AsyncConnection, gone: int, kept: int) -> None:
    """Puts everything that one topic brought down to another one."""
    brought = select(DELIVERY_TOPICS.c.delivery_id, literal(kept)).where(DELIVERY_TOPICS.c.subscription_id == gone)
    await connection.execute(
        upsert(connection, DELIVERY_TOPICS)
        .from_select(["delivery_id", "subscription_id"], brought)
        .on_conflict_do_nothing()
    )
    await connection.execute(delete(DELIVERY_TOPICS).where(DELIVERY_TOPICS.c.subscription_id == gone))


async def _match_again(connection: AsyncConnection) -> None:
    """Has papers matched once more that somebody may be matching now, with topics that are no longer there."""
    unmatched = (
        select(PAPERS.c.id)
        .where(PAPERS.c.listed_change.is_not(None), PAPERS.c.matched_revision < PAPERS.c.revision)
        .order_by(PAPERS.c.id)
        .with_for_update()
    )
    await connection.execute(update(PAPERS).where(PAPERS.c.id.in_(unmatched)).values(revision=PAPERS.c.revision + 1))


async def _drop_waiting(
    connection: AsyncConnection, subscription_id: int, paper_ids: Sequence[str] | None = None
) -> None:
    """Lets go of what waits for a digest only because of this topic: all of it, or the papers that are named."""
    waiting = (
        select(DELIVERIES.c.id)
        .join(DELIVERY_TOPICS, DELIVERY_TOPICS.c.delivery_id == DELIVERIES.c.id)
        .where(DELIVERY_TOPICS.c.subscription_id == subscription_id, WAITING)
        # Locked, so that none gets into a digest, and what other topics say of it is known, before it is let go.
        .order_by(DELIVERIES.c.id)
        .with_for_update(of=DELIVERIES)
    )
    if paper_ids is not None:
        waiting = waiting.where(DELIVERIES.c.paper_id.in_(paper_ids))
    ids = list((await connection.execute(waiting)).scalars())
    still_wanted = exists().where(
        DELIVERY_TOPICS.c.delivery_id == DELIVERIES.c.id,
        SUBSCRIPTIONS.c.id == DELIVERY_TOPICS.c.subscription_id,
        SUBSCRIPTIONS.c.removed_at.is_(None),
    )
    for some in chunks(ids):
        await connection.execute(
            delete(DELIVERY_TOPICS).where(
                DELIVERY_TOPICS.c.subscription_id == subscription_id, DELIVERY_TOPICS.c.delivery_id.in_(some)
            )
        )
        await connection.execute(
            update(DELIVERIES).where(DELIVERIES.c.id.in_(some), ~still_wanted).values(state=DeliveryState.DROPPED)
        )
