"""The app's home: what it is for, and how the channels of the person who looks are doing.

https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from adapters.slack import elements
from adapters.slack.api import SlackApi
from adapters.slack.elements import Json
from adapters.slack.forms import SHORTCUT
from adapters.slack.outcomes import FAILURES, code_of
from adapters.slack.rendering import render
from bot.channels import Channel, ChannelState, PlatformName
from bot.messages import Block, Heading, Items, Message, Note, Paragraph, Span, bold, code, text
from bot.ports import ChannelDirectory

log = structlog.get_logger(__name__)

_BLOCKS: Final = 100


class Home:
    """Publishes the home of a person. Only channels that the person is in are on it."""

    def __init__(self, api: SlackApi, directory: ChannelDirectory) -> None:
        self._api = api
        self._directory = directory

    async def publish(self, user_id: str) -> None:
        try:
            mine = await self._api.channels_of(user_id)
            known = await self._directory.channels(PlatformName.SLACK)
            team = (await self._api.identity()).team_id
            channels = [one for one in known if one.address.workspace == team and one.address.channel in mine]
            await self._api.client.views_publish(user_id=user_id, view=_view(channels))
        except FAILURES as error:
            log.warning("slack.home_not_shown", person=user_id, code=code_of(error))


def _view(channels: Sequence[Channel]) -> Json:
    pages = render(Message(summary="Paper Round", blocks=tuple(_blocks(channels))))
    shown = [block for page in pages for block in page.blocks]
    button = {
        "type": "button",
        "action_id": SHORTCUT,
        "text": elements.plain("Add a topic", 75),
        "style": "primary",
    }
    return {"type": "home", "blocks": [*shown, {"type": "actions", "elements": [button]}][:_BLOCKS]}


def _blocks(channels: Sequence[Channel]) -> list[Block]:
    lines = tuple(_line(channel) for channel in sorted(channels, key=lambda one: one.name))
    return [
        Paragraph(text("I post the research papers that match your channels' topics, each of them once.")),
        Paragraph(text("Write ", code("/papers"), " in a channel to begin, or ", code("/papers help"), ".")),
        Heading("Your channels"),
        Items(lines) if lines else Note(text("None of your channels has topics yet.")),
    ]


def _line(channel: Channel) -> tuple[Span, ...]:
    match channel.state:
        case ChannelState.BROKEN:
            state = f"stopped. {channel.reason}"
        case ChannelState.PAUSED:
            state = "paused"
        case ChannelState.ACTIVE:
            state = f"{channel.schedule} ({channel.time_zone})"
    return text(bold(f"#{channel.name}"), f": {state}")
