"""The first minute of an empty installation: from nothing to a channel with its first papers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from bot.panels.welcome import STARTERS
from tests.adapters.web.demo import running_demo
from tests.adapters.web.pages import opened
from tests.adapters.web.test_accessibility import AXE, violations
from tests.patience import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.browser
async def test_an_empty_installation_asks_reads_and_ends_in_a_channel(browser: Browser, tmp_path: Path) -> None:
    async with running_demo(tmp_path, days=0) as demo, opened(browser, demo, "/") as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which papers shall come?")
        await expect(page.get_by_role("checkbox")).to_have_count(len(STARTERS))
        await expect(page.locator(".first")).to_contain_text("No papers were read yet")
        await page.get_by_role("checkbox", name="Agents").check()
        await page.get_by_label("Words of your own").fill("diffusion")
        await page.get_by_label("Into which channel").fill("lab")
        await page.get_by_role("button", name="Begin").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("#lab begins")
        await expect(page.locator("#progress")).to_contain_text("not read yet")
        await demo.application.engine.poll()
        await demo.application.engine.matching.match_new()
        await expect(page.locator("#progress")).to_contain_text("wait for the first digest.")
        await page.get_by_role("button", name="Post them now").click()
        await page.wait_for_url(f"{demo.url}/c/lab**")
        await demo.application.engine.deliver()
        await expect(page.locator("#timeline .paper").first).to_be_visible()


async def test_what_cannot_be_is_said_and_what_was_chosen_stays(tmp_path: Path) -> None:
    async with (
        running_demo(tmp_path, days=1) as demo,
        httpx.AsyncClient(base_url=demo.url, trust_env=False, timeout=PATIENCE) as client,
    ):
        asked = await client.get("/welcome")
        assert "No papers were read yet" not in asked.text
        assert "about " in asked.text
        assert "PAPERROUND_SLACK_BOT_TOKEN" in asked.text
        for fields, sentence in (
            ({"channel": "lab"}, "Choose a topic"),
            ({"channel": "!!", "topic-1": "on"}, "A channel name is made of"),
            ({"channel": "lab", "words": "title:", "topic-1": "on"}, "title"),
        ):
            answer = await client.post("/welcome", data=fields)
            assert answer.status_code == 422, fields
            assert sentence in answer.text
            assert (" checked" in answer.text) == ("topic-1" in fields)
        assert (await client.get("/c/lab")).status_code == 404
        begun = await client.post("/welcome", data={"channel": "lab", "topic-0": "on"}, follow_redirects=True)
        assert "The newest that match are in the channel now." in begun.text


@pytest.mark.browser
async def test_the_demo_begins_with_a_tour_that_comes_once(browser: Browser, tmp_path: Path) -> None:
    async with (
        running_demo(tmp_path, days=1, banner="A demo.") as demo,
        opened(browser, demo, "/c/vision") as page,
    ):
        tour = page.get_by_role("dialog")
        await expect(tour).to_contain_text("1 of 5")
        await page.evaluate(AXE)
        assert await violations(page) == []
        apart = """() => {
          const [a, b] = ["#tour", ".tour-here"].map((each) => document.querySelector(each).getBoundingClientRect());
          return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        }"""
        assert await page.evaluate(apart), "the words lie on what they are about"
        for number in range(2, 6):
            await page.keyboard.press("ArrowRight")
            await expect(tour).to_contain_text(f"{number} of 5")
            await expect(page.locator(".tour-here:visible")).to_have_count(1)
            await expect(tour).to_be_in_viewport(ratio=1)
            assert await page.evaluate(apart), number
        await page.keyboard.press("Enter")
        await expect(tour).to_have_count(0)
        await page.reload()
        await expect(page.locator("#line")).to_be_focused()
        await expect(tour).to_have_count(0)
