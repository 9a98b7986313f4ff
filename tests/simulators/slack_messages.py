"""What Slack checks in a message before it takes it: the published types and the documented limits.

The published types (`slack-message.schema.json`) have every block and element that we send, `context_actions` and
`feedback_buttons` included. They say nothing of lengths and numbers: those are here, by hand, from the reference pages
(https://docs.slack.dev/reference/block-kit), and so is what the types allow and Slack does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema_rs import Draft7Validator

from tests.feed_server import SHARED

SCHEMA = SHARED / "schemas" / "slack-message.schema.json"
#: Slack refused longer blocks as `msg_blocks_too_long` (slackapi/bolt-js#2509).
LONGEST_BLOCKS = 13_200
_LONGEST = {"header": 150, "section": 3000, "context": 3000, "button": 75}


@cache
def _validator() -> Draft7Validator | None:
    """The checker of the published types, where they are there."""
    return Draft7Validator(json.loads(SCHEMA.read_text()), validate_formats=False) if SCHEMA.exists() else None


def problems(payload: Mapping[str, Any]) -> list[str]:
    """Why Slack would refuse the `text` and `blocks` of a message; empty for a good one."""
    message = {name: payload[name] for name in ("text", "blocks") if name in payload}
    return [*_limit_problems(message), *_type_problems(message)]


def _type_problems(message: Mapping[str, Any]) -> list[str]:
    """What the published types do not allow in a message."""
    validator = _validator()
    if validator is None:
        return []
    return [f"{error.instance_path}: {error.message[:200]}" for error in validator.iter_errors(message)]


def view_problems(view: Mapping[str, Any]) -> list[str]:
    """Why Slack would refuse a modal."""
    blocks = view["blocks"]
    found = [
        f"{name} is too long" for name in ("title", "submit", "close") if len(view.get(name, {}).get("text", "")) > 24
    ]
    if len(blocks) > 100 or len(view.get("private_metadata", "")) > 3000:
        found.append("a view that is too large")
    for block in blocks:
        if block["type"] != "input":
            found += _block_problems(block)
        elif len(block["label"]["text"]) > 2000 or len(block["element"].get("placeholder", {}).get("text", "")) > 150:
            found.append("an input's label or placeholder")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        found.append("a block_id twice")
    return [*found, *_type_problems({"text": "-", "blocks": blocks})]


def _limit_problems(message: Mapping[str, Any]) -> Iterator[str]:
    text, blocks = message.get("text", ""), message.get("blocks", [])
    if not text.strip():
        yield "no_text"
    if len(text) > 4000:
        yield f"text has {len(text)} characters"
    if len(blocks) > 50:
        yield f"{len(blocks)} blocks"
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > LONGEST_BLOCKS:
        yield "msg_blocks_too_long"
    for block in blocks:
        yield from _block_problems(block)


def _block_problems(block: Mapping[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    match kind:
        case "header":
            yield from _text_problems(block["text"], "header")
        case "section":
            yield from (
                _marked_problems(block["text"])
                if block["text"]["type"] == "mrkdwn"
                else _text_problems(block["text"], "section")
            )
            if accessory := block.get("accessory"):
                yield from _accessory_problems(accessory)
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                yield f"a context of {len(block['elements'])} elements"
            for element in block["elements"]:
                yield from _text_problems(element, "context")
        case "actions":
            yield from _actions_problems(block["elements"])
        case "context_actions":
            if not 1 <= len(block["elements"]) <= 5:
                yield f"{len(block['elements'])} elements of context_actions"
            for element in block["elements"]:
                yield from _feedback_problems(element)
        case "rich_text":
            yield from _rich_problems(block)
        case "divider":
            pass
        case _:
            yield f"a block that we never send: {kind}"


def _text_problems(text: Mapping[str, Any], where: str) -> Iterator[str]:
    if text["type"] != "plain_text":
        yield f"markup in a {where}"
    if not 1 <= len(text["text"]) <= _LONGEST[where]:
        yield f"a {where} of {len(text['text'])} characters"


def _marked_problems(text: Mapping[str, Any]) -> Iterator[str]:
    """Marked words may have the asterisks around them, and nothing else that Slack reads as markup."""
    words = re.sub(r"(?<![^ (])\*([^* ](?:[^*]*[^* ])?)\*(?![^ .,;)!?])", r"\1", text["text"])
    if text.get("verbatim") is not True or not 1 <= len(text["text"]) <= _LONGEST["section"]:
        yield "markup that is not verbatim, or too long"
    if re.search(r"[*_~`<>&\n]|:[^\s:]+:", words):
        yield f"words that may be read as markup: {words}"


def _image_problems(image: Mapping[str, Any]) -> Iterator[str]:
    if not image["image_url"].startswith(("http://", "https://")) or len(image["image_url"]) > 3000:
        yield "an image's address"
    if not 1 <= len(image["alt_text"]) <= 2000:
        yield "an image's alt_text"


def _accessory_problems(accessory: Mapping[str, Any]) -> Iterator[str]:
    match accessory["type"]:
        case "image":
            yield from _image_problems(accessory)
        case "overflow":
            yield from _overflow_problems(accessory)
        case _:
            yield from _actions_problems([accessory])


def _feedback_problems(element: Mapping[str, Any]) -> Iterator[str]:
    if element["type"] != "feedback_buttons" or len(element["action_id"]) > 255:
        yield "an element of context_actions that we never send"
        return
    for side in ("positive_button", "negative_button"):
        yield from _text_problems(element[side]["text"], "button")
        if not 1 <= len(element[side]["value"]) <= 2000 or len(element[side].get("accessibility_label", "")) > 75:
            yield "a thumb's value or accessibility_label"


def _actions_problems(buttons: list[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(buttons) <= 25:
        yield f"{len(buttons)} buttons in a row"
    if len({button["action_id"] for button in buttons}) != len(buttons):
        yield "an action_id twice in a row"
    for button in buttons:
        if button["type"] == "overflow":
            yield from _overflow_problems(button)
            continue
        yield from _text_problems(button["text"], "button")
        if (button.get("style") == "danger") is not ("confirm" in button):
            yield "a dangerous button that asks nothing, or a question about nothing"
        if "confirm" in button:
            yield from _confirm_problems(button["confirm"])
        if len(button["action_id"]) > 255 or len(button.get("value", "")) > 2000:
            yield "a button's value or action_id"
        if "accessibility_label" in button and not 1 <= len(button["accessibility_label"]) <= 75:
            yield "a button's accessibility_label"


def _confirm_problems(confirm: Mapping[str, Any]) -> Iterator[str]:
    for name, longest in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if confirm[name]["type"] != "plain_text" or not 1 <= len(confirm[name]["text"]) <= longest:
            yield f"a question's {name}"


def _overflow_problems(menu: Mapping[str, Any]) -> Iterator[str]:
    if not 2 <= len(menu["options"]) <= 5:
        yield f"a menu of {len(menu['options'])} options"
    for option in menu["options"]:
        yield from _text_problems(option["text"], "button")
        if not 1 <= len(option["value"]) <= 150:
            yield "an option's value"
        if "url" in option and not option["url"].startswith(("http://", "https://")):
            yield "an option's address"
    if len({option["value"] for option in menu["options"]}) < len(menu["options"]):
        yield "two options of one value"


def _rich_problems(block: Mapping[str, Any]) -> Iterator[str]:
    if not block["elements"]:
        yield "an empty rich_text"
    for element in leaves(block):
        if element["type"] in ("text", "link") and not element.get("text"):
            yield "an empty text"
        if element["type"] == "link" and not element["url"].startswith(("http://", "https://")):
            yield "a link that is none"


def leaves(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All that is in a rich text, without what only groups it."""
    for element in block["elements"]:
        if "elements" in element:
            yield from leaves(element)
        else:
            yield element


def words_of(payload: Mapping[str, Any]) -> str:
    """All that a reader sees of a message, buttons included."""
    parts: list[str] = []
    for block in payload.get("blocks", []):
        match block["type"]:
            case "rich_text":
                parts.append("".join(element.get("text", element.get("fallback", "")) for element in leaves(block)))
            case "header" | "section":
                is_marked = block["text"]["type"] == "mrkdwn"
                parts.append(block["text"]["text"].replace("*", "") if is_marked else block["text"]["text"])
                parts += [f"[{pressed['text']['text']}]" for pressed in pressed_in(block)]
            case "context":
                parts += [element["text"] for element in block["elements"]]
            case "actions" | "context_actions":
                parts += [f"[{pressed['text']['text']}]" for pressed in pressed_in(block)]
    return "\n".join(parts) or str(payload.get("text", ""))


def interactive(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The elements of a message that can be pressed, as Slack counts them: a menu is one, and so are two thumbs."""
    return [element for block in payload.get("blocks", []) for element in _elements_of(block)]


def _elements_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    if block["type"] in ("actions", "context_actions"):
        return list(block["elements"])
    accessory = block.get("accessory", {})
    return [accessory] if accessory and accessory["type"] != "image" else []


def pressed_in(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All that can be pressed or chosen in a block, as `SlackSimulator.press` takes it: with a label and a value."""
    for element in _elements_of(block):
        what = {"type": element["type"], "action_id": element["action_id"], "block_id": block.get("block_id", "b1")}
        match element["type"]:
            case "overflow":
                yield from (what | {"text": one["text"], "selected_option": one} for one in element["options"])
            case "feedback_buttons":
                yield from (what | element[side] for side in ("positive_button", "negative_button"))
            case _:
                yield element | what


def buttons_of(payload: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What can be pressed or chosen in a message by its labels; of equal labels the first."""
    found: dict[str, dict[str, Any]] = {}
    for block in payload.get("blocks", []):
        for pressed in pressed_in(block):
            found.setdefault(pressed["text"]["text"], pressed)
    return found
