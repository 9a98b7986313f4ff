"""The order in which transactions lock rows, so that no two of them wait for each other in a circle: of such two,
PostgreSQL ends one. (SQLite has one writer at a time.)

Whoever locks rows of several of these tables does so from the top down, and rows of one table in the order of their
ids:

1. the counter of changes (`storage.database.counters`), then topics;
2. papers;
3. workspaces;
4. channels;
5. posts;
6. deliveries.

What nobody else waits for may be locked at any time: rows that are new; and of posts those that are taken with SKIP
LOCKED. A plan hurries pending posts after it has locked the deliveries that it takes: whoever has locked a pending post
waits for none of those, as they wait for a digest, without having locked their channel before.

Where the order cannot be kept, as in a circle that nobody has thought of, one of the two is tried again at once
(`storage.database.conflicts`).
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.statements import chunks
from storage.tables.channels import CHANNELS, WORKSPACES


async def lock_workspace(connection: AsyncConnection, platform: str, workspace: str) -> None:
    """Locks a workspace, before any of its channels."""
    if connection.dialect.name != "sqlite":
        this_one = WORKSPACES.c.platform == platform, WORKSPACES.c.external_id == workspace
        await connection.execute(select(WORKSPACES.c.id).where(*this_one).with_for_update(key_share=True))


async def lock_channels(connection: AsyncConnection, channel_ids: Collection[int]) -> None:
    """Locks these channels, before anything of what is in them."""
    if connection.dialect.name != "sqlite":
        for some in chunks(sorted(channel_ids)):
            channels = select(CHANNELS.c.id).where(CHANNELS.c.id.in_(some)).order_by(CHANNELS.c.id)
            await connection.execute(channels.with_for_update(key_share=True))
