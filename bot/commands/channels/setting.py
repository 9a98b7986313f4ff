"""Settings of a channel: what each means, how it is read and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.channels.channel import ChannelSettings, Order, QuietDays, Style
from bot.errors import UserError
from bot.papers.sources import BUILT_IN, SourceName, in_order, source_named, title_of_source
from bot.text.lists import either, listed
from bot.text.suggestions import closest
from bot.text.typed import means_none, without_quotes

LARGEST_LIMIT = 50  # papers in a digest; more is a flood
MOST_QUIET_DATES = 100
MOST_SOURCES_NAMED = 8  # in a sentence
_ALL = "all"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Here:
    """Where a setting is read: on a platform with its own form of mentions, in an installation with these sources."""

    parse_mention: Callable[[str], str]
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
    if not (value.isascii() and value.isdigit() and len(value) <= 6 and 1 <= int(value) <= LARGEST_LIMIT):
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
    return replace(settings, mention="" if means_none(value) else here.parse_mention(value))


def _read_sources(settings: ChannelSettings, value: str, here: Here) -> ChannelSettings:
    chosen: set[SourceName] = set()
    words = [without_quotes(word) for word in value.lower().replace(",", " ").replace("hugging face", "hf").split()]
    if _ALL in words:
        return replace(settings, sources=None)
    for word in words or [""]:
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
        elif (weekday := _weekday(word)) is not None:
            weekdays.add(weekday)
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


def _weekday(word: str) -> int | None:
    """The day of which a word is the first three letters or more, `sat` as well as `saturdays`; None for any other."""
    stems = [stem for stem in (word, word.removesuffix("s")) if len(stem) >= len(_DAYS[0])]
    return next((day for day, name in enumerate(_DAY_NAMES) if any(map(name.lower().startswith, stems))), None)


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
