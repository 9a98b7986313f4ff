"""Who writes when on SQLite: people first, but not for ever."""

from __future__ import annotations

import asyncio

from storage.database.sqlite.write_turn import MOST_IN_A_ROW, WriteTurn
from tests.patience import PATIENCE


class Writers:
    """Those who want to write, and the order in which they did."""

    def __init__(self) -> None:
        self.turn = WriteTurn()
        self.wrote: list[str] = []

    async def person(self, name: str = "person", *, last: bool = False) -> None:
        async with self.turn.taken(last=last):
            self.wrote.append(name)
            await asyncio.sleep(0)

    async def work(self, name: str = "work") -> None:
        await self.person(name, last=True)


async def test_people_write_before_what_nobody_waits_for_and_else_who_came_first() -> None:
    writers = Writers()
    async with writers.turn.taken(last=True):
        waiting = []
        for one in (writers.work("a"), writers.work("b"), writers.person("c"), writers.work("d"), writers.person("e")):
            waiting.append(asyncio.create_task(one))
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert writers.wrote == ["c", "e", "a", "b", "d"]


async def test_endless_people_do_not_keep_the_rest_from_writing() -> None:
    writers = Writers()
    async with writers.turn.taken(last=True):
        waiting = [asyncio.create_task(writers.work()) for _ in range(2)]
        waiting += [asyncio.create_task(writers.person()) for _ in range(3 * MOST_IN_A_ROW)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert [number for number, who in enumerate(writers.wrote) if who == "work"] == [
        MOST_IN_A_ROW,
        2 * MOST_IN_A_ROW + 1,
    ]


async def test_whoever_stops_waiting_takes_nobodys_turn_along() -> None:
    writers = Writers()
    for before_it_is_given in (True, False):
        async with writers.turn.taken(last=True):
            stopped, after = asyncio.create_task(writers.person("stopped")), asyncio.create_task(writers.work("after"))
            await asyncio.sleep(0)
            if before_it_is_given:
                stopped.cancel()
                await asyncio.sleep(0)
        stopped.cancel()
        await asyncio.wait_for(after, PATIENCE)
        assert stopped.cancelled() or stopped.cancelling()
        await asyncio.wait_for(writers.work("later"), PATIENCE)
    assert writers.wrote == ["after", "later"] * 2
