"""The demo: ten days in a moment, then a bot like any other."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.app.adapters.mail import has_mail
from bot.app.adapters.slack import has_slack
from bot.app.application import open_application
from bot.app.command_line import running
from bot.app.command_line.program import cli
from bot.app.configuration.settings import Settings
from bot.app.demo import CHANNELS, TRY, Demo
from bot.app.sources import demo_feed
from bot.channels.channel import Address, PlatformName
from bot.clocks import ShiftedClock
from bot.messages.message import Buttons
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Person
from tests.clocks import NOON

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_demo_needs_no_platform_though_one_is_half_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Settings] = []

    async def show(settings: Settings) -> None:
        shown.append(settings)

    monkeypatch.setattr(running, "_demo", show)
    monkeypatch.setattr(running, "configure_logs", lambda *_: None)
    monkeypatch.setenv("PAPERROUND_SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("PAPERROUND_SMTP_URL", "smtp://mail.example")
    done = CliRunner().invoke(cli, ["demo"])
    assert done.exit_code == 0, done.output
    assert not has_slack(shown[0])
    assert not has_mail(shown[0])
    assert shown[0].has_workspace


async def test_the_demo_fills_its_channels_and_then_answers(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    clock = ShiftedClock(NOON)
    feed, days = demo_feed(clock)
    async with open_application(settings, clock=clock, sources=[feed]) as application:
        demo = Demo(application.engine, application.commands, application.store.channels, clock, application.web.tell)
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
        assert (await application.health.report()).ok


def examples() -> list[str]:
    """What the README has people write in the demo, in its order."""
    table = README.read_text().split("## Try it")[1].split("\n## ")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return [line for cell in cells for line in re.findall(r"`([^`]+)`", cell)]


def queries() -> list[str]:
    """What the README and the page on the language give as examples of queries."""
    table = README.read_text().split("## Queries")[1].split("\n## ")[0]
    cells = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| `")]
    page = (README.parent / "deploy" / "docs" / "language.md").read_text()
    found = [line for cell in cells for line in re.findall(r"`([^`]+)`", cell)]
    return [*found, *(query for query in re.findall(r"\[`([^`]+)`\]", page) if query not in found)]


async def test_what_the_readme_and_the_demo_suggest_works_in_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    clock = ShiftedClock(NOON)
    feed, days = demo_feed(clock)
    lines = examples()
    assert len(lines) >= 9
    async with open_application(settings, clock=clock, sources=[feed]) as application:
        demo = Demo(application.engine, application.commands, application.store.channels, clock, application.web.tell)
        await demo.set_up(CHANNELS, days[0])
        await demo.live_through(days, pause=0)
        playing = asyncio.create_task(demo.run([days[-1]], pause=0))
        while "Now it is yours" not in str(await application.store.messages.page("general", before=None, limit=1)):
            await asyncio.sleep(0.01)
        (last,) = await application.store.messages.page("general", before=None, limit=1)
        (buttons,) = [block for block in last.message.blocks if isinstance(block, Buttons)]
        assert [button.line for button in buttons.buttons] == list(TRY)
        # By meaning is found what has a vector of the model, which a test does not wait for.
        searches = [f"search {query}" for query in queries() if not query.startswith("about:")]
        assert len(searches) >= 35
        for line in [*lines, *searches, *TRY]:
            call = CommandCall(
                line=line,
                address=Address(PlatformName.WEB, "local", "general"),
                channel_name="general",
                person=Person(id="local", name="you", may_manage=True),
            )
            reply = await application.commands.run(call)
            assert not reply.failed, (line, plain_text(reply.message))
            if line.startswith(("search", "subscribe", "show", "similar", "today", "trending")):
                assert reply.message.paper_ids, (line, plain_text(reply.message))
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
