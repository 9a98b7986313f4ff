"""Posts that are on their platforms: those that stand in a channel, and those that show a paper."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, and_, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.posting.post import PostState, SentPost
from storage.past_deliveries import ids_of
from storage.posting.leases import post_of
from storage.tables.posts import DELIVERIES, POSTS

#: Of the messages of a channel so many are looked through, the latest first, for papers that somebody shared.
LOOKED_THROUGH: Final = 200
MOST_SHOWING: Final = 5  # messages that show a paper


async def sent_in(
    connection: AsyncConnection, channel_id: int, *, before: int | None, after: int, limit: int
) -> list[SentPost]:
    """As `bot.posting.store.PostStore.sent_in` says."""
    sent = (POSTS.c.channel_id == channel_id, POSTS.c.state == PostState.SENT)
    heads = select(POSTS.c.id).where(*sent, POSTS.c.parent_id.is_(None), POSTS.c.id > after)
    if before is not None:
        heads = heads.where(POSTS.c.id < before)
    chosen = select(heads.order_by(POSTS.c.id.desc()).limit(limit).subquery().c.id)
    statement = (
        select(POSTS, literal(None).label("parent_remote_id"))
        .where(*sent, or_(POSTS.c.id.in_(chosen), POSTS.c.parent_id.in_(chosen)))
        .order_by(POSTS.c.id)
    )
    return await _posts(connection, statement)


async def showing(connection: AsyncConnection, channel_id: int, paper_id: str) -> list[SentPost]:
    """As `bot.posting.store.PostStore.showing` says."""
    sent = (POSTS.c.channel_id == channel_id, POSTS.c.state == PostState.SENT)
    delivered = select(DELIVERIES.c.post_id).where(
        DELIVERIES.c.channel_id == channel_id, DELIVERIES.c.paper_id == paper_id
    )
    # What was shared under another id shows the same paper.
    names = sorted((await ids_of(connection, [paper_id]))[paper_id])
    latest = select(POSTS.c.id).where(*sent).order_by(POSTS.c.id.desc()).limit(LOOKED_THROUGH).subquery()
    shared = and_(
        POSTS.c.id.in_(select(latest.c.id)),
        POSTS.c.content["type"].as_string() == "shared",
        POSTS.c.content["paper_id"].as_string().in_(names),
    )
    parents = POSTS.alias("parents")
    statement = (
        select(POSTS, parents.c.remote_id.label("parent_remote_id"))
        .outerjoin(parents, parents.c.id == POSTS.c.parent_id)
        .where(*sent, or_(POSTS.c.id.in_(delivered), shared))
        .order_by(POSTS.c.id.desc())
        .limit(MOST_SHOWING)
    )
    return await _posts(connection, statement)


async def _posts(connection: AsyncConnection, statement: Select[Any]) -> list[SentPost]:
    return [
        SentPost(post=post_of(row), parent_id=row.parent_id, remote_id=row.remote_id or "", sent_at=row.sent_at)
        for row in await connection.execute(statement)
    ]
