"""Time zones as people name them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import UserError
from bot.text.lists import either
from bot.text.suggestions import closest, quoted
from bot.text.typed import DASHES, value_typed

_EXAMPLES = "Write one like `Europe/Berlin` or `America/New_York`."
_MINUS = re.compile(f"[{re.escape(DASHES)}]")
#: What people abbreviate, and where that time is kept. The IANA names among them (EST, MST, GMT) are the winter's time
#: all year, an hour off from what the clocks there show in summer.
_ABBREVIATIONS: Final = {
    **dict.fromkeys(("est", "edt", "et"), "America/New_York"),
    **dict.fromkeys(("cst", "cdt"), "America/Chicago Asia/Shanghai"),
    **dict.fromkeys(("mst", "mdt", "mt"), "America/Denver America/Phoenix"),
    **dict.fromkeys(("pst", "pdt", "pt"), "America/Los_Angeles"),
    **dict.fromkeys(("akst", "akdt"), "America/Anchorage"),
    **dict.fromkeys(("ast", "adt"), "America/Halifax Asia/Riyadh"),
    **dict.fromkeys(("nst", "ndt"), "America/St_Johns"),
    **dict.fromkeys(("gmt", "bst"), "Europe/London"),
    **dict.fromkeys(("cest", "mez", "mesz"), "Europe/Berlin"),
    **dict.fromkeys(("eest", "oesz"), "Europe/Athens Europe/Helsinki"),
    **dict.fromkeys(("west", "wez"), "Europe/Lisbon"),
    **dict.fromkeys(("aest", "aedt"), "Australia/Sydney Australia/Brisbane"),
    **dict.fromkeys(("acst", "acdt"), "Australia/Adelaide Australia/Darwin"),
    **dict.fromkeys(("nzst", "nzdt"), "Pacific/Auckland"),
    "ist": "Asia/Kolkata Europe/Dublin Asia/Jerusalem",
    "idt": "Asia/Jerusalem",
    "hst": "Pacific/Honolulu",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "hkt": "Asia/Hong_Kong",
    "sgt": "Asia/Singapore",
    "awst": "Australia/Perth",
    "msk": "Europe/Moscow",
    "brt": "America/Sao_Paulo",
    "sast": "Africa/Johannesburg",
    "eat": "Africa/Nairobi",
    "wat": "Africa/Lagos",
    "pkt": "Asia/Karachi",
    "wib": "Asia/Jakarta",
    "ict": "Asia/Bangkok",
    "trt": "Europe/Istanbul",
    "npt": "Asia/Kathmandu",
}
#: Those that no clock leaves for a summer time, and those that speak of both.
_ALL_YEAR: Final = frozenset((
    "et", "pt", "hst", "jst", "kst", "hkt", "sgt", "awst", "msk", "brt", "sast", "eat", "wat", "pkt", "wib", "ict",
    "trt", "npt",
))  # fmt: skip
_SEVERAL: Final = frozenset(("ist", "ast"))
_SUMMER: Final = frozenset((
    "edt", "cdt", "mdt", "pdt", "akdt", "adt", "ndt", "bst", "cest", "mesz", "eest", "oesz", "west", "aedt", "acdt",
    "nzdt", "idt",
))  # fmt: skip
_OFFSET = re.compile(r"(?:utc|gmt)?[ _]?[+-]\d{1,2}(?::?\d{2})?", re.ASCII)


def parse_time_zone(text: str) -> ZoneInfo:
    """The time zone that a person names by its IANA name (`Europe/Berlin`, `utc`) or by its city (`new york`).

    Raises `UserError` for what is none, or names several.
    """
    wanted = "_".join(value_typed(text.strip(" .")).casefold().strip(" .").split())
    wanted = _MINUS.sub("-", wanted)
    if not wanted:
        raise UserError(f"Which time zone? {_EXAMPLES}")
    names = _zone_names()
    if cities := _ABBREVIATIONS.get(wanted):
        return _zone_of_abbreviation(text, wanted, cities.split())
    if wanted in names:
        return ZoneInfo(names[wanted])
    # Etc/GMT+5 is five hours *behind* Greenwich: a bare `GMT+5` must not find it.
    by_city: dict[str, list[str]] = {}
    for name in sorted(names.values()):
        if not name.startswith("Etc/"):
            by_city.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    found = by_city.get(wanted, [])
    if len(found) == 1:
        return ZoneInfo(found[0])
    if found:
        raise UserError(f"There are several: {either(found)}. Write the whole name.")
    if _OFFSET.fullmatch(wanted):
        raise UserError(f"{quoted(text)} knows no summer time. Name a city instead, for example `Europe/Berlin`.")
    meant = closest(wanted, names) or closest(wanted.rpartition("/")[2], by_city)
    close = [names[meant]] if meant in names else by_city.get(meant, [])
    hint = f"Did you mean {either(close)}?" if close else _EXAMPLES
    raise UserError(f"Unknown time zone {quoted(text)}. {hint}")


def folded(name: str) -> str:
    """A name of a zone or a city for completion: `São Paulo`, `sao-paulo` and `Sao_Paulo` are one."""
    letters = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    return "_".join(re.split(r"(?:[\s_]|-(?=[^\W\d]))+", letters.strip()))


def offered_time_zones() -> list[str]:
    """The IANA names that `parse_time_zone` takes as they are."""
    return [name for key, name in _zone_names().items() if key not in _ABBREVIATIONS]


def _zone_of_abbreviation(text: str, wanted: str, cities: Sequence[str]) -> ZoneInfo:
    """The zone of a city that keeps this time all year; raises for a time that is kept half of the year only."""
    if wanted in _ALL_YEAR:
        return ZoneInfo(cities[0])
    hint = f"Write {either(cities)}" + (", or `UTC` for the same time all year." if wanted == "gmt" else ".")
    if wanted in _SEVERAL:
        raise UserError(f"{quoted(text)} means several. {hint}")
    problem = "is the time of summer only" if wanted in _SUMMER else "knows no summer time"
    raise UserError(f"{quoted(text)} {problem}. {hint}")


@cache
def _zone_names() -> dict[str, str]:
    """The IANA names by their case-folded form."""
    return {name.casefold(): name for name in available_timezones() - {"Factory", "localtime"}}
