"""The form for a channel: when digests come and how they look. Its fields are those of the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.slack.client.payloads import Json
from adapters.slack.interactions.topic_modal import channel_input
from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.mentions import mention_name, mentioned_person
from bot.channels.channel import Channel
from bot.commands.channels.setting import MENTION, SETTINGS
from bot.panels.settings import typed_values

#: These are in open forms and in the manifest, and must keep their meaning.
SETTINGS_FORM: Final = "paperround.settings"
CHANNEL_FORM: Final = "paperround.channel"
SETTINGS_SHORTCUT: Final = "paperround.channel_settings"
#: The line of the button that opens the form.
OPENING_LINE: Final = "settings form"

#: The second field for whom digests mention.
PERSON: Final = "mention-person"
_LONGEST_VALUE: Final = 1_500  # a hundred quiet dates


def channel_view() -> Json:
    """The modal that asks for the channel, where nothing else says which one is meant."""
    return {
        "type": "modal",
        "callback_id": CHANNEL_FORM,
        "title": block_kit.plain("Channel settings", 24),
        "submit": block_kit.plain("Next", 24),
        "close": block_kit.plain("Cancel", 24),
        "blocks": [channel_input()],
    }


def chosen_channel(view: Json) -> str:
    """The id of the channel that somebody chose, empty if none."""
    fields: list[Json] = list(view["state"]["values"].get("channel", {}).values())
    return str(fields[0].get("selected_conversation") or "") if fields else ""


def settings_view(channel: Channel) -> Json:
    """The modal with everything as it is now."""
    values = typed_values(channel)
    blocks = [
        _text_field("schedule", values["schedule"], "Like weekdays 09:00, mon,thu 17:30, hourly or instant."),
        _text_field("timezone", values["timezone"], "Like Europe/Berlin."),
    ]
    for key, setting in SETTINGS.items():
        if key == MENTION:
            blocks += _mention_fields(values[key], setting.help)
        elif setting.is_choice:
            blocks.append(_choice_field(key, setting.values, values[key], setting.help))
        else:
            blocks.append(_text_field(key, values[key], setting.help))
    return {
        "type": "modal",
        "callback_id": SETTINGS_FORM,
        "title": block_kit.plain("Channel settings", 24),
        "submit": block_kit.plain("Save", 24),
        "close": block_kit.plain("Cancel", 24),
        "private_metadata": json.dumps([channel.address.channel, channel.name]),
        "blocks": blocks,
    }


def channel_of_view(view: Json) -> tuple[str, str]:
    """The id and the name of the channel whose form this is."""
    channel_id, name = json.loads(view["private_metadata"])
    return channel_id, name


@dataclass(frozen=True, slots=True)
class Change:
    """A field that somebody changed, with what it says now, or what is wrong with it."""

    field: str
    value: str = ""
    mistake: str = ""

    @property
    def setting(self) -> str:
        """What of the channel the field is about."""
        return MENTION if self.field == PERSON else self.field


def shown_in(view: Json) -> dict[str, str]:
    """What each setting was when the form was opened, as somebody would write it: Slack sends back its fields."""
    fields = {block.get("block_id"): _initial(block.get("element") or {}) for block in view.get("blocks") or ()}
    person = fields.pop(PERSON, "")
    shown = {str(name): value or "none" for name, value in fields.items()}
    return shown | ({MENTION: f"<@{person}>"} if person else {})


def changes_of(view: Json, known: Mapping[str, str]) -> Iterator[Change]:
    """What the form says otherwise than it was `known`. An empty field means `none` where there is that, and else a
    mistake."""
    entered = {name: _value(next(iter(block.values()), {})) for name, block in view["state"]["values"].items()}
    person, others = entered.pop(PERSON, ""), entered.get(MENTION)
    for name, value in entered.items():
        if name == MENTION:
            continue
        if not value and not _may_be_empty(name):
            yield Change(name, mistake="This cannot be empty. Cancel leaves everything as it is.")
        elif (value or "none") != known.get(name):
            yield Change(name, value or "none")
    if others is not None:
        yield from _mention_change(others, f"<@{person}>" if person else "", known.get(MENTION, "none"))


def _mention_change(others: str, person: str, known: str) -> Iterator[Change]:
    """Two fields stand for one setting: what somebody chose anew counts."""
    now = f"<@{who}>" if (who := mentioned_person(known)) else known
    chosen = [value for value in ("" if others == "none" else others, person) if value]
    fresh = [value for value in chosen if value != now]
    if len(fresh) > 1:
        yield Change(PERSON, mistake="One mention is the most: leave this empty, or choose none above.")
    elif fresh or (not chosen and now != "none"):
        yield Change(PERSON if person in fresh else MENTION, fresh[0] if fresh else "none")


def _value(field: Json) -> str:
    option = field.get("selected_option") or {}
    return " ".join((option.get("value") or field.get("selected_user") or field.get("value") or "").split())


def _initial(element: Json) -> str:
    option = element.get("initial_option") or {}
    return " ".join((option.get("value") or element.get("initial_user") or element.get("initial_value") or "").split())


def _may_be_empty(name: str) -> bool:
    return name in SETTINGS and SETTINGS[name].may_be_empty


def _field(name: str, element: Json, hint: str, label: str = "") -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": block_kit.plain(label or name.replace("-", " ").capitalize(), limits.HEADER),
        "hint": block_kit.plain(hint[:1].upper() + hint[1:], limits.HEADER),
        "element": element | {"action_id": "value"},
        "optional": name == PERSON or _may_be_empty(name),
    }


def _mention_fields(mention: str, hint: str) -> Iterator[Json]:
    """A choice of what all workspaces have, and of the group that is set; and a choice of a person.

    Slack has no field for user groups.
    """
    person = mentioned_person(mention)
    offered = {"none": "none", "<!here>": "@here", "<!channel>": "@channel"}
    offered |= {} if person or mention in offered else {mention: mention_name(mention)}
    options = {value: _option(label, value) for value, label in offered.items()}
    choice = {"type": "static_select", "options": list(options.values())}
    yield _field(MENTION, choice | {"initial_option": options["none" if person else mention]}, hint)
    people = {"type": "users_select"} | ({"initial_user": person} if person else {})
    yield _field(PERSON, people, "A user group: write /papers settings mention @group.", "Mention a person")


def _text_field(name: str, value: str, hint: str) -> Json:
    element: Json = {"type": "plain_text_input", "max_length": _LONGEST_VALUE}
    if value != "none":
        element["initial_value"] = value
    return _field(name, element, hint)


def _option(label: str, value: str) -> Json:
    return {"text": block_kit.plain(label, limits.BUTTON_LABEL), "value": value}


def _choice_field(name: str, values: tuple[str, ...], value: str, hint: str) -> Json:
    options = {one: _option(one, one) for one in values}
    element: Json = {"type": "static_select", "options": list(options.values())}
    if value in options:
        element["initial_option"] = options[value]
    return _field(name, element, hint)
