"""The health page: the same facts as everywhere, what may be done about them, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from playwright.async_api import Browser, expect

from adapters.web.pages.health_view import ALL_WELL, HealthView, for_members, for_operators
from bot.health.report import HealthReport
from storage.store import SqlStore
from tests.adapters.web.pages import opened
from tests.adapters.web.workspace import RunningWorkspace, running_workspace
from tests.core import Core
from tests.databases import sqlite_in
from tests.health.reports import figures, reports
from tests.platforms import Fault
from tests.sources import a_paper

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def with_a_refused_post(folder: Path, **options: Any) -> AsyncIterator[tuple[Core, RunningWorkspace]]:
    """A workspace on the real core, in which the platform refused a message of #general."""
    store = SqlStore(sqlite_in(folder / "core.db"))
    core = Core(store, folder / "index")
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    core.platform.fail("general", Fault.REJECTED)
    await core.next_digest()
    try:
        async with running_workspace(folder, commands=core.commands, health=core.health, **options) as workspace:
            yield core, workspace
    finally:
        await core.index.close()
        await store.close()


def number(view: HealthView, what: str) -> int:
    (figure,) = [figure for figure in view.figures if figure.what.startswith(what)]
    return int(figure.number.replace(",", ""))


@given(reports())
async def test_the_page_says_what_the_figures_say(report: HealthReport) -> None:
    view, shown = for_operators(report, UTC, set()), figures(replace(report, leads=True))
    assert view.ok == (shown["paperround_database_up"] == 1 and not shown["paperround_stuck_seconds"])
    assert (view.parts[0].mark == "bad") == (shown["paperround_database_up"] == 0)
    if report.stored is None:
        assert view.figures == []
        return
    for what in ("papers", "channels", "topics"):
        assert number(view, what) == shown[f"paperround_rows {'subscriptions' if what == 'topics' else what}"]
    waiting = sum(shown[f"paperround_outbox {state}"] for state in ("pending", "leased", "unknown"))
    assert number(view, "waiting") == waiting
    assert number(view, "posted") == shown["paperround_posts_last_day sent"]
    assert number(view, "given up") == shown["paperround_posts_last_day failed"]
    assert number(view, "digests late") == shown["paperround_digests_late"]
    assert view.failed_count == shown["paperround_outbox failed"]
    assert view.broken_count == shown["paperround_channels_refused"] == len(view.broken)
    assert len(view.processes) == shown["paperround_processes"]
    assert sum(bar.digests for bar in view.bars) == shown["paperround_digests_next_day"]
    failing = [value for name, value in shown.items() if name.startswith("paperround_source_failures") and value]
    assert len([row for row in view.sources if row.mark == "bad"]) == len(failing)
    assert all(row.mark != "well" for row in view.sources if row.words.startswith("not read yet"))
    assert (view.mark == "well") == (view.verdict == ALL_WELL)


@given(reports())
async def test_members_read_nothing_that_is_for_operators(report: HealthReport) -> None:
    view = for_members(report, UTC)
    told = str(view)
    for secret in ("sqlite:///", "no route", "too long", "it is archived", "full", "0.1.0"):
        assert secret not in told
    assert view.ok == report.ok


async def test_a_refused_message_is_tried_again_from_the_page(tmp_path: Path) -> None:
    async with with_a_refused_post(tmp_path) as (core, workspace), workspace.client() as client:
        page = (await client.get("/health")).text
        assert "Messages that could not be posted" in page
        ((post, _),) = (await core.health.report()).failed
        assert core.platform.papers_in("general") == []
        answer = await client.post("/health/retry", data={"post": str(post.id)})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/health?retried={post.id}")
        await core.engine.deliver()
        assert core.platform.papers_in("general") == ["2605.00001"]
        assert "Messages that could not be posted" not in (await client.get("/health/report")).text
        again = await client.post("/health/retry", data={"post": str(post.id)}, headers={"accept": "application/json"})
        assert again.status_code == 422
        await core.engine.deliver()
        assert core.platform.papers_in("general") == ["2605.00001"]


@pytest.mark.browser
async def test_the_page_keeps_itself_up_to_date(browser: Browser, tmp_path: Path) -> None:
    async with (
        with_a_refused_post(tmp_path) as (core, workspace),
        opened(browser, workspace, "/health") as page,
    ):
        await expect(page.locator("h1")).to_have_text("Health")
        await page.get_by_role("button", name="Retry message").click()
        await expect(page.locator("#health-notice")).to_contain_text("1 message will be tried again now.")
        await expect(page.get_by_role("heading", name="Messages that could not be posted")).to_have_count(0)
        await core.engine.deliver()
        assert core.platform.papers_in("general") == ["2605.00001"]
