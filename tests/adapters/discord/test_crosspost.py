"""Announcement channels: what is posted goes to their followers as well."""

from __future__ import annotations

import pytest

from adapters.discord.platform import DiscordPlatform
from bot.platforms.outcomes import Sent, Unknown
from tests.adapters.discord.conftest import outgoing
from tests.clocks import SettableClock
from tests.platforms import around
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_responses import ApiError, Fault
from tests.simulators.discord_state import ANNOUNCEMENT, Channel

CROSSPOST = "/crosspost$"


@pytest.fixture
def news(discord_server: DiscordSimulator) -> Channel:
    return discord_server.state.add_channel(discord_server.state.add_guild(), "news", ANNOUNCEMENT)


async def test_a_post_in_an_announcement_channel_is_published(
    discord_server: DiscordSimulator, platform: DiscordPlatform, news: Channel
) -> None:
    assert isinstance(await platform.send(outgoing(news)), Sent)
    assert news.messages[0]["flags"] & 1
    general = discord_server.state.add_channel(discord_server.state.guilds[news.guild])
    assert isinstance(await platform.send(outgoing(general, key="elsewhere")), Sent)
    assert len(discord_server.sent("POST", CROSSPOST)) == 1


@pytest.mark.parametrize(
    "fault", [ApiError(403, 50013), ApiError(400, 40033), Fault.RATE_LIMITED_LONG, Fault.DROP, Fault.FORBIDDEN_PAGE]
)
async def test_a_post_that_cannot_be_published_is_posted_all_the_same(
    discord_server: DiscordSimulator, platform: DiscordPlatform, news: Channel, fault: Fault | ApiError
) -> None:
    discord_server.fail("POST", CROSSPOST, fault)
    assert isinstance(await platform.send(outgoing(news)), Sent)
    assert len(news.messages) == 1


async def test_publishing_can_be_switched_off(
    discord_server: DiscordSimulator, clock: SettableClock, news: Channel
) -> None:
    platform = DiscordPlatform(discord_server.token, clock, api_url=discord_server.api_url, crossposts=False)
    assert isinstance(await platform.send(outgoing(news)), Sent)
    assert discord_server.sent("POST", CROSSPOST) == []
    await platform.close()


async def test_a_post_whose_answer_was_lost_is_published_once_it_is_found(
    discord_server: DiscordSimulator, platform: DiscordPlatform, clock: SettableClock, news: Channel
) -> None:
    started = clock.now()
    discord_server.fail("POST", r"/channels/\d+/messages$", Fault.ACCEPT_THEN_DROP)
    assert isinstance(await platform.send(outgoing(news)), Unknown)
    clock.advance(minutes=5)
    assert await platform.look_up(outgoing(news), around(started)) == Sent(str(news.messages[0]["id"]))
    assert news.messages[0]["flags"] & 1
