"""Settlements: what became of posts, written by whoever still holds their leases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.digest import DeliveryState
from bot.posting.post import Post, PostState, Settlement
from storage.database.lock_order import lock_channels
from storage.database.statements import chunks
from storage.posting.claims import lock_claims, may_claim, write_claims
from storage.posting.doubles import remove_doubles
from storage.tables.channels import CHANNELS
from storage.tables.posts import DELIVERIES, POSTS

LONGEST_ERROR = 500  # characters of a failure that are kept


async def write_settlements(connection: AsyncConnection, settlements: Sequence[Settlement]) -> set[int]:
    """Writes them; returns the posts that were still held. Nothing is written of the others."""
    rest = {one.post.channel_id for one in settlements if one.channel_after is not None}
    await lock_channels(connection, rest | {one.post.channel_id for one in settlements if may_claim(one)})
    claims = await lock_claims(connection, settlements)
    ours = await held(connection, [one.post for one in settlements])
    valid = sorted((one for one in settlements if one.post.id in ours), key=lambda one: one.post.channel_id)
    if valid:
        await _write_posts(connection, valid)
        await _write_deliveries(connection, valid)
        await write_claims(connection, claims, valid)
        await _write_pauses(connection, valid)
        # What was on its way when papers turned out to be one, and comes back, says of them what is left to be said.
        await remove_doubles(connection, [one.post.id for one in valid if one.state is PostState.PENDING])
    return set(ours)


async def held(connection: AsyncConnection, posts: Sequence[Post]) -> dict[int, datetime]:
    """The fence: those posts whose lease is still the one they were taken with, and until when they are leased.

    A lease that ran out is good until somebody frees the post: up to then its holder is the only one who knows more.
    """
    leases = {post.id: post.lease for post in posts}
    held: dict[int, datetime] = {}
    for some in chunks(sorted(leases)):
        statement = (
            select(POSTS.c.id, POSTS.c.lease, POSTS.c.lease_until)
            .where(POSTS.c.id.in_(some), POSTS.c.state.in_([PostState.LEASED, PostState.UNKNOWN]))
            .order_by(POSTS.c.id)
            .with_for_update(key_share=True)
        )
        rows = await connection.execute(statement)
        held.update((row.id, row.lease_until) for row in rows if row.lease == leases[row.id])
    return held


async def _write_posts(connection: AsyncConnection, items: Sequence[Settlement]) -> None:
    time = POSTS.c.due_at.type
    fresh = bindparam("fresh", type_=Boolean())
    statement = (
        update(POSTS)
        .where(POSTS.c.id == bindparam("post_id"))
        .values(
            state=bindparam("next_state"),
            remote_id=bindparam("remote"),
            due_at=func.coalesce(bindparam("due", type_=time), POSTS.c.due_at),
            noted_at=bindparam("at", type_=time),
            error=bindparam("why"),
            sent_at=bindparam("sent", type_=time),
            # `begin` counted the attempt and noted its time; a look into the history for this message starts there.
            attempts=case((fresh, 0), else_=POSTS.c.attempts),
            tried_for=case((fresh, 0.0), else_=POSTS.c.tried_for + bindparam("tried", type_=POSTS.c.tried_for.type)),
            first_attempt_at=case((fresh, None), else_=POSTS.c.first_attempt_at),
            look_ups=bindparam("looks"),
            looked_for=bindparam("looked", type_=POSTS.c.looked_for.type),
            look_up_cursor=bindparam("cursor"),
            look_up_began_at=bindparam("looking_since", type_=time),
            late=bindparam("may_come", type_=Boolean()),
            lease="",
            lease_until=None,
        )
    )
    await connection.execute(
        statement,
        [
            {
                "post_id": item.post.id,
                "next_state": item.state,
                "remote": item.remote_id,
                "due": item.due_at,
                "at": item.at,
                "why": item.error[:LONGEST_ERROR],
                "sent": item.at if item.state is PostState.SENT else None,
                "fresh": item.fresh_start,
                "tried": item.tried.total_seconds(),
                "looked": item.look_ups.lasted.total_seconds(),
                "looks": item.look_ups.count,
                "cursor": item.look_ups.cursor,
                "looking_since": item.look_ups.began_at,
                "may_come": item.look_ups.late,
            }
            for item in items
        ],
    )


async def _write_deliveries(connection: AsyncConnection, items: Sequence[Settlement]) -> None:
    outcomes = {PostState.SENT: DeliveryState.POSTED, PostState.FAILED: DeliveryState.DROPPED}
    rows = [
        {
            "post": item.post.id,
            "outcome": outcomes[item.state],
            "posted": item.at if item.state is PostState.SENT else None,
        }
        for item in items
        if item.state in outcomes
    ]
    if rows:
        statement = (
            update(DELIVERIES)
            .where(DELIVERIES.c.post_id == bindparam("post"), DELIVERIES.c.state == DeliveryState.QUEUED)
            .values(state=bindparam("outcome"), posted_at=bindparam("posted", type_=DELIVERIES.c.posted_at.type))
        )
        await connection.execute(statement, rows)


async def _write_pauses(connection: AsyncConnection, items: Sequence[Settlement]) -> None:
    rows = [
        {"channel": item.post.channel_id, "after": item.channel_after}
        for item in items
        if item.channel_after is not None
    ]
    if rows:
        statement = (
            update(CHANNELS)
            .where(CHANNELS.c.id == bindparam("channel"))
            .values(post_after=bindparam("after", type_=CHANNELS.c.post_after.type))
        )
        await connection.execute(statement, rows)
