"""The pieces of Block Kit that we use, as Slack's JSON.

Only `plain_text` and `rich_text` carry words: Slack reads no markup in either, so nothing that a feed says can format,
link or ping, whatever characters are in it. Emoji names (`:fire:`) stay as they are written.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.slack.client.payloads import Json
from adapters.slack.messages import limits
from bot.messages.message import Button, ButtonStyle, Link, Span
from bot.text.shortening import shorten

#: Every button's `action_id` starts so; what it does is the command line in its `value`. Both are in messages that
#: were posted long ago and must never change their meaning.
RUN_ACTION = "paperround.run"
#: The menu of links below a card. Its choices lead somewhere by themselves; Slack tells us of them all the same.
LINKS_ACTION = "paperround.links"
#: A button whose line takes more than this as JSON is left out.
_LONGEST_LINE = 2_500
_LINE_OVERHEAD = 150  # JSON around the words of one run of text, at most
_LONGEST_LABEL = 150  # characters of words before an address that is written out
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_DATE_FORMAT = "{date_short_pretty} at {time}"
_PERSON = re.compile("[UW][A-Z0-9]{2,20}")
_LEFT_TO_RIGHT = "\u200e"
_STYLES = {ButtonStyle.PRIMARY: "primary", ButtonStyle.DANGER: "danger"}


def size(blocks: object) -> int:
    """The characters that blocks take in a request."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def escape(text: str) -> str:
    """Text for the one place that Slack reads as its markup, a message's `text`.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_url(url: str) -> bool:
    return url.startswith(("http://", "https://")) and len(url) <= limits.URL


def printable(text: str) -> str:
    """Text without characters that are no text; no character of the rest takes more than two in JSON."""
    return _UNSEEN.sub("", text.replace("\t", " "))


def left_to_right(text: str) -> str:
    """Text after which a line goes on from left to right, even after Hebrew or Arabic words."""
    return text + _LEFT_TO_RIGHT if any(unicodedata.bidirectional(one) in ("R", "AL") for one in text) else text


def plain(text: str, limit: int, *, emoji: bool = False) -> Json:
    """Words without markup. Only with `emoji` Slack draws emoji in it, and then also those that are only named
    (`:fire:`): that is for words of our own."""
    return {"type": "plain_text", "text": shorten(printable(text), limit), "emoji": emoji}


def header(text: str) -> Json:
    return {"type": "header", "text": plain(text, limits.HEADER)}


def divider() -> Json:
    return {"type": "divider"}


def context(text: str) -> Json:
    return {"type": "context", "elements": [plain(text, limits.SECTION)]}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def words(text: str, **style: bool) -> Json:
    """A run of text inside rich text; styles are `bold`, `italic` and `code`."""
    element: Json = {"type": "text", "text": printable(text)}
    if chosen := {name: True for name, wanted in style.items() if wanted}:
        element["style"] = chosen
    return element


def is_person(user_id: str) -> bool:
    """Whether it is the id of a person: only such a one is ever mentioned."""
    return _PERSON.fullmatch(user_id) is not None


def person(user_id: str) -> Json:
    """A mention inside rich text, which notifies that person."""
    return {"type": "user", "user_id": user_id}


def link(text: str, url: str, **style: bool) -> Json:
    """Text that leads to `url`; only the text where Slack would not take the address."""
    if not is_url(url):
        return words(text, **style)
    return words(text, **style) | {"type": "link", "url": url}


def date(text: str, at: datetime, **style: bool) -> Json:
    """A time that each reader sees in their own zone; the text where Slack cannot show it.

    https://docs.slack.dev/reference/block-kit/block-elements/date-element
    """
    element = words(text, **style)
    fallback = element.pop("text")
    return element | {"type": "date", "timestamp": int(at.timestamp()), "format": _DATE_FORMAT, "fallback": fallback}


def line_of(spans: Sequence[Span]) -> Json:
    """One section of rich text from styled spans, cut at `limits.SECTION` characters of words."""
    elements: list[Json] = []
    room = 2 * limits.SECTION
    for span in spans:
        url = span.url if is_url(span.url) else ""
        text = shorten(printable(span.text), (room - _LINE_OVERHEAD - len(url)) // 2)
        if text:
            style = {"bold": span.bold, "italic": span.italic, "code": span.code}
            if span.at is not None and not url and text == printable(span.text):
                elements.append(date(text, span.at, **style))
            else:
                elements.append(link(text, url, **style))
            room -= size(elements[-1]) + 1
    return section(*elements)


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def bullets(sections: Iterable[Json]) -> Json:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(sections)}


def preformatted(text: str) -> Json:
    return {"type": "rich_text_preformatted", "elements": [words(shorten(printable(text), limits.SECTION))]}


def quote(text: str) -> Json:
    return {"type": "rich_text_quote", "elements": [words(text)]}


def picture_beside(text: str, url: str, alt: str) -> Json:
    """A paragraph with a thumbnail to its right."""
    image = {"type": "image", "image_url": url, "alt_text": shorten(alt, limits.ALT_TEXT)}
    return {"type": "section", "text": plain(text, limits.SECTION), "accessory": image}


def actions(buttons: Iterable[Button], links: Iterable[Link] = ()) -> list[Json]:
    """Rows of buttons, with a menu of links at the end.

    What cannot be a button (no label, a line longer than a button keeps) is left out, and so is a menu with less than
    two links.
    """
    usable = [button for button in buttons if _is_usable(button)]
    row = [_button(one, number % limits.ACTIONS) for number, one in enumerate(usable)]
    options = [_option(link, number) for number, link in enumerate(links) if is_url(link.url)][: limits.OVERFLOW]
    if len(options) > 1:
        row.append({"type": "overflow", "action_id": LINKS_ACTION, "options": options})
    rows = [row[start : start + limits.ACTIONS] for start in range(0, len(row), limits.ACTIONS)]
    return [{"type": "actions", "elements": one} for one in rows]


def _option(link: Link, number: int) -> Json:
    return {"text": plain(link.label, limits.BUTTON_LABEL), "value": str(number), "url": link.url}


def _is_usable(button: Button) -> bool:
    fits = len(button.line) <= limits.BUTTON_VALUE and size(button.line) <= _LONGEST_LINE
    return bool(button.line and printable(button.label).strip()) and fits


def _button(button: Button, number: int) -> Json:
    element: Json = {
        "type": "button",
        "action_id": f"{RUN_ACTION}.{number}",
        "text": plain(button.label, limits.BUTTON_LABEL, emoji=True),
        "value": button.line,
    }
    if style := _STYLES.get(button.style):
        element["style"] = style
    if button.style is ButtonStyle.DANGER:
        element["confirm"] = _confirm(button.label)
    return element


def _confirm(label: str) -> Json:
    """The question before something that everybody in the channel loses."""
    return {
        "title": plain(f"{label}?", limits.CONFIRM_TITLE),
        "text": plain("It is gone for everybody in this channel.", limits.CONFIRM_TEXT),
        "confirm": plain(label, limits.CONFIRM_BUTTON),
        "deny": plain("Cancel", limits.CONFIRM_BUTTON),
        "style": "danger",
    }


def without_pictures(blocks: Iterable[Mapping[str, Any]]) -> list[Json]:
    """The blocks without their thumbnails: Slack refuses a whole message when it cannot fetch one picture."""
    return [{name: value for name, value in block.items() if name != "accessory"} for block in blocks]


def with_channel_name(block: Json, channel_id: str, name: Json) -> Json:
    """A block with that element wherever its words are the id of a channel."""
    if "elements" not in block:
        return block
    parts: list[Json] = []
    for part in block["elements"]:
        before, found, after = str(part.get("text", "")).partition(channel_id)
        if part["type"] != "text" or not found:
            parts.append(with_channel_name(part, channel_id, name))
            continue
        style = {"style": part["style"]} if "style" in part else {}
        parts += [part | {"text": before}, name | style, part | {"text": after}]
    return block | {"elements": [part for part in parts if part.get("text") != ""]}


def simplified(block: Json) -> list[Json]:
    """A block that Slack refuses in a form that it may take: without its picture, else its words alone."""
    return without_pictures([block]) if "accessory" in block else as_sections([block])


def as_sections(blocks: Iterable[Json]) -> list[Json]:
    """The words of the blocks alone."""
    said = ["\n".join(lines_of(block)) for block in blocks]
    return [{"type": "section", "text": plain(words, limits.SECTION)} for words in said if words.strip()]


def lines_of(block: Mapping[str, Any], longest: int = limits.SECTION) -> Iterator[str]:
    """What a block says, with the addresses that its words lead to, which are never cut: of the words so many
    characters in a row. Buttons say nothing."""
    match block["type"]:
        case "header" | "section":
            yield shorten(block["text"]["text"], longest)
        case "context":
            yield from (shorten(element["text"], longest) for element in block["elements"])
        case "rich_text":
            for part in block["elements"]:
                for one in part["elements"] if part["type"] == "rich_text_list" else (part,):
                    yield from "".join(_text_of(element, longest) for element in one["elements"]).splitlines()


def _text_of(element: Json, longest: int) -> str:
    words: str = element.get("text") or element.get("fallback") or ""
    if element["type"] == "link":
        return f"{shorten(words, min(longest, _LONGEST_LABEL))} {element['url']}"
    return shorten(words, longest)
