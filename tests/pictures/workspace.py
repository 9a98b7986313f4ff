"""The web workspace of the real demo in a browser."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from playwright.async_api import Browser

#: Seconds until the demo has lived through its days, even on a busy machine.
_READY_WITHIN = 180.0


async def photograph_workspace(browser: Browser, file: Path, *, channel: str = "vision") -> None:
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        url = f"http://127.0.0.1:{port}"
        given = {name: value for name, value in os.environ.items() if not name.startswith("PAPERROUND_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo"),
            env=given | {"PAPERROUND_DATA_DIR": folder, "PAPERROUND_WEB_PORT": str(port)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _until_lived_through(url)
            page = await browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
            await page.goto(f"{url}/c/{channel}", wait_until="domcontentloaded")
            # The last is what the demo says at its end; before it stands a digest.
            digest = page.locator("#timeline article").nth(-2)
            await digest.wait_for()
            await digest.evaluate("article => article.scrollIntoView()")
            await page.screenshot(path=file)
            await page.close()
        finally:
            process.terminate()
            await process.wait()


async def _until_lived_through(url: str) -> None:
    async with asyncio.timeout(_READY_WITHIN), httpx.AsyncClient(timeout=10) as client:
        while True:
            await asyncio.sleep(0.5)
            try:
                if "Now it is yours" in (await client.get(f"{url}/c/general")).text:
                    return
            except httpx.TransportError:
                continue  # it is still starting
