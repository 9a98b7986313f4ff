"""The app's home: what it is for, and how the channels of the person who looks are doing.

https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

import structlog

from adapters.slack.client.errors import ERRORS, code_of
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.interactions.command_calls import CommandCalls
from adapters.slack.interactions.settings_modal import SETTINGS_SHORTCUT
from adapters.slack.interactions.topic_modal import SHORTCUT
from adapters.slack.messages import block_kit
from adapters.slack.messages.rendering import render, with_channel_name
from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.commands.registry import Command
from bot.messages.message import (
    Block,
    Button,
    Buttons,
    Divider,
    Heading,
    Items,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    Span,
    bold,
    code,
    text,
)
from bot.platforms.overview import Overview
from bot.text.counting import count_of

log = structlog.get_logger(__name__)

_BLOCKS: Final = 100
_SAVED: Final = 5  # papers of the reading list
_REMEMBERED: Final = 10_000  # people
_CHANNEL_BUTTONS: Final = Buttons((Button("Help", "help"),))


class Home:
    """Publishes the home of a person. Only channels that the person is in are on it."""

    def __init__(
        self, api: SlackApi, calls: CommandCalls, directory: ChannelDirectory, overview: Overview | None
    ) -> None:
        self._api = api
        self._calls = calls
        self._directory = directory
        self._overview = overview
        self._seen: OrderedDict[str, _Shown] = OrderedDict()
        # What is published last must also be what was read last.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def was_seen_by(self, user_id: str) -> bool:
        """Whether the person has looked at it since we started; whoever has not sees a new one with the first look."""
        return user_id in self._seen

    async def publish(self, user_id: str, *, anew: bool = False) -> None:
        """Shows it to a person who looks, unless it is what they see; `anew` also then."""
        await self._publish_if(user_id, lambda before, now: anew or before != now)

    async def refresh(self, user_id: str) -> None:
        """Shows it anew to a person who did something, if that changed what it shows. How the feeds are doing is news
        only for who looks."""
        if self.was_seen_by(user_id):
            await self._publish_if(user_id, lambda before, now: before.state != now.state)

    async def _publish_if(self, user_id: str, is_news: Callable[[_Shown, _Shown], bool]) -> None:
        before = self._seen.setdefault(user_id, _Shown())
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        async with self._locks.setdefault(user_id, asyncio.Lock()):
            before = self._seen.get(user_id, before)
            try:
                view, now = await self._view(user_id)
                if is_news(before, now):
                    ask = partial(self._api.client.views_publish, user_id=user_id, view=view)
                    await self._api.connection.retries.ask(ask)
                    self._seen[user_id] = now
            except ERRORS as error:
                log.warning("slack.home_not_shown", person=user_id, code=code_of(error), error=str(error)[:200])

    async def _view(self, user_id: str) -> tuple[Json, _Shown]:
        """What the home of a person is now."""
        mine = await self._api.channels_of(user_id)
        known = await self._directory.channels(PlatformName.SLACK)
        team = (await self._api.identity()).team_id
        channels = [one for one in known if one.address.workspace == team and one.address.channel in mine]
        blocks = [*_introduction(), *_channels(channels), _CHANNEL_BUTTONS]
        time_zone = "UTC"
        if self._overview is not None:
            call = await self._calls.of_home("saved", user_id)
            time_zone = call.person.time_zone or "UTC"
            total, papers = await self._overview.saved(call.reader, _SAVED)
            blocks += _reading_list(total, papers)
        state = repr((blocks, [channel.name for channel in channels]))
        if self._overview is not None:
            health = await self._overview.health(time_zone)
            blocks += [Divider(), Note(text(health))]
        return _view(blocks, channels), _Shown(hash(state), hash(repr(blocks)))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a person saw last, as numbers: what concerns them, and all of it."""

    state: int = 0
    everything: int = 0


def changes_home(command: Command | None, line: str) -> bool:
    """Whether a line may change what somebody's home shows: their channels, or their reading list."""
    if command is None:
        return False
    # `settings` alone, or with the name of one, only shows.
    only_shows = bool(command.changes_with) and len(line.split()) <= len(command.positional)
    return (command.manages and not only_shows) or command.changes_reading_list


def _view(blocks: Sequence[Block], channels: Sequence[Channel]) -> Json:
    shown: list[Json] = []
    nameless = [one.address.channel for one in channels if one.name == one.address.channel]
    for page in render(Message(summary="Paper Round", blocks=tuple(blocks))):
        for channel_id in nameless:
            page = with_channel_name(page, channel_id)
        shown += page.blocks
    at = next((place for place, block in enumerate(shown) if block["type"] == "actions"), len(shown))
    # Slack knows these two by names of their own: the same shortcuts open the same forms.
    own = [_button(SHORTCUT, "Add a topic", style="primary"), _button(SETTINGS_SHORTCUT, "Channel settings")]
    shown[at : at + 1] = [{"type": "actions", "elements": own + shown[at]["elements"] if shown[at:] else own}]
    return {"type": "home", "blocks": shown[:_BLOCKS]}


def _button(action_id: str, label: str, **more: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": block_kit.plain(label, 75), **more}


def _introduction() -> list[Block]:
    return [
        Paragraph(text("I post the research papers that match your channels' topics, each of them once.")),
        Note(
            text("Write ", code("/papers"), " in a channel, or to me alone: then the topics are yours. ",
                 code("/papers help"), " tells more.")
        ),
    ]  # fmt: skip


def _channels(channels: Sequence[Channel]) -> list[Block]:
    lines = tuple(_line(channel) for channel in sorted(channels, key=lambda one: one.name))
    return [
        Heading("Your channels"),
        Items(lines) if lines else Note(text("None of your channels has topics yet.")),
    ]


def _reading_list(total: int, papers: Sequence[PaperBlock]) -> list[Block]:
    if not total:
        return [Heading("Your reading list"), Note(text("Save on a card puts a paper here."))]
    rest = [Note(text(f"… and {total - len(papers)} more."))] if total > len(papers) else []
    buttons = Buttons((Button("My list", "saved"), Button("BibTeX", "saved bibtex")))
    return [Heading(f"Your reading list: {count_of(total, 'paper')}"), *papers, *rest, buttons]


def _line(channel: Channel) -> tuple[Span, ...]:
    match channel.state:
        case ChannelState.BROKEN:
            state = f"stopped. {channel.reason}"
        case ChannelState.PAUSED:
            state = "paused"
        case ChannelState.ACTIVE:
            state = f"{channel.schedule} ({channel.time_zone})"
    name = channel.shown_name
    return text(bold(name[:1].upper() + name[1:]), f": {state}")
