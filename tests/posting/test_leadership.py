"""Which process serves a platform that wants one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.channels.channel import PlatformName
from bot.errors import StorageError
from bot.platforms.platform import Platform, UnservedError
from bot.posting.leadership import Leadership
from bot.posting.roles import Duty, ProcessRole
from storage.store import SqlStore
from tests.patience import PATIENCE
from tests.platforms import SimulatedPlatform
from tests.simulators.discord import eventually

DISCORD, WEB = PlatformName.DISCORD, PlatformName.WEB


class Exclusive(SimulatedPlatform):
    """A platform that one process at a time may serve."""

    @property
    def account(self) -> str:
        return "discord-1"


def leadership_on(store: SqlStore, role: ProcessRole = ProcessRole.ALL) -> Leadership:
    platforms: dict[PlatformName, Platform] = {DISCORD: Exclusive(DISCORD), WEB: SimulatedPlatform(WEB)}
    return Leadership(store.locks, platforms, role)


class Work:
    """Something that goes on until it is interrupted."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    async def __call__(self) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


async def until(told: Callable[[], Awaitable[None]], condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await told()
            await asyncio.sleep(0.01)


async def test_one_serves_and_the_next_one_takes_over(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(2)]
    one, other = map(leadership_on, stores)
    assert one.ours == [WEB]
    await one.renew()
    await other.renew()
    assert (one.ours, other.ours) == ([DISCORD, WEB], [WEB])
    await stores[0].close()
    await until(other.renew, lambda: DISCORD in other.ours)
    await one.renew()
    assert one.ours == [WEB]
    for store in stores:
        await store.close()


async def test_work_stops_when_the_shift_is_lost_and_goes_on_when_it_is_back(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(2)]
    one, other = map(leadership_on, stores)
    work = Work()
    serving = asyncio.create_task(one.serve(DISCORD, Duty.POSTING, work))
    await one.renew()
    await eventually(lambda: work.begun)
    await stores[0].close()  # as when the database cuts the connection
    await until(other.renew, lambda: DISCORD in other.ours)
    await one.renew()
    await eventually(lambda: work.ended)
    await stores[1].close()
    await until(one.renew, lambda: DISCORD in one.ours)
    await eventually(lambda: work.begun == 2)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert work.ended == 2
    await stores[0].close()


async def test_what_ends_the_work_ends_the_service(store: SqlStore) -> None:
    leadership = leadership_on(store)
    await leadership.renew()

    async def fail() -> None:
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        await leadership.serve(DISCORD, Duty.POSTING, fail)


async def test_a_gateway_listens_and_a_worker_posts_and_polls(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(3)]
    roles = (ProcessRole.GATEWAY, ProcessRole.WORKER, ProcessRole.ALL)
    gateway, worker, everything = (leadership_on(store, role) for store, role in zip(stores, roles, strict=True))
    for one in (gateway, worker, everything):
        await one.renew()
    assert (gateway.ours, worker.ours, everything.ours) == ([], [DISCORD, WEB], [WEB])
    assert (gateway.polls, worker.polls, everything.polls) == (False, True, False)
    listening = Work()
    serving = asyncio.create_task(everything.serve(DISCORD, Duty.LISTENING, listening))
    await stores[1].close()
    await until(everything.renew, lambda: DISCORD in everything.ours and everything.polls)
    assert not listening.begun  # the gateway does that
    await stores[0].close()
    await until(everything.renew, lambda: bool(listening.begun))
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await stores[2].close()


async def unserved() -> None:
    raise UnservedError("no connection")


async def test_who_cannot_serve_lets_another_process_do_it(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(2)]
    one, other = map(leadership_on, stores)
    serving = asyncio.create_task(one.serve(DISCORD, Duty.POSTING, unserved))
    await one.renew()
    await until(other.renew, lambda: DISCORD in other.ours)
    await one.renew()
    assert one.ours == [WEB]
    assert not serving.done()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    for store in stores:
        await store.close()


async def test_who_cannot_serve_tries_again_when_nobody_else_wants_to(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.posting.leadership.REST", 0.05)
    leadership = leadership_on(store)
    tries: list[int] = []

    async def try_it() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            await unserved()

    serving = asyncio.create_task(leadership.serve(DISCORD, Duty.POSTING, try_it))
    await until(leadership.renew, serving.done)
    assert tries == [0, 1, 2]


async def test_who_leads_does_not_take_itself_for_a_follower_while_it_asks_again() -> None:
    locks = SlowLocks()
    leadership = Leadership(locks, {})
    locks.answers.set()
    await leadership.renew()
    assert leadership.polls
    locks.answers.clear()
    locks.asked.clear()
    asking = asyncio.create_task(leadership.renew())
    await locks.asked.wait()
    assert leadership.polls
    locks.error = StorageError("away")
    locks.answers.set()
    with pytest.raises(StorageError):
        await asking
    assert not leadership.polls


class SlowLocks:
    """Locks that are asked for over a network."""

    def __init__(self) -> None:
        self.answers, self.asked = asyncio.Event(), asyncio.Event()
        self.error: StorageError | None = None

    async def acquire(self, lock: str) -> bool:
        self.asked.clear()
        await asyncio.sleep(0)
        self.asked.set()
        await self.answers.wait()
        if self.error:
            raise self.error
        return True

    async def release(self, lock: str) -> None:
        """Nobody else asks."""
