"""Posts that failed: why, and sending them again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.digest import DeliveryState
from bot.posting.post import FailedPost, PostState
from storage.posting.doubles import leave_out_doubles
from storage.tables.posts import DELIVERIES, POSTS


async def reasons(connection: AsyncConnection, channel_id: int, since: datetime) -> list[str]:
    """Why posts to a channel failed since then, the latest first."""
    statement = (
        select(POSTS.c.error)
        .where(POSTS.c.channel_id == channel_id, POSTS.c.state == PostState.FAILED, POSTS.c.noted_at >= since)
        .order_by(POSTS.c.id.desc())
    )
    return list((await connection.execute(statement)).scalars())


async def failed_posts(connection: AsyncConnection, limit: int, channel_id: int | None) -> list[FailedPost]:
    """The latest ones, of one channel or of all."""
    statement = (
        select(POSTS.c.id, POSTS.c.channel_id, POSTS.c.due_at, POSTS.c.error, POSTS.c.attempts)
        .where(POSTS.c.state == PostState.FAILED)
        .order_by(POSTS.c.due_at.desc(), POSTS.c.id.desc())
        .limit(limit)
    )
    if channel_id is not None:
        statement = statement.where(POSTS.c.channel_id == channel_id)
    return [
        FailedPost(
            id=row.id,
            channel_id=row.channel_id,
            failed_at=row.due_at,
            error=row.error,
            maybe_arrived=row.attempts > 1,
        )
        for row in await connection.execute(statement)
    ]


async def send_again(connection: AsyncConnection, post_ids: Collection[int], now: datetime) -> int:
    """Has those of the posts that failed sent, or looked for where they may have arrived; returns how many.

    What has come by another post since is not sent again, and neither is a post of which nothing else is left.
    """
    several = POSTS.c.attempts > 1
    failed = (
        select(POSTS.c.id)
        .where(POSTS.c.id.in_(post_ids), POSTS.c.state == PostState.FAILED)
        .order_by(POSTS.c.channel_id, POSTS.c.id)
        .with_for_update()
    )
    failed_ids = list((await connection.execute(failed)).scalars())
    spare = set(await leave_out_doubles(connection, failed_ids, lock=True))
    ids = [one for one in failed_ids if one not in spare]
    statement = (
        update(POSTS)
        .where(POSTS.c.id.in_(ids))
        .values(
            state=case((several, PostState.UNKNOWN.value), else_=PostState.PENDING.value),
            # A look into the history starts where the first request left; that none has left since is what the worker
            # knows somebody's wish by.
            first_attempt_at=case((several, POSTS.c.first_attempt_at), else_=None),
            attempt_at=case((several, POSTS.c.attempt_at), else_=None),
            attempts=0,
            tried_for=0.0,
            look_ups=0,
            looked_for=0.0,
            look_up_cursor="",
            look_up_began_at=None,
            late=False,
            due_at=now,
            noted_at=now,
        )
    )
    await connection.execute(statement)
    await connection.execute(
        update(DELIVERIES)
        .where(
            DELIVERIES.c.post_id.in_(ids), DELIVERIES.c.state == DeliveryState.DROPPED, DELIVERIES.c.read_in.is_(None)
        )
        .values(state=DeliveryState.QUEUED)
    )
    return len(ids)
