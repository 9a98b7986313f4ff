"""The topic editor: what it says of a draft, and what becomes of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Request, Route, expect

from adapters.web.pages.channels.drafts import TopicDraft
from adapters.web.pages.rendering import painted
from adapters.web.serving.concurrency_limit import ConcurrencyLimit
from tests.adapters.web.core_workspace import CoreWorkspace, core_workspace
from tests.adapters.web.pages import PHONE, opened
from tests.sources import a_paper


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tmp_path: Path) -> AsyncIterator[CoreWorkspace]:
    """A workspace with three papers, and a topic in #general."""
    async with core_workspace(tmp_path) as running:
        await running.core.say("subscribe title:hares --name Runners")
        await running.core.news(
            a_paper(1, title="Turtles swim", abstract="We show that turtles swim.", categories=("cs.CL",)),
            a_paper(2, title="Turtles walk", abstract="We show that turtles walk."),
            a_paper(3, title="Hares run", abstract="We show that hares run."),
        )
        yield running


@pytest.mark.asyncio(loop_scope="session")
async def test_without_a_script_the_editor_is_a_page_and_saving_leads_back(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        page = unescape((await client.get("/c/general/topics/new?query=turtles&name=Shells&instant=on")).text)
        assert "<strong>2 papers</strong> in the one day that is known" in page
        assert '/papers subscribe --instant --name "Shells" turtles' in page
        assert "<mark>Turtles</mark> swim" in page
        fields = {"query": "turtles", "name": "Shells", "instant": "on", "min-upvotes": "2"}
        saved = await client.post("/c/general/topics", data=fields)
        assert (saved.status_code, saved.headers["location"]) == (303, "/c/general?panel=topics")
        topic = await workspace.core.panels.topic(await workspace.core.channel(), 2)
        assert topic is not None
        assert (topic.query, topic.name, topic.instant, topic.min_upvotes) == ("turtles", "Shells", True, 2)
        editing = unescape((await client.get("/c/general/topics/2")).text)
        assert 'value="Shells"' in editing
        await client.post("/c/general/topics/2", data={"query": "turtles -walk"})
        topic = await workspace.core.panels.topic(await workspace.core.channel(), 2)
        assert topic is not None
        assert (topic.query, topic.name, topic.instant, topic.min_upvotes) == ("turtles -walk", "", False, None)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_mistake_keeps_what_was_written_and_changes_nothing(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        wrong = await client.post("/c/general/topics", data={"query": "turtles cat:nonsense", "name": "Shells"})
        assert wrong.status_code == 422
        page = unescape(wrong.text)
        assert "turtles cat:nonsense</textarea>" in page
        assert "nonsense" in page.partition('id="query-error" role="alert">')[2].partition("</p>")[0]
        bound = await client.post("/c/general/topics", data={"query": "turtles", "min-upvotes": "many"})
        assert "“many” does not fit" in unescape(bound.text).partition('id="min-upvotes-error" role="alert">')[2][:100]
        assert len(await workspace.core.panels.topics(await workspace.core.channel())) == 1
        assert (await client.get("/c/general/topics/9")).status_code == 404
        assert (await client.get("/c/nowhere/topics/new")).status_code == 404


@pytest.mark.asyncio(loop_scope="session")
async def test_the_editor_is_told_what_parts_there_are_and_what_a_draft_brings(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        marks = (await client.get("/c/general/topics/marks", params={"query": "-cat:cs.CL"})).json()["marks"]
        assert marks == [[0, 1, "operator", True], [1, 5, "field", True], [5, 10, "value", True]]
        looked = (await client.get("/c/general/topics/preview", params={"query": "turtles"})).json()
        assert (looked["mistake"], looked["line"]) == (None, "/papers subscribe turtles")
        wrong = (await client.get("/c/general/topics/preview", params={"query": "a cat:nonsense"})).json()
        assert (wrong["mistake"]["start"], wrong["mistake"]["end"]) == (6, 14)
        params = {"query": "turtles", "no": "2605.00001"}
        proposed = unescape((await client.get("/c/general/topics/proposals", params=params)).json()["html"])
        assert 'data-query="turtles -cat:cs.CL"' in proposed
        assert "it gains 0 papers and loses 1" in proposed
        params = {"query": "turtles walk", "per-day": "2"}
        paced = unescape((await client.get("/c/general/topics/paced", params=params)).json()["html"])
        assert 'data-query="turtles"' in paced
        assert "For about 2 a day" in (await client.get("/c/general/topics/new", params=params)).text
        wrong = await client.get("/c/general/topics/paced", params=params | {"per-day": "many"})
        assert "from 1 to 100" in wrong.json()["error"]


@pytest.mark.asyncio(loop_scope="session")
async def test_hostile_text_in_a_draft_stays_text(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        for query in ("<script>alert(1)</script>", '"<b>x</b>"', "author:<img/src=x>"):
            page = (await client.get("/c/general/topics/new", params={"query": query, "name": '"><script>'})).text
            assert "<script>alert" not in page
            assert "<b>x" not in page
            assert "<img/src" not in page


def test_marks_lose_no_character_of_a_query() -> None:
    for query in ("a OR (b -c)", 'like:(1 2)~3/day "x <y>"', '"unclosed <b>', ""):
        assert unescape(re.sub("</?span[^>]*>", "", str(painted(query)))) == query


def test_a_draft_survives_its_own_address() -> None:
    draft = TopicDraft.of_fields({"query": "a  &\n b", "name": 'x"', "min-upvotes": "3", "for-me": "on"})
    assert (draft.query, draft.bound) == ("a & b", 3)
    assert draft.line == 'subscribe --min-upvotes 3 --name "x\'" --for me a & b'
    assert draft.search(no="1").startswith("?query=a+%26+b&name=x%22&min-upvotes=3&for-me=on&no=1")
    assert TopicDraft.of_fields({"query": "a", "min-upvotes": "٣"}).bound is None


@pytest.mark.asyncio(loop_scope="session")
async def test_of_what_one_visitor_asks_meanwhile_only_the_latest_is_answered() -> None:
    limit, answered = ConcurrencyLimit(2), []
    begun, release = asyncio.Event(), asyncio.Event()

    async def ask(visitor: str, what: int) -> None:
        async with limit.slot(visitor) as is_latest:
            if not is_latest():
                return
            begun.set()
            await release.wait()
            answered.append((visitor, what, is_latest()))

    first = asyncio.create_task(ask("ada", 1))
    await begun.wait()
    others = [asyncio.create_task(ask("ada", number)) for number in (2, 3, 4)]
    others.append(asyncio.create_task(ask("bob", 1)))
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(first, *others)
    assert sorted(answered) == [("ada", 1, False), ("ada", 4, True), ("bob", 1, True)]


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_a_topic_is_written_with_what_it_brings_in_view(browser: Browser, workspace: CoreWorkspace) -> None:
    async with opened(browser, workspace, "/c/general/topics/new", refusals=None) as page:
        field = page.get_by_label("Papers with")
        await expect(field).to_be_focused()
        await field.press_sequentially("author:x OR turtles")
        preview = page.get_by_label("What it would bring")
        await expect(preview).to_contain_text("2 papers in the one day that is known")
        await expect(page.locator(".query-paint .q-field")).to_have_text("author:")
        await expect(page.locator(".query-paint .q-operator")).to_have_text("OR")
        await expect(page.locator("#command-line")).to_have_text("/papers subscribe author:x OR turtles")
        await field.fill("turtles cat:nonsense")
        await expect(page.locator(".q-mistake")).to_have_text("nonsense")
        await expect(page.locator("#query-error")).to_contain_text("nonsense")
        await field.fill("turtles walk")
        await expect(preview).to_contain_text("1 paper in")
        await preview.get_by_role("link", name="3", exact=True).click()
        await preview.get_by_role("link", name="Without “walk” about 2 a day").click()
        await expect(page.locator("#command-line")).to_have_text("/papers subscribe turtles")
        paper = preview.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Turtles swim"))
        await paper.get_by_role("link", name="Not this: Turtles swim").click()
        await page.get_by_role("link", name="Not cs.CL").click()
        await expect(field).to_have_value("turtles -cat:cs.CL")
        await expect(preview).to_contain_text("1 paper in")
        await page.get_by_label("Name").fill("Walkers")
        await page.get_by_role("button", name="Add this topic").click()
        panel = page.get_by_role("complementary", name="Topics")
        await expect(panel.get_by_role("status")).to_contain_text("Topic 2 added")
        await expect(panel.get_by_role("heading", name="Walkers")).to_be_visible()


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_the_editor_fits_a_phone_and_a_slow_answer_stops_nobody(
    browser: Browser, workspace: CoreWorkspace
) -> None:
    async with opened(browser, workspace, "/c/general/topics/1", viewport=PHONE) as page:
        release = asyncio.Event()
        seen: list[str] = []

        async def hold(route: Route, request: Request) -> None:
            seen.append(request.url)
            if len(seen) == 1:
                await release.wait()
            await route.continue_()

        await page.route("**/topics/preview?*", hold)
        field = page.get_by_label("Papers with")
        async with page.expect_request("**/topics/preview?*"):
            await field.fill("turtles")
        await field.press_sequentially(" walk")
        await expect(field).to_have_value("turtles walk")
        await expect(page.get_by_label("What it would bring")).to_contain_text("1 paper in")
        release.set()
        wide = await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert wide


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("with_script", [True, False])
async def test_what_somebody_else_changed_while_the_editor_was_open_stays(
    browser: Browser, workspace: CoreWorkspace, with_script: bool
) -> None:
    options = {"java_script_enabled": with_script, "refusals": 1}
    async with opened(browser, workspace, "/c/general/topics/1", **options) as page:
        await workspace.core.say("edit 1 --min-upvotes 20 --instant on")
        await page.get_by_label("Papers with").fill("(turtles")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert").filter(has_text="never closed")).to_be_visible()
        await page.get_by_label("Papers with").fill("turtles swim")
        if not with_script:
            await page.get_by_role("button", name="Look").click()
        await expect(page.locator("#command-line")).to_have_text("/papers edit 1 turtles swim")
        await page.get_by_role("button", name="Save").click()
        await page.wait_for_url("**panel=topics")
    (topic,) = await workspace.core.store.subscriptions.of_channel((await workspace.core.channel()).id)
    assert (topic.query, topic.name, topic.min_upvotes, topic.instant) == ("turtles swim", "Runners", 20, True)
