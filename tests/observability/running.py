"""The whole application in this process, with a feed, a Slack and a Discord on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.app.application import Application, open_application
from bot.app.configuration.settings import Settings
from bot.clocks import SystemClock
from tests.faults.feed import Feed
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator, eventually
from tests.simulators.discord_state import Channel
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, SlackSimulator
from tests.simulators.slack_methods import SimulatedChannel


@dataclass(slots=True)
class Running:
    """The application and what is around it."""

    application: Application
    feed: Feed
    slack: SlackSimulator
    discord: DiscordSimulator
    slack_channel: SimulatedChannel
    discord_channel: Channel

    async def families(self) -> dict[str, Metric]:
        """What `/metrics` says, by name."""
        page, _ = await self.application.exposition()
        return {family.name: family for family in text_string_to_metric_families(page.decode())}

    async def read(self) -> None:
        """Reads the feed, and has done what follows of it."""
        await self.application.engine.poll()
        await self.application.engine.deliver()
        await self.application.engine.outbox.measure()


def value_of(families: dict[str, Metric], name: str, **labels: str) -> float:
    """The sum of the samples of that name with these labels."""
    return sum(
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == f"paperround_{name}" and labels.items() <= sample.labels.items()
    )


@asynccontextmanager
async def running(folder: Path, **settings: object) -> AsyncIterator[Running]:
    """Connected to where the settings' tokens work, and leading."""
    async with AsyncExitStack() as stack:
        feed = stack.enter_context(Feed("metrics"))
        slack = await stack.enter_async_context(SlackSimulator())
        slack.person()
        discord = await stack.enter_async_context(DiscordSimulator(SystemClock()))
        given = Settings.model_validate(
            {
                "data_dir": folder,
                "huggingface_url": feed.url,
                "arxiv_api_url": feed.url,
                "arxiv_rss_url": feed.url,
                "arxiv_categories": (),
                "embedding_model": "none",
                "slack_bot_token": BOT_TOKEN,
                "slack_app_token": APP_TOKEN,
                "slack_api_url": slack.api_url,
                "discord_token": discord.token,
                "discord_api_url": discord.api_url,
                "poll_minutes": 1440,
                **settings,
            }
        )
        channel = discord.state.add_channel(discord.state.add_guild())
        application = await stack.enter_async_context(open_application(given))
        work = asyncio.create_task(application.run())
        try:
            if given.slack_app_token.get_secret_value() == APP_TOKEN:
                await asyncio.wait(
                    {work, asyncio.ensure_future(slack.connected())},
                    return_when=asyncio.FIRST_COMPLETED,
                    timeout=PATIENCE,
                )
            if given.discord_token.get_secret_value() == discord.token:
                await eventually(lambda: discord.gateway.open)
            await eventually(lambda: application.engine.leadership.polls)
            yield Running(application, feed, slack, discord, slack.channel(), channel)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
