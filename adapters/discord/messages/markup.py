"""Text for Discord: escaping, counting and cutting.

Lengths are counted in UTF-16 units. Discord does not say whether it counts those or characters, and they are never
fewer. What is escaped is the list of https://docs.discord.com/developers/reference#message-formatting and Discord's own
guide to Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit

from bot.messages.message import Span

ELLIPSIS = "…"
#: A mention of a slash-command, which pings nobody.
COMMAND_MENTION = re.compile(r"</[\w-]+(?: [\w-]+){0,2}:[0-9]{1,20}>")
LONGEST_URL = 1024  # characters; Discord takes 2,048, and a message has room for few of those

#: Characters that mean something to Discord wherever they stand: formatting, links, mentions.
_SPECIAL = frozenset("\\*_~`|[]<>@#")
#: A colon that makes an address or an emoji of what is around it, and a full stop that makes an invitation: Discord
#: draws a card for one also where it is no link (https://github.com/Cog-Creators/Red-DiscordBot/pull/6586).
_JOINT = re.compile(r":(?=//|[\w+~-]+:)|(?<=discord)\.|(?<=discordapp)\.", re.IGNORECASE)
#: What stands for a backtick within code, where nothing can be escaped.
BACKTICK = "ˋ"
#: What stands for those where nothing can be escaped: characters that look like them and mean nothing.
_LOOK_ALIKE = {"*": "∗", "_": "ˍ", "~": "∼", "`": BACKTICK, "|": "∣", "[": "(", "]": ")", "<": "‹", ">": "›"}
#: Nobody sees it, and it parts what would mean something together.
_NOTHING = "\u200b"
#: Text without any of these is looked at no closer.
_MEANT = re.compile(r"[\\*_~`|\[\]<>@#:]|discord(?:app)?\.", re.IGNORECASE)
#: What means something only where a line begins: lists, quotations, small print.
_OPENING = re.compile(r"\s*(?:[-+]|\d{1,9}(?=[.)]))")
#: Controls, and characters that turn the direction of what follows them or are not seen at all.
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)


def length(text: str) -> int:
    """In UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """One line without invisible characters."""
    return " ".join(_UNWANTED.sub(" ", text).split())


def cut(text: str, limit: int) -> str:
    """The text on one line and in at most that many units, for places where Discord shows it as it is."""
    return _fitted(clean(text), limit)


def escaped(text: str, limit: int) -> str:
    """The text as Markdown that shows exactly it, on one line and in at most that many units."""
    return _fitted(_escapes(clean(text)), limit)


def unmarked(text: str, limit: int) -> str:
    """The text without anything that could be Markdown, on one line and in at most that many units.

    For where Discord shows a backslash instead of taking it for an escape: the labels of links
    (https://github.com/discord/discord-api-docs/issues/6185), and the titles of embeds in some of its apps.
    """
    text = clean(text)
    if not _MEANT.search(text):
        return _fitted(text, limit)
    joints = {found.start() for found in _JOINT.finditer(text)}
    return _fitted(
        (
            character + _NOTHING if place in joints or character == "@" else _LOOK_ALIKE.get(character, character)
            for place, character in enumerate(text)
        ),
        limit,
    )


def escaped_piece(text: str) -> str:
    """A part of a line, with the spaces around it."""
    body = _UNWANTED.sub(" ", text)
    return "".join(_escapes(body))


def _escapes(text: str) -> Iterable[str]:
    """Each character as it is to be written; an escape is never cut in two."""
    opening = _OPENING.match(text)
    return text if opening is None and not _MEANT.search(text) else _each_escaped(text, opening)


def _each_escaped(text: str, opening: re.Match[str] | None) -> Iterator[str]:
    joints = {found.start() for found in _JOINT.finditer(text)}
    for place, character in enumerate(text):
        if character in _SPECIAL or place in joints:
            yield "\\" + character
        elif opening and place == opening.end() - 1:
            yield "\\" + character if character in "-+" else character
        elif opening and place == opening.end() and character in ".)":
            yield "\\" + character
        else:
            yield character


def _fitted(pieces: Iterable[str], limit: int) -> str:
    """The pieces as far as they fit, with an ellipsis in place of the rest."""
    every = pieces if isinstance(pieces, str) else list(pieces)
    whole = "".join(every)
    if length(whole) <= limit:
        return whole
    kept: list[str] = []
    used = 0
    for piece in every:
        used += length(piece)
        kept.append(piece)
        if used > limit:
            break
    while kept and used > limit - 1:
        used -= length(kept.pop())
    return "".join(kept).rstrip(" ") + ELLIPSIS if limit > 0 else ""


def timestamp(at: datetime) -> str:
    """A time that everybody sees in their own zone, and how far away it is.

    https://docs.discord.com/developers/reference#message-formatting-timestamp-styles
    """
    unix = int(at.timestamp())
    return f"<t:{unix}:F> (<t:{unix}:R>)"


@lru_cache(4096)  # a digest has the same addresses in every channel
def usable_url(url: str) -> str:
    """The address as Discord takes it, also inside a link; empty for what is no address of the web."""
    if length(url) > LONGEST_URL:
        return ""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or parts.username or not _HOST.fullmatch(host):
        return ""
    safe = "/%!$&'*+,;=:@~-._?"
    address = f"{parts.scheme}://{host}{f':{port}' if port else ''}{quote(parts.path, safe=safe, errors='replace')}"
    if parts.query:
        address += f"?{quote(parts.query, safe=safe, errors='replace')}"
    if parts.fragment:
        address += f"#{quote(parts.fragment, safe=safe, errors='replace')}"
    return address if length(address) <= LONGEST_URL else ""


def link(label: str, url: str, limit: int) -> str:
    """A link with that label, cut to fit; only the label where there is no room for the address, or no address."""
    address = usable_url(url)
    room = limit - length(address) - len("[]()")
    return f"[{unmarked(label, room)}]({address})" if address and room > 8 else escaped(label, limit)


def spans(parts: Iterable[Span], limit: int) -> str:
    """Styled text on one line, cut at the end to fit."""
    written = ""
    for part in parts:
        room = limit - length(written)
        piece = _span(part, room)
        if length(piece) > room:
            # Styles are cut as a whole: half of a pair of asterisks would be read as text.
            rest = escaped(part.text, room)
            return written + (rest or "")
        written += piece
    return written


def _span(part: Span, room: int) -> str:
    if part.at is not None:
        return timestamp(part.at)
    if part.url and part.text.strip():
        return link(part.text, part.url, room)
    body = part.text.strip(" ")
    if not body:
        return part.text
    before, after = part.text[: len(part.text) - len(part.text.lstrip(" "))], part.text[len(part.text.rstrip(" ")) :]
    if part.code and COMMAND_MENTION.fullmatch(body):
        return part.text
    if part.code:
        # There is no escaping within code: a backtick becomes a letter that looks like one.
        inner = clean(body).replace("`", BACKTICK)
        return f"{before}`{inner}`{after}" if inner else ""
    inner = escaped_piece(body)
    if part.bold:
        inner = f"**{inner}**"
    if part.italic:
        inner = f"*{inner}*"
    return f"{before}{inner}{after}"
