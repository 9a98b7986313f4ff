"""Stops: marking as refused what a platform takes nothing for any more."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import Address, Channel, ChannelState
from storage.channels.channel_rows import at_address, channel_of, select_channels
from storage.database.lock_order import lock_channels, lock_workspace
from storage.database.statements import chunks
from storage.tables.channels import CHANNELS, WORKSPACES


async def break_channels(
    connection: AsyncConnection, address: Address, reason: str, *, whole_workspace: bool, even_paused: bool = False
) -> list[Channel]:
    """Stops a channel or its whole workspace; returns the channels that were well until now.

    What stops was locked by `lock_what_stops` before posts were.
    """
    await lock_what_stops(connection, address, whole_workspace=whole_workspace)
    if whole_workspace:
        broken = await stop_workspace(connection, address, reason)
    else:
        broken = await _stop_channel(connection, address, reason, even_paused=even_paused)
    # Read in the same transaction: whoever is told of a failure may count on nothing having changed.
    statements = (select_channels().where(CHANNELS.c.id.in_(some)) for some in chunks(broken))
    return [channel_of(row) for statement in statements for row in await connection.execute(statement)]


async def lock_what_stops(connection: AsyncConnection, address: Address, *, whole_workspace: bool) -> None:
    """Locks the rows that `break_channels` writes, in the order in which everybody locks them."""
    if whole_workspace:
        await lock_workspace(connection, address.platform, address.workspace)
    which = (
        at_address(address) if whole_workspace else (*at_address(address), CHANNELS.c.external_id == address.channel)
    )
    ids = select(CHANNELS.c.id).join(WORKSPACES, CHANNELS.c.workspace_id == WORKSPACES.c.id).where(*which)
    await lock_channels(connection, list((await connection.execute(ids)).scalars()))


async def _stop_channel(connection: AsyncConnection, address: Address, reason: str, *, even_paused: bool) -> list[int]:
    """Stops one channel; one that was refused already, and not with its workspace, takes the new reason.

    What people paused stays paused: it would else go on as soon as the platform takes it again.
    """
    which = [*at_address(address), CHANNELS.c.external_id == address.channel]
    if not even_paused:
        which.append(CHANNELS.c.state == ChannelState.ACTIVE)
    broken = await _stop(connection, *which, reason=reason)
    known = (
        select(CHANNELS.c.id)
        .join(WORKSPACES, CHANNELS.c.workspace_id == WORKSPACES.c.id)
        .where(
            *at_address(address),
            CHANNELS.c.external_id == address.channel,
            CHANNELS.c.state == ChannelState.BROKEN,
            WORKSPACES.c.stopped_for != CHANNELS.c.reason,
        )
    )
    await connection.execute(update(CHANNELS).where(CHANNELS.c.id.in_(known)).values(reason=reason))
    return broken


async def stop_workspace(connection: AsyncConnection, address: Address, reason: str) -> list[int]:
    """Stops all channels of a workspace. What stopped with it before stays stopped with it, whatever is said now.

    What people paused stays paused: it would else go on with the others, as soon as the platform takes them again.
    """
    await lock_what_stops(connection, address, whole_workspace=True)
    active = CHANNELS.c.state == ChannelState.ACTIVE
    broken = await _stop(connection, *at_address(address), active, reason=reason)
    before = (
        select(CHANNELS.c.id)
        .join(WORKSPACES, CHANNELS.c.workspace_id == WORKSPACES.c.id)
        .where(
            *at_address(address), CHANNELS.c.state == ChannelState.BROKEN, CHANNELS.c.reason == WORKSPACES.c.stopped_for
        )
    )
    await connection.execute(update(CHANNELS).where(CHANNELS.c.id.in_(before)).values(reason=reason))
    await connection.execute(update(WORKSPACES).where(*at_address(address)).values(stopped_for=reason))
    return broken


async def _stop(connection: AsyncConnection, *which: ColumnElement[bool], reason: str) -> list[int]:
    """Marks those channels as refused that were well; returns their ids."""
    well = (
        select(CHANNELS.c.id)
        .join(WORKSPACES, CHANNELS.c.workspace_id == WORKSPACES.c.id)
        .where(*which, CHANNELS.c.state != ChannelState.BROKEN, CHANNELS.c.deleted_at.is_(None))
        .order_by(CHANNELS.c.id)
        .with_for_update(of=CHANNELS, key_share=True)
    )
    statement = (
        update(CHANNELS)
        .where(CHANNELS.c.id.in_(well))
        .values(state=ChannelState.BROKEN, reason=reason, paused_until=None)
        .returning(CHANNELS.c.id)
    )
    return list((await connection.execute(statement)).scalars())
