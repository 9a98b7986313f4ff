"""Deleting what is kept of workspaces that the bot left, a little at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Delete, Row, Select, bindparam, delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.counters import Counter, next_numbers
from storage.database.database import Database
from storage.tables.channels import CHANNELS, WORKSPACES
from storage.tables.posts import DELIVERIES, DIGESTS, PAST_DELIVERIES, POSTS
from storage.tables.reading import SAVED_PAPERS, VOTES
from storage.tables.topics import SUBSCRIPTIONS

#: How long removed topics stay, so that every process hears of their removal before they are gone.
TOPICS_STAY = timedelta(hours=1)


async def delete_left_workspaces(database: Database, left_before: datetime, now: datetime, limit: int) -> int:
    """As the port says (`bot.channels.store`). What is deleted together is one bounded transaction."""
    async with database.write() as connection:
        left = (
            select(CHANNELS.c.id)
            .join(WORKSPACES, WORKSPACES.c.id == CHANNELS.c.workspace_id)
            .where(WORKSPACES.c.left_at < left_before)
        )
        if removed := await remove_topics(connection, _belongs_to(left), now, limit):
            return removed
        workspace = await _next_workspace(connection, left_before, now)
        deleted = 0
        if workspace is not None:
            for statement in _deletions(workspace, limit):
                deleted += (await connection.execute(statement)).rowcount
                if deleted >= limit:
                    break
        return deleted


def _belongs_to(channels: Select[Any]) -> ColumnElement[bool]:
    """Topics of these channels, and those of people's own that were named in them."""
    return or_(SUBSCRIPTIONS.c.channel_id.in_(channels), SUBSCRIPTIONS.c.named_in.in_(channels))


async def remove_topics(connection: AsyncConnection, which: ColumnElement[bool], now: datetime, limit: int) -> int:
    """Removes some topics as people remove them, so that every process hears of it; returns how many."""
    statement = (
        select(SUBSCRIPTIONS.c.id)
        .where(which, SUBSCRIPTIONS.c.removed_at.is_(None))
        .order_by(SUBSCRIPTIONS.c.id)
        .limit(limit)
    )
    topics = list((await connection.execute(statement)).scalars())
    if topics:
        first = await next_numbers(connection, Counter.CHANGE, len(topics))
        removal = (
            update(SUBSCRIPTIONS)
            .where(SUBSCRIPTIONS.c.id == bindparam("topic"), SUBSCRIPTIONS.c.removed_at.is_(None))
            .values(removed_at=now, change=bindparam("change_number"))
        )
        await connection.execute(
            removal, [{"topic": topic, "change_number": first + place} for place, topic in enumerate(topics)]
        )
    return len(topics)


async def _next_workspace(
    connection: AsyncConnection, left_before: datetime, now: datetime
) -> Row[Any, Any, Any] | None:
    """A workspace whose topics are gone for long enough; locked, so that the bot is not invited back meanwhile."""
    topics_left = exists().where(
        CHANNELS.c.workspace_id == WORKSPACES.c.id,
        or_(SUBSCRIPTIONS.c.channel_id == CHANNELS.c.id, SUBSCRIPTIONS.c.named_in == CHANNELS.c.id),
        or_(SUBSCRIPTIONS.c.removed_at.is_(None), SUBSCRIPTIONS.c.removed_at > now - TOPICS_STAY),
    )
    statement = (
        select(WORKSPACES.c.id, WORKSPACES.c.platform, WORKSPACES.c.external_id)
        .where(WORKSPACES.c.left_at < left_before, ~topics_left)
        .order_by(WORKSPACES.c.id)
        .limit(1)
        .with_for_update(of=WORKSPACES)
    )
    found: Row[Any, Any, Any] | None = (await connection.execute(statement)).one_or_none()
    return found


def _deletions(workspace: Row[Any, Any, Any], limit: int) -> Iterator[Delete]:
    """From the leaves to the root, so that no statement deletes more than it says. Each takes at most `limit` rows."""
    lists = select(SAVED_PAPERS.c.person, SAVED_PAPERS.c.paper_id).where(*_lists_of(workspace)).limit(limit)
    yield delete(SAVED_PAPERS).where(
        *_lists_of(workspace), tuple_(SAVED_PAPERS.c.person, SAVED_PAPERS.c.paper_id).in_(lists)
    )
    yield from channel_deletions(select(CHANNELS.c.id).where(CHANNELS.c.workspace_id == workspace.id), limit)
    yield delete(WORKSPACES).where(
        WORKSPACES.c.id == workspace.id, ~exists().where(CHANNELS.c.workspace_id == workspace.id)
    )


def channel_deletions(channels: Select[Any], limit: int) -> Iterator[Delete]:
    """The same for the channels with these ids. Their topics must be removed before."""
    key = tuple_(VOTES.c.channel_id, VOTES.c.paper_id, VOTES.c.person)
    some_votes = select(VOTES.c.channel_id, VOTES.c.paper_id, VOTES.c.person).where(VOTES.c.channel_id.in_(channels))
    yield delete(VOTES).where(key.in_(some_votes.limit(limit)))
    yield delete(DELIVERIES).where(
        DELIVERIES.c.id.in_(select(DELIVERIES.c.id).where(DELIVERIES.c.channel_id.in_(channels)).limit(limit))
    )
    past = tuple_(PAST_DELIVERIES.c.channel_id, PAST_DELIVERIES.c.paper)
    some_past = select(PAST_DELIVERIES.c.channel_id, PAST_DELIVERIES.c.paper)
    yield delete(PAST_DELIVERIES).where(
        past.in_(some_past.where(PAST_DELIVERIES.c.channel_id.in_(channels)).limit(limit))
    )
    posts = select(POSTS.c.id).where(POSTS.c.channel_id.in_(channels))
    yield delete(POSTS).where(POSTS.c.id.in_(posts.where(POSTS.c.parent_id.is_not(None)).limit(limit)))
    yield delete(POSTS).where(POSTS.c.id.in_(posts.limit(limit)))
    for table, of_them in ((DIGESTS, DIGESTS.c.channel_id.in_(channels)), (SUBSCRIPTIONS, _belongs_to(channels))):
        yield delete(table).where(table.c.id.in_(select(table.c.id).where(of_them).limit(limit)))
    yield delete(CHANNELS).where(CHANNELS.c.id.in_(channels.limit(limit)))


def _lists_of(workspace: Row[Any, Any, Any]) -> tuple[Any, Any]:
    """Reading lists that belong to the workspace; where people are the same everywhere, theirs stay their own."""
    return SAVED_PAPERS.c.platform == workspace.platform, SAVED_PAPERS.c.workspace == workspace.external_id
