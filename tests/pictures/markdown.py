"""Markdown as HTML, as Discord reads it (https://support.discord.com/hc/articles/210298617), and as Slack's `markdown`
block does.

Only what the adapters write and what they must escape: emphasis, links, code, headings, lists, quotations, small print,
and what stands in angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.pictures.hypertext import Html, UnknownKindError, div, joined, span, tag
from tests.pictures.mrkdwn import ZONE

_INLINE = re.compile(
    r"\\(?P<escaped>[^A-Za-z0-9\s])"
    r"|``(?P<code2>.+?)``|`(?P<code>[^`]+)`"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?P<address><[^>]+>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)"
    r"|<(?P<angle>(?:https?://|[@#/:t]|a:)[^<>\s]*(?: [^<>]*)?)>"
    r"|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*(?!\*)|__(?P<under>(?:\\.|[^\\])+?)__(?!_)|~~(?P<struck>.+?)~~"
    r"|\|\|(?P<spoiler>.+?)\|\|"
    r"|\*(?P<italic>(?:\\.|[^*\\])+)\*|(?<!\w)_(?P<italic2>(?:\\.|[^_\\])+)_(?!\w)"
    r"|(?P<url>https?://[^\s<>()]+)",
    re.DOTALL,
)
_FENCE = re.compile(r"```(?:\w*\n)?(.*?)```", re.DOTALL)
_LEADING = re.compile(r"(?P<mark>#{1,3} |-# |>>> |> |[-*] |\d+\. )(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it, and when. `names` are those of people, roles and channels by their ids."""

    names: Mapping[str, str] = field(default_factory=dict)
    now: datetime = datetime(2026, 5, 12, 9, 0, tzinfo=UTC)


def markdown(text: str, reader: Reader) -> Html:
    parts: list[Html] = []
    end = 0
    for fence in _FENCE.finditer(text):
        parts += [_lines(text[end : fence.start()].removesuffix("\n"), reader), tag("pre", fence[1].strip("\n"))]
        end = fence.end()
    return joined([*parts, _lines(text[end:].removeprefix("\n") if end else text, reader)])


def _lines(text: str, reader: Reader) -> Html:
    return joined(_line(line, reader) for line in text.split("\n")) if text else Html()


def _line(line: str, reader: Reader) -> Html:
    if not line.strip():
        return div("line empty", Html("&nbsp;"))
    found = _LEADING.fullmatch(line)
    if found is None:
        return div("line", inline(line, reader))
    said = inline(found["rest"], reader)
    match found["mark"]:
        case "# " | "## " | "### " as mark:
            return tag(f"h{len(mark) - 1}", said)
        case "-# ":
            return div("line subtext", said)
        case "> " | ">>> ":
            return tag("blockquote", said)
        case "- " | "* ":
            return div("line item", "•", span("", said))
        case number:
            return div("line item", number, span("", said))


def inline(text: str, reader: Reader) -> Html:
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts += [text[end : found.start()], _inline_piece(found, reader)]
        end = found.end()
    return joined([*parts, text[end:]])


def _inline_piece(found: re.Match[str], reader: Reader) -> str:
    kind = found.lastgroup
    words = found[kind or ""]
    within: Callable[[str], Html] = lambda name: tag(name, inline(words, reader))  # noqa: E731
    match kind:
        case "escaped":
            return words
        case "code" | "code2":
            return tag("code", words.strip() if kind == "code2" else words)
        case "address":
            return tag("a", inline(found["label"], reader), href=words.strip("<>"))
        case "angle":
            return _in_angles(words, reader)
        case "bold":
            return within("b")
        case "under":
            return within("u")
        case "struck":
            return within("s")
        case "spoiler":
            return span("spoiler", inline(words, reader))
        case "italic" | "italic2":
            return within("i")
        case "url":
            return tag("a", words, href=words)
    raise UnknownKindError("piece of Markdown", found[0])


def _in_angles(inside: str, reader: Reader) -> Html:
    if inside.startswith(("http://", "https://")):
        return tag("a", inside, href=inside)
    if timed := re.fullmatch(r"t:(-?\d+)(?::([tTdDfFR]))?", inside):
        return span("time", time_text(datetime.fromtimestamp(int(timed[1]), UTC), timed[2] or "f", reader.now))
    if command := re.fullmatch(r"/([\w -]+):\d+", inside):
        return span("mention", f"/{command[1]}")
    if named := re.fullmatch(r"(@&|@!?|#)(\d+)", inside):
        return span("mention", named[1][0] + reader.names.get(named[2], "unknown"))
    raise UnknownKindError("mention", inside)


def time_text(at: datetime, style: str, now: datetime) -> str:
    """https://docs.discord.com/developers/reference#message-formatting-timestamp-styles"""
    here = at.astimezone(ZONE)
    day = f"{here.day} {here:%B} {here.year}"
    match style:
        case "t":
            return f"{here:%H:%M}"
        case "T":
            return f"{here:%H:%M:%S}"
        case "d":
            return f"{here:%d/%m/%Y}"
        case "D":
            return day
        case "F":
            return f"{here:%A}, {day} at {here:%H:%M}"
        case "R":
            seconds = (at - now).total_seconds()
            size, unit = next(
                (
                    (size, unit)
                    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"))
                    if abs(seconds) >= size
                ),
                (1, "second"),
            )
            number = round(abs(seconds) / size)
            words = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return f"{day} at {here:%H:%M}"
