"""Plans of digests, written down: the digests, their posts in the outbox, and which papers they take."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, case, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.content import POST_CONTENT_JSON, PostContent
from bot.digests.digest import DeliveryState, DigestKind, DigestPlan, PlannedPost
from bot.posting.post import PostState, Priority
from bot.spans import TRACE_LENGTH
from storage.database.news import News, notify
from storage.database.statements import chunks, given
from storage.posting.deliveries import WAITING
from storage.tables.channels import CHANNELS
from storage.tables.posts import DELIVERIES, DIGESTS, POSTS

KEY_BYTES = 12  # 24 hexadecimal characters; Discord takes 25 as a nonce


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A paper that waits in a channel since it was queued, to go out at once or at the channel's time."""

    delivery_id: int
    instant: bool
    since: datetime


async def store_plans(connection: AsyncConnection, plans: Sequence[DigestPlan], now: datetime) -> set[int]:
    """Stores plans of different channels; returns the channels whose plan is stored.

    All of them are written together: a hundred channels take as many statements as one.
    """
    expected = await _lock_channels(connection, sorted(plan.channel_id for plan in plans))
    waiting = await _lock_waiting(connection, sorted(expected))
    fit = {
        plan.channel_id: plan
        for plan in sorted(plans, key=lambda plan: plan.channel_id)
        if plan.channel_id in expected
        and expected[plan.channel_id] == plan.expected_next
        and (plan.digest is None or waiting[plan.channel_id].keys() >= set(plan.paper_ids))
    }
    if not fit:
        return set()
    await _store_digests(connection, list(fit.values()), waiting, now)
    await _drop_read(connection, list(fit.values()), waiting)
    moved = [
        {
            "channel": channel_id,
            "next": plan.next_digest_at,
            "instant": _instant_at(plan, waiting[channel_id], now),
        }
        for channel_id, plan in fit.items()
    ]
    await connection.execute(
        update(CHANNELS)
        .where(CHANNELS.c.id == bindparam("channel"))
        .values(next_digest_at=bindparam("next"), instant_at=bindparam("instant")),
        moved,
    )
    return set(fit)


async def _lock_channels(connection: AsyncConnection, channel_ids: Sequence[int]) -> dict[int, datetime | None]:
    """When each of the channels expects its next digest; those that are gone are missing.

    Locking their rows puts planners in line, so that the ids of a channel's posts are in order. Everybody who locks
    several channels does so in the order of their ids: then nobody waits in a circle.
    """
    found: dict[int, datetime | None] = {}
    for some in chunks(channel_ids):
        statement = (
            select(CHANNELS.c.id, CHANNELS.c.next_digest_at)
            .where(CHANNELS.c.id.in_(some))
            .order_by(CHANNELS.c.id)
            .with_for_update(key_share=True)
        )
        found.update((row.id, row.next_digest_at) for row in await connection.execute(statement))
    return found


async def _lock_waiting(connection: AsyncConnection, channel_ids: Sequence[int]) -> dict[int, dict[str, _Waiting]]:
    """What waits in each of the channels, by paper."""
    found: dict[int, dict[str, _Waiting]] = {channel_id: {} for channel_id in channel_ids}
    for some in chunks(channel_ids):
        statement = (
            select(
                DELIVERIES.c.id,
                DELIVERIES.c.channel_id,
                DELIVERIES.c.paper_id,
                DELIVERIES.c.instant,
                DELIVERIES.c.queued_at,
            )
            .where(DELIVERIES.c.channel_id.in_(some), WAITING)
            .order_by(DELIVERIES.c.id)
            .with_for_update(key_share=True)
        )
        for row in await connection.execute(statement):
            found[row.channel_id][row.paper_id] = _Waiting(row.id, row.instant, row.queued_at)
    return found


def _instant_at(plan: DigestPlan, waiting: Mapping[str, _Waiting], now: datetime) -> datetime | None:
    """When the oldest paper that still waits was to go out at once, None if there is none.

    A channel without a time has none to wait for, also for what was queued when it still had one.
    """
    taken = {*plan.paper_ids, *plan.read_elsewhere}
    at_once = plan.next_digest_at is None
    times = [one.since for paper_id, one in waiting.items() if (at_once or one.instant) and paper_id not in taken]
    oldest = min(times, default=None)
    if oldest is None:
        return None
    oldest = min(oldest, now)  # a clock that was ahead queued what comes later
    return oldest if plan.instant_not_before is None else max(oldest, plan.instant_not_before)


async def _store_posts(
    connection: AsyncConnection, digest_ids: Sequence[int], plans: Sequence[DigestPlan], now: datetime
) -> dict[tuple[int, int], int]:
    """Writes the posts of digests; returns their ids by digest, and place in its plan."""
    post_ids: dict[tuple[int, int], int] = {}
    for are_replies in (False, True):
        # Replies are written after what they reply to, whose ids they name.
        places = [
            (digest_id, place, plan)
            for digest_id, plan in zip(digest_ids, plans, strict=True)
            for place, post in enumerate(plan.posts)
            if (post.reply_to is not None) == are_replies
        ]
        rows = [
            _post_values(
                plan.channel_id,
                post := plan.posts[place],
                digest_id,
                None if post.reply_to is None else post_ids[digest_id, post.reply_to],
                now,
                key=f"{plan.trace}{place:0{2 * KEY_BYTES - TRACE_LENGTH}x}",
                priority=_priority(plan),
                due_at=plan.post_at or now,
            )
            for digest_id, place, plan in places
        ]
        for (digest_id, place, _), post_id in zip(places, await _add_all(connection, POSTS, rows), strict=True):
            post_ids[digest_id, place] = post_id
    awaited = [plan.channel_id for plan in plans if _priority(plan) is Priority.AWAITED]
    if awaited:
        await _hurry(connection, sorted(awaited), now)
    return post_ids


async def _store_digests(
    connection: AsyncConnection,
    plans: Sequence[DigestPlan],
    waiting: Mapping[int, Mapping[str, _Waiting]],
    now: datetime,
) -> None:
    made = [(plan, plan.digest) for plan in plans if plan.digest is not None]
    if not made:
        return
    digests = [
        {
            "channel_id": plan.channel_id,
            "kind": digest.kind,
            "day": digest.day,
            "style": digest.style,
            "topics": list(digest.topics),
            "total": digest.total,
            "shown": digest.shown,
            "planned_at": now,
        }
        for plan, digest in made
    ]
    digest_ids = await _add_all(connection, DIGESTS, digests)
    post_ids = await _store_posts(connection, digest_ids, [plan for plan, _ in made], now)
    await notify(connection, News.POSTS)
    taken = []
    for digest_id, (plan, _) in zip(digest_ids, made, strict=True):
        post_of = {
            paper_id: post_ids[digest_id, place] for place, post in enumerate(plan.posts) for paper_id in post.delivers
        }
        taken += [
            {
                "id": waiting[plan.channel_id][paper_id].delivery_id,
                "digest_id": digest_id,
                "position": position,
                "points": plan.points[position - 1] if plan.points else None,
                "post_id": post_of.get(paper_id, post_ids[digest_id, 0]),
            }
            for position, paper_id in enumerate(plan.paper_ids, 1)
        ]
    columns = DELIVERIES.c
    rows = given(connection, columns.id, columns.digest_id, columns.position, columns.points, columns.post_id)
    values = {name: rows.c[name] for name in ("digest_id", "position", "points", "post_id")}
    await connection.execute(update(DELIVERIES).where(columns.id == rows.c.id).values(values), {"rows": taken})


async def _drop_read(
    connection: AsyncConnection,
    plans: Sequence[DigestPlan],
    waiting: Mapping[int, Mapping[str, _Waiting]],
) -> None:
    """Lets go of what people read elsewhere, as far as it still waits."""
    read = [
        {"delivery": found.delivery_id, "place": place}
        for plan in plans
        for paper_id, place in plan.read_elsewhere.items()
        if (found := waiting[plan.channel_id].get(paper_id)) is not None
    ]
    if read:
        statement = update(DELIVERIES).where(DELIVERIES.c.id == bindparam("delivery"))
        await connection.execute(statement.values(state=DeliveryState.DROPPED, read_in=bindparam("place")), read)


async def _add_all(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    """Adds the rows and returns their ids, both in the same growing order."""
    if not rows:
        return []
    if connection.dialect.name == "sqlite":
        # It numbers the rows of a statement one after the other. SQLAlchemy does not count on that, and to be sure of
        # the order would send a statement for every row, four times as long.
        return sorted((await connection.execute(insert(table).returning(table.c.id), rows)).scalars())
    adding = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list((await connection.execute(adding, rows)).scalars())


async def add_post(connection: AsyncConnection, channel_id: int, content: PostContent, now: datetime) -> int:
    """Puts a post that is part of no digest into the outbox, due at once; returns its id."""
    values = _post_values(
        channel_id,
        PlannedPost(content=content),
        None,
        None,
        now,
        key=secrets.token_hex(KEY_BYTES),
        priority=Priority.AWAITED,
        due_at=now,
    )
    (post_id,) = await _add_all(connection, POSTS, [values])
    await _hurry(connection, [channel_id], now)
    await notify(connection, News.POSTS)
    return post_id


def _priority(plan: DigestPlan) -> Priority:
    """Nobody waits for what comes at its time; what is instant, or was asked for, people wait for."""
    scheduled = plan.digest is not None and plan.digest.kind is DigestKind.SCHEDULED
    return Priority.SCHEDULED if scheduled else Priority.AWAITED


async def _hurry(connection: AsyncConnection, channel_ids: Sequence[int], now: datetime) -> None:
    """Has nothing of these channels wait behind the digests of others: what people wait for comes after it."""
    # What was not tried yet waits only to be spread over some minutes.
    spread = POSTS.c.first_attempt_at.is_(None) & (POSTS.c.due_at > now)
    for some in chunks(channel_ids):
        await connection.execute(
            update(POSTS)
            .where(
                POSTS.c.channel_id.in_(some),
                POSTS.c.state == PostState.PENDING,
                POSTS.c.priority == Priority.SCHEDULED,
            )
            .values(
                priority=Priority.AWAITED,
                due_at=case((spread, now), else_=POSTS.c.due_at),
                noted_at=case((spread, now), else_=POSTS.c.noted_at),
            )
        )


def _post_values(
    channel_id: int,
    post: PlannedPost,
    digest_id: int | None,
    parent_id: int | None,
    now: datetime,
    *,
    key: str,
    priority: Priority,
    due_at: datetime,
) -> dict[str, Any]:
    return {
        "channel_id": channel_id,
        "digest_id": digest_id,
        "parent_id": parent_id,
        "content": POST_CONTENT_JSON.dump_python(post.content, mode="json"),
        "key": key,
        "state": PostState.PENDING,
        "priority": priority,
        "due_at": due_at,
        "lease": "",
        "attempts": 0,
        "look_ups": 0,
        "error": "",
        "created_at": now,
    }
