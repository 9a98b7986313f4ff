"""The program with a token that Discord refuses: what an operator reads first must be what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.clocks import SystemClock
from tests.e2e.process import Bot
from tests.simulators.discord import DiscordSimulator


async def test_a_wrong_token_ends_the_program_with_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    async with DiscordSimulator(SystemClock()) as server:
        bot = Bot(tmp_path, discord_token="wrong", discord_api_url=server.api_url, huggingface_url="http://127.0.0.1:9")
        ended = await asyncio.to_thread(bot.cli, "run", expect=78)
    assert ended.stderr.splitlines()[-1].startswith("Discord refuses the token. Copy it again from")
    assert "Traceback" not in ended.stderr
