"""Doubles: papers in posts that come by other posts of their channels.

A channel has one delivery of a paper, and the post that delivers it says it, in a thread also what heads that. What
another post says of it, since two papers turned out to be one or another topic has brought it, is left out before that
post is sent. What was sent stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.content import POST_CONTENT_JSON, DigestPart, PaperReply, PostContent
from bot.posting.post import PostState
from storage.database.statements import chunks
from storage.papers.ids import known_as
from storage.past_deliveries import remembered
from storage.tables.posts import DELIVERIES, DIGESTS, POSTS


async def leave_out_doubles(connection: AsyncConnection, post_ids: Collection[int], *, lock: bool = False) -> list[int]:
    """Takes out of posts what others deliver; returns those that have nothing left to say, which stay as they are.

    The caller holds the posts, which are not on their way. A `lock` keeps others from queueing a paper again meanwhile.
    """
    posts = await _posts(connection, post_ids)
    contents = {post.id: POST_CONTENT_JSON.validate_python(post.content) for post in posts}
    papers = {post.id: _papers_of(contents[post.id]) for post in posts}
    homes = await known_as(connection, {one for ids in papers.values() for one in ids})
    pairs = {(post.channel_id, homes.get(one, one)) for post in posts for one in papers[post.id]}
    deliveries = await deliveries_of(connection, pairs, lock=lock)
    past = await remembered(connection, pairs - deliveries.keys())
    spare: list[int] = []
    for post in reversed(posts):  # whether there is anything left to head is known once that is
        doubles = {
            one
            for one in papers[post.id]
            if (pair := (post.channel_id, homes.get(one, one))) in past
            or (pair in deliveries and _is_double(post, deliveries[pair]))
        }
        if not doubles:
            continue
        shorter = _without(contents[post.id], doubles)
        if shorter is None or not await _says_something(connection, post, shorter, spare):
            spare.append(post.id)
            continue
        content = POST_CONTENT_JSON.dump_python(shorter, mode="json")
        await connection.execute(update(POSTS).where(POSTS.c.id == post.id).values(content=content))
    return spare


async def remove_doubles(connection: AsyncConnection, post_ids: Collection[int]) -> None:
    """The same, and deletes the posts that have nothing left to say, and digests of which nothing is left."""
    spare = await leave_out_doubles(connection, post_ids)
    for some in chunks(spare):
        digests = select(POSTS.c.digest_id).where(POSTS.c.id.in_(some)).distinct()
        digest_ids = list((await connection.execute(digests)).scalars())
        await connection.execute(delete(POSTS).where(POSTS.c.id.in_(some)))
        await connection.execute(
            delete(DIGESTS).where(
                DIGESTS.c.id.in_(digest_ids),
                ~exists().where(POSTS.c.digest_id == DIGESTS.c.id),
                ~exists().where(DELIVERIES.c.digest_id == DIGESTS.c.id),
            )
        )


async def take_back(connection: AsyncConnection, deliveries: Sequence[Row[Any]]) -> None:
    """Takes the posts that show these from whoever has written their messages by now, as far as no request has left."""
    for some in chunks(_showing(deliveries)):
        statement = update(POSTS).where(
            POSTS.c.id.in_(some), POSTS.c.state == PostState.LEASED, POSTS.c.attempt_at.is_(None)
        )
        await connection.execute(statement.values(state=PostState.PENDING, lease="", lease_until=None))


async def take_out(connection: AsyncConnection, deliveries: Sequence[Row[Any]]) -> None:
    """Removes doubles from the posts that showed these. Of what is on its way they are removed when that comes back
    (`storage.posting.settlements`).
    """
    waiting: list[int] = []
    for some in chunks(_showing(deliveries)):
        statement = select(POSTS.c.id).where(POSTS.c.id.in_(some), POSTS.c.state == PostState.PENDING)
        waiting += (await connection.execute(statement)).scalars()
    await remove_doubles(connection, waiting)


def _showing(deliveries: Iterable[Row[Any]]) -> list[int]:
    """The posts that show these deliveries."""
    return sorted({one for row in deliveries for one in (row.post_id, row.parent_id) if one is not None})


async def shown_by(connection: AsyncConnection, post_ids: Collection[int]) -> dict[int, set[tuple[int, str]]]:
    """The (channel, paper) that these posts show, as far as they are of digests."""
    posts = await _posts(connection, post_ids)
    papers = {post.id: _papers_of(POST_CONTENT_JSON.validate_python(post.content)) for post in posts}
    homes = await known_as(connection, {one for ids in papers.values() for one in ids})
    return {post.id: {(post.channel_id, homes.get(one, one)) for one in papers[post.id]} for post in posts}


async def _posts(connection: AsyncConnection, post_ids: Collection[int]) -> list[Row[Any]]:
    """Those of the posts that are of digests, in order."""
    found: list[Row[Any]] = []
    for some in chunks(sorted(post_ids)):
        statement = select(POSTS.c.id, POSTS.c.channel_id, POSTS.c.digest_id, POSTS.c.content)
        of_digests = statement.where(POSTS.c.id.in_(some), POSTS.c.digest_id.is_not(None))
        found += await connection.execute(of_digests.order_by(POSTS.c.id))
    return found


async def deliveries_of(
    connection: AsyncConnection, pairs: Collection[tuple[int, str]], *, lock: bool = False
) -> dict[tuple[int, str], Row[Any]]:
    """The deliveries of these (channel, paper), and what heads the threads in which they are."""
    found: dict[tuple[int, str], Row[Any]] = {}
    key = tuple_(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id)
    for some in chunks(sorted(pairs)):
        statement = (
            select(DELIVERIES, POSTS.c.parent_id)
            .outerjoin(POSTS, POSTS.c.id == DELIVERIES.c.post_id)
            .where(key.in_(some))
            .order_by(DELIVERIES.c.id)
        )
        if lock:
            statement = statement.with_for_update(of=DELIVERIES)
        found.update(((row.channel_id, row.paper_id), row) for row in await connection.execute(statement))
    return found


def _is_double(post: Row[Any], delivery: Row[Any]) -> bool:
    return delivery.digest_id != post.digest_id or (
        delivery.post_id is not None and post.id not in (delivery.post_id, delivery.parent_id)
    )


def _papers_of(content: PostContent) -> Sequence[str]:
    """The papers that a post delivers. What somebody shares is shown however often."""
    match content:
        case DigestPart(paper_ids=paper_ids):
            return paper_ids
        case PaperReply(paper_id=paper_id):
            return (paper_id,)
        case _:
            return ()


def _without(content: PostContent, papers: Collection[str]) -> DigestPart | None:
    """What is left of a post without these papers; None is nothing."""
    if not isinstance(content, DigestPart):
        return None
    kept = [place for place, paper_id in enumerate(content.paper_ids) if paper_id not in papers]
    return replace(
        content,
        paper_ids=tuple(content.paper_ids[place] for place in kept),
        reasons=tuple(content.reasons[place] for place in kept) if content.reasons else (),
    )


async def _says_something(
    connection: AsyncConnection, post: Row[Any], part: DigestPart, spare: Collection[int]
) -> bool:
    """Whether there is anything to say: papers, how many are not shown, or the headline of what follows."""
    if part.paper_ids:
        return True
    counted = select(DELIVERIES.c.id).where(DELIVERIES.c.post_id == post.id).limit(1)
    if (await connection.execute(counted)).first() is not None:
        return True
    following = select(POSTS.c.id).where(
        POSTS.c.digest_id == post.digest_id,
        POSTS.c.id > post.id,
        POSTS.c.id.not_in(spare),
        POSTS.c.parent_id.is_(None),
        POSTS.c.state == PostState.PENDING,
    )
    has_headline = part.part == 1 and not part.apart
    return has_headline and (await connection.execute(following.limit(1))).first() is not None
