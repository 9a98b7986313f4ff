"""Two processes on one PostgreSQL with one bot token for Discord."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.clocks import SystemClock
from bot.papers.sources import HUGGINGFACE
from bot.posting.post import PostState
from storage.store import SqlStore
from tests.e2e.process import Bot
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator, eventually
from tests.simulators.discord_interactions import links_of
from tests.simulators.discord_state import Channel
from tests.sources import a_paper
from tests.storage.scenes import answer

NOBODY = "http://127.0.0.1:9"


@pytest.mark.long
async def test_one_process_serves_discord_and_the_other_takes_over_when_it_dies(
    postgres_url: str, tmp_path: Path
) -> None:
    store = SqlStore(postgres_url)
    async with DiscordSimulator(SystemClock()) as server:
        channel = server.state.add_channel(server.state.add_guild())
        first, second = (a_process(tmp_path / name, postgres_url, server) for name in ("first", "second"))
        try:
            first.start()
            await eventually(lambda: server.gateway.open and "adds the bot to a server" in first.log())
            second.start()
            await eventually(lambda: "Health checks are at" in second.log())
            await asyncio.sleep(3)  # it asks for the duty every two seconds
            assert (server.gateway.open, len(server.gateway.identifies)) == (1, 1)
            assert "adds the bot to a server" not in second.log()
            assert (await server.interactions.command(channel, "subscribe", query="diffusion")).messages
            assert (await server.interactions.command(channel, "schedule", when="instant")).messages
            assert len(server.sent("POST", "/callback$")) == 2
            delivering = await asyncio.to_thread(second.cli, "deliver")
            assert "Discord is served by another process" in delivering.stderr

            await list_today(store, 1)
            async with asyncio.timeout(PATIENCE):
                while (await store.posts.counts())[PostState.SENT] < 1:
                    await asyncio.sleep(0.05)
            first.kill()
            await eventually(lambda: len(server.gateway.identifies) == 2)
            server.interactions.longest = 20
            assert (await server.interactions.command(channel, "topics")).messages
            await list_today(store, 2)
            await eventually(lambda: len(channel.messages) == 2)
            assert Counter(titles(channel)) == {"Diffusion Study 1": 1, "Diffusion Study 2": 1}
            assert len(server.sent("POST", rf"/channels/{channel.id}/messages$")) == 2
            assert second.stop() == 0
        finally:
            first.close()
            second.close()
    assert server.problems == []
    await store.close()


def a_process(folder: Path, database: str, server: DiscordSimulator) -> Bot:
    folder.mkdir()
    return Bot(
        folder,
        database_url=database,
        huggingface_url=NOBODY,
        discord_token=server.token,
        discord_api_url=server.api_url,
    )


async def list_today(store: SqlStore, number: int) -> None:
    now = SystemClock().now()
    paper = a_paper(number, featured_on=now.date())
    await store.papers.record_day(HUGGINGFACE, answer(paper, day=now.date()), now)


def titles(channel: Channel) -> list[str]:
    return [title for message in channel.messages for title, _ in links_of(message)]
