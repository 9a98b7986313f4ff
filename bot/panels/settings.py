"""The settings of a channel as a form, and the command that a filled one stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.channels.channel import Channel
from bot.channels.channel_feed import FeedForm
from bot.commands.channels.setting import MENTION, SETTINGS
from bot.commands.channels.settings import SCHEDULE, TIME_ZONE, configure_line
from bot.commands.services import Services
from bot.commands.wording import next_digest, schedule_in_words
from bot.messages.message import Span
from bot.panels.schedule_form import ScheduleForm, form_of_schedule
from bot.papers.sources import SourceName, in_order, title_of_source

SOURCES: Final = "sources"
NONE: Final = "none"
#: Of a form that has them as boxes to tick: those that are ticked are the sources that are chosen.
ALL_SOURCES: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """A setting with what it is now, as somebody would write it behind `command`.

    One of `choices` where there are some. Nothing in it means `none` where it `may_be_empty`.
    """

    key: str
    help: str
    value: str
    command: str
    choices: Sequence[str] = ()
    may_be_empty: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """A source, and whether the channel takes papers from it."""

    name: SourceName
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsForm:
    """What a channel's form shows. `values` are all of it as somebody would write it, by key; `feed` is beside it."""

    schedule: ScheduleForm
    schedule_in_words: str
    next: Sequence[Span]
    time_zone: str
    fields: Sequence[SettingField]
    sources: Sequence[SourceChoice]
    all_sources: bool
    values: Mapping[str, str]
    feed: FeedForm | None


def typed_values(channel: Channel) -> dict[str, str]:
    """What each setting is now, as somebody would write it in a command."""
    values = {SCHEDULE: channel.schedule, TIME_ZONE: channel.time_zone}
    return values | {key: setting.typed(channel.settings) for key, setting in SETTINGS.items()}


async def settings_form(services: Services, channel: Channel) -> SettingsForm:
    """The form with everything as it is now. Raises `StorageError`."""
    values = typed_values(channel)
    chosen = channel.settings.sources
    feed = await services.channel_feeds.of_channel(channel.id)
    there = in_order({*await services.sources.names(), *(chosen or ())})
    return SettingsForm(
        schedule=form_of_schedule(channel.schedule),
        schedule_in_words=schedule_in_words(channel),
        next=next_digest(channel, services.clock.now()),
        time_zone=channel.time_zone,
        fields=[
            SettingField(
                key=key,
                help=setting.help,
                value="" if values[key] == NONE and _may_be_empty(key) else values[key],
                command=f"settings {key}",
                choices=setting.values if setting.is_choice else (),
                may_be_empty=_may_be_empty(key),
                is_number=values[key].isdigit(),
            )
            for key, setting in SETTINGS.items()
            if key != SOURCES
        ],
        sources=[SourceChoice(name, title_of_source(name), chosen is None or name in chosen) for name in there],
        all_sources=chosen is None,
        values=values,
        feed=feed.form if feed else None,
    )


def changes_line(known: Mapping[str, str], entered: Mapping[str, str]) -> str:
    """The command for what is `entered` otherwise than it was `known`; empty where nothing is.

    Settings that somebody else changed meanwhile stay as they are. An empty field means `none` where there is that.
    """
    changed = {key: value.strip() for key, value in entered.items() if value.strip() != known.get(key, "").strip()}
    written = {key: NONE if not value and _may_be_empty(key) else value for key, value in changed.items()}
    return configure_line(written) if written else ""


def _may_be_empty(key: str) -> bool:
    return key == MENTION or (key in SETTINGS and SETTINGS[key].may_be_empty)
