"""Processes on one PostgreSQL tell each other what there is to do, and miss nothing when a connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.app import engine
from bot.posting import outbox
from bot.posting.roles import ProcessRole
from storage.database import notifications
from storage.database.news import News
from storage.store import SqlStore
from tests.core import Core
from tests.patience import PATIENCE
from tests.storage.scenes import listed, paper, posts

QUIET = 1.0  # seconds after which nothing is looked at any more because of what was before
_LISTENERS = text("SELECT pid FROM pg_stat_activity WHERE application_name = :name AND datname = current_database()")
_CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name = :name AND datname = current_database()"
)


@pytest.fixture
def looks_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY", "LOOK_ANYWAY"):
        monkeypatch.setattr(outbox, name, 3600.0)
    # Whoever hears nothing listens anew after this, and looks at everything then.
    monkeypatch.setattr(notifications, "ANSWER_TIMEOUT", 3600.0)
    for name in ("SWEEP_EVERY", "RECONCILE_EVERY", "REFRESH_EVERY"):
        monkeypatch.setattr(engine, name, timedelta(hours=1))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(core: Core) -> AsyncIterator[None]:
    task = asyncio.create_task(core.engine.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def listeners(store: SqlStore) -> list[int]:
    async with store.database.read() as connection:
        given = {"name": notifications.APPLICATION_NAME}
        return list((await connection.execute(_LISTENERS, given)).scalars())


@pytest.mark.usefixtures("looks_are_rare")
async def test_what_another_process_commits_is_taken_up_at_once(postgres_url: str, tmp_path: Path) -> None:
    store, other = SqlStore(postgres_url), SqlStore(postgres_url)
    core = Core(store, tmp_path)
    await core.say("subscribe graphs")
    await listed(other, paper(0))  # which the posts are about
    await core.index.refresh()
    here = await core.channel()
    sent = len(core.platform.posts)

    async def arrived() -> bool:
        return len(core.platform.posts) >= sent

    async def found() -> bool:
        return await core.index.behind() == 0

    async def somebody_listens() -> bool:
        return bool(await listeners(other))

    async def another_listens() -> bool:
        return listener not in (now := await listeners(other)) and len(now) == 1

    async def nobody_listens() -> bool:
        return not await listeners(other)

    try:
        async with running(core):
            await until(somebody_listens)
            await asyncio.sleep(QUIET)
            await posts(other, here, 1)
            sent += 1
            await until(arrived)
            await asyncio.sleep(QUIET)
            await listed(other, paper(7, title="Graphs that nobody knew"))
            await until(found)
            (listener,) = await listeners(other)

            async with other.database.write() as connection:
                await connection.execute(_CUT, {"name": notifications.APPLICATION_NAME})
            await posts(other, here, 1)  # nobody hears of it
            sent += 1
            await until(arrived)
            await until(another_listens)
            await asyncio.sleep(QUIET)
            await posts(other, here, 1)
            sent += 1
            await until(arrived)
        await until(nobody_listens)
    finally:
        await core.index.close()
        await other.close()
        await store.close()


async def test_who_hears_nothing_says_so_once_and_looks_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that gives each transaction another connection."""
    store = SqlStore(postgres_url)
    for name, seconds in (("ANSWER_TIMEOUT", 0.2), ("SHORTEST_WAIT", 0.05), ("LONGEST_WAIT", 0.05)):
        monkeypatch.setattr(notifications, name, seconds)
    heard: list[News] = []

    async def unsaid(_connection: object, _channel: str) -> None:
        """A notification that goes to somebody else's connection."""

    monkeypatch.setattr(notifications, "notify", unsaid)

    async def looked(times: int) -> bool:
        return len(heard) >= times * len(News)

    with capture_logs() as logs:
        async with store.notifications.listening(heard.append):
            await until(lambda: looked(4))
    await store.close()
    assert [log["event"] for log in logs if log["event"].startswith("notifications.")] == ["notifications.unheard"]


async def test_every_commit_is_news_on_sqlite(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "WATCH_EVERY", 0.05)
    store, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    heard: list[News] = []

    async def told(times: int) -> bool:
        return len(heard) >= times

    async with store.notifications.listening(heard.append):
        for number in (1, 2):
            await listed(other if number == 1 else store, paper(number))
            await until(partial(told, number))
            await asyncio.sleep(0.2)
            assert heard == [News.POSTS] * number  # once each
    await other.close()
    await store.close()


@pytest.mark.usefixtures("looks_are_rare")
async def test_what_somebody_asks_of_a_gateway_a_worker_posts_at_once(postgres_url: str, tmp_path: Path) -> None:
    stores = [SqlStore(postgres_url) for _ in range(2)]
    gateway = Core(stores[0], tmp_path / "gateway", role=ProcessRole.GATEWAY)
    worker = Core(stores[1], tmp_path / "worker", role=ProcessRole.WORKER, clock=gateway.clock)
    await gateway.say("subscribe graphs")
    await listed(stores[0], paper(0))
    await gateway.say("pause")
    await posts(stores[0], await gateway.channel())

    async def arrived() -> bool:
        return bool(worker.platform.posts)

    async with running(gateway), running(worker):
        await asyncio.sleep(QUIET)
        assert not worker.platform.posts
        await gateway.say("resume")
        await until(arrived)
    assert not gateway.platform.posts
    for core in (gateway, worker):
        await core.index.close()
        await core.store.close()


async def test_who_is_stopped_while_the_connection_is_lost_stops(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is waited for may come in the same moment: whoever is told to stop must not overhear it."""
    store = SqlStore(postgres_url)
    opened, connections = store.notifications._connection, []

    @contextlib.asynccontextmanager
    async def noted() -> AsyncIterator[Any]:
        async with opened() as connection:
            connections.append(connection)
            yield connection

    monkeypatch.setattr(store.notifications, "_connection", noted)
    for turns in range(6):
        heard: list[News] = []
        async with asyncio.timeout(PATIENCE):
            async with store.notifications.listening(heard.append):
                async with asyncio.timeout(PATIENCE):
                    while len(heard) < len(News) or not store.notifications._proven.is_set():
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)
                connections[-1].terminate()
                for _ in range(turns):
                    await asyncio.sleep(0)
    await store.close()
