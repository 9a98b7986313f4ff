"""Passwords: argon2id, as argon2-cffi and RFC 9106 recommend it, away from the event loop and a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

from bot.errors import PaperRoundError

T = TypeVar("T")

#: Each takes 64 MiB and a core for some tens of milliseconds.
AT_ONCE: Final = 2
MOST_WAITING: Final = 64

RECOMMENDED: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


class BusyError(PaperRoundError):
    """So many passwords are being checked that another one would wait for too long."""


class Argon2Hasher:
    """Implements `bot.people.people.PasswordHasher`. Raises `BusyError` where too many wait already."""

    def __init__(self, parameters: PasswordHasher = RECOMMENDED) -> None:
        self._argon2 = parameters
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._under_way = 0
        self._of_nobody = ""  # what unknown names are compared with

    async def hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._argon2.hash(_bytes(password)))

    async def verify(self, hashed: str, password: str) -> bool:
        return await self._in_thread(lambda: self._fits(hashed, password))

    def is_outdated(self, hashed: str) -> bool:
        try:
            return self._argon2.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, hashed: str, password: str) -> bool:
        if not hashed and not self._of_nobody:
            self._of_nobody = self._argon2.hash(b"nobody's")
        try:
            self._argon2.verify(hashed or self._of_nobody, _bytes(password))
        except (Argon2Error, InvalidHashError):
            return False
        return bool(hashed)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + MOST_WAITING:
            raise BusyError("Too many people log in at this moment. Try again in a few seconds.")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1


def _bytes(password: str) -> bytes:
    return password.encode(errors="surrogatepass")
