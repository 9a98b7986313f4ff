"""A server that takes every message of Slack's and Discord's API after a while, in a process of its own.

`python -m tests.bench.fake_apis SECONDS` says its port on a line. It looks at nothing: what is measured is ours.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import time
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TEAM = "T1"


class FakeApis(asyncio.Protocol):
    """One connection."""

    numbers = itertools.count(1)

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            self._received = self._received[whole:]
            answer = self._answer(head.split(b" ", 2)[1].decode())
            asyncio.get_running_loop().call_later(self._delay, self._send, answer)

    def _answer(self, path: str) -> dict[str, Any]:
        if path.endswith("auth.test"):
            return {"ok": True, "team_id": TEAM, "user_id": "U1", "enterprise_id": None}
        if path.endswith("chat.postMessage"):
            return {"ok": True, "channel": "C1", "ts": f"{time.time():.0f}.{next(self.numbers):06}"}
        if path.endswith("/users/@me"):
            return {"id": "1", "username": "bot", "discriminator": "0", "avatar": None}
        if path.endswith("/applications/@me"):
            names = {"name": "bot", "icon": None, "description": "", "summary": "", "verify_key": ""}
            owner = {"id": "2", "username": "ada", "discriminator": "0", "avatar": None}
            return {
                "id": "1",
                **names,
                "owner": owner,
                "bot_public": False,
                "bot_require_code_grant": False,
                "flags": 0,
            }
        return {"id": str(next(self.numbers)), "type": 0, "channel_id": "1"}

    def _send(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nVia: 1.1\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def _serve(delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: FakeApis(delay), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
