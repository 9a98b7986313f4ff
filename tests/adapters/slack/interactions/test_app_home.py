"""The app's home: the person's own channels, and a way to add a topic."""

from __future__ import annotations

import asyncio

import pytest

from bot.app.assembly import forms_of, overview_of
from bot.channels.directory import Directory
from tests.adapters.slack.bot_process import TRANSPORTS, BotProcess
from tests.simulators.slack import ANSWER_WITHIN, Fault
from tests.simulators.slack_messages import buttons_of, leaves, words_of
from tests.simulators.slack_methods import BOT_USER, Json
from tests.sources import a_paper


@pytest.fixture
def with_home(bot: BotProcess) -> BotProcess:
    bot.app = bot.another_app(
        forms=forms_of(bot.store),
        directory=Directory(bot.store.channels, bot.clock),
        overview=overview_of(bot.store, bot.core.health),
    )
    return bot


async def look(bot: BotProcess, user: str = "U0ADA", tab: str = "home") -> str:
    """Opens the home; returns what it shows once nothing is under way."""
    asked = len(bot.slack.requests)
    await bot.slack.event({"type": "app_home_opened", "user": user, "tab": tab})
    async with asyncio.timeout(ANSWER_WITHIN):
        while tab == "home" and "users.conversations" not in [method for method, _ in bot.slack.requests[asked:]]:
            await asyncio.sleep(0.02)
    await bot.app.finish()
    return words_of(bot.slack.homes.get(user, {}))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_home_shows_the_persons_channels_and_no_others(with_home: BotProcess, transport: str) -> None:
    mine, paused, theirs = (with_home.slack.channel(name) for name in ("mine", "waiting", "theirs"))
    secret = with_home.slack.channel("secret", private=True)
    for channel in (mine, paused):
        channel.members.add("U0ADA")
    async with with_home.connected(transport):
        for channel in (mine, paused, theirs, secret):
            await with_home.say("subscribe diffusion", channel)
        await with_home.say("pause", paused)
        shown = await look(with_home)
    assert "#mine: weekdays 09:00 (Europe/Berlin)" in shown
    assert "#waiting: paused" in shown
    assert "theirs" not in shown
    assert "secret" not in shown


async def test_a_channel_that_we_do_not_see_has_its_name_for_those_who_do(with_home: BotProcess) -> None:
    secret = with_home.slack.channel("secret", private=True, member=False)
    async with with_home.over_http():
        await with_home.say("subscribe diffusion", secret)
        secret.members.add(BOT_USER)
        secret.members.add("U0ADA")
        await look(with_home)
    shown = [
        leaf
        for block in with_home.slack.homes["U0ADA"]["blocks"]
        if block["type"] == "rich_text"
        for leaf in leaves(block)
    ]
    assert {"type": "channel", "channel_id": secret.id, "style": {"bold": True}} in shown
    assert not any(secret.id in leaf.get("text", "") for leaf in shown)


async def test_a_home_is_shown_when_slack_has_time_for_it(with_home: BotProcess) -> None:
    with_home.slack.retry_after = 0
    with_home.slack.fail("users.conversations", Fault.RATE_LIMITED)
    with_home.slack.fail("views.publish", Fault.RATE_LIMITED)
    async with with_home.over_http():
        assert "None of your channels has topics yet" in await look(with_home)


async def test_a_home_without_channels_says_how_to_begin(with_home: BotProcess) -> None:
    async with with_home.over_http():
        shown = await look(with_home)
    assert "None of your channels has topics yet" in shown
    assert "/papers help" in shown


async def test_a_topic_is_added_from_the_home(with_home: BotProcess) -> None:
    async with with_home.over_http():
        await look(with_home)
        button = buttons_of(with_home.slack.homes["U0ADA"])["Add a topic"]
        payload = with_home.slack.acting("block_actions", "U0ADA") | {
            "container": {"type": "view", "view_id": "V9"},
            "actions": [button | {"action_ts": "1.0"}],
        }
        await with_home.slack.deliver("interactive", payload)
        async with asyncio.timeout(ANSWER_WITHIN):
            while not with_home.slack.views:
                await asyncio.sleep(0.01)
    assert any(block.get("block_id") == "channel" for block in with_home.slack.views["V1"]["blocks"])


async def test_the_messages_tab_is_not_the_home(with_home: BotProcess) -> None:
    async with with_home.over_http():
        await look(with_home, tab="messages")
    assert not with_home.slack.homes


async def test_a_home_that_cannot_be_shown_harms_nothing(with_home: BotProcess) -> None:
    with_home.slack.fail("views.publish", Fault.ERROR_500)
    async with with_home.over_http():
        await look(with_home)
        assert "Paper Round" in await with_home.read("", with_home.slack.channel())


async def test_a_button_of_another_version_at_home_is_answered_and_redrawn(with_home: BotProcess) -> None:
    async with with_home.over_http():
        await look(with_home)
        drawn = with_home.slack.count("views.publish")
        await press_at_home(with_home, {"type": "button", "action_id": "tour", "value": "1"})
        await with_home.app.finish()
    assert "do not know this button" in words_of(with_home.slack.views["V1"])
    assert with_home.slack.count("views.publish") == drawn + 1


async def press_at_home(bot: BotProcess, pressed: str | Json) -> None:
    button = buttons_of(bot.slack.homes["U0ADA"])[pressed] if isinstance(pressed, str) else pressed
    payload = bot.slack.acting("block_actions", "U0ADA") | {
        "container": {"type": "view", "view_id": "V9"},
        "view": {"id": "V9", "type": "home"},
        "actions": [button | {"action_ts": "1.0"}],
    }
    known = len(bot.slack.views)
    await bot.slack.deliver("interactive", payload)
    async with asyncio.timeout(ANSWER_WITHIN):
        while len(bot.slack.views) == known:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_home_has_the_reading_list_and_follows_it(with_home: BotProcess, transport: str) -> None:
    channel = with_home.slack.channel()
    await with_home.news(*(a_paper(number) for number in range(1, 8)))
    async with with_home.connected(transport):
        assert "Save on a card" in await look(with_home)
        for number in range(1, 8):
            await with_home.say(f"save 2605.0000{number}", channel)
        await with_home.app.finish()
        shown = words_of(with_home.slack.homes["U0ADA"])
        assert "Your reading list: 7 papers" in shown
        assert shown.count("Diffusion Study") == 5
        assert "… and 2 more." in shown
        await press_at_home(with_home, "My list")
        assert words_of(with_home.slack.views["V1"]).count("Diffusion Study") == 7
        await press_at_home(with_home, "BibTeX")
        assert words_of(with_home.slack.views["V2"]).count("@misc") == 7


async def test_the_home_says_how_feeds_and_posting_are(with_home: BotProcess) -> None:
    await with_home.news(a_paper(1))
    async with with_home.over_http():
        shown = await look(with_home)
    assert "Hugging Face: read today" in shown
    assert "everything is posted" in shown


async def test_topics_of_ones_own_are_at_home(with_home: BotProcess) -> None:
    async with with_home.over_http():
        await with_home.say("subscribe diffusion", with_home.slack.conversation("U0ADA"))
        shown = await look(with_home)
        with_home.slack.fail("conversations.open", "missing_scope")
        assert "Your channels" in await look(with_home, with_home.slack.person("U0BOB", "bob"))
    assert "Our direct messages: weekdays 09:00" in shown


async def test_a_home_is_published_only_when_it_changes(with_home: BotProcess) -> None:
    channel, own = with_home.slack.channel(), with_home.slack.conversation("U0ADA")
    channel.members.add("U0ADA")
    message = {"type": "message", "channel_type": "im", "channel": own.id, "user": "U0ADA"}
    async with with_home.over_http():
        for place in (channel, own):
            await with_home.say("settings", place)
        await look(with_home)
        assert with_home.slack.count("views.publish") == 1
        for line in ("topics", "search diffusion", "settings", "settings style", "help", "status"):
            await with_home.say(line, channel)
            await with_home.slack.event(message | {"text": line})
        await with_home.app.finish()
        await look(with_home)
        assert with_home.slack.count("views.publish") == 1
        # Something else changed than what it shows.
        for line in ("subscribe diffusion", "settings limit 7"):
            await with_home.say(line, channel)
        await with_home.app.finish()
        assert with_home.slack.count("views.publish") == 1
        await with_home.say("schedule hourly", channel)
        await with_home.app.finish()
        assert with_home.slack.count("views.publish") == 2
