"""The form for a channel: when digests come and how they look. Its fields are those of the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from adapters.slack import elements, limits
from adapters.slack.elements import Json
from adapters.slack.forms import channel_input
from bot.channels import Channel
from bot.commands.settings import SETTINGS
from bot.papers import SourceName

#: These are in open forms and in the manifest, and must keep their meaning.
SETTINGS_FORM: Final = "paperround.settings"
CHANNEL_FORM: Final = "paperround.channel"
SETTINGS_SHORTCUT: Final = "paperround.channel_settings"
#: The line of the button that opens the form.
OPENING_LINE: Final = "settings form"

_CHOICES: Final = ("style", "abstracts", "sources")
_LONGEST_VALUE: Final = 1_500  # a hundred quiet dates


def channel_view() -> Json:
    """The modal that asks for the channel, where nothing else says which one is meant."""
    return {
        "type": "modal",
        "callback_id": CHANNEL_FORM,
        "title": elements.plain("Channel settings", 24),
        "submit": elements.plain("Next", 24),
        "close": elements.plain("Cancel", 24),
        "blocks": [channel_input()],
    }


def chosen_channel(view: Json) -> str:
    """The id of the channel that somebody chose, empty if none."""
    fields: list[Json] = list(view["state"]["values"].get("channel", {}).values())
    return str(fields[0].get("selected_conversation") or "") if fields else ""


def settings_view(channel: Channel) -> Json:
    """The modal with everything as it is now."""
    values = current_values(channel)
    blocks = [
        _text_field("schedule", values["schedule"], "Like weekdays 09:00, mon,thu 17:30, hourly or instant."),
        _text_field("timezone", values["timezone"], "Like Europe/Berlin."),
    ]
    for key, setting in SETTINGS.items():
        if key in _CHOICES:
            blocks.append(_choice_field(key, setting.values, values[key], setting.help))
        else:
            blocks.append(_text_field(key, values[key], setting.help))
    return {
        "type": "modal",
        "callback_id": SETTINGS_FORM,
        "title": elements.plain("Channel settings", 24),
        "submit": elements.plain("Save", 24),
        "close": elements.plain("Cancel", 24),
        "private_metadata": json.dumps([channel.address.channel, channel.name]),
        "blocks": blocks,
    }


def channel_of_view(view: Json) -> tuple[str, str]:
    """The id and the name of the channel whose form this is."""
    channel_id, name = json.loads(view["private_metadata"])
    return channel_id, name


def current_values(channel: Channel) -> dict[str, str]:
    """What each field shows, as somebody would write it in a command."""
    values = {"schedule": channel.schedule, "timezone": channel.time_zone}
    values |= {key: setting.show(channel.settings) for key, setting in SETTINGS.items()}
    chosen = channel.settings.sources
    values["sources"] = "all" if chosen == frozenset(SourceName) else " ".join(sorted(chosen))
    return values


def changes_of(view: Json, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The fields that somebody changed, each with the command line that does it."""
    for name, block in view["state"]["values"].items():
        field: Json = next(iter(block.values()))
        option = field.get("selected_option") or {}
        value = " ".join((option.get("value") or field.get("value") or "none").split())
        if value != known.get(name):
            yield name, f"{name} {value}" if name in ("schedule", "timezone") else f"settings {name} {value}"


def _field(name: str, element: Json, hint: str) -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": elements.plain(name.replace("-", " ").capitalize(), limits.HEADER),
        "hint": elements.plain(hint[:1].upper() + hint[1:], limits.HEADER),
        "element": element | {"action_id": "value"},
        "optional": name in ("mention", "quiet-days"),
    }


def _text_field(name: str, value: str, hint: str) -> Json:
    element: Json = {"type": "plain_text_input", "max_length": _LONGEST_VALUE}
    if value != "none":
        element["initial_value"] = value
    return _field(name, element, hint)


def _choice_field(name: str, values: tuple[str, ...], value: str, hint: str) -> Json:
    options = {one: {"text": elements.plain(one, limits.BUTTON_LABEL), "value": one} for one in values}
    element: Json = {"type": "static_select", "options": list(options.values())}
    if value in options:
        element["initial_option"] = options[value]
    return _field(name, element, hint)
