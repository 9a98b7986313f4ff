"""Sockets: more than one, replaced at once, and fewer where Slack wants it so."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import ANSWER_WITHIN, Fault
from tests.simulators.slack_messages import words_of


async def open_sockets(bot: BotProcess, number: int) -> float:
    """Waits until the bot has so many; returns the seconds that it took."""
    started = time.monotonic()
    async with asyncio.timeout(ANSWER_WITHIN):
        while len(bot.slack.sockets) != number:
            await asyncio.sleep(0.005)
    return time.monotonic() - started


async def test_the_bot_has_two_sockets(bot: BotProcess) -> None:
    async with bot.over_socket():
        await open_sockets(bot, 2)
    await open_sockets(bot, 0)


async def test_a_socket_that_is_cut_leaves_the_bot_another_and_comes_again(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    async with bot.over_socket():
        await open_sockets(bot, 2)
        for _ in range(3):
            bot.slack.cut()
            assert len(bot.slack.sockets) == 1
            assert "Paper Round" in await bot.read("", channel)
            await open_sockets(bot, 2)


async def test_a_socket_is_replaced_before_slack_closes_it(bot: BotProcess) -> None:
    async with bot.over_socket():
        await open_sockets(bot, 2)
        old = bot.slack.sockets[-1]
        await bot.slack.disconnect("warning")
        await open_sockets(bot, 3)
        assert not old.closed
        # What comes through the old one meanwhile is answered.
        bot.slack.sockets.remove(old)
        bot.slack.sockets.append(old)
        assert "Paper Round" in await bot.read("", bot.slack.channel())
        await old.close()
        await open_sockets(bot, 2)


@pytest.mark.parametrize("most", [0, 1])
async def test_too_many_sockets_are_not_asked_for_again_and_again(
    bot: BotProcess, capsys: pytest.CaptureFixture[str], most: int
) -> None:
    bot.slack.most_sockets = most
    running = asyncio.create_task(bot.app.run())
    async with asyncio.timeout(ANSWER_WITHIN):
        while bot.slack.sockets_refused < 2 - most:
            await asyncio.sleep(0.01)
    told = ""
    async with asyncio.timeout(ANSWER_WITHIN):
        while "slack.too_many_sockets" not in (told := told + capsys.readouterr().out):
            await asyncio.sleep(0.01)
    await asyncio.sleep(1.0)
    assert bot.slack.sockets_refused == 2 - most
    assert bot.slack.count("apps.connections.open") == 2
    if most:
        interaction = await bot.slack.command("", bot.slack.channel())
        assert "Paper Round" in words_of(await interaction.answer())
    running.cancel()
    await asyncio.wait((running,))


async def test_slack_may_refuse_to_open_a_socket_for_a_moment(bot: BotProcess) -> None:
    bot.slack.fail("apps.connections.open", None, Fault.ERROR_500, Fault.PAGE_403, "internal_error")
    async with bot.over_socket():
        await open_sockets(bot, 2)


async def test_junk_on_a_socket_is_nothing(bot: BotProcess) -> None:
    async with bot.over_socket():
        await open_sockets(bot, 2)
        for junk in (
            "",
            "null",
            "[]",
            "{bad",
            "[" * 100_000,
            '{"type": "hello"}',
            '{"type": "disconnect"',
            '{"envelope_id": 5}',
        ):
            await bot.slack.sockets[-1].send_str(junk)
        assert "Paper Round" in await bot.read("", bot.slack.channel())


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked", "not_allowed_token_type"])
async def test_a_refused_app_level_token_beside_another_platform_is_tried_again(bot: BotProcess, code: str) -> None:
    access = bot.platform.workspaces.connection.access
    bot.slack.fail("apps.connections.open", *[code] * 4)
    bot.app = bot.another_app(only_platform=False, first_retry=0.05)
    running = asyncio.create_task(bot.app.run())
    async with asyncio.timeout(ANSWER_WITHIN):
        while not access.refusals:
            await asyncio.sleep(0.005)
        (refusal,) = access.refusals
        assert f"({code}). PAPERROUND_SLACK_APP_TOKEN starts with xapp-" in refusal.advice
        while access.refusals or len(bot.slack.sockets) < 2:
            await asyncio.sleep(0.005)
    assert "Paper Round" in await bot.read("", bot.slack.channel())
    running.cancel()
    await asyncio.wait((running,))
