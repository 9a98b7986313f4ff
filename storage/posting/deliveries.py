"""What channels are owed: papers that were matched, and the topics that brought them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, exists, literal, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import Style
from bot.digests.digest import DeliveryState, Digest, DigestKind
from bot.mail.recipients import Content
from bot.posting.post import PostState
from bot.query.models import Models, models_read
from bot.topics.store import Match
from bot.topics.titles import topic_title
from storage.database.lock_order import lock_channels
from storage.database.statements import chunks, given, upsert
from storage.past_deliveries import remembered
from storage.tables.channels import CHANNELS, MAIL_RECIPIENTS
from storage.tables.papers import PAPERS
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS, POSTS
from storage.tables.topics import SUBSCRIPTIONS

#: Matched, and in no digest yet.
WAITING = and_(DELIVERIES.c.state == DeliveryState.QUEUED, DELIVERIES.c.digest_id.is_(None))
_HEADS = POSTS.alias("heads")


async def still_wanted(connection: AsyncConnection, matches: Sequence[Match]) -> list[Match]:
    """The matches without the topics that were removed since; locked, so that none goes while this is written."""
    named = sorted({subscription_id for match in matches for subscription_id in match.subscription_ids})
    alive: set[int] = set()
    for some in chunks(named):
        statement = (
            select(SUBSCRIPTIONS.c.id)
            .where(SUBSCRIPTIONS.c.id.in_(some), SUBSCRIPTIONS.c.removed_at.is_(None))
            .order_by(SUBSCRIPTIONS.c.id)
            .with_for_update(read=True)
        )
        alive.update((await connection.execute(statement)).scalars())
    remaining = (
        Match(
            channel_id=match.channel_id,
            paper_id=match.paper_id,
            subscription_ids=tuple(one for one in match.subscription_ids if one in alive),
            instant=match.instant,
        )
        for match in matches
    )
    return [match for match in remaining if match.subscription_ids]


async def still_kept(connection: AsyncConnection, matches: Sequence[Match]) -> list[Match]:
    """The matches of papers that are kept under those ids; one that turned out to be another is matched under that."""
    kept: set[str] = set()
    for some in chunks(sorted({match.paper_id for match in matches})):
        statement = (
            select(PAPERS.c.id)
            .where(PAPERS.c.id.in_(some))
            .order_by(PAPERS.c.id)
            .with_for_update(read=True, key_share=True)
        )
        kept.update((await connection.execute(statement)).scalars())
    return [match for match in matches if match.paper_id in kept]


async def queue(connection: AsyncConnection, matches: Sequence[Match], now: datetime) -> list[int]:
    """Queues papers in channels that do not have them, and notes all topics of those that still wait.

    What is queued in a channel is queued for the mail addresses that follow it, too.
    """
    news: set[int] = set()
    matches = [*matches, *await _for_followers(connection, matches)]
    await lock_channels(connection, {match.channel_id for match in matches if match.instant})
    for some in chunks(sorted(matches, key=lambda match: (match.channel_id, match.paper_id))):
        by_pair = {(match.channel_id, match.paper_id): match for match in some}
        added = await _add(connection, by_pair, now)
        # Looked up after it was added: whoever forgets a delivery meanwhile remembers it in the same transaction.
        past = await remembered(connection, {(row.channel_id, row.paper_id) for row in added})
        if past:
            again = [row.id for row in added if (row.channel_id, row.paper_id) in past]
            await connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_(again)))
            by_pair = {pair: match for pair, match in by_pair.items() if pair not in past}
        news.update(row.channel_id for row in added if (row.channel_id, row.paper_id) not in past)
        # Locked, so that none is let go for want of a topic while this one is being noted; and whatever was let go
        # by then is seen by the next statement.
        waiting = await _rows_of(connection, by_pair, WAITING, lock=True)
        news.update(await _hurry(connection, [row for row in waiting if by_pair[row.channel_id, row.paper_id].instant]))
        again = await _queue_again(connection, by_pair, now)
        news.update(row.channel_id for row in again)
        topics = [
            {"delivery_id": row.id, "subscription_id": subscription_id}
            for row in (*waiting, *again)
            for subscription_id in by_pair[row.channel_id, row.paper_id].subscription_ids
        ]
        if topics:
            columns = (DELIVERY_TOPICS.c.delivery_id, DELIVERY_TOPICS.c.subscription_id)
            noted = select(given(connection, *columns)).where(true())
            noting = upsert(connection, DELIVERY_TOPICS).from_select([one.name for one in columns], noted)
            await connection.execute(noting.on_conflict_do_nothing(), {"rows": topics})
    instant = {match.channel_id for match in matches if match.instant}
    for some_channels in chunks(sorted(news)):
        # A channel may have had a time when it was matched, and have none any more.
        at_once = CHANNELS.c.id.in_(sorted(instant.intersection(some_channels))) | CHANNELS.c.next_digest_at.is_(None)
        quiet = select(CHANNELS.c.id).where(CHANNELS.c.id.in_(some_channels), CHANNELS.c.instant_at.is_(None), at_once)
        in_order = quiet.order_by(CHANNELS.c.id).with_for_update(key_share=True)
        await connection.execute(update(CHANNELS).where(CHANNELS.c.id.in_(in_order)).values(instant_at=now))
    return sorted(news)


async def _for_followers(connection: AsyncConnection, matches: Sequence[Match]) -> list[Match]:
    """The same matches for those who follow these channels by mail. Their own schedule says when they are sent."""
    by_channel: defaultdict[int, list[Match]] = defaultdict(list)
    for match in matches:
        by_channel[match.channel_id].append(match)
    found = []
    for some in chunks(sorted(by_channel)):
        statement = (
            select(MAIL_RECIPIENTS.c.channel_id, MAIL_RECIPIENTS.c.follows, CHANNELS.c.next_digest_at)
            .join(CHANNELS, CHANNELS.c.id == MAIL_RECIPIENTS.c.channel_id)
            .where(
                MAIL_RECIPIENTS.c.follows.in_(some),
                MAIL_RECIPIENTS.c.content == Content.TOPICS,
                MAIL_RECIPIENTS.c.confirmed_at.is_not(None),
                MAIL_RECIPIENTS.c.ended_at.is_(None),
                CHANNELS.c.deleted_at.is_(None),
            )
        )
        for row in await connection.execute(statement):
            found += [
                replace(match, channel_id=row.channel_id, instant=row.next_digest_at is None)
                for match in by_channel[row.follows]
            ]
    return found


async def _add(
    connection: AsyncConnection, matches: Mapping[tuple[int, str], Match], now: datetime
) -> Sequence[Row[Any]]:
    """Adds deliveries where there is none yet; returns the rows that are new."""
    rows = given(connection, DELIVERIES.c.channel_id, DELIVERIES.c.paper_id, DELIVERIES.c.instant)
    values = {
        "channel_id": rows.c.channel_id,
        "paper_id": rows.c.paper_id,
        "instant": rows.c.instant,
        "state": literal(DeliveryState.QUEUED, DELIVERIES.c.state.type),
        "queued_at": literal(now, DELIVERIES.c.queued_at.type),
    }
    # The WHERE is for SQLite, which would else take ON CONFLICT for a part of a join.
    adding = upsert(connection, DELIVERIES).from_select(list(values), select(*values.values()).where(true()))
    added = adding.on_conflict_do_nothing(index_elements=["channel_id", "paper_id"]).returning(
        DELIVERIES.c.id, DELIVERIES.c.channel_id, DELIVERIES.c.paper_id
    )
    found = [{**row, "instant": match.instant} for row, match in zip(_as_rows(matches), matches.values(), strict=True)]
    return (await connection.execute(added, {"rows": found})).all()


def _as_rows(pairs: Iterable[tuple[int, str]]) -> list[dict[str, int | str]]:
    return [{"channel_id": channel_id, "paper_id": paper_id} for channel_id, paper_id in pairs]


async def _rows_of(
    connection: AsyncConnection, pairs: Iterable[tuple[int, str]], *which: ColumnElement[bool], lock: bool = False
) -> list[Row[Any]]:
    """Those of the deliveries of these channels and papers that are as told, in the order of their ids.

    Looked up pair by pair: whoever asks for these channels and those papers looks through all deliveries of a paper.
    """
    rows = given(connection, DELIVERIES.c.channel_id, DELIVERIES.c.paper_id)
    here = and_(DELIVERIES.c.channel_id == rows.c.channel_id, DELIVERIES.c.paper_id == rows.c.paper_id, *which)
    statement: Select[Any] = select(DELIVERIES.c.id, DELIVERIES.c.channel_id, DELIVERIES.c.paper_id)
    # SQLite would look through all deliveries for those that are given, if the order of the two were left to it.
    outer = connection.dialect.name == "sqlite"
    statement = statement.join_from(rows, DELIVERIES, here, isouter=outer).order_by(DELIVERIES.c.id)
    if lock:
        statement = statement.with_for_update(read=True, of=DELIVERIES)
    return [row for row in await connection.execute(statement, {"rows": _as_rows(pairs)}) if row.id is not None]


async def _hurry(connection: AsyncConnection, waiting: Sequence[Row[Any]]) -> list[int]:
    """Has papers go out at once that waited for a digest; returns the channels of those that did."""
    if not waiting:
        return []
    ids = [row.id for row in waiting]
    at_once = update(DELIVERIES).where(DELIVERIES.c.id.in_(ids), ~DELIVERIES.c.instant).values(instant=True)
    return list((await connection.execute(at_once.returning(DELIVERIES.c.channel_id))).scalars())


async def _queue_again(
    connection: AsyncConnection, matches: Mapping[tuple[int, str], Match], now: datetime
) -> list[Row[Any]]:
    """Queues those papers that were dropped; returns their rows.

    A dropped paper was never posted, so another topic may still bring it: its row is the only one it gets. Not where
    the person whose channel it is read it in another one, nor where the list of its thread shows it, without its reply.
    """
    listed = exists().where(
        POSTS.c.id == DELIVERIES.c.post_id, _HEADS.c.id == POSTS.c.parent_id, _HEADS.c.state == PostState.SENT
    )
    rows = await _rows_of(
        connection, matches, DELIVERIES.c.state == DeliveryState.DROPPED, DELIVERIES.c.read_in.is_(None), ~listed
    )
    if rows:
        statement = (
            update(DELIVERIES)
            .where(DELIVERIES.c.id == bindparam("delivery"), DELIVERIES.c.state == DeliveryState.DROPPED)
            .values(
                state=DeliveryState.QUEUED,
                instant=bindparam("at_once"),
                queued_at=now,
                digest_id=None,
                position=None,
                post_id=None,
            )
        )
        await connection.execute(
            statement,
            [{"delivery": row.id, "at_once": matches[row.channel_id, row.paper_id].instant} for row in rows],
        )
    return rows


async def topics_behind(connection: AsyncConnection, delivery_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The titles of the topics behind each delivery, in the order of their numbers."""
    found = await topics_and_queries_behind(connection, delivery_ids)
    return {delivery_id: tuple(title for title, *_ in topics) for delivery_id, topics in found.items()}


async def topics_and_queries_behind(
    connection: AsyncConnection, delivery_ids: Iterable[int]
) -> dict[int, tuple[tuple[str, str, Models], ...]]:
    """The titles of the topics behind each delivery with their queries and models, in the order of their numbers."""
    behind: defaultdict[int, list[int]] = defaultdict(list)
    for some in chunks(list(delivery_ids)):
        statement = (
            select(DELIVERY_TOPICS.c.delivery_id, SUBSCRIPTIONS.c.id)
            .join(SUBSCRIPTIONS, SUBSCRIPTIONS.c.id == DELIVERY_TOPICS.c.subscription_id)
            .where(DELIVERY_TOPICS.c.delivery_id.in_(some), SUBSCRIPTIONS.c.removed_at.is_(None))
            .order_by(SUBSCRIPTIONS.c.number)
        )
        for delivery_id, subscription_id in await connection.execute(statement):
            behind[delivery_id].append(subscription_id)
    # A topic is behind many deliveries, and is read once.
    topics: dict[int, tuple[str, str, Models]] = {}
    for some in chunks(sorted({one for ids in behind.values() for one in ids})):
        named = select(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.name, SUBSCRIPTIONS.c.query, SUBSCRIPTIONS.c.models).where(
            SUBSCRIPTIONS.c.id.in_(some)
        )
        for row in await connection.execute(named):
            models = models_read(row.models)
            topics[row.id] = topic_title(row.name, row.query, models), row.query, models
    # A person may name the same topic in several channels.
    return {
        delivery_id: tuple({topics[one][:2]: topics[one] for one in ids}.values())
        for delivery_id, ids in behind.items()
    }


def digest_of(row: Row[Any]) -> Digest:
    return Digest(
        id=row.id,
        channel_id=row.channel_id,
        kind=DigestKind(row.kind),
        day=row.day,
        style=Style(row.style),
        topics=tuple(row.topics),
        total=row.total,
        shown=row.shown,
    )
