"""Pages in a real browser, watched: whatever a page must never do fails the test at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Locator, Page, Request, expect

from tests.patience import PATIENCE

expect.set_options(timeout=1_000 * PATIENCE)

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 568}


class Served(Protocol):
    """A workspace that can be opened."""

    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Window:
    """A browser of its own, kept open by an empty page: to begin one takes far longer than to open a page in it."""

    context: BrowserContext
    empty: Page
    tools: CDPSession

    async def clear(self, origin: str) -> None:
        """Forgets all pages, and everything that they stored."""
        for page in self.context.pages:
            if page is not self.empty:
                await page.close()
        await self.tools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        await self.context.clear_cookies()


#: Those that nobody uses now, by their settings.
_FREE: WeakKeyDictionary[Browser, dict[str, _Window]] = WeakKeyDictionary()


@asynccontextmanager
async def _window(browser: Browser, origin: str, settings: dict[str, Any]) -> AsyncIterator[BrowserContext]:
    """A browser that knows nothing yet. Whoever fails in one leaves none to others."""
    free = _FREE.setdefault(browser, {})
    window = free.pop(repr(settings), None)
    if window is None:
        context = await browser.new_context(**settings)
        context.set_default_timeout(1_000 * PATIENCE)
        empty = await context.new_page()
        window = _Window(context, empty, await context.new_cdp_session(empty))
    try:
        yield window.context
        await window.clear(origin)
    except BaseException:
        await window.context.close()
        raise
    if repr(settings) in free:  # a test with two of them
        await window.context.close()
    else:
        free[repr(settings)] = window


@asynccontextmanager
async def opened(
    browser: Browser, workspace: Served, path: str = "/c/general", *, refusals: int | None = 0, **options: Any
) -> AsyncIterator[Page]:
    """A page of the workspace in a browser of its own.

    Errors in the console (violations of the content security policy are such) and requests that leave the loopback
    fail the test. Browsers also write down each answer that refuses something: there must be `refusals` of them, or
    with None any number.
    """
    settings = {"viewport": DESKTOP, "timezone_id": "UTC", "reduced_motion": "reduce", **options}
    complaints: list[str] = []
    refused: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.text.startswith("Failed to load resource"):
            refused.append(message.text)
        elif message.type in ("error", "warning"):
            complaints.append(f"console: {message.text}")

    def note_request(request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            complaints.append(f"request: {request.url}")

    async with _window(browser, workspace.url, settings) as context:
        page = await context.new_page()
        page.on("console", note_console)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        context.on("request", note_request)
        await page.goto(workspace.url + path)
        yield page
        assert complaints == []
        assert refusals in (None, len(refused)), refused
        context.remove_listener("request", note_request)


async def command(page: Page, line: str) -> None:
    """Writes a line and runs it."""
    await page.locator("#line").fill(line)
    await page.locator("#line").press("Enter")


def messages(page: Page) -> Locator:
    """The messages at the top level of the timeline."""
    return page.locator("#timeline > .message")


async def listens(page: Page) -> None:
    """Waits until the page hears of new messages."""
    await expect(page.locator("body")).to_have_attribute("data-live", "true")


async def fits_its_width(page: Page) -> bool:
    """Whether nothing sticks out: neither the page nor its log can be scrolled sideways."""
    fits: bool = await page.evaluate(
        "[document.documentElement, document.getElementById('log')].every(e => e.scrollWidth <= e.clientWidth)"
    )
    return fits
