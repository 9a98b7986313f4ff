"""Lines between the program and a site: bytes that come one by one, or not at all, or end in a reset."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

#: How often each goes wrong against the others.
_KINDS: Final = {"drips": 3, "stalls": 3, "is half open": 2, "is reset": 5, "ends in the middle": 4}
_LONGEST_STALL: Final = 60.0  # seconds
_DRIP_EVERY: Final = 0.1
#: Sent at once as soon as the connection is closed, instead of a friendly end.
_RESET: Final = struct.pack("ii", 1, 0)

Ends = tuple[asyncio.StreamWriter, asyncio.StreamWriter]
Open = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Trouble:
    """What goes wrong on lines: `share` of the pieces that pass, by kind in `faults`."""

    def __init__(self, seed: str, name: str) -> None:
        self.share = 0.0
        self.faults: Counter[str] = Counter()
        self._chance = random.Random(f"{seed} {name}")
        self._name = name

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opened: Open) -> None:
        """Passes what comes from either side to the other, until one of them ends."""
        try:
            inner_reader, inner_writer = await opened()
        except OSError:
            writer.close()
            return
        ends = (writer, inner_writer)
        try:
            await asyncio.gather(
                self._pass(reader, inner_writer, ends), self._pass(inner_reader, writer, ends), return_exceptions=True
            )
        finally:
            for one in ends:
                one.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, ends: Ends) -> None:
        with suppress(OSError):
            while piece := await source.read(65_536):
                if self._chance.random() < self.share and not await self._passes_badly(piece, source, sink, ends):
                    break
                sink.write(piece)
                await sink.drain()
        for one in ends:
            one.transport.abort()

    async def _passes_badly(
        self, piece: bytes, source: asyncio.StreamReader, sink: asyncio.StreamWriter, ends: Ends
    ) -> bool:
        """Whether the piece is still to be passed on."""
        (kind,) = self._chance.choices(list(_KINDS), list(_KINDS.values()))
        self.faults[f"{self._name} {kind}"] += 1
        match kind:
            case "drips":
                for byte in piece:
                    if not await _waits(_DRIP_EVERY, source, ends):
                        break
                    sink.write(bytes([byte]))
                return False
            case "stalls":
                return await _waits(self._chance.uniform(1.0, _LONGEST_STALL), source, ends)
            case "is half open":
                await _waits(_LONGEST_STALL, source, ends)
                return False
            case "ends in the middle":
                sink.write(piece[: len(piece) // 2])
                await sink.drain()
        for one in ends:
            with suppress(OSError):  # of a kind that has no such end
                one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return False


async def _waits(seconds: float, source: asyncio.StreamReader, ends: Ends) -> bool:
    """Whether both sides are still there after so long. Nothing may come later than somebody waits for it."""
    until = asyncio.get_running_loop().time() + seconds
    while (left := until - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(left, 0.1))
        if source._eof or source.exception() or any(one.transport.is_closing() for one in ends):  # type: ignore[attr-defined]
            return False
    return True


class Line:
    """A way to a site: `url` is the site's, with a name for this machine that has to be looked up."""

    def __init__(self, url: str, trouble: Trouble) -> None:
        address = urlsplit(url)
        assert address.port
        self._target = ("127.0.0.1", address.port)
        self._trouble = trouble
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connected, "127.0.0.1", 0), self._loop
        ).result(10)
        self.url = address._replace(netloc=f"localhost:{self._server.sockets[0].getsockname()[1]}").geturl()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._trouble.join(reader, writer, lambda: asyncio.open_connection(*self._target))

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
