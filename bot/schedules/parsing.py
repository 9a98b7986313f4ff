"""Reading schedules as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from functools import lru_cache
from itertools import pairwise
from typing import Self

from cronsim import CronSim, CronSimError

from bot.errors import UserError
from bot.schedules.days import DAY_NAMES, day_of_week
from bot.schedules.recurrence import EVERY_DAY, SOME_DAY, WEEKDAYS, Cron, Hourly, Instant, Monthly, Schedule, Weekly
from bot.text.suggestions import closest, quoted
from bot.text.typed import DASHES, value_typed, without_quotes

DEFAULT_TIME = time(9)
CLOSEST_CRON = 5  # minutes between two times of a cron expression, at least
LONGEST_CRON = 100  # characters

_EXAMPLES = (
    "Write `instant`, `hourly`, `daily 09:00`, `weekdays 09:00`, `mon,thu 17:30`, `monthly 1 09:00` "
    "or `cron 0 9 * * mon-fri`."
)
_FILLERS = frozenset(("on", "at", "the", "every", "each", "and", "&", "of"))
_SYNONYMS = {
    "instantly": "instant",
    "immediately": "instant",
    "once": "instant",  # at once
    "hour": "hourly",
    "day": "daily",
    "weekday": "weekdays",
    "workdays": "weekdays",
    "weekend": "weekends",
    "week": "weekly",
    "month": "monthly",
}
_DAY_GROUPS = {"daily": EVERY_DAY, "weekdays": WEEKDAYS, "weekends": frozenset((5, 6))}
_KINDS = ("instant", "hourly", "daily", "weekdays", "weekends", "weekly", "monthly", "cron")
_TIME = re.compile(r"(\d{1,2})(?:(?:[:.h](\d{2}))|h)? ?(?:([ap])\.?m\.?)?", re.ASCII)
_HYPHEN = re.compile(rf"\s*[{re.escape(DASHES)}]\s*")
_PERIODS = "hour|day|daily|weekday|workday|week|month"
_ONCE_A = re.compile(rf"^once (?:an? |per |each |every |in an? )?(?={_PERIODS})")
_TIMES_A = re.compile(
    rf"(?:twice|thrice|\w+ times?) (?:an? |per |each |every |in an? )?(?P<period>{_PERIODS})(?:ly)?\b.*"
)
_SEVERAL_TIMES = {
    "hour": "cron */30 * * * *",
    "day": "cron 0 9,17 * * *",
    "daily": "cron 0 9,17 * * *",
    "weekday": "cron 0 9,17 * * mon-fri",
    "workday": "cron 0 9,17 * * mon-fri",
    "week": "mon,thu 09:00",
    "month": "cron 0 9 1,15 * *",
}
_NUMBERS = {"two": 2, "other": 2, "second": 2, "few": 2, "three": 3, "four": 4, "six": 6}
_EVERY_FEW = re.compile(
    rf"every (?P<number>\d{{1,2}}|{'|'.join(_NUMBERS)}) (?P<unit>min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?|months?)\b.*",
    re.ASCII,
)
_FORTNIGHTLY = re.compile(r"\b(?:fortnightly|bi-?weekly|fortnight)\b")
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_FROM_TO = re.compile(rf"(?<=[a-z]) (?:to|thru|through|till|until) (?={_DAY}\b)")
_HALF_OF_DAY = re.compile(r"[ap]\.?m\.?")
_NEVER = frozenset(("never", "off", "none", "stop", "no"))
_ORDINALS = {
    "first": "#1",
    "1st": "#1",
    "second": "#2",
    "2nd": "#2",
    "third": "#3",
    "3rd": "#3",
    "fourth": "#4",
    "4th": "#4",
    "last": "l",
}
_NAMED_TIMES = {"noon": time(12), "midnight": time(0)}
_MONTH_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
# What each field of a cron expression may hold, for the sentence that says that one does not.
_CRON_FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of the month": "1 to 31, or `L` for the last",
    "month": "1 to 12, or `jan` to `dec`",
    "day of the week": "0 to 7 (0 and 7 are Sunday), or `sun` to `sat`",
}


@lru_cache(1024)
def parse_schedule(text: str) -> Schedule:
    """The schedule that a person wrote: `instant`, `hourly`, `daily 09:00`, `weekdays`, `mon,thu 5:30 pm`,
    `monthly 1 09:00`, `cron 0 9 * * mon-fri`. A missing time is 09:00, a missing day of the month the first.

    Raises `UserError` for anything else, for a cron expression that never fires, and for one that does more often
    than every five minutes.
    """
    plain = value_typed(text.strip(" .")).casefold().strip(" .").split()
    if plain[:1] == ["cron"]:
        return _parse_cron(plain[1:])
    if len(plain) == 5 and plain[0][0] in "*0123456789" and any("*" in field for field in plain):
        return _parse_cron(plain)
    spaced = _HYPHEN.sub("-", " ".join(" ".join(plain).replace(",", " ").replace(";", " ").split()))
    spaced = _FROM_TO.sub("-", spaced)
    _refuse_several_times(spaced, text)
    spaced = _ONCE_A.sub("", spaced)
    words = [_Word(word) for word in map(without_quotes, spaced.split()) if word and word not in _FILLERS]
    if not words:
        raise UserError(f"When? {_EXAMPLES}")
    words = _with_time_last(words)
    if words[0] in ("instant", "hourly"):
        if len(words) > 1:
            raise UserError(f"`{words[0]}` stands alone. Leave out {quoted(_said(words[1:]))}.")
        return Instant() if words[0] == "instant" else Hourly()
    if words[0] == "monthly":
        return _parse_monthly(words[1:])
    return _parse_weekly(words)


def _refuse_several_times(spaced: str, text: str) -> None:
    """Refuses `twice a day`, `every 2 hours` and the like with what says so."""
    if found := _TIMES_A.fullmatch(spaced):
        raise UserError(f"{quoted(text)} does not say when. Write for example `{_SEVERAL_TIMES[found['period']]}`.")
    few = _EVERY_FEW.fullmatch(spaced)
    if few and few["unit"][0] in "mh" and not few["unit"].startswith("mo"):
        number = _NUMBERS.get(few["number"]) or int(few["number"])
        if few["unit"].startswith("h"):
            written = f"cron 0 */{number} * * *" if 1 < number < 24 else "hourly"
        else:
            written = f"cron */{max(number, CLOSEST_CRON)} * * * *" if 0 < number < 60 else "hourly"
        raise UserError(f"{quoted(text)} is written `{written}`.")
    if few or (few := _FORTNIGHTLY.search(spaced)):
        raise UserError(
            f"{quoted(few[0])} cannot be counted: digests come on days of the week or of the month. Write for example "
            "`mon,wed,fri 09:00`, `weekly mon 09:00` or `cron 0 9 1,15 * *`."
        )
    if spaced in _NEVER:
        raise UserError(f"{quoted(text)} is no schedule. `/papers pause` stops posting.")


def _with_time_last(words: list[_Word]) -> list[_Word]:
    """`9:00 on mondays` in the order of `mondays 9:00`."""
    length = 2 if words[1:2] and _HALF_OF_DAY.fullmatch(words[1]) else 1
    time_first = not words[0].isdigit() and _read_time(" ".join(words[:length])) is not None
    return [*words[length:], *words[:length]] if time_first and len(words) > length else words


class _Word(str):
    """A word of a schedule as it is understood, and `said`, as the person wrote it."""

    __slots__ = ("said",)
    said: str

    def __new__(cls, said: str) -> Self:
        word = super().__new__(cls, _SYNONYMS.get(said, said))
        word.said = said
        return word


def _said(words: Sequence[_Word]) -> str:
    return " ".join(word.said for word in words)


def _parse_weekly(words: Sequence[_Word]) -> Weekly:
    at = 1 if words[0] == "weekly" else 0
    days: set[int] = set()
    while at < len(words) and (found := _days(words[at])):
        days |= found
        at += 1
    if days:
        return Weekly(frozenset(days), _time(words[at:]))
    if words[0] == "weekly":
        raise UserError("On which day of the week? Write for example `weekly mon 09:00`.")
    if not words[0].isdigit() and _read_time(" ".join(words)) is not None:
        return Weekly(EVERY_DAY, _time(words))
    meant = closest(words[0], (*_KINDS, *DAY_NAMES, *(name[:3] for name in DAY_NAMES)))
    raise UserError(
        f"I do not know the schedule {quoted(_said(words))}. {f'Did you mean `{meant}`?' if meant else _EXAMPLES}"
    )


def _days(word: str) -> frozenset[int]:
    """The days of the week that a word names: `mon`, `tuesdays`, `fri-mon`, `weekdays`; none for another word."""
    if word in _DAY_GROUPS:
        return _DAY_GROUPS[word]
    first, hyphen, last = word.partition("-")
    start, end = day_of_week(first), day_of_week(last or first)
    if start is None or end is None or bool(hyphen) != bool(last):
        return frozenset()
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def _parse_monthly(words: Sequence[_Word]) -> Monthly | Cron:
    if len(words) > 1 and words[0] in _ORDINALS and (day := day_of_week(words[1])) is not None:
        moment, number = _time(words[2:]), _ORDINALS[words[0]]
        return _parse_cron(f"{moment.minute} {moment.hour} * * {(day + 1) % 7}{number}".split())
    if words[:1] == ["last"]:
        return Monthly(31, _time(words[2:] if words[1:2] == ["daily"] else words[1:]))  # “day” reads as “daily”
    if words and day_of_week(words[0]) is not None:
        raise UserError(
            f"Which {quoted(words[0].said)} of the month? Write for example `monthly first {words[0]} 09:00` "
            f"or `monthly last {words[0]} 09:00`."
        )
    named = _MONTH_DAY.fullmatch(words[0]) if words else None
    if named is None:
        return Monthly(1, _time(words))
    if not 1 <= int(named[1]) <= 31:
        raise UserError(f"No month has a day {int(named[1])}. Write 1 to 31, for example `monthly 1 09:00`.")
    return Monthly(int(named[1]), _time(words[1:]))


def _time(words: Sequence[_Word]) -> time:
    """The time of day that the rest of a schedule names, 09:00 when nothing is left."""
    if not words:
        return DEFAULT_TIME
    written = _said(words)
    found = _read_time(written)
    if found is not None:
        return found
    if len(words) > 1 and all(_read_time(word) is not None for word in words):
        raise UserError(f"{quoted(written)} is more than one time. Several times a day are `cron 0 9,17 * * *`.")
    if words[0][0].isalpha() and (meant := closest(words[0], DAY_NAMES)):
        if meant == words[0]:
            raise UserError(f"{quoted(words[0].said)} does not belong there. {_EXAMPLES}")
        raise UserError(f"I do not know the day {quoted(words[0].said)}. Did you mean `{meant}`?")
    raise UserError(f"{quoted(written)} is not a time of day. Write it like `09:00`, `5:30 pm` or `noon`.")


def _read_time(written: str) -> time | None:
    if written in _NAMED_TIMES:
        return _NAMED_TIMES[written]
    found = _TIME.fullmatch(written)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[3] == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _parse_cron(fields: Sequence[str]) -> Cron:
    expression = " ".join(fields)
    if len(fields) != len(_CRON_FIELDS) or len(expression) > LONGEST_CRON:
        raise UserError(
            "A cron expression has five fields: minute, hour, day of the month, month, day of the week. "
            "Write for example `cron 0 9 * * mon-fri`."
        )
    for place, (name, allowed) in enumerate(_CRON_FIELDS.items()):
        try:
            CronSim(" ".join(fields[place] if place == other else "*" for other in range(5)), SOME_DAY)
        except CronSimError:
            raise UserError(
                f"The {name} in `cron {expression}` cannot be {quoted(fields[place])}. It is {allowed}; "
                "`*` for any, `a-b` for a range, `a,b` for several, `*/n` for every n-th."
            ) from None
    try:
        cron = CronSim(expression, SOME_DAY)
        next(cron)
    except (CronSimError, StopIteration):
        raise UserError(f"`cron {expression}` never comes: no month in it has such a day.") from None
    minutes = sorted(hour * 60 + minute for hour in cron.hours for minute in cron.minutes)
    if min(late - early for early, late in pairwise([*minutes, minutes[0] + 24 * 60])) < CLOSEST_CRON:
        raise UserError(
            f"`cron {expression}` comes more often than every {CLOSEST_CRON} minutes. "
            f"Write `*/{CLOSEST_CRON}` for the minute, or `instant` to get papers at once."
        )
    return Cron(expression)
