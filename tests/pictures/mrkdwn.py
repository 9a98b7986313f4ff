"""Slack's mrkdwn as HTML: https://docs.slack.dev/messaging/formatting-message-text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from zoneinfo import ZoneInfo

from tests.pictures.hypertext import Html, UnknownKindError, joined, lines, span, tag

#: Where the reader of the pictures is.
ZONE = ZoneInfo("Europe/Berlin")
_PIECE = re.compile(
    r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`|<(?P<angle>[^<>\n]+)>"
    r"|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)|(?<!\w)~(?P<struck>[^~\n]+)~(?!\w)"
    r"|(?P<emoji>:[a-z0-9_+-]+:)",
    re.DOTALL,
)
_EMOJI = {":thumbsup:": "👍", ":+1:": "👍", ":thumbsdown:": "👎", ":-1:": "👎", ":bookmark:": "🔖", ":fire:": "🔥"}
_DATE_PART = re.compile(r"\{(\w+)\}")


def mrkdwn(text: str, names: Mapping[str, str]) -> Html:
    """`names` are those of people and channels by their ids."""
    parts: list[Html] = []
    end = 0
    for found in _PIECE.finditer(text):
        parts += [lines(unescape(text[end : found.start()])), _piece(found, names)]
        end = found.end()
    return joined([*parts, lines(unescape(text[end:]))])


def _piece(found: re.Match[str], names: Mapping[str, str]) -> Html:
    kind, words = next((name, value) for name, value in found.groupdict().items() if value is not None)
    match kind:
        case "block":
            return tag("pre", unescape(words.strip("\n")))
        case "code":
            return tag("code", unescape(words))
        case "bold":
            return tag("b", mrkdwn(words, names))
        case "italic":
            return tag("i", mrkdwn(words, names))
        case "struck":
            return tag("s", mrkdwn(words, names))
        case "emoji":
            return span("", _EMOJI.get(words, words))
    return _in_angles(words, names)


def _in_angles(inside: str, names: Mapping[str, str]) -> Html:
    address, _, label = inside.partition("|")
    match inside[0]:
        case "@":
            return span("mention", "@" + (label or names.get(address[1:], address[1:])))
        case "#":
            return span("mention", "#" + (label or names.get(address[1:], address[1:])))
        case "!" if inside.startswith("!date^"):
            _, timestamp, form, *_link = address.split("^")
            return span("", date_text(int(timestamp), form))
        case "!" if address in ("!here", "!channel", "!everyone"):
            return span("mention loud", f"@{address[1:]}")
        case "!":
            raise UnknownKindError("special mention", inside)
    return tag("a", unescape(label or address), href=unescape(address))


def date_text(timestamp: int, form: str) -> str:
    """A time as Slack writes it for each reader."""
    at = datetime.fromtimestamp(timestamp, UTC).astimezone(ZONE)
    day, month = f"{at:%B} {at.day}", f"{at:%b} {at.day}"
    words = {
        "date": f"{day}, {at.year}",
        "date_num": f"{at:%Y-%m-%d}",
        "date_short": f"{month}, {at.year}",
        "date_short_pretty": f"{month}, {at.year}",
        "date_pretty": f"{day}, {at.year}",
        "date_long": f"{at:%A}, {day}, {at.year}",
        "date_long_pretty": f"{at:%A}, {day}, {at.year}",
        "time": f"{at.hour}:{at:%M}",
        "time_secs": f"{at.hour}:{at:%M:%S}",
    }

    def word(found: re.Match[str]) -> str:
        if found[1] not in words:
            raise UnknownKindError("part of a date", found[1])
        return words[found[1]]

    return _DATE_PART.sub(word, form)
