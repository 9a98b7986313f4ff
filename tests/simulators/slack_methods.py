"""The methods of Slack's Web API that the bot uses, with their codes of refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulators.slack_messages import problems, view_problems

if TYPE_CHECKING:
    from tests.simulators.slack import SlackSimulator

Json = dict[str, Any]
Method = Callable[["SlackSimulator", Json], Json]

TEAM, BOT_USER, BOT_ID = "T0TEAM", "U0BOT", "B0BOT"


class RefusalError(Exception):
    """Slack's `ok: false` with this code, and what it says about it besides."""

    def __init__(self, code: str, *errors: str, retry_after: float = 1) -> None:
        super().__init__(code)
        self.errors = errors
        self.retry_after = retry_after


@dataclass(slots=True)
class SimulatedChannel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    members: set[str] = field(default_factory=set)
    messages: list[Json] = field(default_factory=list)
    ephemerals: list[Json] = field(default_factory=list)  # what one person each sees there
    refuses: str = ""  # the code with which Slack refuses every message there
    shared: bool = False  # with another workspace
    properties: Json = field(default_factory=dict)

    @property
    def posts(self) -> list[Json]:
        """The messages that are no replies."""
        return [message for message in self.messages if "thread_ts" not in message]


def _structure(value: Any) -> Any:
    """What may come as JSON inside a form field."""
    return json.loads(value) if isinstance(value, str) else value


def _truth(value: Any) -> bool:
    return value in (True, 1, "1", "true", "True")


def auth_test(slack: SlackSimulator, _arguments: Json) -> Json:
    return {"url": "https://example.slack.com/", "team": slack.name, "team_id": slack.team_id, "user": "paperround",
            "user_id": BOT_USER, "bot_id": BOT_ID,
            **({"enterprise_id": slack.enterprise_id} if slack.enterprise_id else {})}  # fmt: skip


def api_test(_slack: SlackSimulator, _arguments: Json) -> Json:
    return {}


def connections_open(slack: SlackSimulator, _arguments: Json) -> Json:
    return {"url": slack.ticket()}


def _channel(slack: SlackSimulator, channel_id: str) -> SimulatedChannel:
    """The channel, if the bot may know of it."""
    channel = slack.channels.get(channel_id)
    if channel is None or (channel.private and BOT_USER not in channel.members):
        raise RefusalError("channel_not_found")
    return channel


def _joined(slack: SlackSimulator, channel_id: str) -> SimulatedChannel:
    channel = _channel(slack, channel_id)
    if BOT_USER not in channel.members:
        raise RefusalError("not_in_channel")
    return channel


def post_message(slack: SlackSimulator, arguments: Json) -> Json:
    channel_id = arguments["channel"]
    if channel_id in slack.people:
        channel_id = slack.conversation(channel_id).id
    channel = _joined(slack, channel_id)
    if channel.archived:
        raise RefusalError("is_archived")
    if channel.refuses:
        raise RefusalError(channel.refuses)
    blocks = _structure(arguments.get("blocks"))
    payload = {"text": arguments.get("text", "")} | ({"blocks": blocks} if blocks else {})
    if found := problems(payload):
        slack.violations += found
        raise RefusalError("invalid_blocks")
    if disliked := slack.dislikes(blocks or []):
        raise RefusalError("invalid_blocks", *disliked)
    for forbidden in ("parse", "link_names", "reply_broadcast"):
        if arguments.get(forbidden):
            slack.violations.append(f"{forbidden} is set")
    if _truth(arguments.get("unfurl_links", True)) or _truth(arguments.get("unfurl_media", True)):
        slack.violations.append("our own links would unfurl")
    slack.pace(channel_id)
    message = payload | {"ts": slack.next_ts(), "user": BOT_USER, "bot_id": BOT_ID, "type": "message"}
    if arguments.get("thread_ts"):
        if not any(parent["ts"] == arguments["thread_ts"] for parent in channel.messages):
            raise RefusalError("cannot_reply_to_message")
        message["thread_ts"] = arguments["thread_ts"]
    if metadata := _structure(arguments.get("metadata")):
        if len(json.dumps(metadata)) > 1000:
            raise RefusalError("metadata_too_large")
        message["metadata"] = metadata
    channel.messages.append(message)
    return {"channel": channel_id, "ts": message["ts"], "message": message}


def post_ephemeral(slack: SlackSimulator, arguments: Json) -> Json:
    channel = _joined(slack, arguments["channel"])
    if channel.archived:
        raise RefusalError("is_archived")
    if channel.refuses:
        raise RefusalError(channel.refuses)
    if slack.people.get(arguments["user"]) is None:
        raise RefusalError("user_not_in_channel")
    blocks = _structure(arguments.get("blocks"))
    payload = {"text": arguments.get("text", "")} | ({"blocks": blocks} if blocks else {})
    if found := problems(payload):
        slack.violations += found
        raise RefusalError("invalid_blocks")
    if disliked := slack.dislikes(blocks or []):
        raise RefusalError("invalid_blocks", *disliked)
    if unknown := arguments.keys() - {"channel", "user", "text", "blocks", "thread_ts", "mrkdwn", "token"}:
        slack.violations.append(f"chat.postEphemeral knows no {unknown}")
    ts = slack.next_ts()
    thread = {"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {}
    channel.ephemerals.append(payload | {"ts": ts, "user": arguments["user"]} | thread)
    return {"message_ts": ts}


def update_message(slack: SlackSimulator, arguments: Json) -> Json:
    for channel in slack.channels.values():
        for message in channel.messages:
            if channel.id == arguments["channel"] and message["ts"] == arguments["ts"]:
                return _updated(slack, channel, message, arguments)
    raise RefusalError("message_not_found")


def _updated(slack: SlackSimulator, channel: SimulatedChannel, message: Json, arguments: Json) -> Json:
    if message["user"] != BOT_USER:
        raise RefusalError("cant_update_message")
    if arguments.get("parse") not in (None, "none") or arguments.get("link_names"):
        slack.violations.append("an update looks for links and names")
    change = {"text": arguments.get("text", ""), "blocks": _structure(arguments.get("blocks")) or []}
    if found := problems(change):
        slack.violations += found
        raise RefusalError("invalid_blocks")
    if disliked := slack.dislikes(change["blocks"]):
        raise RefusalError("invalid_blocks", *disliked)
    if metadata := _structure(arguments.get("metadata")):
        change["metadata"] = metadata
    message |= change
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}


def open_conversation(slack: SlackSimulator, arguments: Json) -> Json:
    return {"channel": {"id": slack.conversation(arguments["users"]).id}}


def _time(arguments: Json, name: str, otherwise: float) -> float:
    try:
        return float(arguments.get(name) or otherwise)
    except ValueError:
        raise RefusalError(f"invalid_ts_{name}") from None


def _page(slack: SlackSimulator, method: str, messages: list[Json], arguments: Json) -> Json:
    """Those messages from the newest on, as history shows them: without metadata unless that is asked for."""
    oldest, latest = (_time(arguments, name, otherwise) for name, otherwise in (("oldest", 0.0), ("latest", 1e12)))
    found = [message for message in messages if oldest <= float(message["ts"]) <= latest]
    found.sort(key=lambda message: float(message["ts"]), reverse=True)
    if not _truth(arguments.get("include_all_metadata")):
        found = [
            message | {"metadata": {"event_type": message["metadata"]["event_type"]}}
            if "metadata" in message
            else message
            for message in found
        ]
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit", 100))
    if limit > 999:
        raise RefusalError("invalid_limit")
    limit = slack.read_history(method, limit)
    more = start + limit < len(found)
    return {
        "messages": found[start : start + limit],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def history(slack: SlackSimulator, arguments: Json) -> Json:
    return _page(slack, "conversations.history", _joined(slack, arguments["channel"]).posts, arguments)


def replies(slack: SlackSimulator, arguments: Json) -> Json:
    thread = [
        message
        for message in _joined(slack, arguments["channel"]).messages
        if arguments["ts"] in (message["ts"], message.get("thread_ts"))
    ]
    if not thread:
        raise RefusalError("thread_not_found")
    return _page(slack, "conversations.replies", thread, arguments)


def join(slack: SlackSimulator, arguments: Json) -> Json:
    channel = _channel(slack, arguments["channel"])
    if channel.private:
        raise RefusalError("method_not_supported_for_channel_type")
    if channel.archived:
        raise RefusalError("is_archived")
    channel.members.add(BOT_USER)
    return {"channel": {"id": channel.id, "name": channel.name}}


def channel_info(slack: SlackSimulator, arguments: Json) -> Json:
    channel = _channel(slack, arguments["channel"])
    if channel.id.startswith("D"):
        return {"channel": {"id": channel.id, "is_im": True, "user": min(channel.members - {BOT_USER})}}
    return {"channel": {"id": channel.id, "name": channel.name, "is_private": channel.private,
                        "is_mpim": channel.name.startswith("mpdm-"), "is_archived": channel.archived,
                        "is_ext_shared": channel.shared, "properties": channel.properties,
                        "is_member": BOT_USER in channel.members}}  # fmt: skip


def user_info(slack: SlackSimulator, arguments: Json) -> Json:
    if arguments["user"] not in slack.people:
        raise RefusalError("user_not_found")
    return {"user": slack.people[arguments["user"]]}


def unfurl(slack: SlackSimulator, arguments: Json) -> Json:
    unfurls = _structure(arguments["unfurls"])
    for url, card in unfurls.items():
        slack.violations += problems({"text": "-", "blocks": card["blocks"]})
        if url in slack.unfurls_refused:
            raise RefusalError("cannot_unfurl_url")
        if slack.dislikes(card["blocks"]):
            raise RefusalError("invalid_blocks")
    slack.unfurls.append({**arguments, "unfurls": unfurls})
    return {}


def members(slack: SlackSimulator, arguments: Json) -> Json:
    people = sorted(_channel(slack, arguments["channel"]).members)
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit", 100))
    more = start + limit < len(people)
    return {"members": people[start : start + limit],
            "response_metadata": {"next_cursor": str(start + limit) if more else ""}}  # fmt: skip


def open_view(slack: SlackSimulator, arguments: Json) -> Json:
    slack.use_trigger(arguments["trigger_id"])
    view_id = f"V{len(slack.views) + 1}"
    return _shown_view(slack, view_id, _structure(arguments["view"]), {"values": {}})


def update_view(slack: SlackSimulator, arguments: Json) -> Json:
    view = slack.views.get(arguments["view_id"])
    if view is None:
        raise RefusalError("not_found")
    if arguments.get("hash") not in (None, view["hash"]):
        raise RefusalError("hash_conflict")
    # What people wrote stays in fields that are still there.
    return _shown_view(slack, view["id"], _structure(arguments["view"]), view["state"])


def _shown_view(slack: SlackSimulator, view_id: str, view: Json, state: Json) -> Json:
    slack.violations += view_problems(view)
    slack.views[view_id] = view | {"id": view_id, "hash": slack.next_ts(), "state": state}
    return {"view": slack.views[view_id]}


def teams_list(slack: SlackSimulator, _arguments: Json) -> Json:
    return {"teams": [{"id": slack.team_id, "name": slack.name}]}


def user_channels(slack: SlackSimulator, arguments: Json) -> Json:
    if slack.organisation_wide and arguments.get("team_id") != slack.team_id:
        raise RefusalError("missing_argument" if not arguments.get("team_id") else "team_access_not_granted")
    seen = [channel for channel in slack.channels.values() if BOT_USER in channel.members or not channel.private]
    whose, archived = arguments.get("user") or BOT_USER, not _truth(arguments.get("exclude_archived"))
    mine = [{"id": channel.id, "name": channel.name} for channel in seen
            if whose in channel.members and (archived or not channel.archived)]  # fmt: skip
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit", 100))
    more = start + limit < len(mine)
    return {"channels": mine[start : start + limit],
            "response_metadata": {"next_cursor": str(start + limit) if more else ""}}  # fmt: skip


def publish_view(slack: SlackSimulator, arguments: Json) -> Json:
    view = _structure(arguments["view"])
    slack.violations += view_problems(view)
    slack.homes[arguments["user_id"]] = view
    return {"view": view}


METHODS: dict[str, Method] = {
    "api.test": api_test,
    "auth.teams.list": teams_list,
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.unfurl": unfurl,
    "chat.update": update_message,
    "conversations.history": history,
    "conversations.info": channel_info,
    "conversations.join": join,
    "conversations.members": members,
    "conversations.open": open_conversation,
    "conversations.replies": replies,
    "users.conversations": user_channels,
    "users.info": user_info,
    "views.open": open_view,
    "views.publish": publish_view,
    "views.update": update_view,
}
