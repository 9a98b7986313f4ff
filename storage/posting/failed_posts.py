"""Posts that failed: why, and sending them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.content import POST_CONTENT_JSON, DigestPart, PaperReply, PostContent
from bot.digests.digest import DeliveryState
from bot.posting.post import FailedPost, PostState
from storage.database.statements import chunks
from storage.papers.ids import known_as
from storage.tables.posts import DELIVERIES, POSTS


async def reasons(connection: AsyncConnection, channel_id: int, since: datetime) -> list[str]:
    """Why posts to a channel failed since then, the latest first."""
    statement = (
        select(POSTS.c.error)
        .where(POSTS.c.channel_id == channel_id, POSTS.c.state == PostState.FAILED, POSTS.c.created_at >= since)
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

    What another topic has brought since is not sent again, and neither is a post of which nothing else is left.
    """
    several = POSTS.c.attempts > 1
    failed = (
        select(POSTS.c.id, POSTS.c.channel_id, POSTS.c.digest_id, POSTS.c.content)
        .where(POSTS.c.id.in_(post_ids), POSTS.c.state == PostState.FAILED)
        .order_by(POSTS.c.channel_id, POSTS.c.id)
        .with_for_update()
    )
    ids = await _with_something_left(connection, (await connection.execute(failed)).all())
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


async def _with_something_left(connection: AsyncConnection, posts: Sequence[Row[Any, Any, Any, Any]]) -> list[int]:
    """Takes out of posts the papers that have come in another digest since, or wait for one; returns the posts that
    still have something to say."""
    contents = {post.id: POST_CONTENT_JSON.validate_python(post.content) for post in posts}
    papers = {post.id: _papers_of(contents[post.id]) for post in posts}
    homes = await known_as(connection, {one for ids in papers.values() for one in ids})
    digests: dict[tuple[int, str], int | None] = {}
    key = tuple_(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id)
    for some in chunks(sorted({(post.channel_id, homes.get(one, one)) for post in posts for one in papers[post.id]})):
        # Locked, so that nobody queues one of them again meanwhile.
        deliveries = select(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id, DELIVERIES.c.digest_id)
        rows = await connection.execute(deliveries.where(key.in_(some)).order_by(DELIVERIES.c.id).with_for_update())
        digests.update(((row.channel_id, row.paper_id), row.digest_id) for row in rows)
    left = []
    for post in posts:
        came = {
            one
            for one in papers[post.id]
            if digests.get((post.channel_id, homes.get(one, one)), post.digest_id) != post.digest_id
        }
        content = contents[post.id]
        if came and came == set(papers[post.id]):
            continue
        if came and isinstance(content, DigestPart):
            shorter = POST_CONTENT_JSON.dump_python(_without(content, came), mode="json")
            await connection.execute(update(POSTS).where(POSTS.c.id == post.id).values(content=shorter))
        left.append(post.id)
    return left


def _papers_of(content: PostContent) -> tuple[str, ...]:
    """The papers that a post delivers. What somebody shares is shown however often."""
    match content:
        case DigestPart(paper_ids=paper_ids):
            return paper_ids
        case PaperReply(paper_id=paper_id):
            return (paper_id,)
        case _:
            return ()


def _without(part: DigestPart, papers: Collection[str]) -> DigestPart:
    kept = [place for place, paper_id in enumerate(part.paper_ids) if paper_id not in papers]
    return replace(
        part,
        paper_ids=tuple(part.paper_ids[place] for place in kept),
        reasons=tuple(part.reasons[place] for place in kept) if part.reasons else (),
    )
