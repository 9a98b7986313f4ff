"""The web workspace of the real demo in a browser."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import httpx
from playwright.async_api import Browser, ViewportSize

from tests.ports import free_port

#: Seconds until the demo has lived through its days, even on a busy machine.
_READY_WITHIN = 180.0
#: Seconds that a page gets for what its scripts fetch.
SETTLE = 1.0


#: What is shown of the workspace, and where it is.
SHOWN = {
    "channel": "/c/vision",
    "panel": "/c/vision?panel=topics",
    "editor": "/c/vision/topics/new?query=diffusion+(image+OR+video)",
    "search": "/search?q=agent+reinforcement",
    "paper": "/paper/2510.20822",
    "archive": "/archive",
    "health": "/health",
    "welcome": "/welcome",
}
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
LIGHTS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: Whoever takes pictures knows the way: the tour would stand before what is to be seen.
_NO_TOUR = "localStorage.setItem('paperround.tour', 'true')"


def workspace_pictures() -> list[tuple[str, str, str, Literal["light", "dark"]]]:
    """The name of each picture, with what it shows, the device and the light."""
    return [
        (f"workspace-{what}-{device}-{light}", what, device, light)
        for what in SHOWN
        for device in SIZES
        for light in LIGHTS
    ]


async def photograph_workspace(browser: Browser, folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Takes those of the pictures whose names begin so; returns their files."""
    wanted = [picture for picture in workspace_pictures() if picture[0].startswith(names)]
    if not wanted:
        return []
    files = []
    async with _running_demo() as url:
        for name, what, device, light in wanted:
            context = await browser.new_context(
                viewport=SIZES[device], reduced_motion="reduce", color_scheme=light, timezone_id="UTC"
            )
            page = await context.new_page()
            await page.add_init_script(_NO_TOUR)
            await page.goto(f"{url}{SHOWN[what]}", wait_until="domcontentloaded")
            if what == "channel":
                # The last is what the demo says at its end; before it stands a digest.
                digest = page.locator("#timeline article.message").nth(-2)
                await digest.wait_for()
                await digest.evaluate("article => article.scrollIntoView()")
            await asyncio.sleep(SETTLE)
            files.append(folder / f"{name}.png")
            await page.screenshot(path=files[-1])
            await context.close()
    return files


@asynccontextmanager
async def _running_demo() -> AsyncIterator[str]:
    """The demo in a process of its own, once it has lived through its days."""
    with TemporaryDirectory() as folder:
        port = free_port()
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
            yield url
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
