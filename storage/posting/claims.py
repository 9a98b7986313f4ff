"""Claims: of two messages that turn out to show one paper, the one that proves to be there delivers it.

Papers may turn out to be one while messages with each of them are under way. One delivery stays then, with one of the
two messages. Should the other one be found in the channel, it delivers the paper. Should the first one come back, to be
sent again, the paper is left to the other one as long as nobody knows what became of that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.digest import DeliveryState
from bot.posting.post import PostState, Settlement
from storage.database.news import News, notify
from storage.database.statements import chunks
from storage.posting.doubles import deliveries_of, shown_by, take_back, take_out
from storage.posting.mergers import close_gaps
from storage.tables.posts import DELIVERIES, DIGESTS, POSTS


@dataclass(frozen=True, slots=True)
class Claims:
    """The deliveries that posts claim: such as are found in their channels, and such as are on their way."""

    found: defaultdict[int, list[Row[Any]]] = field(default_factory=lambda: defaultdict(list))
    on_their_way: defaultdict[int, list[Row[Any]]] = field(default_factory=lambda: defaultdict(list))


def may_claim(settlement: Settlement) -> bool:
    """Whether it may be about such a message: what is sent by its first request, and was in flight as papers turned
    out to be one, has kept their delivery."""
    found = settlement.state is PostState.SENT and settlement.post.attempt_at is not None
    return found or settlement.state is PostState.PENDING


async def lock_claims(connection: AsyncConnection, settlements: Sequence[Settlement]) -> Claims:
    """What is to be claimed once these are written, where channels are locked of those that may claim anything. Locks
    the posts that it is about, in one order with those that are settled.
    """
    claims = Claims()
    about = [one for one in settlements if may_claim(one)]
    if not about:
        return claims
    back = {one.post.id: one.post.channel_id for one in about if one.state is PostState.PENDING}
    found = {one.post.id for one in about if one.post.id not in back}
    others = await _on_their_way(connection, set(back.values())) - back.keys() - found
    shown = await shown_by(connection, found | others)
    deliveries = await deliveries_of(connection, {pair for pairs in shown.values() for pair in pairs})
    for post_id, pairs in shown.items():
        for row in (deliveries[pair] for pair in sorted(pairs) if pair in deliveries):
            if row.state == DeliveryState.POSTED or post_id in (row.post_id, row.parent_id):
                continue
            if post_id not in others:
                claims.found[post_id].append(row)
            elif row.state == DeliveryState.QUEUED and row.post_id in back:
                claims.on_their_way[post_id].append(row)
    rows = [row for of_post in (*claims.found.values(), *claims.on_their_way.values()) for row in of_post]
    if rows:
        ids = {one for row in rows for one in (row.post_id, row.parent_id) if one is not None}
        ids |= claims.found.keys() | claims.on_their_way.keys() | {one.post.id for one in settlements}
        for some in chunks(sorted(ids)):
            posts = select(POSTS.c.id).where(POSTS.c.id.in_(some)).order_by(POSTS.c.id)
            await connection.execute(posts.with_for_update(key_share=True))
    return claims


async def write_claims(connection: AsyncConnection, claims: Claims, settlements: Sequence[Settlement]) -> None:
    """Makes posts deliver what they claim, once these, which were still held, are written."""
    settled = {one.post.id: one for one in settlements}
    claimed: list[Row[Any]] = []
    for post_id, rows in claims.found.items():
        if item := settled.get(post_id):
            for row in sorted(rows, key=_place, reverse=True):
                await _give(connection, row, post_id, state=DeliveryState.POSTED, posted_at=item.at)
            claimed += rows
    there = await _on_their_way(connection, {one.post.channel_id for one in settlements}) if claims.on_their_way else ()
    for post_id, rows in claims.on_their_way.items():
        for row in sorted(rows, key=_place, reverse=True) if post_id in there else ():
            if row.post_id in settled:
                await _give(connection, row, post_id)
    if claimed:
        await take_back(connection, claimed)
        await take_out(connection, claimed)
        await notify(connection, News.POSTS)


async def _on_their_way(connection: AsyncConnection, channel_ids: Collection[int]) -> set[int]:
    """Posts of these channels whose requests have left, and of which nobody knows yet what became of them."""
    found: set[int] = set()
    in_flight = (POSTS.c.state == PostState.LEASED) & POSTS.c.attempt_at.is_not(None)
    for some in chunks(sorted(channel_ids)):
        statement = select(POSTS.c.id).where(
            POSTS.c.channel_id.in_(some), or_(POSTS.c.state == PostState.UNKNOWN, in_flight)
        )
        found.update((await connection.execute(statement)).scalars())
    return found


def _place(row: Row[Any]) -> int:
    """Its place in its digest: as each leaves, those behind it move up, and so the last one has to go first."""
    return row.position or 0


async def _give(connection: AsyncConnection, row: Row[Any], post_id: int, **values: object) -> None:
    """Makes this post deliver it, as the last of what its digest shows; the digest that it was in counts one less."""
    post = select(POSTS.c.digest_id, DIGESTS.c.shown).join(DIGESTS, DIGESTS.c.id == POSTS.c.digest_id)
    digest_id, shown = (await connection.execute(post.where(POSTS.c.id == post_id))).one()
    if row.digest_id != digest_id:
        await close_gaps(connection, [row])
        behind = (DELIVERIES.c.digest_id == digest_id, DELIVERIES.c.position > shown)
        await connection.execute(update(DELIVERIES).where(*behind).values(position=DELIVERIES.c.position + 1))
        counted = update(DIGESTS).where(DIGESTS.c.id == digest_id)
        await connection.execute(counted.values(total=DIGESTS.c.total + 1, shown=shown + 1))
        values |= {"digest_id": digest_id, "position": shown + 1}
    await connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == row.id).values(post_id=post_id, **values))
