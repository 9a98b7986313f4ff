"""Where Slack does not know a new block, people get the older ones, and not every message is refused first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.slack.platform import SlackPlatform
from bot.channels.channel import Address, PlatformName
from bot.messages.message import Message, PaperBlock, Thumbs
from bot.platforms.outcomes import Outgoing, Sent
from tests.clocks import SettableClock
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_messages import buttons_of
from tests.simulators.slack_methods import TEAM, SimulatedChannel


def card(number: int, *, picture: str = "") -> Message:
    block = PaperBlock(
        paper_id=f"2605.0000{number}",
        title=f"Paper {number}",
        url="https://e.org",
        summary="In short.",
        thumbnail_url=picture,
        thumbs=Thumbs(f"2605.0000{number}"),
    )
    return Message(summary="x", blocks=(block,))


async def send(platform: SlackPlatform, channel: SimulatedChannel, message: Message) -> list[str]:
    """Sends a message; returns the types of the blocks that are shown."""
    address = Address(PlatformName.SLACK, TEAM, channel.id)
    key = f"k{len(channel.messages)}"
    assert isinstance(await platform.send(Outgoing(address=address, message=message, key=key)), Sent)
    return [block["type"] for block in channel.messages[-1].get("blocks", ())]


async def test_older_blocks_come_at_once_for_a_day(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    channel = slack.channel()
    slack.new_blocks = False
    assert await send(platform, channel, card(1)) == ["rich_text", "context", "actions"]
    assert buttons_of(channel.messages[-1])["👎"]["value"] == "vote 2605.00001 down"
    assert slack.count("chat.postMessage") == 2
    assert (await send(platform, channel, card(2)))[-1] == "actions"
    assert slack.count("chat.postMessage") == 3
    clock.set(clock.now() + timedelta(hours=25))
    slack.new_blocks = True
    assert (await send(platform, channel, card(3)))[-1] == "context_actions"
    assert slack.count("chat.postMessage") == 4


async def test_a_refusal_for_another_reason_costs_no_new_block(slack: SlackSimulator, platform: SlackPlatform) -> None:
    channel = slack.channel()
    slack.pictures_missing = {"https://e.org/gone.png"}
    assert (await send(platform, channel, card(1, picture="https://e.org/gone.png")))[-1] == "context_actions"
    slack.pictures_missing, slack.pictures_load = set(), False
    assert (await send(platform, channel, card(2, picture="https://e.org/2.png")))[-1] == "context_actions"
    slack.fail("chat.postMessage", "invalid_blocks", "invalid_blocks")
    assert await send(platform, channel, card(3)) == []
    assert (await send(platform, channel, card(4)))[-1] == "context_actions"


@pytest.mark.parametrize("refusals", [1, 2])
async def test_a_refusal_without_a_reason_tries_older_blocks(
    slack: SlackSimulator, platform: SlackPlatform, refusals: int
) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", *["invalid_blocks"] * refusals)
    # The picture is the likelier trouble, so it goes first.
    shown = await send(platform, channel, card(1, picture="https://e.org/1.png"))
    assert shown[-1] == ("context_actions" if refusals == 1 else "actions")
    assert "accessory" not in str(channel.messages[-1]["blocks"])
