"""The panels beside a channel: what their forms change, and how they follow what changes elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from adapters.web.pages.channels.settings import entered_in
from bot.channels.channel import Address, PlatformName
from tests.adapters.web.core_workspace import CoreWorkspace, core_workspace
from tests.adapters.web.pages import SMALLEST, opened
from tests.sources import a_paper


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tmp_path: Path) -> AsyncIterator[CoreWorkspace]:
    """A workspace with a topic in #general that brought two papers."""
    async with core_workspace(tmp_path) as running:
        await running.core.say("subscribe title:hares --name Runners")
        await running.core.news(a_paper(1, title="Hares <b>run</b>"), a_paper(2, title="More hares"))
        await running.core.next_digest()
        yield running


def test_a_form_says_what_was_entered_as_somebody_would_write_it() -> None:
    fields = {
        "was-limit": "20",
        "limit": "7",
        "schedule-kind": "days",
        "schedule-time": "17:30",
        "schedule-mon": "on",
        "schedule-thu": "on",
        "schedule-words": "hourly",
        "was-sources": "all",
        "source-arxiv": "on",
        "nonsense": "x",
    }
    known, entered = entered_in(fields)
    assert known == {"limit": "20", "sources": "all"}
    assert entered == {"limit": "7", "schedule": "mon,thu 17:30", "sources": "arxiv"}
    assert entered_in({"schedule-kind": "<b>", "schedule-words": "x"})[1] == {"schedule": "x"}


@pytest.mark.asyncio(loop_scope="session")
async def test_without_a_script_panels_are_pages_and_their_forms_lead_back(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        topics = unescape((await client.get("/c/general?panel=topics")).text)
        assert "0.5 a week" in topics
        assert '<span class="q-field">title:</span><span class="q-value">hares</span>' in topics
        settings = unescape((await client.get("/c/general?panel=settings")).text)
        assert "/papers settings limit 20" in settings
        form = {"was-limit": "20", "limit": "7", "was-style": "brief", "style": "cards", "schedule-kind": "hourly"}
        saved = await client.post("/c/general/settings", data=form)
        assert (saved.status_code, saved.headers["location"]) == (303, "/c/general?panel=settings")
        channel = await workspace.core.channel()
        assert (channel.settings.limit, channel.settings.style, channel.schedule) == (7, "cards", "hourly")
        health = unescape((await client.get("/c/general?panel=health")).text)
        assert "2 papers · posted" in health
        removed = await client.post("/c/general/command", data={"line": "unsubscribe 1"})
        assert "Topic 1 removed" in unescape(removed.text)
        assert (await client.get("/c/general/settings")).status_code == 303


@pytest.mark.asyncio(loop_scope="session")
async def test_the_settings_make_a_feed_and_tell_its_address_once(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        before = (await client.get("/c/general/panel/settings")).text
        assert 'value="feed on"' in before
        made = await client.post("/c/general/command", json={"line": "feed on"}, headers={"accept": "application/json"})
        assert "https://papers.example.org/feeds/" in made.json()["summary"]
        after = (await client.get("/c/general/panel/settings")).text
        assert 'value="feed off"' in after
        assert "/feeds/" not in after


@pytest.mark.asyncio(loop_scope="session")
async def test_all_of_a_form_is_changed_or_nothing_and_what_others_changed_stays(workspace: CoreWorkspace) -> None:
    json = {"accept": "application/json"}
    async with workspace.client(headers=json) as client:
        wrong = {"was-limit": "20", "limit": "99", "was-timezone": "UTC", "timezone": "Nowhere", "style": "cards"}
        refused = await client.post("/c/general/settings", json=wrong)
        assert refused.status_code == 422
        assert set(refused.json()["mistakes"]) == {"limit", "timezone"}
        assert (await workspace.core.channel()).settings.style == "brief"
        await workspace.core.say("settings order new")
        stale = {"was-order": "fit", "order": "fit", "was-limit": "20", "limit": "5"}
        done = (await client.post("/c/general/settings", json=stale)).json()
        assert done["line"] == '/papers configure --limit "5"'
        channel = await workspace.core.channel()
        assert (channel.settings.order, channel.settings.limit) == ("new", 5)
        assert (await client.post("/c/general/settings", json={})).json()["summary"] == "Nothing was changed."
        assert "Europe/Berlin" in (await client.get("/zones?q=berl")).json()["zones"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_list_is_the_readers_own_and_can_be_searched_and_taken_along(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        empty = (await client.get("/c/general/panel/saved")).text
        assert "Your reading list is empty" in empty
        for paper in ("2605.00001", "2605.00002"):
            await client.post("/c/general/command", data={"line": f"save {paper}"})
        assert "2 papers" in (await client.get("/c/general/panel/saved")).text
        found = (await client.get("/c/general/panel/saved?find=more")).text
        assert "1 paper of 2" in found
        assert "<b>run" not in (await client.get("/c/general/panel/saved")).text
        wrong = unescape((await client.get("/c/general/panel/saved?find=cat:nonsense")).text)
        assert "nonsense" in wrong.partition('role="alert">')[2].partition("</p>")[0]
        file = await client.get("/c/general/saved/bibtex?find=more")
        assert file.headers["content-disposition"] == 'attachment; filename="reading-list.bib"'
        assert file.text.count("@") == 1
        assert (await client.get("/c/general/saved/docx")).status_code == 404


@pytest.mark.asyncio(loop_scope="session")
async def test_a_channel_of_another_platform_can_only_be_read_without_a_password(workspace: CoreWorkspace) -> None:
    address = Address(PlatformName.SLACK, "T1", "C1")
    await workspace.core.store.channels.add(
        address, "slackers", time_zone="UTC", schedule="daily 09:00", next_digest_at=workspace.core.clock.now()
    )
    async with workspace.client() as client:
        panel = unescape((await client.get("/c/slack:T1:C1/panel/settings")).text)
        assert "PAPERROUND_WEB_PASSWORD" in panel
        assert "<fieldset disabled>" in panel
        topics = (await client.get("/c/slack:T1:C1/panel/topics")).text
        assert "PAPERROUND_WEB_PASSWORD" in topics
        editor = (await client.get("/c/slack:T1:C1/topics/new?query=hares")).text
        assert '<button class="button primary" disabled>' in editor
        assert "for-me" not in editor
        refused = await client.post("/c/slack:T1:C1/topics", data={"query": "hares"})
        assert refused.status_code == 422
        assert (
            await workspace.core.store.subscriptions.of_channel(
                (await workspace.core.store.channels.find(address)).id  # type: ignore[union-attr]
            )
            == []
        )


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_topics_and_settings_are_changed_in_their_panels(browser: Browser, workspace: CoreWorkspace) -> None:
    async with opened(browser, workspace, "/c/general?panel=topics", refusals=1) as page:
        panel = page.locator("#panel")
        await panel.get_by_text("Edit", exact=True).click()
        await panel.get_by_label("Name").fill("Hares")
        await panel.get_by_role("button", name="Save").click()
        await expect(panel.get_by_role("status")).to_contain_text("Topic 1 is now")
        await expect(panel.get_by_role("heading", name="1 Hares")).to_be_visible()
        await workspace.core.say("subscribe turtles")
        await page.evaluate("dispatchEvent(new Event('focus'))")
        await expect(panel.get_by_role("heading", name="2 turtles")).to_be_visible()
        await panel.get_by_text("Remove", exact=True).last.click()
        await panel.get_by_role("button", name="Remove topic 2").click()
        await expect(panel.get_by_role("heading", name="2 turtles")).to_have_count(0)
        await expect(panel.get_by_role("status")).to_contain_text("Topic 2 removed")
        await panel.get_by_role("link", name="Settings").click()
        await panel.get_by_label("Schedule", exact=True).select_option("on some days")
        await panel.get_by_label("Sat").check()
        await expect(panel.locator("[data-key=schedule]")).to_contain_text(",sat 09:00")
        await panel.get_by_label("Time zone").fill("Nowhere")
        await panel.get_by_role("button", name="Save").click()
        await expect(panel.locator("[data-mistake=timezone]")).to_contain_text("Nowhere")
        await panel.get_by_label("Time zone").fill("Europe/Berlin")
        await panel.get_by_role("button", name="Save").click()
        await expect(panel.get_by_role("status")).to_contain_text("timezone is now Europe/Berlin")
        channel = await workspace.core.channel()
        assert (channel.time_zone, channel.schedule) == ("Europe/Berlin", "mon,tue,wed,thu,fri,sat 09:00")
        await panel.get_by_role("link", name="Health").click()
        why = panel.get_by_label("Why did a paper come, or not?")
        await why.fill("why 2605.00001")
        async with page.expect_response("**/command") as answered:
            await page.evaluate("dispatchEvent(new Event('focus'))")  # what is being written stays
            await panel.get_by_role("button", name="Ask").click()
        assert (await (await answered.value).json())["failed"] is False
        await expect(page.locator("#timeline .ephemeral").last).to_contain_text("2605.00001")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_panels_fit_the_smallest_phone(browser: Browser, workspace: CoreWorkspace) -> None:
    async with opened(browser, workspace, "/c/general?panel=topics", viewport=SMALLEST) as page:
        panel = page.locator("#panel")
        for name in ("Settings", "Saved", "Health", "Topics"):
            await panel.get_by_role("link", name=name, exact=True).click()
            await expect(page.get_by_role("complementary", name=name)).to_be_visible()
            body = page.locator(".panel-body")
            assert await body.evaluate("body => body.scrollWidth <= body.clientWidth"), name
            small = await body.evaluate(
                """body => [...body.querySelectorAll('a, button, summary, input:not([type=hidden]), select')]
                .filter(each => each.checkVisibility() && getComputedStyle(each).display !== 'inline')
                .map(each => [each.textContent.trim() || each.name, each.closest('label') ?? each])
                .filter(([, each]) => each.getBoundingClientRect().height < 24).map(([name]) => name)"""
            )
            assert small == [], name
