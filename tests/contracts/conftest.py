"""Each platform with what it talks to: the real client libraries over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.discord.platform import DiscordPlatform
from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.contracts.platforms import Discord, Mail, Notebook, PlatformUnderTest, Slack, Web
from tests.simulators.discord import DiscordSimulator
from tests.simulators.slack import BOT_TOKEN, SlackSimulator
from tests.simulators.smtp import SmtpSimulator


@pytest.fixture(params=["notebook", "web", "slack", "discord", "mail"])
async def under_test(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[PlatformUnderTest]:
    clock = SettableClock()
    match request.param:
        case "notebook":
            yield Notebook(clock)
        case "web":
            store = SqlStore(sqlite_url)
            web = Web(clock, store)
            yield web
            web.platform.close()
            await store.close()
        case "mail":
            async with SmtpSimulator() as server:
                mail = Mail(clock, server)
                yield mail
                await mail.platform.close()
        case "slack":
            async with SlackSimulator(now=lambda: clock.now().timestamp()) as slack:
                slack.person()
                connection = Connection(slack.api_url, clock=clock, monotonic=clock.monotonic)
                platform = SlackPlatform(OneWorkspace(connection, BOT_TOKEN))
                yield Slack(clock, platform, slack)
                await platform.close()
            assert not slack.violations, slack.violations
        case "discord":
            async with DiscordSimulator(clock) as discord:
                bot = DiscordPlatform(discord.token, clock, api_url=discord.api_url)
                yield Discord(clock, bot, discord)
                await bot.close()
            assert discord.problems == []
