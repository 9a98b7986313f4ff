"""The panel about a channel as a whole, and the list beside it, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from adapters.web.addresses import address_of
from tests.adapters.web.core_workspace import CoreWorkspace, core_workspace
from tests.adapters.web.pages import SMALLEST, fits_its_width, opened

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: The first screens of a list that has more.
MANY = 45


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tmp_path: Path) -> AsyncIterator[CoreWorkspace]:
    """A workspace with a topic in #general, and an empty #vision."""
    async with core_workspace(tmp_path) as running:
        await running.core.say("subscribe title:hares --name Runners")
        await running.core.say("schedule hourly", "vision")
        yield running


async def test_a_channel_is_renamed_gets_topics_is_archived_and_deleted(
    browser: Browser, workspace: CoreWorkspace
) -> None:
    async with opened(browser, workspace, "/c/vision?panel=channel") as page:
        panel = page.locator("#panel")
        await expect(panel).to_have_attribute("data-started", "true")
        await panel.get_by_label("Name", exact=True).fill("Pictures and films")
        await panel.get_by_role("button", name="Rename").click()
        await expect(page.get_by_role("heading", name="pictures-and-films")).to_be_visible()
        assert page.url.endswith("/c/pictures-and-films?panel=channel")
        await expect(panel).to_have_attribute("data-started", "true")
        other = panel.get_by_label("Channel", exact=True)
        await other.fill("gen")
        await expect(panel.locator("#transfer-channels option")).to_have_count(1)
        await other.fill("general")
        await expect(panel.locator("[data-transfer-preview]")).to_contain_text("1 topic from #general: Runners")
        await panel.get_by_role("button", name="Copy topics").click()
        await expect(panel.get_by_role("status")).to_contain_text("1 topic copied from #general.")
        await workspace.core.say("unsubscribe 1", "pictures-and-films")
        await panel.get_by_label("What to do").select_option(label="Move topics here from")
        await other.fill("general")
        await expect(panel.locator("[data-transfer-preview]")).to_contain_text("There is a way back.")
        await panel.get_by_role("button", name="Move topics").click()
        await expect(panel.get_by_role("status")).to_contain_text("1 topic moved from #general to #pictures-and-films.")
        await panel.get_by_role("button", name="Move back").click()
        await expect(panel.get_by_role("status")).to_contain_text("moved from #pictures-and-films to #general.")
        await panel.get_by_role("button", name="Archive").click()
        await expect(panel.get_by_role("button", name="Unarchive")).to_be_visible()
        await expect(page.get_by_role("group").filter(has_text="Archived").locator("a")).to_have_count(1)
        await panel.get_by_label("To delete it").fill("general")
        await panel.get_by_role("button", name="Delete this channel").click()
        await expect(panel.get_by_role("status")).to_contain_text("not “general”")
        await panel.get_by_label("To delete it").fill("pictures-and-films")
        await panel.get_by_role("button", name="Delete this channel").click()
        await expect(page.get_by_role("heading", name="general")).to_be_visible()
        await expect(page.locator("#channels a")).to_have_count(1)


async def test_a_channel_is_found_and_reached_with_the_keyboard_on_the_smallest_screen(
    browser: Browser, workspace: CoreWorkspace
) -> None:
    for number in range(MANY):
        await workspace.core.store.channels.add(
            address_of(f"room-{number:02}"), "", time_zone="UTC", schedule="hourly", next_digest_at=None
        )
    for name in ("x" * 40, "قناة-الأوراق", "論文を読む会"):
        await workspace.core.store.channels.add(
            address_of(name), name, time_zone="UTC", schedule="hourly", next_digest_at=None
        )
    async with opened(browser, workspace, viewport=SMALLEST) as page:
        await page.get_by_role("button", name="Show the list").click()
        await page.get_by_role("link", name="More channels").click()
        await expect(page.locator("#channels a.channel")).to_have_count(MANY + 5)
        assert await fits_its_width(page)
        assert await page.locator("#channels").evaluate("list => list.scrollWidth <= list.clientWidth")
        await page.get_by_label("Find a channel").fill("الأوراق")
        await expect(page.locator("#channels a.channel")).to_have_count(2)  # and the one that is open
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="قناة-الأوراق")).to_be_visible()
