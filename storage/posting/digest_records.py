"""What became of the digests of a channel, by their posts."""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.posting.post import DigestRecord, PostState
from storage.posting.deliveries import digest_of
from storage.tables.posts import DIGESTS, POSTS


async def latest_digests(connection: AsyncConnection, channel_id: int, limit: int) -> list[DigestRecord]:
    """The channel's latest digests, the newest first, in two statements."""
    latest = select(DIGESTS).where(DIGESTS.c.channel_id == channel_id).order_by(DIGESTS.c.id.desc()).limit(limit)
    digests = (await connection.execute(latest)).all()
    # The error of a post that was sent in the end is no trouble any more.
    trouble = case((POSTS.c.state == PostState.SENT, ""), else_=POSTS.c.error)
    standing = (
        select(
            POSTS.c.digest_id,
            POSTS.c.state,
            func.count().label("posts"),
            func.max(trouble).label("error"),
            func.max(POSTS.c.sent_at).label("sent_at"),
        )
        .where(POSTS.c.digest_id.in_([row.id for row in digests]))
        .group_by(POSTS.c.digest_id, POSTS.c.state)
    )
    rows = (await connection.execute(standing)).all()
    return [
        DigestRecord(
            digest=digest_of(row),
            planned_at=row.planned_at,
            posts={PostState(one.state): one.posts for one in rows if one.digest_id == row.id},
            error=max((one.error for one in rows if one.digest_id == row.id), default=""),
            posted_at=max((one.sent_at for one in rows if one.digest_id == row.id and one.sent_at), default=None),
        )
        for row in digests
    ]
