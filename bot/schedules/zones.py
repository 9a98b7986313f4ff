"""Time zones as people name them."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import UserError
from bot.text.suggestions import closest, either, quoted

_EXAMPLES = "Write one like `Europe/Berlin` or `America/New_York`."
_OFFSET = re.compile(r"(?:utc|gmt)?[ _]?[+-]\d{1,2}(?::?\d{2})?", re.ASCII)


def parse_time_zone(text: str) -> ZoneInfo:
    """The time zone that a person names by its IANA name (`Europe/Berlin`, `utc`) or by its city (`new york`).

    Raises `UserError` for what is none, or names several.
    """
    wanted = "_".join(text.casefold().replace("`", "").strip(" .").split())
    if not wanted:
        raise UserError(f"Which time zone? {_EXAMPLES}")
    names = _zone_names()
    if wanted in names:
        return ZoneInfo(names[wanted])
    # Etc/GMT+5 is five hours *behind* Greenwich: a bare `GMT+5` must not find it.
    cities: dict[str, list[str]] = {}
    for name in sorted(names.values()):
        if not name.startswith("Etc/"):
            cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    found = cities.get(wanted, [])
    if len(found) == 1:
        return ZoneInfo(found[0])
    if found:
        raise UserError(f"There are several: {either(found)}. Write the whole name.")
    if _OFFSET.fullmatch(wanted):
        raise UserError(f"{quoted(text)} knows no summer time. Name a city instead, for example `Europe/Berlin`.")
    meant = closest(wanted, names) or closest(wanted.rpartition("/")[2], cities)
    close = [names[meant]] if meant in names else cities.get(meant, [])
    hint = f"Did you mean {either(close)}?" if close else _EXAMPLES
    raise UserError(f"Unknown time zone {quoted(text)}. {hint}")


@cache
def _zone_names() -> dict[str, str]:
    """The IANA names by their case-folded form."""
    return {name.casefold(): name for name in available_timezones() - {"Factory", "localtime"}}
