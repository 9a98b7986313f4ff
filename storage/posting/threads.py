"""Threads that are gone: what was to be replied there becomes messages of the channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.content import POST_CONTENT_JSON, DigestPart, PaperReply
from bot.posting.post import PostState
from storage.posting.doubles import remove_doubles
from storage.tables.posts import DELIVERIES, POSTS


async def fold_thread(
    connection: AsyncConnection, post_id: int, *, per_message: int, abstracts: bool, now: datetime
) -> None:
    """Lets a reply say all that was still to be said in its thread, and needs no thread any more.

    What does not fit into one message goes into the next reply's place, and so on; the replies without a place are
    deleted. The caller holds the post.
    """
    parent = select(POSTS.c.parent_id).where(POSTS.c.id == post_id).scalar_subquery()
    in_thread = (
        select(POSTS.c.id, POSTS.c.content)
        .where(POSTS.c.parent_id == parent, POSTS.c.state.in_([PostState.PENDING, PostState.LEASED]))
        .order_by(POSTS.c.id)
        .with_for_update(key_share=True)
    )
    replies = [
        (row.id, content)
        for row in await connection.execute(in_thread)
        if isinstance(content := POST_CONTENT_JSON.validate_python(row.content), PaperReply)
    ]
    groups = [replies[start : start + per_message] for start in range(0, len(replies), per_message)]
    for number, group in enumerate(groups):
        place, folded = replies[number][0], [reply for reply, _ in group]
        part = DigestPart(
            paper_ids=tuple(reply.paper_id for _, reply in group),
            first=number * per_message + 1,
            # Neither the first part, which pings, nor the last one, which counts what is not shown: those were sent.
            part=number + 2,
            parts=len(groups) + 2,
            apart=True,
            abstracts=abstracts,
            reasons=tuple(reply.reason for _, reply in group),
        )
        await connection.execute(
            update(POSTS)
            .where(POSTS.c.id == place)
            .values(
                content=POST_CONTENT_JSON.dump_python(part, mode="json"),
                parent_id=None,
                state=PostState.PENDING,
                due_at=now,
                noted_at=now,
                lease="",
                lease_until=None,
                attempt_at=None,
                first_attempt_at=None,
                attempts=0,
                tried_for=0.0,
            )
        )
        await connection.execute(update(DELIVERIES).where(DELIVERIES.c.post_id.in_(folded)).values(post_id=place))
    await remove_doubles(connection, [replies[number][0] for number in range(len(groups))])
    spare = [reply for reply, _ in replies[len(groups) :]]
    await connection.execute(delete(POSTS).where(POSTS.c.id.in_(spare)))
