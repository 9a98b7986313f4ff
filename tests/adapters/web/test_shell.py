"""The shell: addresses of channels, and the panel beside a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from playwright.async_api import Browser, expect
from starlette.requests import Request

from adapters.web.addresses import address_of_key, channel_key, channel_path
from bot.channels.channel import Address, Channel, PlatformName
from tests.adapters.web.pages import PHONE, fits_its_width, opened
from tests.adapters.web.workspace import running_workspace

_IDS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20)
_NAMES = st.from_regex(r"[^\W_][\w-]{0,39}", fullmatch=True)


class Facts:
    """A panel that shows two facts."""

    name, script = "facts", ""
    title = "Facts"

    async def content(self, request: Request, channel: Channel) -> Markup:
        return Markup('<p>About #{}</p><a href="/">a link</a>').format(channel.name)


class Others(Facts):
    name = "others"
    title = "Others"


@given(st.sampled_from([PlatformName.SLACK, PlatformName.DISCORD]), _IDS, _IDS)
def test_the_key_of_a_channel_elsewhere_is_its_address(platform: PlatformName, workspace: str, channel: str) -> None:
    address = Address(platform, workspace, channel)
    assert channel_key(address) == f"{platform}:{workspace}:{channel}"
    assert address_of_key(channel_key(address)) == address


@given(_NAMES)
def test_the_key_of_a_channel_of_the_web_is_its_name(name: str) -> None:
    address = Address(PlatformName.WEB, "local", name)
    assert channel_key(address) == name
    assert address_of_key(name) == address
    assert channel_path(address).isascii()


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_a_panel_opens_beside_the_channel_and_gives_the_focus_back(browser: Browser, tmp_path: Path) -> None:
    async with (
        running_workspace(tmp_path, panels=[Facts(), Others()]) as workspace,
        opened(browser, workspace) as page,
    ):
        link = page.locator(".top-panels").get_by_role("link", name="Others")
        await link.press("Enter")
        panel = page.get_by_role("complementary", name="Others")
        await expect(panel).to_contain_text("About #general")
        await expect(panel.get_by_role("heading", name="Others")).to_be_focused()
        assert page.url.endswith("/c/general?panel=others")
        await panel.get_by_role("link", name="Facts").press("Enter")
        panel = page.get_by_role("complementary", name="Facts")
        await expect(panel.get_by_role("link", name="Facts")).to_be_focused()
        await page.reload()
        await expect(panel).to_be_visible()
        await panel.get_by_role("link", name="a link").press("Escape")
        await expect(panel).to_have_count(0)
        await expect(page.locator(".top-panels").get_by_role("link", name="Facts")).to_be_focused()
        assert page.url.endswith("/c/general")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_a_panel_is_a_sheet_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    async with (
        running_workspace(tmp_path, panels=[Facts(), Others()]) as workspace,
        opened(browser, workspace, viewport=PHONE) as page,
    ):
        await page.get_by_role("link", name="Show the panel").click()
        panel = page.get_by_role("complementary", name="Facts")
        await expect(panel).to_be_visible()
        assert await page.locator("#main").evaluate("main => main.inert")
        assert await fits_its_width(page)
        await page.locator(".scrim").click(position={"x": 20, "y": 20})
        await expect(panel).to_have_count(0)
        assert not await page.locator("#main").evaluate("main => main.inert")
        await expect(page.get_by_role("link", name="Show the panel")).to_be_focused()
