"""Ports of programs that tests start, and when the bot is ready on its."""

from __future__ import annotations

import asyncio
import socket

import httpx


def free_port() -> int:
    """One that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


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
