"""The app's home: the person's own channels, and a way to add a topic."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.app import SlackApp
from adapters.slack.platform import SlackPlatform
from bot.directory import Directory
from bot.forms import Forms
from tests.simulators.slack import ANSWER_WITHIN, APP_TOKEN, SIGNING_SECRET, Fault
from tests.simulators.slack_messages import buttons_of, words_of
from tests.slack.team import TRANSPORTS, Team


@pytest.fixture
def homely(team: Team, platform: SlackPlatform) -> Team:
    team.app = SlackApp(
        platform,
        team.commands,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        forms=Forms(team.store),
        directory=Directory(team.store, team.clock),
        ping_interval=1.0,
    )
    return team


async def look(team: Team, user: str = "U0ADA", tab: str = "home") -> str:
    """Opens the home; returns what it shows once nothing is under way."""
    await team.slack.event({"type": "app_home_opened", "user": user, "tab": tab})
    await team.app.finish()
    return words_of(team.slack.homes.get(user, {}))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_home_shows_the_persons_channels_and_no_others(homely: Team, transport: str) -> None:
    mine, paused, theirs = (homely.slack.channel(name) for name in ("mine", "waiting", "theirs"))
    secret = homely.slack.channel("secret", private=True)
    for channel in (mine, paused):
        channel.members.add("U0ADA")
    async with homely.connected(transport):
        for channel in (mine, paused, theirs, secret):
            await homely.say("subscribe diffusion", channel)
        await homely.say("pause", paused)
        shown = await look(homely)
    assert "#mine: weekdays 09:00 (Europe/Berlin)" in shown
    assert "#waiting: paused" in shown
    assert "theirs" not in shown
    assert "secret" not in shown


async def test_a_home_without_channels_says_how_to_begin(homely: Team) -> None:
    async with homely.over_http():
        shown = await look(homely)
    assert "None of your channels has topics yet" in shown
    assert "/papers help" in shown


async def test_a_topic_is_added_from_the_home(homely: Team) -> None:
    async with homely.over_http():
        await look(homely)
        button = buttons_of(homely.slack.homes["U0ADA"])["Add a topic"]
        payload = homely.slack.acting("block_actions", "U0ADA") | {
            "container": {"type": "view", "view_id": "V9"},
            "actions": [button | {"action_ts": "1.0"}],
        }
        await homely.slack.deliver("interactive", payload)
        async with asyncio.timeout(ANSWER_WITHIN):
            while not homely.slack.views:
                await asyncio.sleep(0.01)
    assert any(block.get("block_id") == "channel" for block in homely.slack.views["V1"]["blocks"])


async def test_the_messages_tab_is_not_the_home(homely: Team) -> None:
    async with homely.over_http():
        await look(homely, tab="messages")
    assert not homely.slack.homes


async def test_a_home_that_cannot_be_shown_harms_nothing(homely: Team) -> None:
    homely.slack.fail("views.publish", Fault.ERROR_500)
    async with homely.over_http():
        await look(homely)
        assert "Paper Round" in await homely.read("", homely.slack.channel())
