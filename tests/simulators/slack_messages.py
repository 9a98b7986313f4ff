"""What Slack checks in a message before it takes it: the published types and the documented limits."""

from __future__ import annotations

import json
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
            yield from _text_problems(block["text"], "section")
            if accessory := block.get("accessory"):
                yield from _image_problems(accessory)
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                yield f"a context of {len(block['elements'])} elements"
            for element in block["elements"]:
                yield from _text_problems(element, "context")
        case "actions":
            yield from _actions_problems(block["elements"])
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


def _image_problems(image: Mapping[str, Any]) -> Iterator[str]:
    if not image["image_url"].startswith(("http://", "https://")) or len(image["image_url"]) > 3000:
        yield "an image's address"
    if not 1 <= len(image["alt_text"]) <= 2000:
        yield "an image's alt_text"


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


def _confirm_problems(confirm: Mapping[str, Any]) -> Iterator[str]:
    for name, longest in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if confirm[name]["type"] != "plain_text" or not 1 <= len(confirm[name]["text"]) <= longest:
            yield f"a question's {name}"


def _overflow_problems(menu: Mapping[str, Any]) -> Iterator[str]:
    if not 2 <= len(menu["options"]) <= 5:
        yield f"a menu of {len(menu['options'])} options"
    for option in menu["options"]:
        yield from _text_problems(option["text"], "button")
        if len(option["value"]) > 150 or not option["url"].startswith(("http://", "https://")):
            yield "an option's value or address"


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
                parts.append(block["text"]["text"])
            case "context":
                parts += [element["text"] for element in block["elements"]]
            case "actions":
                for element in block["elements"]:
                    labels = element.get("options", [element])
                    parts += [f"[{labelled['text']['text']}]" for labelled in labels]
    return "\n".join(parts) or str(payload.get("text", ""))


def buttons_of(payload: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The buttons of a message by their labels; of equal labels the first."""
    found: dict[str, dict[str, Any]] = {}
    for block in payload.get("blocks", []):
        if block["type"] == "actions":
            for button in (one for one in block["elements"] if one["type"] == "button"):
                found.setdefault(button["text"]["text"], button | {"block_id": block.get("block_id", "b1")})
    return found
