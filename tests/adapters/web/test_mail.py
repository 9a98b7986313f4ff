"""Where links in mails lead: anybody may follow them, from anywhere, and the pages tell nobody their address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.web.addresses import address_of
from bot.channels.directory import Directory
from bot.mail.links import MailLinks
from bot.mail.mailing import Mailing
from bot.mail.recipients import Content, Recipient
from storage.store import SqlStore
from tests.adapters.web.workspace import RunningWorkspace, SetClock, running_workspace
from tests.databases import sqlite_in
from tests.trouble import Trouble

pytestmark = pytest.mark.asyncio(loop_scope="session")
#: What a reverse proxy sends, for a name that the workspace does not answer to.
ELSEWHERE = {"host": "papers.lab.example"}


@dataclass
class Served:
    workspace: RunningWorkspace
    mailing: Mailing
    links: MailLinks
    recipient: Recipient
    store: SqlStore

    def path(self, url: str) -> str:
        return url.removeprefix(self.links.public_url)


@pytest_asyncio.fixture(loop_scope="session", params=[True, False], ids=["with the workspace", "without"])
async def served(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """A server with a password, and an address that was asked."""
    store, clock = SqlStore(sqlite_in(tmp_path / "mail.db")), SetClock()
    links = MailLinks("https://papers.lab.example", ("secret",))
    mailing = Mailing(store.recipients, store.channels, clock, links)
    channel = await Directory(store.channels, clock).add_channel(address_of("<b>general"), "<b>general")
    recipient, _ = await mailing.ask(channel, "me@lab.example", content=Content.TOPICS, schedule="", added_by="local")
    options = {"password": "pass word", "mailing": mailing, "with_workspace": request.param}
    async with running_workspace(tmp_path, **options) as workspace:
        yield Served(workspace, mailing, links, recipient, store)
    await store.close()


async def test_links_work_without_cookies_log_in_and_known_host(served: Served) -> None:
    async with served.workspace.client(headers=ELSEWHERE) as client:
        confirm, leave = (
            served.path(url)
            for url in (served.links.confirmation(served.recipient), served.links.leaving(served.recipient))
        )
        asked = await client.get(confirm)
        assert (asked.status_code, "me@lab.example" in asked.text) == (200, True)
        assert (await client.post(confirm)).status_code == 200
        assert (await client.post(confirm)).status_code == 404, "once"
        assert "<button>Unsubscribe" in (await client.get(leave)).text
        done = await client.post(
            leave, content="List-Unsubscribe=One-Click", headers={"origin": "https://elsewhere.example"}
        )
        assert done.status_code == 200
        assert "set-cookie" not in done.headers


async def test_pages_say_nothing_to_others_and_run_nothing(served: Served) -> None:
    async with served.workspace.client(headers=ELSEWHERE) as client:
        page = await client.get(served.path(served.links.confirmation(served.recipient)))
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.text + page.headers["content-security-policy"]
    assert "#&lt;b&gt;general" in page.text


async def test_while_the_database_does_not_answer_nothing_is_lost(served: Served) -> None:
    links = (served.links.confirmation(served.recipient), served.links.leaving(served.recipient))
    async with served.workspace.client(headers=ELSEWHERE) as client:
        trouble = Trouble(served.store.database, 0)
        for path in map(served.path, links):
            for answer in (await client.get(path), await client.post(path)):
                assert (answer.status_code, "try again in a moment" in answer.text) == (503, True)
        trouble.end()
        assert (await client.post(served.path(links[0]))).status_code == 200


@pytest.mark.parametrize(
    "path", ["/mail/confirm/x", "/mail/leave/x", "/mail/leave/0011223344556677.x", "/mail/confirm/a.b.c"]
)
async def test_links_that_are_made_up_lead_nowhere(served: Served, path: str) -> None:
    async with served.workspace.client(headers=ELSEWHERE) as client:
        for answer in (await client.get(path), await client.post(path)):
            assert answer.status_code == 404
            assert "me@lab.example" not in answer.text
