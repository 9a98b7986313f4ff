"""The settings command: how a channel wants its digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.channels.channel import Channel, ChannelSettings, Order, QuietDays, Style
from bot.channels.next_digest import next_for
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import UNSEEN, answer, hint, next_digest, say, schedule_in_words
from bot.errors import MistakesError, UserError
from bot.messages.message import Block, Heading, bold, code
from bot.papers.sources import BUILT_IN, SourceName, in_order, source_named, title_of_source
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.platform import Platform
from bot.schedules.parsing import parse_schedule
from bot.schedules.zones import parse_time_zone
from bot.text.lists import either, listed
from bot.text.suggestions import closest
from bot.text.typed import means_none, value_typed, without_quotes

LARGEST_LIMIT = 50  # papers in a digest; more is a flood
MOST_QUIET_DATES = 100
MOST_SOURCES_NAMED = 8  # in a sentence
_ALL = "all"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Here:
    """Where a setting is read: on a platform, in an installation that has these sources."""

    platform: Platform
    sources: Sequence[SourceName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of `/papers settings`: what it means, how it is read and shown.

    `values` are examples, and all that there are with `is_choice`. Nothing in its field of a form means `none` where it
    `may_be_empty`. `as_typed` is how somebody would write it in a command, where that is not what is shown.
    """

    key: str
    help: str
    values: tuple[str, ...]
    read: Callable[[ChannelSettings, str, Here], ChannelSettings]
    show: Callable[[ChannelSettings], str]
    is_choice: bool = False
    may_be_empty: bool = False
    as_typed: Callable[[ChannelSettings], str] | None = None

    def typed(self, settings: ChannelSettings) -> str:
        """What it is now, as somebody would write it in a command."""
        return (self.as_typed or self.show)(settings)


def _read_limit(settings: ChannelSettings, value: str, _here: Here) -> ChannelSettings:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:6]) <= LARGEST_LIMIT:
        raise UserError(f"`limit` is a number from 1 to {LARGEST_LIMIT}: how many papers a digest shows.")
    return replace(settings, limit=int(value))


def _read_style(settings: ChannelSettings, value: str, _here: Here) -> ChannelSettings:
    try:
        return replace(settings, style=Style(value.lower()))
    except ValueError:
        near = closest(value.lower(), list(Style))
        proposal = f" Did you mean `{near}`?" if near else ""
        raise UserError(f"`style` is {either(list(Style))}.{proposal}") from None


def _read_order(settings: ChannelSettings, value: str, _here: Here) -> ChannelSettings:
    try:
        return replace(settings, order=Order(value.lower()))
    except ValueError:
        near = closest(value.lower(), list(Order))
        proposal = f" Did you mean `{near}`?" if near else ""
        raise UserError(f"`order` is `fit`, `upvotes` or `new`.{proposal}") from None


def _read_abstracts(settings: ChannelSettings, value: str, _here: Here) -> ChannelSettings:
    if value.lower() not in ("on", "off", "yes", "no"):
        raise UserError("`abstracts` is `on` or `off`: whether cards show the whole abstract.")
    return replace(settings, abstracts=value.lower() in ("on", "yes"))


def _read_mention(settings: ChannelSettings, value: str, here: Here) -> ChannelSettings:
    return replace(settings, mention="" if means_none(value) else here.platform.parse_mention(value))


def _read_sources(settings: ChannelSettings, value: str, here: Here) -> ChannelSettings:
    chosen: set[SourceName] = set()
    words = [without_quotes(word) for word in value.lower().replace(",", " ").replace("hugging face", "hf").split()]
    if _ALL in words:
        return replace(settings, sources=None)
    for word in words:
        source = source_named(word)
        # One that is set already stays: its feed may have been removed, which is no reason to refuse the others.
        if source is None or source not in {*here.sources, *(settings.sources or ())}:
            near = closest(word, [*here.sources, _ALL])
            raise UserError(
                f"`sources` is {either([*here.sources, _ALL])}."
                if len(here.sources) <= MOST_SOURCES_NAMED
                else f"There is no source `{word[:40]}`. "
                + (f"Did you mean `{near}`?" if near else "`/papers sources` shows what there is.")
            )
        chosen.add(source)
    return replace(settings, sources=frozenset(chosen))


def _type_sources(settings: ChannelSettings) -> str:
    return _ALL if settings.sources is None else " ".join(in_order(settings.sources))


def _show_sources(settings: ChannelSettings) -> str:
    return _ALL if settings.sources is None else listed(map(title_of_source, in_order(settings.sources)))


def _read_quiet_days(settings: ChannelSettings, value: str, _here: Here) -> ChannelSettings:
    if means_none(value):
        return replace(settings, quiet_days=QuietDays())
    weekdays: set[int] = set()
    dates: set[date] = set()
    for word in map(without_quotes, value.lower().replace(",", " ").split()):
        if word in ("weekend", "weekends"):
            weekdays |= {5, 6}
        elif len(word) >= 3 and any(name.lower().startswith(word.removesuffix("s")) for name in _DAY_NAMES):
            weekdays.add(_DAYS.index(word[:3]))
        else:
            dates.add(_quiet_date(word))
    if len(weekdays) == len(_DAYS):
        raise UserError("Every day of the week would be quiet. `/papers pause` stops posting.")
    if len(dates) > MOST_QUIET_DATES:
        raise UserError(f"`quiet-days` takes at most {MOST_QUIET_DATES} dates.")
    return replace(settings, quiet_days=QuietDays(frozenset(weekdays), frozenset(dates)))


def _read_announce_changes(settings: ChannelSettings, value: str, _here: Here) -> ChannelSettings:
    chosen: dict[str, bool | None] = {"on": True, "yes": True, "off": False, "no": False, "auto": None}
    if value.lower() not in chosen:
        raise UserError("`announce-changes` is `on`, `off`, or `auto`: in channels that are shared with others.")
    return replace(settings, announce_changes=chosen[value.lower()])


def _show_announce_changes(settings: ChannelSettings) -> str:
    chosen = settings.announce_changes
    return "auto" if chosen is None else "on" if chosen else "off"


def _quiet_date(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise UserError(
            f"“{word[:40]}” is no day. `quiet-days` takes weekdays and dates: `sat,sun`, `2026-12-24`, or `none`."
        ) from None


def _show_quiet_days(settings: ChannelSettings) -> str:
    quiet = settings.quiet_days
    return (
        ", ".join([_DAYS[day] for day in sorted(quiet.weekdays)] + [str(day) for day in sorted(quiet.dates)]) or "none"
    )


MENTION = "mention"
SETTINGS = {
    setting.key: setting
    for setting in (
        Setting(
            key="limit",
            help=f"how many papers a digest shows, 1 to {LARGEST_LIMIT} (brief: one message); the rest is counted",
            values=("5", "10", "20"),
            read=_read_limit,
            show=lambda settings: str(settings.limit),
        ),
        Setting(
            key="style",
            help="brief (one message: the best five, then lines), compact, cards or threads (a list, a reply for each)",
            values=tuple(Style),
            is_choice=True,
            read=_read_style,
            show=lambda settings: settings.style.value,
        ),
        Setting(
            key="order",
            help="what comes first: fit (to the topics, and to what is liked here), upvotes or new",
            values=tuple(Order),
            is_choice=True,
            read=_read_order,
            show=lambda settings: settings.order.value,
        ),
        Setting(
            key="abstracts",
            help="on or off: whether cards show the whole abstract, but in brief",
            values=("on", "off"),
            is_choice=True,
            read=_read_abstracts,
            show=lambda settings: "on" if settings.abstracts else "off",
        ),
        Setting(
            key=MENTION,
            help="who is notified of a digest, or none",
            values=("none",),
            read=_read_mention,
            show=lambda settings: settings.mention or "none",
        ),
        Setting(
            key="sources",
            help=f"which sources papers come from: {', '.join(BUILT_IN)}, feeds by their names, or all",
            values=(_ALL, *BUILT_IN),
            as_typed=_type_sources,
            read=_read_sources,
            show=_show_sources,
        ),
        Setting(
            key="quiet-days",
            help="days without posts: days of the week, dates, or none",
            values=("sat,sun", "none"),
            may_be_empty=True,
            read=_read_quiet_days,
            show=_show_quiet_days,
        ),
        Setting(
            key="announce-changes",
            help="on, off or auto (where a channel is shared with others): whether it reads who changed what",
            values=("on", "off", "auto"),
            is_choice=True,
            read=_read_announce_changes,
            show=_show_announce_changes,
        ),
    )
}


#: Not a channel's setting but the whole workspace's.
ROLE = "role"
ROLE_HELP = "who may change topics in this workspace, or none for what the platform says"
KEYS = (*SETTINGS, ROLE)


async def settings(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    platform = services.platforms[channel.address.platform]
    key, value = arguments.text("key").lower(), arguments.text("value")
    if not key:
        role = await services.channels.role(channel.address)
        return answer(Heading(f"Settings of {channel.name_here}"), *_all(channel, role, platform))
    if key == ROLE:
        return await _role(services, call, value)
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
    _changed(channel, values, here, now)
    after = await services.channels.change(channel.id, lambda current: _changed(current, values, here, now), now)
    services.wake()
    return channel, after


async def _here(services: Services, channel: Channel) -> Here:
    return Here(services.platforms[channel.address.platform], await services.sources.names())


def _changed(channel: Channel, values: Mapping[str, str], here: Here, now: datetime) -> Channel:
    """The channel with these values; raises for all that are wrong together."""
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
    # A quotation mark would end the value; nothing else in it is special.
    return " ".join(
        [
            "configure",
            *(("--check",) if check else ()),
            *(f'--{key} "{value.replace(chr(34), chr(39))}"' for key, value in values.items()),
        ]
    )


async def configure(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Changes all that is named in one step: what the forms of platforms send."""
    values = {key: arguments.text(key) for key in CHANGEABLE if key in arguments}
    if not values:
        raise UserError("Say what to change, like `/papers configure --limit 10 --style compact`.")
    if "check" in arguments:
        channel = await services.channel(call)
        _changed(channel, values, await _here(services, channel), services.clock.now())
        return answer(say("That can be set so. Nothing was changed yet."))
    before, after = await change_channel(services, call, values)
    platform = services.platforms[after.address.platform]
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
    platform = services.platforms[call.address.platform]
    role = "" if means_none(value) else platform.parse_role(value)
    await services.channels.set_role(call.address, role)
    return answer(say(code(ROLE), " is now ", bold(role or "none"), ", in every channel of this workspace."))


def _role_line(role: str) -> Block:
    return say(bold(ROLE), ": ", role or "none")


def _all(channel: Channel, role: str, platform: Platform) -> list[Block]:
    lines: list[Block] = []
    for setting in SETTINGS.values():
        lines += [_line(setting, channel.settings, platform), hint(setting.help)]
    lines += [_role_line(role), hint(ROLE_HELP)]
    return [*lines, hint("To change one: ", code("/papers settings limit 10"))]


def _line(setting: Setting, current: ChannelSettings, platform: Platform) -> Block:
    return say(bold(setting.key), ": ", _shown(setting, current, platform))


def _shown(setting: Setting, current: ChannelSettings, platform: Platform) -> str:
    """The setting for people to read: a mention as a name, which pings nobody."""
    names_somebody = setting.key == MENTION and bool(current.mention)
    return platform.mention_name(current.mention) if names_somebody else setting.show(current)


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
            [*(f"{setting.key}: {setting.help}." for setting in SETTINGS.values()), f"{ROLE}: {ROLE_HELP}."]
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
