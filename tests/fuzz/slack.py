"""Signed requests of Slack: commands, buttons, forms, shortcuts and events, and what only looks like them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from starlette.applications import Starlette

from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.interactions.settings_modal import CHANNEL_FORM, SETTINGS_FORM, SETTINGS_SHORTCUT
from adapters.slack.interactions.topic_modal import BOUND, QUERY, SHORTCUT, TOPIC_FORM
from adapters.slack.messages.block_kit import LINKS_ACTION, RUN_ACTION
from adapters.slack.paths import EVENTS_PATH
from adapters.slack.platform import SlackPlatform
from bot.app.assembly import forms_of, lifecycle_of
from bot.channels.directory import Directory
from storage.store import SqlStore
from tests.adapters.slack.bot_process import BotProcess
from tests.clocks import SettableClock
from tests.databases import sqlite_in
from tests.fuzz.asgi import Request, status_of
from tests.fuzz.idleness import Idleness
from tests.fuzz.log import Log, watched
from tests.fuzz.target import Running, RunningTarget
from tests.simulators.slack import BOT_TOKEN, SIGNING_SECRET, SlackSimulator
from tests.simulators.slack_methods import BOT_USER, TEAM, Json, SimulatedChannel
from tests.sources import a_paper

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_LINES = (
    "help", "subscribe hares --name x", "search hares", "schedule daily 09:00", "settings mention <@U0ADA|ada>",
    "subscribe", "settings form", "topics", "edit 1", "show 2605.00001", "saved", "now", "interests add hares",
)  # fmt: skip
#: Where an answer goes to is Slack's word, and nothing that is changed.
ANSWER = "{answer}"
#: The id of an event, which is another one each time.
FRESH = "{fresh}"


def corpus_of(slack: SlackSimulator, channel: SimulatedChannel) -> list[bytes]:
    """Requests as they should be: a line with the content type, and the body, or the payload in it."""
    here: Json = {"id": channel.id, "name": channel.name}
    commands = [slack.slash_payload(line, channel) | {"response_url": ANSWER} for line in _LINES]
    sent = [(_FORM, urlencode(command, safe="{}")) for command in commands]
    for payload in (*_actions(slack, here), *_views(slack, channel)):
        sent.append((_FORM, json.dumps(payload)))
    sent += [(_JSON, json.dumps(_event(slack, event))) for event in _events(channel.id)]
    sent += [
        (_JSON, json.dumps({"type": "url_verification", "challenge": "x", "token": "y"})),
        (_FORM, "ssl_check=1&token=x"),
    ]
    return [f"{kind}\n{body}".encode() for kind, body in sent]


def _actions(slack: SlackSimulator, here: Json) -> list[Json]:
    container = {"type": "message", "message_ts": "1.1", "channel_id": here["id"], "is_ephemeral": False}
    message = {"ts": "1.1", "text": "x", "blocks": [], "metadata": {"event_type": "x", "event_payload": {"key": "k"}}}
    acting = slack.acting("block_actions", "U0ADA")
    pressed: list[Json] = [
        {"type": "button", "action_id": f"{RUN_ACTION}.0", "block_id": "b", "value": "search hares --page 2"},
        {"type": "button", "action_id": f"{RUN_ACTION}.1", "block_id": "b", "value": "save 2605.00001"},
        {"type": "feedback_buttons", "action_id": f"{RUN_ACTION}.2", "value": "vote 2605.00001 up"},
        {
            "type": "overflow", "action_id": f"{RUN_ACTION}.3", "block_id": "b",
            "selected_option": {"text": {"type": "plain_text", "text": "Show"}, "value": "show 2605.00001"},
        },
        {"type": "button", "action_id": LINKS_ACTION, "block_id": "b"},
        {"type": "button", "action_id": "of.another.version", "block_id": "b"},
        {"type": "button", "action_id": SHORTCUT, "block_id": "b", "value": "x"},
    ]  # fmt: skip
    common = acting | {"container": container, "channel": here, "message": message, "response_url": ANSWER}
    shortcuts = [
        slack.acting(kind, "U0ADA") | {"callback_id": name, "response_url": ANSWER, "channel": here}
        for kind in ("shortcut", "message_action")
        for name in (SHORTCUT, SETTINGS_SHORTCUT, "gone")
    ]
    home = acting | {"container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home", "hash": "h"}}
    return [
        *({**common, "actions": [action | {"action_ts": "1.0"}]} for action in pressed),
        *({**home, "actions": [action]} for action in (pressed[1], pressed[5])),
        *shortcuts,
        slack.acting("block_suggestion", "U0ADA") | {"action_id": "x", "block_id": "b", "value": "x"},
    ]


def _views(slack: SlackSimulator, channel: SimulatedChannel) -> list[Json]:
    values = {
        "query": {QUERY: {"type": "plain_text_input", "value": "hares"}},
        "name": {"value": {"type": "plain_text_input", "value": "Runners"}},
        "min_upvotes": {BOUND: {"type": "number_input", "value": "3"}},
        "instant": {"value": {"type": "checkboxes", "selected_options": [{"value": "yes"}]}},
        "backfill": {"value": {"type": "number_input", "value": "2"}},
        "channel": {"value": {"type": "conversations_select", "selected_conversation": channel.id}},
        "limit": {"value": {"type": "plain_text_input", "value": "7"}},
        "style": {"value": {"type": "static_select", "selected_option": {"value": "cards"}}},
        "mention-person": {"value": {"type": "users_select", "selected_user": "U0ADA"}},
    }
    views: list[Json] = []
    for form in (TOPIC_FORM, SETTINGS_FORM, CHANNEL_FORM, "gone"):
        for known in ("[]", json.dumps({"channel": channel.id, "channel_name": channel.name, "number": 1}), ""):
            view: Json = {
                "id": "V1", "type": "modal", "callback_id": form, "hash": "h", "private_metadata": known, "blocks": [],
                "state": {"values": values},
            }  # fmt: skip
            views.append(slack.acting("view_submission", "U0ADA") | {"view": view})
    typed = {"type": "plain_text_input", "block_id": "query", "action_id": QUERY, "value": "hares"}
    container = {"type": "view", "view_id": "V1"}
    return [
        *views,
        slack.acting("block_actions", "U0ADA") | {"container": container, "view": views[0]["view"], "actions": [typed]},
        slack.acting("view_closed", "U0ADA") | {"view": views[0]["view"]},
    ]


def _event(slack: SlackSimulator, event: Json) -> Json:
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": "A0APP",
        "event": {"event_ts": "1.0", **event},
        "event_id": FRESH,
        "event_time": 1,
        "authorizations": [{"team_id": slack.team_id, "user_id": BOT_USER, "is_bot": True}],
    }


def _events(channel: str) -> list[Json]:
    person, link = "U0ADA", "https://arxiv.org/abs/2605.00001"
    message = {"channel": channel, "user": person, "ts": "1.1", "text": f"<@{BOT_USER}> search hares", "team": TEAM}
    item = {"type": "message", "channel": channel, "ts": "1.1"}
    return [
        {"type": "app_mention", **message},
        {"type": "app_mention", **message, "thread_ts": "1.0"},
        {"type": "message", **message, "channel_type": "im", "channel": "D0ADA"},
        {"type": "link_shared", **message, "message_ts": "1.1", "links": [{"url": link, "domain": "arxiv.org"}],
         "unfurl_id": "x", "source": "conversations_history"},
        {"type": "reaction_added", "user": person, "reaction": "+1", "item": item, "item_user": BOT_USER},
        {"type": "reaction_removed", "user": person, "reaction": "+1::skin-tone-2", "item": item},
        {"type": "app_home_opened", "user": person, "tab": "home", "channel": "D0ADA", "view": {"hash": "h"}},
        {"type": "channel_rename", "channel": {"id": channel, "name": "x", "created": 1}},
        {"type": "channel_id_changed", "old_channel_id": channel, "new_channel_id": "C9"},
        {"type": "member_joined_channel", "user": BOT_USER, "channel": channel, "channel_type": "C", "team": TEAM},
        {"type": "member_left_channel", "user": person, "channel": channel},
        {"type": "user_change", "user": {"id": person, "deleted": True, "team_id": TEAM}},
        *({"type": kind, "channel": channel} for kind in ("channel_archive", "channel_unarchive", "channel_deleted")),
        {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["U2"]}},
        {"type": "app_uninstalled"},
    ]  # fmt: skip


def _signed(kind: bytes, body: bytes) -> Request:
    stamp = str(int(time.time())).encode()
    signature = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp + b":" + body, hashlib.sha256).hexdigest()
    headers = (
        (b"content-type", kind),
        (b"x-slack-request-timestamp", stamp),
        (b"x-slack-signature", f"v0={signature}".encode()),
    )
    return Request("POST", EVENTS_PATH, headers, body)


@asynccontextmanager
async def a_bot() -> AsyncIterator[tuple[Log, BotProcess, SlackSimulator]]:
    """One that has papers, in a workspace where people may do everything; with its log."""
    async with AsyncExitStack() as stack:
        log = stack.enter_context(watched())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="paperround-")))
        clock = SettableClock()
        slack = await stack.enter_async_context(SlackSimulator(now=lambda: clock.now().timestamp()))
        slack.person(is_admin=True)
        store = SqlStore(sqlite_in(folder / "slack.db"))
        stack.push_async_callback(store.close)
        connection = Connection(slack.api_url, clock=clock, monotonic=clock.monotonic)
        platform = SlackPlatform(OneWorkspace(connection, BOT_TOKEN))
        stack.push_async_callback(platform.close)
        bot = BotProcess(store, folder / "index", slack, platform, clock)
        stack.push_async_callback(bot.core.index.close)
        bot.app = bot.another_app(
            lifecycle=lifecycle_of(store, clock, bot.engine.outbox.wake),
            forms=forms_of(store),
            directory=Directory(store.channels, clock),
        )
        await bot.news(*(a_paper(number, title=f"Hares run {number}") for number in range(1, 30)))
        yield log, bot, slack


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    async with a_bot() as (log, bot, slack):
        yield Running(_Listener(log, bot, slack).read, corpus_of(slack, slack.channel()))


class _Listener:
    def __init__(self, log: Log, bot: BotProcess, slack: SlackSimulator) -> None:
        self._log = log
        self._bot = bot
        self._app = Starlette(routes=bot.app.routes())
        self._slack = slack
        self._idleness = Idleness()
        self._read = 0

    async def read(self, data: bytes) -> None:
        """The first line of an input is its content type, the rest the body, or the payload in it."""
        self._read += 1
        answer, _ = self._slack.response_url()
        data = data.replace(ANSWER.encode(), answer.encode()).replace(FRESH.encode(), b"Ev%d" % self._read)
        kind, _, body = data.partition(b"\n")
        if body.startswith(b"{") and b"json" not in kind:
            body = urlencode({"payload": body}).encode()
        request = _signed(kind.translate(None, b"\r\0"), body)
        status = await status_of(self._app, request)
        assert status < 500, (status, request)
        await self._idleness.wait()
        self._log.check()


TARGETS = (RunningTarget("slack-request", _running),)
