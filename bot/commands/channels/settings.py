"""The settings command: how a channel wants its digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.channels.channel import Channel, ChannelSettings
from bot.channels.next_digest import next_for
from bot.commands.channels.feed import FEED, FEED_HELP, settings_feed
from bot.commands.channels.setting import MENTION, SETTINGS, Here, Setting
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import UNSEEN, answer, hint, next_digest, say, schedule_in_words
from bot.errors import MistakesError, UserError
from bot.messages.message import Block, Heading, bold, code
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.platform import Platform
from bot.schedules.parsing import parse_schedule
from bot.schedules.zones import parse_time_zone
from bot.text.lists import listed
from bot.text.suggestions import closest
from bot.text.typed import in_quotes, means_none, value_typed

#: Not a channel's setting but the whole workspace's.
ROLE = "role"
ROLE_HELP = "who may change topics in this workspace, or none for what the platform says"
KEYS = (*SETTINGS, FEED, ROLE)
#: What the keys are for that are no settings of a digest.
MORE_HELP: Final = {FEED: FEED_HELP, ROLE: ROLE_HELP}


async def settings(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    platform = services.platforms.get(channel.address.platform)
    key, value = arguments.text("key").lower(), arguments.text("value")
    if not key:
        role = await services.channels.role(channel.address)
        feed = await services.channel_feeds.of_channel(channel.id)
        more = say(bold(FEED), ": ", "on" if feed else "off"), hint(FEED_HELP), _role_line(role), hint(ROLE_HELP)
        return answer(Heading(f"Settings of {channel.name_here}"), *_all(channel, platform), *more, _EXAMPLE)
    if key == ROLE:
        return await _role(services, call, value)
    if key == FEED:
        return await settings_feed(services, call, value)
    setting = SETTINGS.get(key)
    if setting is None:
        near = closest(key, KEYS)
        proposal = f"Did you mean `{near}`?" if near else f"There are {listed(f'`{name}`' for name in KEYS)}."
        raise UserError(f"There is no setting `{key[:40]}`. {proposal}")
    if not value:
        return answer(_line(setting, channel.settings, platform), hint(setting.help))
    before, after = await change_channel(services, call, {key: value})
    blocks: list[Block] = [say(code(setting.key), " is now ", bold(_shown(setting, after.settings, platform)), ".")]
    if after.settings.quiet_days != before.settings.quiet_days:
        blocks.append(say(*next_digest(after, services.clock.now())))
    return answer(*blocks)


#: What a channel has besides its settings, and what may be changed with them in one step.
SCHEDULE, TIME_ZONE = "schedule", "timezone"
CHANGEABLE = (SCHEDULE, TIME_ZONE, *SETTINGS)


async def change_channel(services: Services, call: CommandCall, values: Mapping[str, str]) -> tuple[Channel, Channel]:
    """Changes a channel's schedule, time zone and settings, all that are named or none; returns it before and after.

    Raises `UserError`, and for several mistakes `MistakesError`, before anything is changed.
    """
    channel = await services.channel(call)
    here, now = await _here(services, channel), services.clock.now()
    changed_channel(channel, values, here, now)
    after = await services.channels.change(channel.id, lambda current: changed_channel(current, values, here, now), now)
    services.wake()
    return channel, after


async def _here(services: Services, channel: Channel) -> Here:
    def parse_mention(text: str) -> str:
        return services.platform(channel.address.platform).parse_mention(text)

    return Here(parse_mention, await services.sources.names())


def changed_channel(channel: Channel, values: Mapping[str, str], here: Here, now: datetime) -> Channel:
    """The channel with these values of `CHANGEABLE`; raises `UserError`, or `MistakesError` for several together."""
    changed, wrong = channel, dict[str, UserError]()
    for key, value in values.items():
        try:
            match key:
                case "schedule":
                    changed = replace(changed, schedule=parse_schedule(value).text)
                case "timezone":
                    changed = replace(changed, time_zone=parse_time_zone(value).key)
                case _:
                    changed = replace(changed, settings=SETTINGS[key].read(changed.settings, value_typed(value), here))
        except UserError as error:
            error.about = error.about or key
            wrong[key] = error
    if len(wrong) == 1:
        raise next(iter(wrong.values()))
    if wrong:
        raise MistakesError({key: str(error) for key, error in wrong.items()})
    timing = (changed.schedule, changed.time_zone, changed.settings.quiet_days)
    if timing == (channel.schedule, channel.time_zone, channel.settings.quiet_days):
        return changed
    return replace(changed, next_digest_at=next_for(changed, now))


def configure_line(values: Mapping[str, str], *, check: bool = False) -> str:
    """The command that a filled form stands for, or with `check` the one that only says what is wrong with it.

    `none` is what an empty field means where there is that.
    """
    given = [f"--{key} {in_quotes(value)}" for key, value in values.items()]
    return " ".join(["configure", *(["--check"] if check else []), *given])


async def configure(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Changes all that is named in one step: what the forms of platforms send."""
    values = {key: arguments.text(key) for key in CHANGEABLE if key in arguments}
    if not values:
        raise UserError("Say what to change, like `/papers configure --limit 10 --style compact`.")
    if "check" in arguments:
        channel = await services.channel(call)
        changed_channel(channel, values, await _here(services, channel), services.clock.now())
        return answer(say("That can be set so. Nothing was changed yet."))
    before, after = await change_channel(services, call, values)
    platform = services.platforms.get(after.address.platform)
    blocks: list[Block] = []
    for key in values:
        shown = {SCHEDULE: schedule_in_words(after), TIME_ZONE: after.time_zone}.get(key)
        shown = shown or _shown(SETTINGS[key], after.settings, platform)
        blocks.append(say(code(key), " is now ", bold(shown), "."))
    if after.next_digest_at != before.next_digest_at:
        blocks.append(say(*next_digest(after, services.clock.now())))
    return answer(*blocks)


async def _role(services: Services, call: CommandCall, value: str) -> Reply:
    """Shows or sets who may manage the channels of the whole workspace."""
    if not value:
        return answer(_role_line(await services.channels.role(call.address)), hint(ROLE_HELP))
    if not call.person.known:
        raise UserError(UNSEEN)
    if not call.person.may_administer:
        raise UserError("Only people who manage the whole workspace can set `role`.")
    platform = services.platform(call.address.platform)
    role = "" if means_none(value) else platform.parse_role(value)
    await services.channels.set_role(call.address, role)
    return answer(say(code(ROLE), " is now ", bold(role or "none"), ", in every channel of this workspace."))


def _role_line(role: str) -> Block:
    return say(bold(ROLE), ": ", role or "none")


def _all(channel: Channel, platform: Platform | None) -> list[Block]:
    lines: list[Block] = []
    for setting in SETTINGS.values():
        lines += [_line(setting, channel.settings, platform), hint(setting.help)]
    return lines


_EXAMPLE: Final = hint("To change one: ", code("/papers settings limit 10"))


def _line(setting: Setting, current: ChannelSettings, platform: Platform | None) -> Block:
    return say(bold(setting.key), ": ", _shown(setting, current, platform))


def _shown(setting: Setting, current: ChannelSettings, platform: Platform | None) -> str:
    """The setting for people to read: a mention as a name, which pings nobody."""
    if setting.key == MENTION and current.mention and platform is not None:
        return platform.mention_name(current.mention)
    return setting.show(current)


COMMANDS = (
    Command(
        name="settings",
        summary="how digests look here",
        handler=settings,
        manages=True,
        changes_with="value",
        parameters=(
            Parameter(name="key", help="the setting", kind=Kind.SETTING),
            Parameter(name="value", help="its new value", kind=Kind.SETTING_VALUE),
        ),
        examples=("settings", "settings style compact", "settings limit 10", "settings quiet-days sat,sun"),
        details=" ".join(
            [
                *(f"{setting.key}: {setting.help}." for setting in SETTINGS.values()),
                *(f"{key}: {words}." for key, words in MORE_HELP.items()),
            ]
        ),
    ),
)
BUTTONS = (
    Command(
        name="configure",
        summary="change several settings in one step",
        handler=configure,
        manages=True,
        parameters=(
            Parameter(name="check", help="only say what is wrong", kind=Kind.SWITCH, option=True, internal=True),
            *(
                Parameter(name=key, help=SETTINGS[key].help if key in SETTINGS else f"the {key}", option=True)
                for key in CHANGEABLE
            ),
        ),
        examples=('configure --schedule "mon,thu 17:30" --limit 10',),
        hidden=True,
    ),
)
