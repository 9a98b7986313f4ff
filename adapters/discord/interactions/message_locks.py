"""MessageLocks: when several people press the buttons of one message at once, what it says at the end is right."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary


@dataclass(slots=True, weakref_slot=True)
class MessageLock:
    """The presses on one message. Commands run one after the other under `running`.

    So a later state of the message is never composed before an earlier one, and the states may be shown in the order
    of their numbers. One that a newer state has overtaken need not be shown at all.
    """

    running: asyncio.Lock = field(default_factory=asyncio.Lock)
    showing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _newest: int = 0

    def next_state(self) -> int:
        """The number of a state that was composed just now; call it while `running` is held."""
        self._newest += 1
        return self._newest

    def is_newest(self, state: int) -> bool:
        return state == self._newest


class MessageLocks:
    """The locks of the messages whose components are in use just now."""

    def __init__(self) -> None:
        self._message_locks: WeakValueDictionary[int, MessageLock] = WeakValueDictionary()

    def of(self, message_id: int) -> MessageLock:
        """The lock of that message; keep it as long as something is done with the message."""
        lock = self._message_locks.get(message_id)
        if lock is None:
            lock = self._message_locks[message_id] = MessageLock()
        return lock
