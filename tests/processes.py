"""Processes within a test's event loop that can be stopped at any of their suspensions, as by SIGSTOP, and killed
there, as by SIGKILL.

Whatever a process does, it does between two suspensions of its tasks. Those of a stopped one wait. Those of a killed
one never go on, not even into a `finally`, and its connections to the database are cut off with what is not committed.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event

from storage.store import SqlStore


class Process:
    """The tasks that are begun by `start`, and those that they begin. It has a `store` of its own."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.stopped = self.killed = False
        self._main: asyncio.Task[Any] | None = None
        self._steps: list[_Steps] = []
        self._held: deque[asyncio.Future[None]] = deque()
        self._news = asyncio.Event()
        self._connections: list[Any] = []
        self.pids: list[int] = []  # of PostgreSQL's ends of its connections
        # Before anybody asks something of it: a connection that is given up then is closed by nobody else.
        event.listen(store.database.engine.sync_engine, "connect", self._connected, insert=True)
        asyncio.get_running_loop().set_task_factory(_make_task)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begins the work, stopped before its first step."""
        self.stopped = True
        self._main = asyncio.Task(_Steps(self, work))
        self._main.add_done_callback(lambda _: self._news.set())
        _OWNERS[self._main] = self

    async def step(self) -> bool:
        """Lets one of its tasks go on to its next suspension; False once the work is done. Raises what that raised."""
        assert self._main is not None
        while not (held := self._next_held()):
            if self._main.done():
                self._main.result()
                return False
            self._news.clear()
            await self._news.wait()
        held.set_result(None)
        await asyncio.sleep(0)  # the task is woken up,
        await asyncio.sleep(0)  # and goes on
        return True

    async def go_on(self) -> None:
        """Lets it do its work to the end."""
        self.stopped = False
        while held := self._next_held():
            held.set_result(None)
        assert self._main is not None
        await self._main

    @property
    def is_in_transaction(self) -> bool:
        return self.store.database._transactions > 0

    async def cut_off(self) -> None:
        """Takes its connections to the database away, with what is not committed."""
        for connection in self._connections:
            if hasattr(connection, "terminate"):
                connection.terminate()
            elif connection._connection is not None:  # it is open
                # Closing is not enough: a statement whose rows nobody has fetched yet keeps a connection open.
                rolled_back = asyncio.get_running_loop().create_future()
                connection._tx.put_nowait((rolled_back, connection._connection.rollback))
                await rolled_back
                await connection.stop()
        self._connections.clear()

    async def kill(self) -> None:
        """Ends it where it is. Nothing of what it had begun is cleared away, now or ever."""
        if self.killed:
            return
        self.stopped = self.killed = True
        _GRAVES.extend(self._steps)
        await self.cut_off()
        event.remove(self.store.database.engine.sync_engine, "connect", self._connected)
        tasks = [task for task, owner in _OWNERS.items() if owner is self]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Nor by the event loop when that is closed.
        vars(asyncio.get_running_loop())["_asyncgens"].clear()

    def hold(self) -> asyncio.Future[None]:
        """What a task waits for before its next step."""
        held = asyncio.get_running_loop().create_future()
        self._held.append(held)
        self._news.set()
        return held

    def _next_held(self) -> asyncio.Future[None] | None:
        while self._held:
            if not (held := self._held.popleft()).done():
                return held
        return None

    def _connected(self, connection: Any, _record: object) -> None:
        self._connections.append(connection.driver_connection)
        if hasattr(connection.driver_connection, "get_server_pid"):
            self.pids.append(connection.driver_connection.get_server_pid())


class _Steps(Coroutine[Any, Any, Any]):
    """What a task of a process does, which waits before each step while the process is stopped."""

    def __init__(self, process: Process, work: Coroutine[Any, Any, Any]) -> None:
        self._process = process
        self._work = work
        self._next: Callable[[], Any] | None = None
        process._steps.append(self)

    def send(self, value: Any) -> Any:
        return self._step(lambda: self._work.send(value))

    def throw(self, *error: Any) -> Any:
        self._next = None  # a time-out ended what it waited for while it was stopped
        return self._step(lambda: self._work.throw(*error))

    def _step(self, step: Callable[[], Any]) -> Any:
        if self._process.killed:
            raise asyncio.CancelledError
        if self._next is not None:
            step, self._next = self._next, None
        elif self._process.stopped:
            self._next = step
            return next(self._process.hold().__await__())
        return step()

    def close(self) -> None:
        if not self._process.killed:
            self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise NotImplementedError  # only tasks go through steps


_OWNERS: WeakKeyDictionary[asyncio.Task[Any], Process] = WeakKeyDictionary()

#: What killed processes had begun. It is in the middle of what it did for ever, also when Python ends.
_GRAVES: list[_Steps] = []
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_GRAVES))


def _make_task(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    """What a process begins belongs to it, in whatever context it runs."""
    beginner = asyncio.current_task(loop)
    owner = _OWNERS.get(beginner) if beginner is not None else None
    if owner is None:
        return asyncio.Task(work, loop=loop, **options)
    task: asyncio.Task[Any] = asyncio.Task(_Steps(owner, work), loop=loop, **options)
    _OWNERS[task] = owner
    return task
