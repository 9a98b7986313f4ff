"""Ports of programs that tests start, and when the bot is ready on its."""

from __future__ import annotations

import asyncio
import secrets
import socket

import httpx

#: Below those from which the system chooses for whoever asks for any: a program that starts for seconds still gets it.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """One that nobody has now, and nobody is given."""
    while True:
        port = secrets.choice(_PORTS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


async def until_ready(port: int, *, within: float, every: float = 0.1) -> None:
    """Asks `/readyz` so often, until it says so. Raises TimeoutError after so many seconds."""
    async with asyncio.timeout(within), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz", timeout=5)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(every)
