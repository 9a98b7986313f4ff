"""The app's home: the person's own channels, and a way to add a topic."""

from __future__ import annotations

import asyncio

import pytest

from bot.app.assembly import forms_of, overview_of
from bot.channels.directory import Directory
from tests.adapters.slack.team import TRANSPORTS, Team
from tests.simulators.slack import ANSWER_WITHIN, Fault
from tests.simulators.slack_messages import buttons_of, leaves, words_of
from tests.simulators.slack_methods import BOT_USER, Json
from tests.sources import a_paper


@pytest.fixture
def homely(team: Team) -> Team:
    team.app = team.another_app(
        forms=forms_of(team.store),
        directory=Directory(team.store.channels, team.clock),
        overview=overview_of(team.store, team.clock),
    )
    return team


async def look(team: Team, user: str = "U0ADA", tab: str = "home") -> str:
    """Opens the home; returns what it shows once nothing is under way."""
    asked = len(team.slack.requests)
    await team.slack.event({"type": "app_home_opened", "user": user, "tab": tab})
    async with asyncio.timeout(ANSWER_WITHIN):
        while tab == "home" and "views.publish" not in [method for method, _ in team.slack.requests[asked:]]:
            await asyncio.sleep(0.02)
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


async def test_a_channel_that_we_do_not_see_has_its_name_for_those_who_do(homely: Team) -> None:
    secret = homely.slack.channel("secret", private=True, member=False)
    async with homely.over_http():
        await homely.say("subscribe diffusion", secret)
        secret.members.add(BOT_USER)
        secret.members.add("U0ADA")
        await look(homely)
    shown = [
        leaf
        for block in homely.slack.homes["U0ADA"]["blocks"]
        if block["type"] == "rich_text"
        for leaf in leaves(block)
    ]
    assert {"type": "channel", "channel_id": secret.id, "style": {"bold": True}} in shown
    assert not any(secret.id in leaf.get("text", "") for leaf in shown)


async def test_a_home_is_shown_when_slack_has_time_for_it(homely: Team) -> None:
    homely.slack.retry_after = 0
    homely.slack.fail("users.conversations", Fault.RATE_LIMITED)
    homely.slack.fail("views.publish", Fault.RATE_LIMITED)
    async with homely.over_http():
        assert "None of your channels has topics yet" in await look(homely)


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


async def test_a_button_of_another_version_at_home_is_answered_and_redrawn(homely: Team) -> None:
    async with homely.over_http():
        await look(homely)
        drawn = homely.slack.count("views.publish")
        await press_at_home(homely, {"type": "button", "action_id": "tour", "value": "1"})
        await homely.app.finish()
    assert "do not know this button" in words_of(homely.slack.views["V1"])
    assert homely.slack.count("views.publish") == drawn + 1


async def press_at_home(team: Team, pressed: str | Json) -> None:
    button = buttons_of(team.slack.homes["U0ADA"])[pressed] if isinstance(pressed, str) else pressed
    payload = team.slack.acting("block_actions", "U0ADA") | {
        "container": {"type": "view", "view_id": "V9"},
        "view": {"id": "V9", "type": "home"},
        "actions": [button | {"action_ts": "1.0"}],
    }
    known = len(team.slack.views)
    await team.slack.deliver("interactive", payload)
    async with asyncio.timeout(ANSWER_WITHIN):
        while len(team.slack.views) == known:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_home_has_the_reading_list_and_follows_it(homely: Team, transport: str) -> None:
    channel = homely.slack.channel()
    await homely.news(*(a_paper(number) for number in range(1, 8)))
    async with homely.connected(transport):
        assert "Save on a card" in await look(homely)
        for number in range(1, 8):
            await homely.say(f"save 2605.0000{number}", channel)
        await homely.app.finish()
        shown = words_of(homely.slack.homes["U0ADA"])
        assert "Your reading list: 7 papers" in shown
        assert shown.count("Diffusion Study") == 5
        assert "… and 2 more." in shown
        await press_at_home(homely, "My list")
        assert words_of(homely.slack.views["V1"]).count("Diffusion Study") == 7
        await press_at_home(homely, "BibTeX")
        assert words_of(homely.slack.views["V2"]).count("@misc") == 7


async def test_the_home_says_how_feeds_and_posting_are(homely: Team) -> None:
    await homely.news(a_paper(1))
    async with homely.over_http():
        shown = await look(homely)
    assert "Hugging Face: read today" in shown
    assert "everything is posted" in shown


async def test_topics_of_ones_own_are_at_home(homely: Team) -> None:
    async with homely.over_http():
        await homely.say("subscribe diffusion", homely.slack.conversation("U0ADA"))
        shown = await look(homely)
        homely.slack.fail("conversations.open", "missing_scope")
        assert "Your channels" in await look(homely, homely.slack.person("U0BOB", "bob"))
    assert "Our direct messages: weekdays 09:00" in shown
