"""The workspace: what a page costs among 10,000 channels, in processor time, so that others here do not count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select

from bot.channels.channel import ChannelState, PlatformName
from storage.store import SqlStore
from storage.tables.channels import CHANNELS, WORKSPACES
from tests.adapters.web.elsewhere import PAGE, Elsewhere, elsewhere
from tests.bench import Row

#: Workspaces of each platform, and the channels of each of them: 10,000 in all.
WORKSPACES_OF = {PlatformName.WEB: (1, 4_000), PlatformName.SLACK: (30, 100), PlatformName.DISCORD: (300, 10)}
REPEATED = 20


def rows() -> Iterator[Row]:
    """The rows of this section."""
    yield from asyncio.run(_pages())


async def _pages() -> list[Row]:
    with TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{folder}/paperround.db")
        await store.open()
        await _fill(store)
        async with elsewhere(store, Path(folder)) as there:
            asked = {
                "page of a channel": "/c/c-00500",
                "page of a channel of Slack": "/c/slack:slack-29:c-06999",
                "list of channels": "/channels?current=c-00500",
                "channels that are called so": "/channels?channels-named=c-0999",
                "more channels": f"/channels/more?channels-of=discord&channels-behind={await _last_but(store, 500)}",
            }
            measured = [row for what, path in asked.items() for row in await _cost(there, what, path)]
        await store.close()
    return measured


async def _fill(store: SqlStore) -> None:
    kept = [
        {"platform": platform, "external_id": name, "name": name.capitalize()}
        for platform, (count, _) in WORKSPACES_OF.items()
        for name in (["local"] if platform is PlatformName.WEB else [f"{platform}-{n}" for n in range(count)])
    ]
    async with store.database.write() as connection:
        await connection.execute(insert(WORKSPACES), kept)
        known = (await connection.execute(select(WORKSPACES).order_by(WORKSPACES.c.id))).all()
        places = [row.id for row in known for _ in range(WORKSPACES_OF[PlatformName(row.platform)][1])]
        channels = [
            {
                "workspace_id": workspace,
                "external_id": f"c-{number:05}",
                "name": f"c-{number:05}",
                "time_zone": "UTC",
                "schedule": "daily 09:00",
                "settings": {},
                "state": ChannelState.ACTIVE,
                "reason": "",
                "last_number": 0,
            }
            for number, workspace in enumerate(places)
        ]
        await connection.execute(insert(CHANNELS), channels)


async def _last_but(store: SqlStore, count: int) -> int:
    async with store.database.read() as connection:
        newest = select(CHANNELS.c.id).order_by(CHANNELS.c.id.desc()).offset(count).limit(1)
        found: int = (await connection.execute(newest)).scalar_one()
        return found


async def _cost(there: Elsewhere, what: str, path: str) -> list[Row]:
    size = len(await there.page(path))
    began = time.process_time()
    for _ in range(REPEATED):
        await there.client.get(path, headers=PAGE)
    spent = 1000 * (time.process_time() - began) / REPEATED
    return [
        Row(what=f"{what}, 10,000 channels: processor time", ours=spent, rival="wanted", theirs=100),
        Row(what=f"{what}, 10,000 channels: size", ours=size / 1000, unit="kB"),
    ]
