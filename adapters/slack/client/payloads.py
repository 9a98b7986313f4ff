"""Slack's payloads: JSON objects whose every field may be missing, whatever the documentation of the day says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

#: How ids of conversations between two begin.
DIRECT_MESSAGE_PREFIX: Final = "D"

#: What a field is: of a type, an object with these fields, or a list of what is one of them.
_Shape = type | Mapping[str, Any] | list[Any]


def _texts(names: str) -> dict[str, type]:
    return dict.fromkeys(names.split(), str)


#: What a channel, a person or a workspace is known by.
_SOMETHING: Final = _texts("id name username team_id domain")
_VIEW: Final = {**_texts("id type callback_id private_metadata hash"), "state": {"values": dict}, "blocks": [dict]}
_EVENT: Final = {
    **_texts("type subtype text ts event_ts thread_ts message_ts channel_type reaction item_user tab source unfurl_id"),
    **_texts("old_channel_id new_channel_id bot_id"),
    "item": _texts("type channel ts"),
    "links": [_texts("url domain")],
    "tokens": {"oauth": list, "bot": list},
}
_PAYLOAD: Final[Mapping[str, _Shape]] = {
    **_texts(
        "type command text channel_id channel_name user_id user_name team_id enterprise_id response_url trigger_id"
    ),
    **_texts("callback_id event_id api_app_id"),
    "container": _texts("type channel_id message_ts thread_ts view_id"),
    "actions": [{**_texts("type action_id block_id value"), "selected_option": _texts("value")}],
    "message": _texts("ts thread_ts user"),
    "team": _texts("id domain"),
    "view": _VIEW,
    "event": _EVENT,
    "authorizations": [_texts("team_id user_id enterprise_id")],
}
#: An id in some payloads, an object with one in others.
_ID_OR_OBJECT: Final = ("channel", "user")
#: The events in which it is an object; in all others both are ids.
_OBJECT_IN: Final = {"channel_rename": "channel", "group_rename": "channel", "user_change": "user"}


def drop_misfits(payload: Json) -> None:
    """Takes fields out of a payload that are of another type than Slack documents: they count as missing.

    What is in no list here stays as it is.
    """
    _drop(payload, _PAYLOAD)
    event = payload.get("event") or {}
    for name in _ID_OR_OBJECT:
        if isinstance(event.get(name), dict) is not (_OBJECT_IN.get(str(event.get("type"))) == name):
            event.pop(name, None)


def _drop(found: Json, shape: Mapping[str, _Shape]) -> None:
    for name in [name for name in found if name in shape or name in _ID_OR_OBJECT]:
        value = found[name]
        wanted = shape.get(name, str if isinstance(value, str) else _SOMETHING)
        if value is not None and not _fits(value, wanted):
            del found[name]


def _fits(value: Any, shape: _Shape) -> bool:
    """Whether it has that shape, once what does not fit inside of it has been dropped."""
    if isinstance(shape, type):
        return isinstance(value, shape)
    if isinstance(shape, list):
        if isinstance(value, list):
            value[:] = [one for one in value if _fits(one, shape[0])]
        return isinstance(value, list)
    if isinstance(value, dict):
        _drop(value, shape)
    return isinstance(value, dict)
