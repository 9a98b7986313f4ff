"""Socket Mode: envelopes as Slack sends them through a socket, and what only looks like them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from tests.adapters.slack.bot_process import BotProcess
from tests.fuzz.idleness import Idleness
from tests.fuzz.log import Log
from tests.fuzz.slack import ANSWER, FRESH, a_bot, corpus_of
from tests.fuzz.target import Running, RunningTarget, text_of
from tests.simulators.slack import SlackSimulator

_ENVELOPE = "{envelope}"


def _envelope(request: bytes) -> bytes:
    """What is sent by HTTP, as it comes through a socket."""
    _, _, body = request.decode().partition("\n")
    payload: Any = json.loads(body) if body.startswith("{") else dict(parse_qsl(body))
    kind = "slash_commands" if "command" in payload else "events_api" if "event" in payload else "interactive"
    return json.dumps({"type": kind, "envelope_id": _ENVELOPE, "payload": payload}).encode()


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    async with a_bot() as (log, bot, slack), bot.over_socket():
        corpus = [_envelope(request) for request in corpus_of(slack, slack.channel())]
        hello = json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0APP"}}).encode()
        yield Running(_Socket(log, bot, slack).read, [*corpus, hello])


def _keeps_a_socket_open(task: asyncio.Task[object]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "").startswith("_SocketSlot.")


class _Socket:
    def __init__(self, log: Log, bot: BotProcess, slack: SlackSimulator) -> None:
        self._log = log
        self._bot = bot
        self._slack = slack
        self._idleness = Idleness(_keeps_a_socket_open)
        self._read = 0

    async def read(self, data: bytes) -> None:
        """Sends a frame, and then one that has to be acknowledged whatever came before."""
        self._read += 1
        answer, _ = self._slack.response_url()
        data = data.replace(ANSWER.encode(), answer.encode())
        for name in (FRESH, _ENVELOPE):
            data = data.replace(name.encode(), b"%d" % self._read)
        text = text_of(data)
        if _ends_the_socket(text):
            return  # then a new one is opened, as slowly as Slack wants it
        await self._slack.sockets[-1].send_str(text)
        await self._slack.deliver("interactive", None)
        await self._idleness.wait()
        assert self._slack.sockets, "the socket was closed"
        self._slack.violations.clear()  # acknowledgements of what nobody waits for
        self._log.check()


def _ends_the_socket(text: str) -> bool:
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(envelope, dict) and envelope.get("type") == "disconnect"


TARGETS = (RunningTarget("slack-envelope", _running),)
