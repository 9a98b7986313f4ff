"""Channels that people rename or delete here: their addresses, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import ChannelState, PlatformName
from bot.errors import UserError
from bot.posting.post import PostState
from storage.channels.channel_rows import deleted_meanwhile
from storage.database.counters import Counter, next_numbers
from storage.posting.due_posts import OPEN
from storage.retention import TOPICS_STAY, channel_deletions, remove_topics
from storage.tables.channels import CHANNELS, MAIL_RECIPIENTS, WORKSPACES
from storage.tables.posts import POSTS, WEB_MESSAGES
from storage.tables.topics import SUBSCRIPTIONS

#: Topics that are removed together; no command lets a channel have more, and those who follow it by mail have none.
_MOST_TOPICS = 1000


async def rename_channel(connection: AsyncConnection, channel_id: int, name: str) -> None:
    """As the port says (`bot.channels.store`)."""
    await _hold(connection, [channel_id])
    kept = select(CHANNELS).where(CHANNELS.c.id == channel_id, CHANNELS.c.deleted_at.is_(None))
    before = (await connection.execute(kept)).one_or_none()
    if before is None:
        raise deleted_meanwhile()
    taken = exists().where(
        CHANNELS.c.workspace_id == before.workspace_id,
        CHANNELS.c.external_id == name,
        CHANNELS.c.id != channel_id,
    )
    if (await connection.execute(select(taken))).scalar_one():
        raise _taken(name)
    try:
        await _move(connection, channel_id, before.external_id, name, name)
    except IntegrityError as error:  # somebody was quicker
        raise _taken(name) from error


async def mark_deleted(connection: AsyncConnection, channel_ids: Sequence[int], now: datetime) -> None:
    """As the port says (`bot.channels.store`), for several channels together."""
    # Whoever adds a topic takes a number first: it is there by now and goes with the others, or finds no channel.
    await next_numbers(connection, Counter.CHANGE, 0)
    of_mail = select(MAIL_RECIPIENTS.c.channel_id).join(CHANNELS, CHANNELS.c.id == MAIL_RECIPIENTS.c.channel_id)
    following = of_mail.where(MAIL_RECIPIENTS.c.follows.in_(channel_ids), CHANNELS.c.deleted_at.is_(None))
    ids = sorted({*channel_ids, *(await connection.execute(following)).scalars()})
    await remove_topics(connection, SUBSCRIPTIONS.c.channel_id.in_(ids), now, _MOST_TOPICS)
    # What people named here for themselves stays theirs.
    named = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.named_in.in_(ids))
    await connection.execute(named.values(named_in=None))
    await _hold(connection, ids)
    for channel_id in ids:
        await connection.execute(delete(POSTS).where(POSTS.c.channel_id == channel_id, POSTS.c.state.in_(OPEN)))
        before = (await connection.execute(select(CHANNELS).where(CHANNELS.c.id == channel_id))).one()
        await _move(connection, channel_id, before.external_id, f"deleted:{channel_id}", before.name)
    await connection.execute(
        update(CHANNELS)
        .where(CHANNELS.c.id.in_(ids))
        .values(
            state=ChannelState.PAUSED,
            reason="Deleted",
            paused_until=None,
            next_digest_at=None,
            instant_at=None,
            archived_at=None,
            deleted_at=now,
        )
    )


async def delete_marked(connection: AsyncConnection, now: datetime, limit: int) -> int:
    """As the port says (`bot.channels.store`). Other processes must have heard that its topics are gone."""
    channel = (
        await connection.execute(
            select(CHANNELS.c.id, CHANNELS.c.external_id)
            .where(CHANNELS.c.deleted_at < now - TOPICS_STAY)
            .order_by(CHANNELS.c.deleted_at)
            .limit(1)
        )
    ).one_or_none()
    if channel is None:
        return 0
    messages = select(WEB_MESSAGES.c.id).where(WEB_MESSAGES.c.channel == channel.external_id).limit(limit)
    deleted = (await connection.execute(delete(WEB_MESSAGES).where(WEB_MESSAGES.c.id.in_(messages)))).rowcount
    for statement in channel_deletions(select(CHANNELS.c.id).where(CHANNELS.c.id == channel.id), limit):
        if deleted >= limit:
            break
        deleted += (await connection.execute(statement)).rowcount
    return deleted


async def _hold(connection: AsyncConnection, channel_ids: Sequence[int]) -> None:
    """Lets no post of the channels be taken until all is done: whoever has taken one knows its address already.

    Raises `UserError` where somebody has.
    """
    channels = select(CHANNELS.c.id).where(CHANNELS.c.id.in_(channel_ids))
    await connection.execute(channels.order_by(CHANNELS.c.id).with_for_update())
    waiting = select(POSTS.c.state).where(POSTS.c.channel_id.in_(channel_ids), POSTS.c.state.in_(OPEN))
    states = set((await connection.execute(waiting.order_by(POSTS.c.id).with_for_update())).scalars())
    if PostState.LEASED in states:
        raise UserError("A message is on its way to this channel at this moment. Try again in a few seconds.")


async def _move(connection: AsyncConnection, channel_id: int, before: str, external_id: str, name: str) -> None:
    """Gives a channel another id, and takes the messages of the web's log along."""
    moving = update(CHANNELS).where(CHANNELS.c.id == channel_id)
    await connection.execute(moving.values(external_id=external_id, name=name))
    if await _is_of_the_web(connection, channel_id):
        messages = update(WEB_MESSAGES).where(WEB_MESSAGES.c.channel == before)
        await connection.execute(messages.values(channel=external_id))


async def _is_of_the_web(connection: AsyncConnection, channel_id: int) -> bool:
    platform = (
        select(WORKSPACES.c.platform)
        .join(CHANNELS, CHANNELS.c.workspace_id == WORKSPACES.c.id)
        .where(CHANNELS.c.id == channel_id)
    )
    return PlatformName((await connection.execute(platform)).scalar_one()) is PlatformName.WEB


def _taken(name: str) -> UserError:
    return UserError(f"There is a channel #{name} already. Choose another name.")
