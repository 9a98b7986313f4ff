"""The real program as a Slack app that workspaces install: in a browser, and again after a key was lost."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.paths import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH
from storage.channels.token_encryption import FILE_NAME
from tests.adapters.slack.distributed_bot import a_browser, visit
from tests.e2e.process import Bot, wait_until
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_oauth import CLIENT_ID, CLIENT_SECRET

_ADDRESS = re.compile(r"Health checks are at (http://127\.0\.0\.1:\d+)/")


@pytest.fixture
async def slack() -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator() as simulator:
        simulator.person()
        yield simulator
    assert not simulator.violations


async def started(bot: Bot, slack: SlackSimulator) -> str:
    """Starts the program; returns where it listens, and tells Slack."""
    before = len(_ADDRESS.findall(bot.log())) if (bot.folder / "log.txt").exists() else 0
    bot.start()
    assert await asyncio.to_thread(wait_until, lambda: len(_ADDRESS.findall(bot.log())) > before)
    base = str(_ADDRESS.findall(bot.log())[-1])
    slack.http_url, slack.oauth.redirect_url = base + EVENTS_PATH, base + REDIRECT_PATH
    return base


@pytest.mark.long
async def test_a_workspace_installs_the_app_and_does_so_again_when_the_key_is_lost(
    slack: SlackSimulator, tmp_path: Path
) -> None:
    bot = Bot(
        tmp_path,
        slack_api_url=slack.api_url,
        slack_client_id=CLIENT_ID,
        slack_client_secret=CLIENT_SECRET,
        slack_signing_secret=SIGNING_SECRET,
        huggingface_url="http://127.0.0.1:9",
        log_level="debug",
    )
    try:
        base = await started(bot, slack)
        async with a_browser() as browser:
            assert "Paper Round is in Example" in (await visit(browser, base + INSTALL_PATH)).text
        channel = slack.channel()
        assert "Topic 1 added" in words_of(await (await slack.command("subscribe diffusion", channel)).answer())
        # Another process, with the same folder.
        examined = (await asyncio.to_thread(bot.cli, "doctor", expect=None)).stdout
        for line in (
            "✓ Slack: the token works in Example",
            "✓ Slack's permissions: the app has all that it needs",
            "✓ Slack's channels: I am in every channel that has topics",
            "✓ Clock: agrees with Slack's",
        ):
            assert line in examined, examined
        assert await asyncio.to_thread(bot.stop) == 0

        (tmp_path / FILE_NAME).unlink()
        base = await started(bot, slack)
        assert "encrypted with a key that is not in" in (await asyncio.to_thread(bot.cli, "doctor", expect=1)).stdout
        assert "slack.tokens_unusable" in bot.log()
        async with a_browser() as browser:
            assert "Paper Round is in Example" in (await visit(browser, base + INSTALL_PATH)).text
        assert "diffusion" in words_of(await (await slack.command("topics", channel)).answer())
        assert not re.search(rf"xox[a-z.-]+\d|{CLIENT_SECRET}|{SIGNING_SECRET}", bot.log())
    finally:
        await asyncio.to_thread(bot.close)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"slack_bot_token": "xoxb-wrong", "slack_app_token": APP_TOKEN}, "PAPERROUND_SLACK_BOT_TOKEN"),
        ({"slack_bot_token": "xoxb-wrong", "slack_signing_secret": SIGNING_SECRET}, "PAPERROUND_SLACK_BOT_TOKEN"),
        ({"slack_bot_token": BOT_TOKEN, "slack_app_token": "xapp-wrong"}, "PAPERROUND_SLACK_APP_TOKEN"),
    ],
)
async def test_a_token_that_slack_refuses_ends_the_program_with_one_sentence(
    slack: SlackSimulator, tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    bot = Bot(tmp_path, slack_api_url=slack.api_url, huggingface_url="http://127.0.0.1:9", **settings)
    ended = await asyncio.to_thread(bot.cli, "run", expect=78)
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert "error" not in [json.loads(line)["level"] for line in ended.stderr.splitlines() if line.startswith("{")]
