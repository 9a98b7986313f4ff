"""Draws the pictures: `make pictures`. They need Debian's `chromium`, `fonts-lato`, `fonts-open-sans`,
`fonts-noto-color-emoji` and `pngquant`.

    python -m tests.pictures [--out FOLDER] [NAME…]

A picture is called after the app, what it shows, the device and the light, such as `slack-digest-phone-dark.png`. With
names only the pictures are drawn whose own begin so.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Route, async_playwright

from tests.adapters.web.conftest import CHROMIUM
from tests.pictures.pages import discord_page, slack_page
from tests.pictures.scenes import discord_scenes, slack_scenes
from tests.pictures.workspace import photograph_workspace

OUT = Path(__file__).resolve().parents[2] / "docs" / "pictures"
DEVICES = ("desktop", "phone")
LIGHTS = ("light", "dark")
#: A paper's thumbnail, which nobody fetches.
_PLACEHOLDER = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#c9d3e3"/>'
    '<path d="M2 7l3-3 2 2 3-4 4 5z" fill="#8fa3bf"/><circle cx="4" cy="2.500" r="1" fill="#8fa3bf"/></svg>'
)


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None or shutil.which("pngquant") is None:
        raise SystemExit("The pictures need Debian's `chromium` and `pngquant`: install them.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def photograph(browser: Browser, html: str, file: Path) -> None:
    """Takes a picture of the page's one element."""
    page = await browser.new_page(viewport={"width": 800, "height": 600})
    try:
        await page.route("**/*", _answer)
        await page.set_content(html)
        await page.locator(".page").screenshot(path=file)
        shrink(file)
    finally:
        await page.close()


def shrink(file: Path) -> None:
    """Leaves as few colours as the eye needs."""
    subprocess.run(["pngquant", "--force", "--speed", "1", "--strip", "--output", str(file), str(file)], check=True)


async def _answer(route: Route) -> None:
    """Nothing is fetched from anywhere."""
    if route.request.resource_type == "image":
        await route.fulfill(content_type="image/svg+xml", body=_PLACEHOLDER)
    else:
        await route.abort()


async def pages(names: tuple[str, ...]) -> dict[str, str]:
    """The HTML of every picture of a chat that is wanted, by its name."""
    drawn: dict[str, str] = {}
    with TemporaryDirectory() as slack_folder, TemporaryDirectory() as discord_folder:
        async with slack_scenes(Path(slack_folder)) as (scenes, people):
            for scene in scenes:
                for device in DEVICES:
                    for light in LIGHTS:
                        page = slack_page(scene, phone=device == "phone", dark=light == "dark", names=people)
                        drawn[f"slack-{scene.name}-{device}-{light}"] = page
        async with discord_scenes(Path(discord_folder)) as (scenes, reader):
            for scene in scenes:
                for device in DEVICES:
                    for light in LIGHTS:
                        page = discord_page(scene, phone=device == "phone", dark=light == "dark", reader=reader)
                        drawn[f"discord-{scene.name}-{device}-{light}"] = page
    return {name: page for name, page in drawn.items() if name.startswith(names)}


async def main(out: Path, names: tuple[str, ...]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    wanted = await pages(names)
    async with a_browser() as browser:
        for name, html in wanted.items():
            await photograph(browser, html, out / f"{name}.png")
        for file in await photograph_workspace(browser, out, names):
            shrink(file)
    print(f"The pictures are in {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("names", nargs="*", default=[""])
    given = parser.parse_args()
    asyncio.run(main(given.out, tuple(given.names)))
