"""People's own topics in Slack: papers in their conversation with the bot, and a mention only where it was wanted."""

from __future__ import annotations

from bot.app.assembly import lifecycle_of
from bot.channels.channel import ChannelState
from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import SimulatedChannel
from tests.sources import a_paper

BOB = "U0BOB"
AGENTS = a_paper(1, title="On agents", abstract="All about agents.")
BOTH = a_paper(2, title="Diffusion for agents", abstract="Agents that use diffusion.")


async def followed(bot: BotProcess) -> SimulatedChannel:
    """A channel about diffusion, in which Bob follows agents and wants pings, and Cleo diffusion and does not."""
    channel = bot.slack.channel()
    bot.slack.person(BOB, "bob")
    bot.slack.person("U0CLEO", "<!channel> *cleo*")
    async with bot.over_socket():
        await bot.say("subscribe diffusion", channel)
        assert "for bob" in await bot.read("subscribe agents --for me", channel, BOB)
        await bot.say("interests pings on", channel, BOB)
        await bot.say("interests add diffusion", channel, "U0CLEO")
    return channel


async def happens(bot: BotProcess, *events: dict[str, object]) -> None:
    bot.app = bot.another_app(lifecycle=lifecycle_of(bot.store, bot.clock, bot.engine.outbox.wake))
    async with bot.over_http():
        for event in events:
            await bot.slack.event(event)


async def test_papers_reach_the_channel_or_the_person_and_ping_only_who_asked(bot: BotProcess) -> None:
    channel = await followed(bot)
    await bot.news(AGENTS, BOTH)
    await bot.next_digest(channel)
    await bot.settle(minutes=3)
    direct = bot.slack.conversation(BOB)
    assert "Diffusion for agents" in words_of(channel.messages[0])
    assert "On agents" not in words_of(channel.messages[0])
    assert "@<!channel> *cleo*" in words_of(channel.messages[0])
    assert str(channel.messages[0]["blocks"]).count("'type': 'user'") == 1
    assert BOB in str(channel.messages[0]["blocks"])
    (message,) = direct.messages
    assert "On agents" in words_of(message)
    async with bot.over_http():
        assert "agents" in await bot.read("topics", direct, BOB)
        await bot.say("schedule daily 07:00", direct, BOB)
        await bot.slack.press(
            {"value": "vote 2605.00001 up", "action_id": "paperround.run.0", "type": "button"},
            direct,
            BOB,
            message_ts=message["ts"],
            ephemeral=False,
        )
    votes = await bot.store.reading.tallies([(await bot.stored(direct)).id], ["2605.00001"])
    assert [tally.up for tally in votes.values()] == [1]
    assert (await bot.stored(direct)).schedule == "daily 07:00"
    assert (await bot.stored(channel)).schedule == "weekdays 09:00"


async def test_who_leaves_a_channel_gets_its_papers_alone_and_who_is_gone_gets_none(bot: BotProcess) -> None:
    channel = await followed(bot)
    await happens(bot, {"type": "member_left_channel", "user": BOB, "channel": channel.id})
    await bot.news(BOTH)
    await bot.next_digest(channel)
    await bot.settle(minutes=3)
    assert BOB not in str(channel.messages[0]["blocks"])
    direct = bot.slack.conversation(BOB)
    assert "Diffusion for agents" in words_of(direct.messages[0])
    await happens(
        bot,
        {"type": "user_change", "user": {"id": BOB, "deleted": False}},
        {"type": "user_change", "user": {"id": "U0CLEO", "deleted": True}},
    )
    assert (await bot.stored(direct)).state is ChannelState.ACTIVE
    cleos = bot.slack.conversation("U0CLEO")
    assert (await bot.stored(cleos)).state is ChannelState.BROKEN
    assert await bot.store.subscriptions.of_channel((await bot.stored(cleos)).id) == []
