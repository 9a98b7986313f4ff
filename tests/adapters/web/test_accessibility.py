"""Every page by axe-core: light and dark, narrow and wide, magnified, and without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from starlette.routing import BaseRoute, Mount, Route

from adapters.web.api.document import API
from tests.adapters.web.demo import RunningDemo, running_demo
from tests.adapters.web.pages import SMALLEST, opened
from tests.thorough import THOROUGH

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()

#: Every route that shows a page, with addresses at which there is something to see. A page that is not here fails
#: `test_every_page_is_looked_at`.
PAGES = {
    "/": (),  # leads on
    "/c/{channel}": (
        "/c/vision",
        "/c/reading-group",
        "/c/vision?panel=topics",
        "/c/vision?panel=settings",
        "/c/vision?panel=saved",
        "/c/vision?panel=health",
        "/c/vision?panel=channel",
    ),
    "/c/{channel}/settings": ("/c/vision/settings",),
    "/c/{channel}/topics/new": ("/c/vision/topics/new?query=diffusion&per-day=3",),
    "/c/{channel}/topics/{number:int}": ("/c/vision/topics/1",),
    "/c/{channel}/d/{digest}": ("/c/vision/d/1",),
    "/c/{channel}/m/{message}": ("/c/vision/m/1",),
    "/search": ("/search", "/search?q=diffusion", "/search?q=zyzzyva"),
    "/paper/{paper:path}": ("/paper/2510.16872",),
    "/archive": ("/archive",),
    "/archive/{day}": ("/archive/2025-10-24",),
    "/health": ("/health",),
    "/people": ("/people",),
    "/welcome": ("/welcome", "/welcome?c=vision"),
    "/account": ("/account",),
    "/login": (),  # of a workspace with a password, below
    "/invitation/{token}": (),
}
#: What is no page: parts of one, files, and what programs read.
NO_PAGES = {
    "/abstract/{paper:path}",
    "/search/results",
    "/channels",
    "/channels/more",
    "/c/{channel}/messages",
    "/c/{channel}/newer",
    "/c/{channel}/complete",
    "/c/{channel}/events",
    "/c/{channel}/panel/{panel}",
    "/c/{channel}/saved/{format}",
    "/c/{channel}/topics/marks",
    "/c/{channel}/topics/paced",
    "/c/{channel}/topics/preview",
    "/c/{channel}/topics/proposals",
    "/c/{channel}/transfer",
    "/feeds/{secret}.atom",
    "/health/report",
    "/healthz",
    "/metrics",
    "/readyz",
    "/switch",
    "/thumbnail/{paper:path}",
    "/welcome/progress",
    "/zones",
}
ADDRESSES = [address for addresses in PAGES.values() for address in addresses]
#: Width, height, colours, and which rules: all where a page is put together otherwise, else those that go by size and
#: colours. 640 pixels is what a window of 1,280 has at 200 %.
BY_LOOKS = ("color-contrast", "target-size", "scrollable-region-focusable")
LOOKS: tuple[tuple[int, int, str, tuple[str, ...]], ...] = (
    (1280, 800, "light", ()),
    (320, 568, "dark", BY_LOOKS),
)
if THOROUGH:
    LOOKS += (
        (2560, 1300, "dark", BY_LOOKS),
        (640, 400, "light", BY_LOOKS),
        (768, 1024, "dark", BY_LOOKS),
        (320, 568, "dark", ()),
    )


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningDemo]:
    async with running_demo(tmp_path_factory.mktemp("demo"), days=2) as running:
        yield running


def addresses_of(routes: Sequence[BaseRoute], under: str = "") -> Iterator[str]:
    """What people can read."""
    for route in routes:
        if isinstance(route, Mount) and route.name != "static" and route.path != API:
            yield from addresses_of(route.routes, under + route.path)
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            yield under + route.path


async def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds wrong, and where: by these rules, or by all."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found: list[dict[str, Any]] = await page.evaluate(
        "async (options) => (await axe.run(document, options)).violations", options
    )
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:160]} {'; '.join(one['message'] for one in node['any'])[:200]}"
        for rule in found
        for node in rule["nodes"][:4]
    ]


async def has_no_violation(page: Page) -> None:
    await page.evaluate(AXE)
    for width, height, colours, rules in LOOKS:
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=colours, reduced_motion="reduce")  # type: ignore[arg-type]
        assert await violations(page, rules) == [], (width, colours)
        assert not await sticks_out(page), width


async def sticks_out(page: Page) -> bool:
    """Whether the page can be scrolled sideways."""
    wide: bool = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide


async def test_every_page_is_looked_at(demo: RunningDemo) -> None:
    assert set(addresses_of(demo.app.routes)) == {*PAGES, *NO_PAGES}


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_has_no_violation(browser: Browser, demo: RunningDemo, address: str) -> None:
    async with opened(browser, demo, address) as page:
        await has_no_violation(page)


async def test_neither_has_the_way_in(browser: Browser, tmp_path: Path) -> None:
    async with running_demo(tmp_path, days=0, web_password="let me in") as locked:
        for address, refusals in (("/login", 0), ("/invitation/unknown", 1)):
            async with opened(browser, locked, address, refusals=refusals) as page:
                await has_no_violation(page)
        async with opened(browser, locked, "/login?next=/account") as page:  # what only those see who have logged in
            await page.get_by_label("Password").fill("let me in")
            await page.get_by_role("button", name="Log in").click()
            await page.get_by_role("heading", name="Tokens for programs").wait_for()
            await has_no_violation(page)
            await page.goto(f"{locked.url}/people")
            await has_no_violation(page)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_can_be_read_without_scripts(browser: Browser, demo: RunningDemo, address: str) -> None:
    async with opened(browser, demo, address, java_script_enabled=False, viewport=SMALLEST) as page:
        # On a phone a panel takes the place of what it stands beside.
        words = " ".join(await page.locator("main, .panel").all_inner_texts()).split()
        assert len(words) > 20
        assert not await sticks_out(page)
