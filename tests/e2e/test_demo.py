"""The demo: ten days in a moment, then a bot like any other."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from bot.app.application import demo_feed, open_application
from bot.app.demo import CHANNELS, Demo
from bot.app.settings import Settings
from bot.channels.channel import Address, PlatformName
from bot.clocks import ShiftedClock
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Person
from tests.clocks import NOON


async def test_the_demo_fills_its_channels_and_then_answers(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    clock = ShiftedClock(NOON)
    feed, days = demo_feed(clock)
    async with open_application(settings, clock=clock, sources=[feed]) as application:
        demo = Demo(application.engine, application.commands, application.store.channels, clock)
        await demo.set_up(CHANNELS, days[0])
        await demo.live_through(days, pause=0)
        assert await application.store.papers.count() >= 60
        for channel in CHANNELS:
            messages = await application.store.messages.page(channel.name, before=None, limit=100)
            heads = [message for message in messages if message.reply_to is None]
            assert len(heads) >= 4, channel.name
            shown = Counter(paper for message in heads for paper in message.message.paper_ids)
            assert set(shown.values()) == {1}, channel.name
            assert sum(shown.values()) >= 8, channel.name
            assert {message.posted_at.date() for message in heads} <= {
                days[0] + timedelta(days=number) for number in range(14)
            }
        styles = {
            (await application.store.channels.on_platform(PlatformName.WEB))[number].settings.style
            for number in range(len(CHANNELS))
        }
        assert len(styles) == 3
        clock.start()
        call = CommandCall(
            line="today",
            address=Address(PlatformName.WEB, "local", "general"),
            channel_name="general",
            person=Person(id="local", name="you", may_manage=True),
        )
        answer = await application.commands.run(call)
        assert "listed today" in plain_text(answer.message)
        assert (await application.health())["ok"] is True
