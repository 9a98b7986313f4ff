"""What discord.py leaves out at the gateway: a heartbeat that is not acknowledged, and short words about an outage.

https://docs.discord.com/developers/events/gateway#sending-heartbeats: a connection whose heartbeat gets no ACK is dead,
however open it looks. discord.py waits for a minute without any event instead.
"""

from __future__ import annotations

import asyncio
import logging
import time

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, KeepAliveHandler

from adapters.discord.client.errors import REQUEST_ERRORS, described

#: Seconds after which an ACK is missing, or one heartbeat's interval, whichever is shorter. Discord sends it at once.
ACK_TIMEOUT = 10.0
CHECK_INTERVAL = 1.0
#: The code with which a client closes a connection that it will resume; with 1000 or 1001 the session would end.
ZOMBIED = 4000

_log = structlog.get_logger()


class HeartbeatMonitor:
    """Closes connections whose heartbeats are not acknowledged; discord.py then resumes their sessions."""

    def __init__(self) -> None:
        #: When the first heartbeat was sent that nobody acknowledged, by shard.
        self._unacknowledged: dict[int, float] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self, client: discord.AutoShardedClient) -> None:
        """Watches the shards of a client until cancelled."""
        while True:
            wait = CHECK_INTERVAL
            for shard_id, shard in client.shards.items():
                socket: DiscordWebSocket | None = shard._parent.ws  # noqa: SLF001 - the library tells nobody else
                handler: KeepAliveHandler | None = getattr(socket, "_keep_alive", None)
                if socket is None or handler is None or not socket.open:
                    self._unacknowledged.pop(shard_id, None)
                    continue
                interval = handler.interval or ACK_TIMEOUT
                timeout = min(ACK_TIMEOUT, interval)
                wait = min(wait, timeout / 4)
                sent, acknowledged = handler._last_send, handler._last_ack  # noqa: SLF001
                if self.is_missing(shard_id, sent, acknowledged, interval):
                    _log.warning("discord.heartbeat_not_acknowledged", shard=shard_id, seconds=timeout)
                    # Saying goodbye to who does not answer takes its time; the session goes on meanwhile.
                    task = asyncio.create_task(socket.close(ZOMBIED))
                    self._closing.add(task)
                    task.add_done_callback(self._closing.discard)
            await asyncio.sleep(wait)

    def is_missing(self, shard_id: int, sent: float, acknowledged: float, interval: float) -> bool:
        """Whether the ACK is overdue, by when the last heartbeat was sent and the last ACK came (`perf_counter`).

        A thread of discord.py's sends heartbeats, every `interval` seconds, and notes the time when it hears that one
        has left. Where much else is done, the ACK is there before that: it is this one's all the same.
        """
        timeout = min(ACK_TIMEOUT, interval)
        since = self._unacknowledged.get(shard_id, sent)
        if acknowledged >= since - min(ACK_TIMEOUT, interval / 2):
            self._unacknowledged.pop(shard_id, None)
            return False
        self._unacknowledged[shard_id] = since
        if time.perf_counter() - since < timeout:
            return False
        del self._unacknowledged[shard_id]
        return True


class OutageFilter(logging.Filter):
    """Replaces the traceback that discord.py logs at each attempt to connect by one event."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not isinstance(error, (*REQUEST_ERRORS, TimeoutError, aiohttp.WSServerHandshakeError)):
            return True
        arguments = record.args if isinstance(record.args, tuple) else ()
        _log.warning("discord.gateway_unreachable", shard=next(iter(arguments), None), reason=described(error))
        return False


def shorten_outages() -> None:
    """Has the loggers of discord.py's connections say one line at each attempt; once is enough."""
    for name in ("discord.shard", "discord.client"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, OutageFilter) for one in logger.filters):
            logger.addFilter(OutageFilter())
