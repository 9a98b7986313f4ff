"""People in front of a modal: what they write into it, and what Slack makes of that."""

from __future__ import annotations

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_methods import Json


async def choose_shortcut(slack: SlackSimulator, callback_id: str, user: str = "U0ADA") -> None:
    """Somebody chooses one of the app's shortcuts."""
    await slack.deliver("interactive", slack.acting("shortcut", user) | {"callback_id": callback_id})


async def write(slack: SlackSimulator, view: Json, user: str = "U0ADA", **fields: str) -> None:
    """Somebody fills in fields of an open view; those that report each key press do so."""
    stored = slack.views[view["id"]]
    for block in stored["blocks"]:
        name = block.get("block_id", "")
        if block["type"] == "input" and name.replace("-", "_") in fields:
            text = fields[name.replace("-", "_")]
            stored["state"]["values"][name] = {block["element"]["action_id"]: _entered(block["element"], text)}
            if block.get("dispatch_action"):
                action = {
                    "type": block["element"]["type"],
                    "block_id": name,
                    "action_id": block["element"]["action_id"],
                }
                payload = slack.acting("block_actions", user) | {
                    "container": {"type": "view", "view_id": view["id"]},
                    "view": stored,
                    "actions": [action | {"value": text}],
                }
                await slack.deliver("interactive", payload)


async def submit(slack: SlackSimulator, view: Json, user: str = "U0ADA") -> Json:
    """Somebody sends a view in; returns what the bot acknowledges with."""
    stored = slack.views[view["id"]]
    values = {
        block["block_id"]: {block["element"]["action_id"]: _untouched(block["element"])}
        for block in stored["blocks"]
        if block["type"] == "input"
    }
    payload = slack.acting("view_submission", user) | {
        "view": stored | {"state": {"values": values | stored["state"]["values"]}}
    }
    return await slack.deliver("interactive", payload)


def _entered(element: Json, text: str) -> Json:
    match element["type"]:
        case "checkboxes":
            return {"type": "checkboxes", "selected_options": element["options"] if text else []}
        case "conversations_select":
            return {"type": element["type"], "selected_conversation": text}
        case "users_select":
            return {"type": element["type"], "selected_user": text or None}
        case "static_select":
            chosen = next(option for option in element["options"] if option["value"] == text)
            return {"type": element["type"], "selected_option": chosen}
        case kind:
            return {"type": kind, "value": text or None}


def _untouched(element: Json) -> Json:
    match element["type"]:
        case "checkboxes":
            return {"type": "checkboxes", "selected_options": element.get("initial_options", [])}
        case "conversations_select":
            return {"type": element["type"], "selected_conversation": None}
        case "users_select":
            return {"type": element["type"], "selected_user": element.get("initial_user")}
        case "static_select":
            return {"type": element["type"], "selected_option": element.get("initial_option")}
        case kind:
            return {"type": kind, "value": element.get("initial_value")}
