"""A Slack on loopback, as its documentation describes it: Web API, Socket Mode, signed requests, `response_url`s.

The bot's real client libraries talk to it; only the address differs. What Slack would refuse is refused, and noted in
`violations`, which a test expects to be empty.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum, auto
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.patience import PATIENCE
from tests.simulators.limits import Limit
from tests.simulators.slack_messages import problems
from tests.simulators.slack_methods import BOT_USER, METHODS, TEAM, Json, RefusalError, SimulatedChannel
from tests.simulators.slack_oauth import OAuth

#: Seconds that Slack waits. Here it waits longer: how soon something is acknowledged on a busy machine is measured in
#: `make bench`, and whatever waits for work that a test holds up never is.
ACK_WITHIN = 3.0
ANSWER_WITHIN = PATIENCE
RESPONSES = 5
APP = "A0APP"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-simulated", "xapp-simulated", "8f742231b10e8888abcd99yyyzzz85a5"


class Fault(Enum):
    """What goes wrong with one request."""

    DROPPED = auto()  # the connection breaks before anything is done
    ANSWER_DROPPED = auto()  # it is done, and the connection breaks
    ERROR_500 = auto()  # it is not done
    ANSWER_500 = auto()  # it is done, and the answer is an error
    HANG = auto()  # it is done, and nobody answers
    LATE = auto()  # nobody answers, and it is done a while later
    REFUSED = auto()  # a `response_url` does not take the blocks
    RATE_LIMITED = auto()  # comes with `RETRY_AFTER`
    GARBAGE = auto()  # it is done, and a proxy answers with a page
    EMPTY = auto()  # it is done, and the answer is empty
    PAGE_403 = auto()  # it is not done, and a proxy answers with a page
    PAGE_404 = auto()
    PAGE_429 = auto()  # the same, without `Retry-After`
    ARRAY = auto()  # it is done, and the answer is no object
    BARE = auto()  # it is done, and the answer says no more than that


RETRY_AFTER = 7
_PAGES: dict[object, int] = {Fault.PAGE_403: 403, Fault.PAGE_404: 404, Fault.PAGE_429: 429}


@dataclass(slots=True)
class Interaction:
    """Something that a person did, and what the bot answered through its `response_url`."""

    acknowledged: Json
    responses: asyncio.Queue[Json]

    async def answer(self) -> Json:
        """The next answer; fails when none comes."""
        async with asyncio.timeout(ANSWER_WITHIN):
            return await self.responses.get()


class SlackSimulator:
    """One workspace and one app in it, and any number of others (`another_team`). Use it as an async context manager.

    `interval` is the time in seconds that each channel wants between two messages; `now` gives the time stamps.
    """

    def __init__(
        self, *, interval: float = 0.0, now: Callable[[], float] = time.time, team_id: str = TEAM, name: str = "Example"
    ) -> None:
        self.team_id = team_id
        self.name = name
        self.oauth = OAuth()
        self.scopes: list[str] | None = None  # of the bot token; without any, Slack does not tell them
        self.clock_ahead = 0.0  # seconds by which Slack's clock is ahead of ours
        self.channels: dict[str, SimulatedChannel] = {}
        self.people: dict[str, Json] = {}
        self.requests: list[tuple[str, Json]] = []
        self.refusals: list[str] = []  # the codes that were answered
        self.violations: list[str] = []
        self.unfurls: list[Json] = []
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.revoked = False
        self.retry_after = RETRY_AFTER  # seconds that `Fault.RATE_LIMITED` asks to wait
        self.respond_after = "1"  # seconds that a `response_url` asks to wait
        self.respond_status = 200  # what a `response_url` says when all is well
        self.pictures_load = True
        self.pictures_missing: set[str] = set()  # addresses from which Slack cannot load a picture, and says so
        self.new_blocks = True  # whether the workspace knows `context_actions`
        self.disliked = ""  # words in which Slack finds a fault, and says where
        self.unfurls_refused: set[str] = set()
        self.held: dict[str, asyncio.Event] = {}  # the next request of a method waits for its event
        self.http_url: str | None = None  # where the bot listens, in HTTP mode
        self.sockets: list[web.WebSocketResponse] = []
        self.most_sockets = 10  # that Slack allows an app
        self.sockets_refused = 0
        self.organisation_wide = False  # the app is installed in the whole organisation
        self.enterprise_id = ""  # of the organisation that the workspace belongs to
        #: Seconds between two readings of histories, and messages in each, for apps outside the Marketplace.
        self.history_limit: tuple[float, int] | None = None
        #: Says what goes wrong with a request where `fail` says nothing.
        self.fault_for: Callable[[str], Fault | str | None] = lambda _method: None
        #: How many seconds later than it came a request is done that is `LATE`.
        self.late_after: Callable[[], float] = lambda: 40.0
        self.on_the_way = 0  # requests that came and are not done yet
        #: How many messages the workspace takes; a test may change it at any time.
        self.limit: Limit | None = None
        self.interval = interval
        self._now = now
        self._faults: defaultdict[str, deque[Fault | str | None]] = defaultdict(deque)
        self._last_post: dict[str, float] = {}
        self._last_read: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._acknowledgements: dict[str, asyncio.Future[Json]] = {}
        self._responses: dict[str, asyncio.Queue[Json]] = {}
        self._uses: defaultdict[str, int] = defaultdict(int)
        self._pressed: dict[str, Json] = {}  # the messages that belong to a `response_url`
        self._triggers: dict[str, float] = {}
        self._tickets: set[str] = set()
        self._connected = asyncio.Event()
        self._hanging = asyncio.Event()
        self._stack = AsyncExitStack()
        self.url = ""
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.on_response_prepare.append(self._dated)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link", self._link)
        app.router.add_get("/oauth/v2/authorize", self._authorize_page)
        app.router.add_post("/respond/{name}", self._respond)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return self

    async def _dated(self, _request: web.Request, answer: web.StreamResponse) -> None:
        """Says what time it is here."""
        answer.headers["Date"] = formatdate(self._now() + self.clock_ahead, usegmt=True)

    async def __aexit__(self, *_error: object) -> None:
        self._hanging.set()
        for socket in list(self.sockets):
            await socket.close()
        await self._stack.aclose()

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    def now(self) -> float:
        return self._now()

    def another_team(self, team_id: str, name: str) -> SlackSimulator:
        """Another workspace of the same Slack, with people and channels of its own, whose ids may be the same."""
        return _AnotherTeam(self, team_id, name)

    def channel(
        self, name: str = "general", *, private: bool = False, member: bool = True, channel_id: str | None = None
    ) -> SimulatedChannel:
        """A new channel; `member` says whether the bot is in it."""
        made_id = channel_id or f"C0{next(self._numbers):04}"
        made = SimulatedChannel(made_id, name, private, members={BOT_USER} if member else set())
        self.channels[made.id] = made
        return made

    def conversation(self, user_id: str) -> SimulatedChannel:
        """The one between the bot and a person."""
        return self.channels.setdefault(
            f"D{user_id[1:]}",
            SimulatedChannel(f"D{user_id[1:]}", "directmessage", private=True, members={BOT_USER, user_id}),
        )

    def person(
        self, user_id: str = "U0ADA", name: str = "ada", *, time_zone: str = "Europe/Berlin", **more: Any
    ) -> str:
        self.people[user_id] = {
            "id": user_id, "team_id": self.team_id, "name": name, "tz": time_zone,
            "profile": {"display_name": name}, **more,
        }  # fmt: skip
        return user_id

    def fail(self, method: str, *faults: Fault | str | None) -> None:
        """What befalls the next requests of that method, one after the other; a string is one of Slack's codes."""
        self._faults[method].extend(faults)

    async def befell(self, method: str) -> None:
        """Waits until everything that `fail` announced for that method has happened."""
        async with asyncio.timeout(ANSWER_WITHIN):
            while self._faults[method]:
                await asyncio.sleep(0.01)

    def count(self, method: str) -> int:
        return sum(1 for called, _ in self.requests if called == method)

    # ---- what people do

    async def command(self, text: str, channel: SimulatedChannel, user: str = "U0ADA") -> Interaction:
        """Somebody types `/papers …`."""
        return await self.begin("slash_commands", self.slash_payload(text, channel, user))

    def slash_payload(self, text: str, channel: SimulatedChannel, user: str = "U0ADA") -> Json:
        return {
            "command": "/papers",
            "text": text,
            "team_id": self.team_id,
            "team_domain": "example",
            "channel_id": channel.id,
            "channel_name": _name_told(channel),
            "user_id": user,
            "user_name": self.people.get(user, {}).get("name", user),
            "api_app_id": APP,
            "trigger_id": self._trigger(),
        }

    async def press(
        self,
        button: Json,
        channel: SimulatedChannel,
        user: str = "U0ADA",
        *,
        message_ts: str = "1.1",
        thread_ts: str | None = None,
        ephemeral: bool = True,
    ) -> Interaction:
        """Somebody presses a button of a message, or chooses an entry of a menu."""
        container = {
            "type": "message", "message_ts": message_ts, "channel_id": channel.id, "is_ephemeral": ephemeral,
        }  # fmt: skip
        if thread_ts:
            container["thread_ts"] = thread_ts
        payload = self.acting("block_actions", user) | {
            "container": container,
            "channel": {"id": channel.id, "name": _name_told(channel)},
            "actions": [
                {
                    name: button[name]
                    for name in ("type", "action_id", "block_id", "value", "text", "selected_option")
                    if name in button
                }
                | {"action_ts": f"{next(self._numbers)}.0"}
            ],
        }
        message = next((one for one in channel.messages if one["ts"] == message_ts), None)
        return await self.begin("interactive", payload, message if not ephemeral else None)

    def acting(self, kind: str, user: str) -> Json:
        """What every payload about somebody's action has."""
        return {
            "type": kind,
            "user": {"id": user, "username": self.people.get(user, {}).get("name", user), "team_id": self.team_id},
            "team": {"id": self.team_id, "domain": "example"},
            "api_app_id": APP,
            "trigger_id": self._trigger(),
        }

    async def event(self, event: Json, *, deliveries: int = 1) -> None:
        """Something happened. More `deliveries` are Slack's repetitions of the same one."""
        payload = {
            "type": "event_callback",
            "team_id": self.team_id,
            "api_app_id": APP,
            "event": {"event_ts": f"{self._now():.6f}", **event},
            "event_id": self.fresh("Ev"),
            "event_time": int(self._now()),
            "authorizations": [
                {"team_id": self.team_id, "user_id": BOT_USER, "is_bot": True,
                 "enterprise_id": self.oauth.organisation or None, "is_enterprise_install": self.organisation_wide},
            ],
        }  # fmt: skip
        for _ in range(deliveries):
            await self.deliver("events_api", payload)

    async def begin(self, kind: str, payload: Json, message: Json | None = None) -> Interaction:
        """Delivers what a person did, with a fresh `response_url` that may replace that message."""
        payload["response_url"], responses = self.response_url(message)
        return Interaction(await self.deliver(kind, payload), responses)

    def response_url(self, message: Json | None = None) -> tuple[str, asyncio.Queue[Json]]:
        """A fresh one, and what is answered through it; it may replace that message."""
        name = f"r{next(self._numbers)}"
        if message is not None:
            self._pressed[name] = message
        self._responses[name] = asyncio.Queue()
        return f"{self.url}/respond/{name}", self._responses[name]

    def fresh(self, what: str) -> str:
        """A mark that no other delivery has."""
        return f"{what}{next(self._numbers):06}"

    def _trigger(self) -> str:
        trigger = self.fresh("trigger.")
        self._triggers[trigger] = time.monotonic()
        return trigger

    # ---- delivery, over a socket or over HTTP

    async def connected(self) -> None:
        """Waits for the bot's socket."""
        async with asyncio.timeout(ANSWER_WITHIN):
            await self._connected.wait()

    async def deliver(self, kind: str, payload: Any) -> Json:
        """Hands a payload to the bot; returns what its acknowledgement carries, and fails without one in time."""
        if self.http_url is not None:
            return await self._deliver_over_http(kind, payload)
        await self.connected()
        envelope = f"envelope-{next(self._numbers)}"
        self._acknowledgements[envelope] = asyncio.get_running_loop().create_future()
        # A copy by way of JSON, as the wire makes one.
        message = {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
        await self.sockets[-1].send_str(json.dumps(message))
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._acknowledgements[envelope]
        except TimeoutError:
            raise AssertionError(f"{kind} was not acknowledged") from None

    async def _deliver_over_http(self, kind: str, payload: Any) -> Json:
        assert self.http_url is not None
        if kind == "events_api":
            body, content_type = json.dumps(payload), "application/json"
        elif kind == "slash_commands":
            body, content_type = urlencode(payload), "application/x-www-form-urlencoded"
        else:
            body, content_type = urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded"
        status, text = await self.post_signed(body.encode(), content_type)
        assert status == 200, (status, text)
        return json.loads(text) if text.startswith("{") else {}

    async def post_signed(
        self,
        body: bytes,
        content_type: str,
        *,
        at: float | None = None,
        secret: str = SIGNING_SECRET,
        spoilt: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Posts to the bot with Slack's signature, which a test may spoil; returns the status and the body."""
        assert self._http is not None
        assert self.http_url is not None
        stamp = str(int(time.time() if at is None else at))
        signature = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        sent = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        } | dict(spoilt or {})
        timeout = aiohttp.ClientTimeout(PATIENCE)
        async with self._http.post(self.http_url, data=body, headers=sent, timeout=timeout) as answer:
            return answer.status, await answer.text()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks the bot to connect anew, as Slack does every hour or so, and waits until it has."""
        self._connected.clear()
        await self.sockets[-1].send_str(json.dumps({"type": "disconnect", "reason": reason}))
        await self.connected()

    async def hang_up(self) -> None:
        """Closes one of the bot's sockets."""
        self._connected.clear()
        await self.sockets[-1].close()

    def cut(self) -> None:
        """Breaks one of the bot's sockets without a word."""
        socket = self.sockets.pop()
        transport = socket._req.transport if socket._req else None
        assert transport is not None
        transport.abort()

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        if request.query.get("ticket") not in self._tickets:
            raise web.HTTPForbidden
        self._tickets.discard(request.query["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self.sockets) >= self.most_sockets:
            self.sockets_refused += 1
            await socket.send_str(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return socket
        hello = {"type": "hello", "num_connections": len(self.sockets) + 1, "connection_info": {"app_id": APP}}
        await socket.send_str(json.dumps(hello))
        self.sockets.append(socket)
        self._connected.set()
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                answer = json.loads(message.data)
                waiting = self._acknowledgements.get(answer.get("envelope_id", ""))
                if waiting is None or waiting.done():
                    self.violations.append(f"an acknowledgement that nobody waits for: {answer}")
                else:
                    waiting.set_result(answer.get("payload") or {})
        if socket in self.sockets:
            self.sockets.remove(socket)
        if not self.sockets:
            self._connected.clear()
        return socket

    # ---- response_url

    async def _respond(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._responses:
            return web.Response(status=404)
        payload = await request.json()
        if (fault := self._fault("response_url")) is Fault.RATE_LIMITED:
            return web.Response(status=429, headers={"Retry-After": self.respond_after})
        if fault not in (None, Fault.ANSWER_DROPPED, Fault.REFUSED):
            return web.Response(status=500)
        self._uses[name] += 1
        if self._uses[name] > RESPONSES:
            self.violations.append("a response_url was used too often")
            return web.Response(status=404, text="used_url")
        if fault is Fault.REFUSED:
            return web.Response(status=400, text="invalid_blocks")
        if found := problems(payload):
            self.violations += found
            return web.Response(status=400, text="invalid_blocks")
        if disliked := self.dislikes(payload.get("blocks", [])):
            return web.json_response({"ok": False, "error": "invalid_blocks", "errors": disliked})
        pressed = self._pressed.get(name)
        if pressed is not None and payload.get("replace_original"):
            pressed |= {part: payload[part] for part in ("text", "blocks") if part in payload}
        self._responses[name].put_nowait(payload)
        return (
            _hang_up(request) if fault is Fault.ANSWER_DROPPED else web.Response(text="ok", status=self.respond_status)
        )

    def dislikes(self, blocks: list[Json]) -> list[str]:
        """What Slack says against blocks whose form is right."""
        pictured = any(block.get("accessory", {}).get("type") == "image" for block in blocks)
        found = [] if self.pictures_load or not pictured else ["no picture loads"]
        for number, block in enumerate(blocks):
            if block["type"] == "context_actions" and not self.new_blocks:
                found.append(f"unsupported type: context_actions [json-pointer:/blocks/{number}/type]")
            if block.get("accessory", {}).get("image_url") in self.pictures_missing:
                found.append(f"downloading image failed [json-pointer:/blocks/{number}/accessory/image_url]")
            if self.disliked and block["type"] == "rich_text" and self.disliked in json.dumps(block):
                found.append(f"invalid_url [json-pointer:/blocks/{number}/elements/0]")
        return found

    # ---- the Web API

    def _fault(self, method: str) -> Fault | str | None:
        waiting = self._faults[method]
        return waiting.popleft() if waiting else self.fault_for(method)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.requests.append((method, arguments))
        if (gate := self.held.pop(method, None)) is not None:
            await gate.wait()
        fault = self._fault(method)
        if fault is Fault.DROPPED:
            return _hang_up(request)
        if fault is Fault.LATE:
            self.on_the_way += 1
            await asyncio.sleep(self.late_after())
            self.on_the_way -= 1
        if fault is Fault.ERROR_500:
            return web.Response(status=500, text="<html>", content_type="text/html")
        if fault is Fault.RATE_LIMITED:
            headers = {"Retry-After": str(self.retry_after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if fault in _PAGES:
            return web.Response(status=_PAGES[fault], text="<html>Access denied</html>", content_type="text/html")
        if isinstance(fault, str):
            return web.json_response({"ok": False, "error": fault})
        headers = {}
        authorization = request.headers.get("Authorization", "")
        try:
            if method == "oauth.v2.access":
                answer = {"ok": True, **self.oauth.access(self, arguments, authorization)}
            else:
                team, scopes = self._authorize(method, authorization)
                if method not in METHODS:
                    raise RefusalError("unknown_method")
                answer = {"ok": True, **METHODS[method](team, arguments)}
                if scopes is not None:
                    headers["X-OAuth-Scopes"] = ",".join(scopes)
        except RefusalError as refused:
            self.refusals.append(str(refused))
            if str(refused) == "ratelimited":
                headers |= {"Retry-After": f"{refused.retry_after:.0f}"}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            answer = {"ok": False, "error": str(refused)} | ({"errors": refused.errors} if refused.errors else {})
        match fault:
            case Fault.ANSWER_DROPPED:
                return _hang_up(request)
            case Fault.ANSWER_500:
                return web.json_response({"ok": False, "error": "internal_error"}, status=500)
            case Fault.GARBAGE:
                return web.Response(text="<html>Welcome to the hotel</html>", content_type="text/plain")
            case Fault.EMPTY:
                return web.Response(text="")
            case Fault.ARRAY:
                return web.json_response([])
            case Fault.BARE:
                return web.json_response({"ok": True})
            case Fault.HANG:
                await self._hanging.wait()
        return web.json_response(answer, headers=headers)

    def _authorize(self, method: str, authorization: str) -> tuple[SlackSimulator, list[str] | None]:
        """The workspace that a request is for, and the scopes of its token."""
        if method == "api.test":
            return self, None
        token = authorization.removeprefix("Bearer ")
        if method.startswith("apps."):
            if token != APP_TOKEN:
                raise RefusalError("invalid_auth")
            return self, None
        if token != BOT_TOKEN:
            return self.oauth.team_of(self, token)
        if self.revoked:
            raise RefusalError("token_revoked")
        return self, self.scopes

    async def _authorize_page(self, request: web.Request) -> web.Response:
        return self.oauth.page(self, request)

    def next_ts(self) -> str:
        return f"{int(self._now())}.{next(self._numbers):06}"

    def pace(self, channel: str) -> None:
        """Notes a message in a channel; raises `RefusalError` when it comes too soon there or in the workspace."""
        now = self._now()
        if now - self._last_post.get(channel, -1e9) < self.interval:
            raise RefusalError("ratelimited")
        if self.limit is not None and (wait := self.limit.take(time.monotonic())):
            raise RefusalError("ratelimited", retry_after=math.ceil(wait))
        self._last_post[channel] = now

    def read_history(self, method: str, limit: int) -> int:
        """How many messages one answer of that method has; raises `RefusalError` for one that comes too soon."""
        if self.history_limit is None:
            return limit
        interval, objects = self.history_limit
        wait = self._last_read.get(method, -1e9) + interval - self._now()
        if wait > 0:
            raise RefusalError("ratelimited", retry_after=math.ceil(wait))
        self._last_read[method] = self._now()
        return min(limit, objects)

    def ticket(self) -> str:
        """The address of a new socket, good for one connection."""
        ticket = f"ticket-{next(self._numbers)}"
        self._tickets.add(ticket)
        return f"{self.url.replace('http', 'ws')}/link?ticket={ticket}"

    def use_trigger(self, trigger: str) -> None:
        """Spends a `trigger_id`; raises `RefusalError` for one that is spent, or too old."""
        issued = self._triggers.pop(trigger, None)
        if issued is None:
            raise RefusalError("exchanged_trigger_id")
        if time.monotonic() - issued > PATIENCE:
            raise RefusalError("expired_trigger_id")


def _name_told(channel: SimulatedChannel) -> str:
    """What payloads call a channel: the name of a private one is told to nobody."""
    return "directmessage" if channel.id.startswith("D") else "privategroup" if channel.private else channel.name


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        return dict(await request.json())
    return {**request.query, **(await request.post())}


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


class _AnotherTeam(SlackSimulator):
    """A workspace that shares the server, the sockets and the notes of the first one."""

    def __init__(self, first: SlackSimulator, team_id: str, name: str) -> None:
        super().__init__(now=first.now, team_id=team_id, name=name)
        self._first = first
        self.violations, self.requests, self.refusals = first.violations, first.requests, first.refusals

    async def begin(self, kind: str, payload: Json, message: Json | None = None) -> Interaction:
        return await self._first.begin(kind, payload, message)

    async def deliver(self, kind: str, payload: Any) -> Json:
        return await self._first.deliver(kind, payload)

    def fresh(self, what: str) -> str:
        return self._first.fresh(what)
