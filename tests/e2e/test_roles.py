"""One gateway and two workers on one PostgreSQL: who listens, who posts, and what an operator is told."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from bot.clocks import SystemClock
from bot.posting.post import PostState
from storage.store import SqlStore
from tests.e2e.process import Bot
from tests.e2e.test_two_processes import list_today
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator, eventually
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, SlackSimulator

NOBODY = "http://127.0.0.1:9"
_ADDRESS = re.compile(r"Health checks are at (http://127\.0\.0\.1:\d+)/")


@pytest.mark.long
async def test_a_gateway_listens_and_workers_post_each_paper_once(postgres_url: str, tmp_path: Path) -> None:
    store = SqlStore(postgres_url)
    async with DiscordSimulator(SystemClock()) as discord, SlackSimulator() as slack:
        slack.person()
        channel, general = discord.state.add_channel(discord.state.add_guild()), slack.channel()
        gateway, first, second = (
            a_process(tmp_path / name, postgres_url, discord, slack) for name in ("gateway", "first", "second")
        )
        try:
            gateway.start("--role", "gateway")
            await eventually(lambda: discord.gateway.open and len(slack.sockets) == 2)
            for line in ("subscribe diffusion", "schedule instant"):
                await (await slack.command(line, general)).answer()
            discord.interactions.longest = 20
            assert (await discord.interactions.command(channel, "subscribe", query="diffusion")).messages
            assert (await discord.interactions.command(channel, "schedule", when="instant")).messages
            await list_today(store, 1)
            await asyncio.sleep(4)  # planning comes every two seconds
            assert not any((await store.posts.counts()).values())

            opened = slack.count("apps.connections.open")
            first.start("--role", "worker")
            await eventually(lambda: channel.messages and general.messages)
            second.start("--role", "worker")
            await eventually(lambda: "Health checks are at" in second.log())
            # What somebody asks of the gateway goes out at once.
            other = slack.channel("other")
            await (await slack.command("subscribe diffusion --backfill 1", other)).answer()
            async with asyncio.timeout(50):  # less than the minute after which workers look anyway
                await eventually(lambda: len(other.messages) == 1)
            # What is being sent when its process dies is looked for only when the lease has run out.
            await sent(store, 3)
            first.kill()
            await list_today(store, 2)
            await eventually(lambda: len(channel.messages) == 2 and len(general.messages) == 2)
            await sent(store, 5)

            assert (len(discord.gateway.identifies), slack.count("apps.connections.open")) == (1, opened)
            assert Counter(paper_in(message) for message in channel.messages) == {1: 1, 2: 1}
            assert Counter(paper_in(message) for message in general.messages) == {1: 1, 2: 1}
            await look_at(second)
            document = json.loads((await asyncio.to_thread(gateway.cli, "status", "--json")).stdout)
            roles = Counter((process["role"], process["leads"]) for process in document["processes"])
            # The one that was killed is taken for alive for a while.
            assert roles["gateway", False] == 1
            assert roles.total() in (2, 3)
            assert (gateway.stop(), second.stop()) == (0, 0)
        finally:
            for process in (gateway, first, second):
                process.close()
        assert (discord.problems, slack.violations) == ([], [])
    await store.close()


async def sent(store: SqlStore, posts: int) -> None:
    """Waits until so many posts are known to be sent."""
    async with asyncio.timeout(PATIENCE):
        while (await store.posts.counts())[PostState.SENT] < posts:
            await asyncio.sleep(0.05)


async def look_at(worker: Bot) -> None:
    """A worker answers health checks, and has no pages."""
    address = _ADDRESS.findall(worker.log())[-1]
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        statuses = {path: (await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics", "/")}
    assert statuses == {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 404}


async def test_a_role_on_sqlite_ends_with_a_sentence(tmp_path: Path) -> None:
    bot = Bot(tmp_path, huggingface_url=NOBODY)
    for role in ("gateway", "worker"):
        ended = await asyncio.to_thread(bot.cli, "run", "--role", role, expect=78)
        assert f"A {role} shares its work" in ended.stderr
        assert "PAPERROUND_DATABASE_URL=postgresql://" in ended.stderr
        assert "Traceback" not in ended.stderr


async def test_processes_with_roles_need_one_key(tmp_path: Path) -> None:
    database = "postgresql://nobody@127.0.0.1:9/nothing"
    mail = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "papers@lab.example", "public_url": "https://lab.example"}
    slack = {"slack_client_id": "1.2", "slack_client_secret": "secret", "slack_signing_secret": "secret"}
    for settings, signs in ((mail, "the links in mails"), (slack, "the tokens of workspaces")):
        bot = Bot(tmp_path, database_url=database, huggingface_url=NOBODY, **settings)
        ended = await asyncio.to_thread(bot.cli, "run", "--role", "worker", expect=78)
        assert f"need one key for {signs}. Set PAPERROUND_SECRET_KEY" in ended.stderr


def a_process(folder: Path, database: str, discord: DiscordSimulator, slack: SlackSimulator) -> Bot:
    folder.mkdir()
    return Bot(
        folder,
        database_url=database,
        huggingface_url=NOBODY,
        discord_token=discord.token,
        discord_api_url=discord.api_url,
        slack_api_url=slack.api_url,
        slack_bot_token=BOT_TOKEN,
        slack_app_token=APP_TOKEN,
        web="true",
    )


def paper_in(message: object) -> int:
    found = re.search(r"Diffusion Study (\d)", json.dumps(message))
    assert found
    return int(found[1])
