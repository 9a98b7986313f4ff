"""Every channel gets a digest at once while Slack drops, hangs and refuses; the large one is in `make bench`."""

from __future__ import annotations

import pytest

from tests.adapters.slack.bot_process import BotProcess
from tests.adapters.slack.storm import storm


@pytest.mark.impatient
async def test_in_a_storm_each_message_arrives_once_and_commands_are_acknowledged(bot: BotProcess) -> None:
    async with bot.over_socket():
        outcome = await storm(bot, 60, pause=0.05)
    assert outcome.acknowledged
    assert outcome.faults["ANSWER_DROPPED"]
    assert outcome.faults["HANG"]
