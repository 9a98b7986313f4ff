"""OAuthInstallation the app in workspaces with a browser, and those who try to misuse that."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from adapters.slack.installation.oauth import STATE_COOKIE
from adapters.slack.installation.scopes import SCOPES
from adapters.slack.paths import INSTALL_PATH, REDIRECT_PATH
from storage.store import SqlStore
from tests.adapters.slack.distributed_bot import DistributedBot, a_browser, visit
from tests.clocks import SettableClock
from tests.simulators.slack import Fault, SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import BOT_USER
from tests.simulators.slack_oauth import CLIENT_ID


async def begun(distributed: DistributedBot, browser: aiohttp.ClientSession) -> str:
    """Begins in that browser; returns where Slack would send it back to."""
    async with browser.get(distributed.base + INSTALL_PATH, allow_redirects=False) as answer:
        to_slack = answer.headers["Location"]
    async with browser.get(to_slack, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def test_a_workspace_installs_the_app(distributed: DistributedBot, clock: SettableClock) -> None:
    page = await distributed.install()
    assert page.status == 200
    assert "Paper Round is in Example" in page.text
    found = await distributed.installations.find(distributed.slack.team_id)
    assert found is not None
    assert (found.bot_user, found.app_id, found.installed_by) == (BOT_USER, "A0APP", "U0ADA")
    assert set(found.scopes) == set(SCOPES)
    assert found.installed_at == clock.now()
    assert "no topics" in await distributed.read("topics", distributed.slack.channel())


async def test_slack_is_asked_for_what_the_manifest_names(distributed: DistributedBot) -> None:
    async with a_browser() as browser, browser.get(distributed.base + INSTALL_PATH, allow_redirects=False) as answer:
        assert answer.status == 302
        cookie = answer.cookies[STATE_COOKIE]
        url = urlsplit(answer.headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{distributed.slack.url}/oauth/v2/authorize"
    assert asked == {"client_id": CLIENT_ID, "scope": ",".join(SCOPES), "state": cookie.value}
    assert len(cookie.value) >= 40
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["max-age"] == "600"


async def test_behind_a_public_address_everything_names_it(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> None:
    public = "https://papers.example.org"
    distributed = DistributedBot(sql, tmp_path, slack, clock, public_url=public)
    async with distributed.over_http(), a_browser() as browser:
        slack.oauth.redirect_url = public + REDIRECT_PATH
        async with browser.get(distributed.base + INSTALL_PATH, allow_redirects=False) as answer:
            cookie = answer.cookies[STATE_COOKIE]
            to_slack = answer.headers["Location"]
        assert cookie["secure"]
        async with browser.get(to_slack, allow_redirects=False) as answer:
            back = answer.headers["Location"]
        assert back.startswith(public + REDIRECT_PATH)
        # A proxy hands the request on; the cookie came over HTTPS.
        page = await visit(browser, back.replace(public, distributed.base), Cookie=f"{STATE_COOKIE}={cookie.value}")
        assert "Paper Round is in Example" in page.text
    await distributed.close()


async def test_somebody_who_thinks_better_of_it_is_told_that_nothing_happened(distributed: DistributedBot) -> None:
    distributed.slack.oauth.approves = False
    page = await distributed.install()
    assert (page.status, "Cancelled" in page.text, "Begin again" in page.text) == (200, True, True)
    assert await distributed.installations.workspaces() == []


async def test_a_way_back_is_good_once(distributed: DistributedBot) -> None:
    async with a_browser() as browser:
        back = await begun(distributed, browser)
        cookie = f"{STATE_COOKIE}={parse_qs(urlsplit(back).query)['state'][0]}"
        assert (await visit(browser, back)).status == 200
        assert (await visit(browser, back, Cookie=cookie)).status == 400
    assert distributed.slack.count("oauth.v2.access") == 1


async def test_of_many_who_come_back_with_one_state_one_gets_in(distributed: DistributedBot) -> None:
    async with a_browser() as browser:
        back = await begun(distributed, browser)
        cookie = f"{STATE_COOKIE}={parse_qs(urlsplit(back).query)['state'][0]}"
        pages = await asyncio.gather(*(visit(browser, back, Cookie=cookie) for _ in range(6)))
    assert sorted(page.status for page in pages) == [200] + [400] * 5


async def test_a_way_back_ends_after_ten_minutes(distributed: DistributedBot, clock: SettableClock) -> None:
    async with a_browser() as browser:
        back = await begun(distributed, browser)
        clock.advance(minutes=10)
        page = await visit(browser, back)
    assert page.status == 400
    assert "older than ten minutes" in page.text
    assert await distributed.installations.workspaces() == []


async def test_another_browser_cannot_go_on(distributed: DistributedBot) -> None:
    async with a_browser() as attacker, a_browser() as victim:
        back = await begun(distributed, attacker)
        await begun(distributed, victim)
        assert (await visit(victim, back)).status == 400
        # Nor is it spoilt for the one who began.
        assert (await visit(attacker, back)).status == 200


@pytest.mark.parametrize("state", ["", "forged", "%00", "é", "x" * 5000])
async def test_a_forged_state_gets_nowhere(distributed: DistributedBot, state: str) -> None:
    async with a_browser() as browser:
        cookie = {"Cookie": f"{STATE_COOKIE}={state}"} if state.isascii() else {}
        page = await visit(browser, f"{distributed.base}{REDIRECT_PATH}?code=code-1&state={state}", **cookie)
    assert page.status == 400
    assert not distributed.slack.count("oauth.v2.access")


async def test_a_spent_code_is_explained(distributed: DistributedBot) -> None:
    async with a_browser() as browser:
        back = await begun(distributed, browser)
        distributed.slack.oauth.codes.clear()
        page = await visit(browser, back)
    assert page.status == 400
    assert "used before" in page.text


async def test_a_wrong_client_secret_names_the_setting(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> None:
    distributed = DistributedBot(sql, tmp_path, slack, clock, client_secret="wrong")
    async with distributed.over_http():
        page = await distributed.install()
    assert page.status == 500
    assert "bad_client_secret" in page.text
    assert "PAPERROUND_SLACK_CLIENT_SECRET" in page.text
    await distributed.close()


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.ERROR_500, Fault.GARBAGE, Fault.RATE_LIMITED])
async def test_trouble_on_the_way_offers_another_try(distributed: DistributedBot, fault: Fault) -> None:
    distributed.slack.fail("oauth.v2.access", fault)
    page = await distributed.install()
    assert (page.status, "Begin again" in page.text) == (502, True)
    assert await distributed.installations.workspaces() == []
    assert (await distributed.install()).status == 200


async def test_what_slack_says_is_never_markup(distributed: DistributedBot) -> None:
    page = await distributed.install(distributed.slack.another_team("T0EVIL", "<script>alert(1)</script>"))
    assert "<script>" not in page.text
    async with a_browser() as browser:
        back = await begun(distributed, browser)
        state = parse_qs(urlsplit(back).query)["state"][0]
        page = await visit(browser, f"{distributed.base}{REDIRECT_PATH}?error=<b>x</b>&state={state}")
    assert "<b>" not in page.text
    assert page.status == 400


async def test_an_organisation_installs_the_app_for_all_its_workspaces(distributed: DistributedBot) -> None:
    distributed.slack.oauth.organisation, distributed.slack.oauth.whole = "E0ORG", True
    page = await distributed.install()
    assert "Paper Round is in The Organisation" in page.text
    found = await distributed.installations.find("E0ORG")
    assert found is not None
    assert (found.enterprise, found.team, found.workspace) == ("E0ORG", "", "E0ORG")
    distributed.slack.person(enterprise_user={"id": "U0ADA", "enterprise_id": "E0ORG", "teams": ["T0TEAM"]})
    channel = distributed.slack.channel()
    channel.members.add("U0ADA")
    payload = distributed.slack.slash_payload("subscribe diffusion", channel) | {
        "enterprise_id": "E0ORG", "is_enterprise_install": "true",
    }  # fmt: skip
    interaction = await distributed.slack.begin("slash_commands", payload)
    assert "Topic 1 added" in str(await interaction.answer())
    (stored,) = await distributed.store.channels.on_platform(distributed.platform.name)
    assert stored.address.workspace == "E0ORG"
    # Whose home it is knows in which of the organisation's workspaces the person is.
    await distributed.slack.event({"type": "app_home_opened", "tab": "home", "user": "U0ADA"})
    await distributed.app.finish()
    assert "general" in words_of(distributed.slack.homes["U0ADA"])
