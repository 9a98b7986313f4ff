"""Leases: taking posts out of the outbox, fairly where not all of them have room."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import PlatformName
from bot.digests.content import POST_CONTENT_JSON
from bot.posting.post import LookUps, Post
from bot.posting.rooms import Account, Rooms
from storage.database.conflicts import ConflictError
from storage.posting.due_posts import free_to_send, with_parents
from storage.tables.posts import POSTS

#: How often it is looked again for posts of other accounts, where some have no room for more.
LOOKS = 5


async def choose(
    connection: AsyncConnection,
    platforms: Sequence[PlatformName],
    given: Mapping[str, Any],
    limit: int,
    rooms: Rooms | None,
) -> list[int]:
    """The ids of posts that may be taken. Where an account has more of them than room, others get their places.

    Of a channel it is one: the oldest, where a later one may pass another post of its digest that is looked for.
    """
    full = rooms.full(platforms) if rooms else set()
    free: dict[Account, int] = {}
    chosen: dict[int, int] = {}  # posts by their channels
    for _ in range(LOOKS):
        asked = {
            **given,
            "platforms": [name for name in platforms if Account(name) not in full],
            "full": [f"{account.platform}/{account.workspace}" for account in full],
            "chosen": list(chosen.values()),
            "most": limit - len(chosen),
        }
        passed_over: Counter[Account] = Counter()
        rows = (await connection.execute(free_to_send(), asked)).all()
        oldest: dict[int, int] = {}
        for row in rows:
            oldest[row.channel_id] = min(row.id, oldest.get(row.channel_id, row.id))
        for row in rows:
            if row.channel_id in chosen or row.id != oldest[row.channel_id]:
                continue
            if rooms is not None:
                account = rooms.account(PlatformName(row.platform), row.workspace)
                left = free[account] if account in free else rooms.free(account)
                if left <= 0:
                    passed_over[account] += 1
                    continue
                free[account] = left - 1
            chosen[row.channel_id] = row.id
        if not passed_over:
            break
        full |= passed_over.keys()
    return list(chosen.values())


async def take(connection: AsyncConnection, ids: Sequence[int], until: datetime, **values: Any) -> list[Post]:
    """Leases posts, with a token of their own. Raises `ConflictError` where a channel has one in flight meanwhile."""
    if not ids:
        return []
    lease = secrets.token_hex(8)
    taking = update(POSTS).where(POSTS.c.id.in_(ids)).values(lease=lease, lease_until=until, **values)
    try:
        await connection.execute(taking)
    except IntegrityError as error:  # what was found missing, and what has passed it, were taken at the same time
        raise ConflictError("another post of the channel is in flight") from error
    return [post_of(row) for row in await connection.execute(with_parents(), {"ids": ids})]


def post_of(row: Row[Any]) -> Post:
    return Post(
        id=row.id,
        channel_id=row.channel_id,
        digest_id=row.digest_id,
        content=POST_CONTENT_JSON.validate_python(row.content),
        key=row.key,
        due_at=row.due_at,
        lease=row.lease,
        attempts=row.attempts,
        tried_for=timedelta(seconds=row.tried_for),
        look_ups=LookUps(
            count=row.look_ups,
            cursor=row.look_up_cursor,
            began_at=row.look_up_began_at,
            late=row.late,
            lasted=timedelta(seconds=row.looked_for),
        ),
        first_attempt_at=row.first_attempt_at,
        attempt_at=row.attempt_at,
        parent_remote_id=row.parent_remote_id,
    )
