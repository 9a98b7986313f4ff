"""People who log in: names and passwords, invitations, roles, what each may do, and the record of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from adapters.web.addresses import address_of
from adapters.web.people.browsers import browser_in_words
from adapters.web.people.cookies import COOKIE
from adapters.web.people.entrance import LoginOptions
from adapters.web.serving import protection
from bot.messages.message import Message, Paragraph, PersonMention, text
from bot.people.account import LOCAL_PERSON, Role
from bot.people.record import TERMINAL
from tests.adapters.web.core_workspace import core_workspace
from tests.adapters.web.pages import listens, opened
from tests.adapters.web.workspace import RunningWorkspace, card, running_workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "correct horse battery"
PAGE = {"accept": "text/html"}


@pytest_asyncio.fixture(loop_scope="session")
async def team(tmp_path: Path) -> AsyncIterator[RunningWorkspace]:
    """A workspace of Ada, who manages it, and Bob, who reads."""
    async with running_workspace(tmp_path) as running:
        await running.people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
        await running.people.add("bob", Role.READER, by=TERMINAL, password=PASSWORD)
        yield running


@asynccontextmanager
async def logged_in(workspace: RunningWorkspace, name: str) -> AsyncIterator[httpx.AsyncClient]:
    async with workspace.client(headers=PAGE) as client:
        answer = await client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client


async def test_everybody_logs_in_as_soon_as_there_is_somebody(workspace: RunningWorkspace) -> None:
    async with workspace.client(headers=PAGE) as client:
        assert "Nobody logs in here yet" in (await client.get("/people")).text
        refused = await client.post("/people", data={"name": "bob", "role": "reader"})
        assert "add a manager first" in refused.text
        added = await client.post("/people", data={"name": "Ada", "role": "manager"})
        (link,) = re.findall(r'href="(http://[^"]+/invitation/[^"]+)"', added.text)
        assert link.startswith(workspace.url)
        for path in ("/", "/people", "/account", "/c/general"):
            assert (await client.get(path)).headers["location"].startswith("/login"), path
        assert "Hello, ada" in (await client.get(link)).text
        assert "at least 8" in (await client.post(link, data={"password": "short", "again": "short"})).text
        assert "not the same" in (await client.post(link, data={"password": PASSWORD, "again": "other"})).text
        chosen = await client.post(link, data={"password": PASSWORD, "again": PASSWORD})
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
        assert "ada" in (await client.get("/people")).text
        used = await client.get(link)
        assert (used.status_code, "used already" in used.text) == (404, True)


async def test_who_may_only_look_at_the_channels_of_chats_makes_nobody_their_manager(tmp_path: Path) -> None:
    async with (
        running_workspace(tmp_path, login=LoginOptions(begins_here=False)) as running,
        running.client(headers=PAGE) as client,
    ):
        refused = await client.post("/people", data={"name": "Mallory", "role": "manager"})
        assert (refused.status_code, "paperround people add" in refused.text) == (403, True)
        assert (await client.get("/people")).status_code == 403
        assert 'href="/people"' not in (await client.get("/account")).text
        assert not await running.people.anybody()


async def test_a_card_says_you_to_nobody_but_whom_it_is_for(team: RunningWorkspace) -> None:
    ada = await team.people.named("ada")
    await team.post(Message(summary="A card", blocks=(card(1, people=(PersonMention(ada.reader, "ada"),)),)))
    for name, told in (("ada", "you"), ("bob", "@ada")):
        async with logged_in(team, name) as client:
            assert f"for <bdi>{told}</bdi>" in (await client.get("/c/general")).text


@pytest.mark.browser
async def test_who_is_logged_out_while_a_page_is_open_comes_to_the_login(
    browser: Browser, team: RunningWorkspace
) -> None:
    async with opened(browser, team, "/login", refusals=None) as page:
        await page.get_by_label("Name").fill("bob")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await expect(page.locator("#channels")).to_contain_text("vision")
        await listens(page)
        await page.context.clear_cookies()
        await page.locator("#find").fill("v")
        await page.wait_for_url(re.compile(r"/login\?next="))


async def test_the_panel_of_a_channel_leads_managers_to_its_changes(tmp_path: Path) -> None:
    async with core_workspace(tmp_path) as running, running.client(headers=PAGE) as client:
        await running.core.say("subscribe hares")
        assert "/people?channel=general#changes" in (await client.get("/c/general?panel=channel")).text


async def test_whom_the_password_fits_is_told_to_nobody(team: RunningWorkspace) -> None:
    async with team.client(headers=PAGE) as client:
        answers = [
            await client.post("/login", data={"name": name, "password": password})
            for name, password in (("ada", "wrong"), ("eve", PASSWORD), ("<b>", "wrong"))
        ]
    assert {answer.status_code for answer in answers} == {401}
    plain = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(plain) == 1


async def test_a_command_is_given_as_whoever_is_logged_in(team: RunningWorkspace) -> None:
    for name in ("ada", "bob"):
        async with logged_in(team, name) as client:
            await client.post("/c/general/command", data={"line": "today"})
    ada, bob = (call.person for call in team.commands.calls)
    assert (ada.name, ada.may_manage, ada.may_post) == ("ada", True, True)
    assert (bob.name, bob.may_manage, bob.may_post) == ("bob", False, False)
    assert (await team.people.named("ada")).reader == ada.id == LOCAL_PERSON
    assert bob.id != LOCAL_PERSON
    # What a reader is told is for them alone; of what a manager lets everybody read it is said who asked.
    (posted,) = (await team.platform.page("general", before=None, limit=10)).messages
    assert "Ada used " in str(posted.message)


async def test_readers_see_no_more_than_they_may_do(team: RunningWorkspace) -> None:
    async with logged_in(team, "bob") as client:
        page = (await client.get("/c/general")).text
        assert "You are a reader here" in page
        assert "/people" not in page
        assert 'action="/channels"' not in page
        for path in ("/people", "/people?before=9"):
            assert (await client.get(path)).status_code == 403
        for path, fields in (
            ("/channels", {"name": "planted"}),
            ("/people", {"name": "eve", "role": "manager"}),
            ("/people/role", {"name": "bob", "role": "manager"}),
            ("/people/invite", {"name": "ada"}),
            ("/people/remove", {"name": "ada"}),
        ):
            assert (await client.post(path, data=fields)).status_code == 403, path
    assert [(one.name, one.role) for one in await team.people.accounts()] == [
        ("ada", Role.MANAGER),
        ("bob", Role.READER),
    ]
    assert len(await team.store.audit.lines(limit=10)) == 2, "only the two that were added"


async def test_a_manager_looks_after_people(team: RunningWorkspace) -> None:
    async with logged_in(team, "ada") as ada, logged_in(team, "bob") as bob:
        assert (await bob.get("/c/general")).status_code == 200
        assert (await ada.post("/people/role", data={"name": "bob", "role": "manager"})).status_code == 303
        assert (await bob.get("/c/general")).status_code == 303, "a new role means a new session"
        assert "no such" not in (await ada.post("/people/role", data={"name": "bob", "role": "king"})).text
        assert "cannot remove yourself" in (await ada.post("/people/remove", data={"name": "ada"})).text
        assert "nobody called eve" in (await ada.post("/people/remove", data={"name": "eve"})).text
        assert (await ada.post("/people/remove", data={"name": "bob"})).status_code == 303
        page = (await ada.get("/people")).text
    assert "people role bob manager" in page
    assert "people remove bob" in page
    (line, *_) = await team.store.audit.lines(limit=1)
    assert (line.change.via, line.change.name, line.change.person) == ("web", "ada", LOCAL_PERSON)


async def test_one_changes_ones_own_password_and_ends_ones_sessions(team: RunningWorkspace) -> None:
    async with logged_in(team, "bob") as here, logged_in(team, "bob") as there:
        assert "Where you are logged in" in (await here.get("/account")).text
        wrong = await here.post(
            "/account/password", data={"before": "wrong", "password": "new and long", "again": "new and long"}
        )
        assert "not your present password" in wrong.text
        changed = await here.post(
            "/account/password", data={"before": PASSWORD, "password": "new and long", "again": "new and long"}
        )
        assert changed.headers["location"] == "/account?changed"
        assert (await there.get("/account")).status_code == 303
        assert (await here.get("/account")).status_code == 200
        assert (await here.post("/account/sessions/end", data={"which": "all"})).headers["location"] == "/login"
        assert (await here.get("/account")).status_code == 303
    assert await team.people.with_password("bob", "new and long")


async def test_the_channel_of_ones_own_topics_is_seen_by_nobody_else(team: RunningWorkspace) -> None:
    bob = await team.people.named("bob")
    own = await team.platform.direct_messages(address_of("general"), bob.reader)
    made = await team.store.channels.add(own, "for-you", time_zone="UTC", schedule="instant", next_digest_at=None)
    await team.store.personal_channels.keep(made.id, bob.reader, "bob")
    await team.post(Message(summary="secret", blocks=(Paragraph(text("for Bob alone")),)), channel=own.channel)
    path = f"/c/%40{bob.reader}"
    async with logged_in(team, "bob") as client:
        assert "for Bob alone" in (await client.get(path)).text
    async with logged_in(team, "ada") as client:
        for each in (path, f"{path}/messages", f"{path}/events", "/channels", "/c/general"):
            assert "Bob alone" not in (answer := await client.get(each)).text
            assert bob.reader not in answer.text or answer.status_code == 404


async def test_a_stream_ends_when_its_reader_is_logged_out(
    team: RunningWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protection, "LOOKED_AT_EVERY", 0.0)
    async with logged_in(team, "bob") as client, client.stream("GET", "/c/general/events") as stream:
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith("retry")
        await team.people.remove(await team.people.named("bob"), by=TERMINAL)
        await team.post(Message(summary="secret", blocks=(Paragraph(text("no longer for Bob")),)))
        rest = [line async for line in lines]
    assert "no longer" not in "".join(rest)


@pytest.mark.parametrize("header", [None, "x-forwarded-user"])
async def test_a_proxy_is_believed_where_it_is_trusted_and_nobody_else_is(tmp_path: Path, header: str | None) -> None:
    login = LoginOptions(user_header=header or "", trusted_proxies=["127.0.0.1"], password=PASSWORD)
    async with running_workspace(tmp_path, password=PASSWORD, login=login) as running:
        async with running.client(headers={"x-forwarded-user": "Ada@Example.org"}) as client:
            answer = await client.get("/c/general")
            assert answer.status_code == (200 if header else 401)
            twice = [("x-forwarded-user", "ada"), ("x-forwarded-user", "owner")]
            assert (await client.get("/c/general", headers=twice)).status_code == 401
        for name in ("owner", "<script>", "", "a" * 200):
            async with running.client(headers={"x-forwarded-user": name}) as client:
                assert (await client.get("/c/general")).status_code == 401, name
        if header:
            ada = await running.people.named("ada@example.org")
            assert ada.role is Role.READER
            async with running.client(headers={"x-forwarded-user": "ada@example.org"}) as client:
                assert (await client.post("/channels", json={"name": "planted"})).status_code == 403


async def test_a_header_from_elsewhere_than_the_proxy_says_nothing(tmp_path: Path) -> None:
    login = LoginOptions(user_header="x-forwarded-user", trusted_proxies=["192.0.2.7"])
    async with running_workspace(tmp_path, login=login) as running:
        headers = {"x-forwarded-user": "ada", "x-forwarded-for": "192.0.2.7"}
        async with running.client(headers=headers) as client:
            assert (await client.get("/c/general")).status_code == 401
    assert not await _accounts(tmp_path)


async def _accounts(folder: Path) -> list[str]:
    from storage.store import SqlStore

    store = SqlStore(f"sqlite:///{folder / 'workspace.db'}")
    names = [account.name for account in await store.people.accounts()]
    await store.close()
    return names


async def test_only_known_people_come_by_the_proxy_where_it_says_so(tmp_path: Path) -> None:
    login = LoginOptions(user_header="remote-user", new_people=None, trusted_proxies=["127.0.0.0/8"])
    async with running_workspace(tmp_path, login=login) as running:
        await running.people.add("ada", Role.MANAGER, by=TERMINAL)
        for name, status in (("ada", 200), ("bob", 401)):
            async with running.client(headers={"remote-user": name}) as client:
                assert (await client.get("/people")).status_code == status


async def test_beyond_loopback_nobody_is_let_in_when_the_last_one_is_removed(tmp_path: Path) -> None:
    closed = running_workspace(tmp_path, login=LoginOptions(open_here=False))
    async with closed as running, running.client(headers=PAGE) as client:
        assert (await client.get("/c/general")).status_code == 303
        assert (await client.get("/login")).status_code == 200
        assert (await client.get("/metrics")).status_code == 401


async def test_the_cookie_of_another_person_is_not_made_of_what_is_stored(team: RunningWorkspace) -> None:
    ada = await team.people.named("ada")
    await team.people.begin_session(ada, "")
    (session,) = await team.people.sessions(ada)
    async with team.client(headers={"cookie": f"{COOKIE}={session.key}"}) as client:
        assert (await client.get("/c/general")).status_code == 401


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "a browser that does not say its name"),
    ],
)
async def test_sessions_are_named_by_browser_and_system(agent: str, words: str) -> None:
    assert browser_in_words(agent) == words
