"""Which posts are due: what a worker asks all the time.

These statements are put together once, because that takes longer than asking.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, exists, func, select

from bot.channels.channel import ChannelState
from bot.posting.post import PostState, Priority
from storage.tables.channels import CHANNELS, WORKSPACES
from storage.tables.posts import POSTS

OPEN = (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN)

_NOW = bindparam("now", type_=POSTS.c.due_at.type)


@cache
def free_to_send() -> Select[Any]:
    """The ids of posts that may be sent `now`."""
    return _due(PostState.PENDING, POSTS.c.priority, POSTS.c.due_at, POSTS.c.id).where(
        POSTS.c.priority <= bindparam("least", type_=Integer()),
        (WORKSPACES.c.platform + "/" + WORKSPACES.c.external_id).not_in(bindparam("full", expanding=True)),
        POSTS.c.id.not_in(bindparam("chosen", expanding=True)),
        func.coalesce(CHANNELS.c.post_after, POSTS.c.due_at) <= _NOW,
        ~_held_up(),
        ~_has_one_in_flight(),
    )


@cache
def free_to_look_for() -> Select[Any]:
    """The ids of posts that may be looked for `now`."""
    return _due(PostState.UNKNOWN, POSTS.c.due_at, POSTS.c.id).where(func.coalesce(POSTS.c.lease_until, _NOW) <= _NOW)


@cache
def next_moments() -> Select[Any]:
    """When pending posts become due that are not `now`: by their own times, in a column for each priority, as that is
    what the index has; and by the rests of their channels. And `tried`, when the oldest request left for a post that
    still holds up other digests, as it was not `lost_before`."""
    waiting = POSTS.c.state == PostState.PENDING
    soonest = [
        select(func.min(POSTS.c.due_at)).where(waiting, POSTS.c.priority == priority, POSTS.c.due_at > _NOW)
        for priority in Priority
    ]
    rested = (
        select(func.min(CHANNELS.c.post_after))
        .join(POSTS, POSTS.c.channel_id == CHANNELS.c.id)
        .where(waiting, POSTS.c.due_at <= _NOW, CHANNELS.c.state == ChannelState.ACTIVE, CHANNELS.c.post_after > _NOW)
    )
    tried = select(func.min(POSTS.c.attempt_at)).where(
        POSTS.c.state == PostState.UNKNOWN, POSTS.c.attempt_at > bindparam("lost_before", type_=POSTS.c.attempt_at.type)
    )
    return select(
        *(one.scalar_subquery().label(f"due_{number}") for number, one in enumerate(soonest)),
        rested.scalar_subquery().label("rested"),
        tried.scalar_subquery().label("tried"),
    )


@cache
def with_parents() -> Select[Any]:
    """The posts of some `ids`, and what those are called on the platform that they answer."""
    parents = POSTS.alias("parents")
    return (
        select(POSTS, parents.c.remote_id.label("parent_remote_id"))
        .outerjoin(parents, parents.c.id == POSTS.c.parent_id)
        .where(POSTS.c.id.in_(bindparam("ids", expanding=True)))
        .order_by(POSTS.c.priority, POSTS.c.due_at, POSTS.c.id)
    )


def _held_up() -> ColumnElement[bool]:
    """Whether an older post of its channel has to come before a post.

    Those of another digest need not, once that one has a post that is looked for and could not be found for long: since
    `lost_before`.
    """
    older, lost = POSTS.alias("older"), POSTS.alias("lost")
    looked_for = exists().where(
        lost.c.channel_id == POSTS.c.channel_id,
        lost.c.state == PostState.UNKNOWN,
        (lost.c.id == older.c.id) | (lost.c.digest_id == older.c.digest_id),
        lost.c.attempt_at <= bindparam("lost_before", type_=POSTS.c.attempt_at.type),
    )
    return exists().where(
        older.c.channel_id == POSTS.c.channel_id,
        older.c.id < POSTS.c.id,
        older.c.state.in_(OPEN),
        (older.c.digest_id == POSTS.c.digest_id) | ~looked_for,
    )


def _has_one_in_flight() -> ColumnElement[bool]:
    """Whether its channel has a post in flight: a later one that has passed a post which turned out not to be there."""
    other = POSTS.alias("other")
    return exists().where(other.c.channel_id == POSTS.c.channel_id, other.c.state == PostState.LEASED)


def _due(state: PostState, *order: ColumnElement[Any]) -> Select[Any]:
    """The ids of posts in that state whose time has come, and where they go, in active channels, without those that
    others hold: at `most` so many, on `platforms`."""
    return (
        select(POSTS.c.id, POSTS.c.channel_id, WORKSPACES.c.platform, WORKSPACES.c.external_id.label("workspace"))
        .join(CHANNELS, CHANNELS.c.id == POSTS.c.channel_id)
        .join(WORKSPACES, WORKSPACES.c.id == CHANNELS.c.workspace_id)
        .where(
            POSTS.c.state == state,
            POSTS.c.due_at <= _NOW,
            CHANNELS.c.state == ChannelState.ACTIVE,
            WORKSPACES.c.platform.in_(bindparam("platforms", expanding=True)),
        )
        .order_by(*order)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(of=POSTS, skip_locked=True)
    )
