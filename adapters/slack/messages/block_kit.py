"""The pieces of Block Kit that we use, as Slack's JSON.

`plain_text` and `rich_text` carry words: Slack reads no markup in either, so nothing that a feed says can format, link
or ping, whatever characters are in it. Emoji names (`:fire:`) stay as they are written. The one exception is a sentence
with marked words beside a picture (`marked`), which must not have any character that could mean something.
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
from bot.messages.message import Button, ButtonStyle, Link, Span, Thumbs
from bot.text.counting import count_of
from bot.text.shortening import shorten

#: Every button's `action_id` starts so; what it does is the command line in its `value`. Both are in messages that
#: were posted long ago and must never change their meaning.
RUN_ACTION = "paperround.run"
#: The menu of a paper and the thumbs below it. What they do is in the `value` of what was chosen.
MENU_ACTION = f"{RUN_ACTION}.menu"
VOTE_ACTION = f"{RUN_ACTION}.vote"
#: The menu of links below a card. Its choices lead somewhere by themselves; Slack tells us of them all the same.
LINKS_ACTION = "paperround.links"
#: A button whose line takes more than this as JSON is left out.
_LONGEST_LINE = 2_500
_LINE_OVERHEAD = 150  # JSON around the words of one run of text, at most
_LONGEST_LABEL = 150  # characters of words before an address that is written out
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
#: What might be read as markup: Slack's signs, a new line, and a colon that may begin an emoji's name.
_MARKUP = re.compile(r"[*_~`<>&@#|\\]|[^\S ]|:(?! |$)")
_OPENING = frozenset(("", " ", "("))
_CLOSING = frozenset(("", " ", ".", ",", ";", ")", "!", "?"))
_DATE_FORMAT = "{date_short_pretty} at {time}"
_PERSON = re.compile("[UW][A-Z0-9]{2,20}")
_LEFT_TO_RIGHT = "\u200e"
#: Signs that stand on buttons, in words.
_SPOKEN = {"👍": "A good paper for this channel", "👎": "Not a paper for this channel", "⋯": "More about this paper"}
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


def picture_beside(text: str | Json, url: str) -> Json:
    """A paragraph with a paper's thumbnail to its right. A screen reader has just said the title, so the picture only
    says what it is."""
    image = {"type": "image", "image_url": url, "alt_text": "The paper's picture"}
    shown = plain(text, limits.SECTION) if isinstance(text, str) else text
    return {"type": "section", "text": shown, "accessory": image}


def marked(spans: Sequence[Span]) -> Json | None:
    """Words for a section, some of them bold; None where a character in them might be read as markup.

    Nothing is escaped, because nothing needs it: Slack has no escape for its own signs. `verbatim` keeps it from making
    links of words. A word is only bold where Slack surely reads our signs around it: next to a space or a mark.
    https://docs.slack.dev/messaging/formatting-message-text
    """
    texts = [span.text for span in spans]
    whole = "".join(texts)
    if _MARKUP.search(whole) or not whole.strip() or len(whole) > limits.SECTION // 2:
        return None
    parts: list[str] = []
    for number, span in enumerate(spans):
        before, after = "".join(texts[:number])[-1:], "".join(texts[number + 1 :])[:1]
        stands_alone = before in _OPENING and after in _CLOSING and span.text == span.text.strip()
        parts.append(f"*{span.text}*" if span.bold and span.text and stands_alone else span.text)
    return {"type": "mrkdwn", "text": "".join(parts), "verbatim": True}


def words_beside_menu(text: str, entries: Sequence[Button]) -> Json:
    """A line with a menu to its right, a button where there is one entry, or the line in small print where there is
    none.

    A question before an entry would be asked before each of them: an entry that must ask does not belong here.
    https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element
    """
    fitting = (
        one
        for one in entries
        if _is_usable(one) and len(one.line) <= limits.OPTION_VALUE and one.style is not ButtonStyle.DANGER
    )
    usable = list({one.line: one for one in fitting}.values())[: limits.OVERFLOW]
    if not usable:
        return context(text)
    options = [{"text": _label(one.label), "value": one.line} for one in usable]
    menu = {"type": "overflow", "action_id": MENU_ACTION, "options": options}
    accessory = menu if usable[1:] else _button(usable[0], 0)
    return {"type": "section", "text": plain(text, limits.SECTION), "accessory": accessory}


def thumbs(votes: Thumbs) -> Json:
    """Two thumbs, which Slack shows as one element. It draws its own signs: a count would be seen by nobody.

    https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element
    """
    element = {
        "type": "feedback_buttons",
        "action_id": VOTE_ACTION,
        "positive_button": _thumb("👍", votes.up, votes.up_line),
        "negative_button": _thumb("👎", votes.down, votes.down_line),
    }
    return {"type": "context_actions", "elements": [element]}


def _thumb(sign: str, count: int, line: str) -> Json:
    text = plain(sign, limits.BUTTON_LABEL, emoji=True)
    return {"text": text, "value": line, "accessibility_label": spoken_label(f"{sign} {count}" if count else sign)}


def _label(text: str) -> Json:
    """Words of our own, which name no emoji: in the fewest characters, as a digest has many menus."""
    return {"type": "plain_text", "text": shorten(printable(text), limits.BUTTON_LABEL)}


def spoken_label(label: str) -> str:
    """What a screen reader says for a button that shows a sign; empty where the label is words already."""
    sign, _, count = label.partition(" ")
    words = _SPOKEN.get(sign, "")
    return f"{words}, {count_of(int(count), 'vote')} so far" if words and count.isdecimal() else words


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
    if spoken := spoken_label(button.label):
        element["accessibility_label"] = spoken
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


def has_picture(block: Mapping[str, Any]) -> bool:
    """Whether a picture stands beside the words."""
    accessory: Json = block.get("accessory", {})
    return bool(accessory) and accessory["type"] == "image"


def without_pictures(blocks: Iterable[Mapping[str, Any]]) -> list[Json]:
    """The blocks without their thumbnails: Slack refuses a whole message when it cannot fetch one picture."""
    return [
        {name: value for name, value in block.items() if name != "accessory" or not has_picture(block)}
        for block in blocks
    ]


def is_new(block: Mapping[str, Any]) -> bool:
    """Whether a block is of a kind that not every workspace may know yet."""
    return bool(block["type"] == "context_actions")


def classic(blocks: Iterable[Json]) -> list[Json]:
    """The blocks with rows of buttons in the place of those that not every workspace may know."""
    return [_classic(block) if is_new(block) else block for block in blocks]


def _classic(block: Json) -> Json:
    pressed = [element[side] for element in block["elements"] for side in ("positive_button", "negative_button")]
    return {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": f"{RUN_ACTION}.{number}"} | one for number, one in enumerate(pressed)
        ],
    }


def has_list(block: Mapping[str, Any]) -> bool:
    """Whether a block is a bulleted list and nothing else."""
    return bool(block["type"] == "rich_text") and [part["type"] for part in block["elements"]] == ["rich_text_list"]


def with_joined_lists(blocks: Iterable[Json]) -> list[Json]:
    """The blocks with lists that follow one another as one."""
    joined: list[Json] = []
    for block in blocks:
        if joined and has_list(block) and has_list(joined[-1]):
            lines = [*joined[-1]["elements"][0]["elements"], *block["elements"][0]["elements"]]
            joined[-1] = rich(bullets(lines))
        else:
            joined.append(block)
    return joined


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
    """A block that Slack refuses in a form that it may take: older, without what stands beside it, or its words
    alone."""
    if is_new(block):
        return classic([block])
    if "accessory" in block:
        return [{name: value for name, value in block.items() if name != "accessory"}]
    return as_sections([block])


def as_sections(blocks: Iterable[Json]) -> list[Json]:
    """The words of the blocks alone."""
    said = ["\n".join(lines_of(block)) for block in blocks]
    return [{"type": "section", "text": plain(words, limits.SECTION)} for words in said if words.strip()]


def lines_of(block: Mapping[str, Any], longest: int = limits.SECTION) -> Iterator[str]:
    """What a block says, with the addresses that its words lead to, which are never cut: of the words so many
    characters in a row. Buttons say nothing."""
    match block["type"]:
        case "header" | "section":
            text = block["text"]
            # Of the signs in `marked` words all are ours.
            yield shorten(text["text"].replace("*", "") if text["type"] == "mrkdwn" else text["text"], longest)
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
