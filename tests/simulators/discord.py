"""A Discord on loopback: REST, gateway and interactions, as strict as the real one and as unreliable as a test asks.

Every body is checked against Discord's own description of its API. Nothing of discord.py is replaced: it connects to
`api_url` as it would to discord.com.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import formatdate
from typing import Any, Self

import discord
from aiohttp import web

from bot.clocks import Clock
from tests.patience import PATIENCE
from tests.simulators.discord_gateway import Gateway
from tests.simulators.discord_interactions import Interaction, Interactions
from tests.simulators.discord_responses import (
    LONG_WAIT,
    SLOWNESS,
    STRANGE_REFUSALS,
    VIA,
    WAIT,
    ApiError,
    Fault,
    Limits,
    json_answer,
    strange_refusal,
    too_fast,
)
from tests.simulators.discord_schema import SCHEMA, size_problems
from tests.simulators.discord_state import (
    ANNOUNCEMENT,
    APPLICATION_ID,
    BOT,
    BOT_ID,
    FORUM,
    TEXT,
    THREAD,
    Channel,
    DiscordState,
    Json,
    edit,
    user,
)

MESSAGE = 4  # an answer to an interaction
TOKEN = "a-token-of-the-simulator"
JOINED = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that arrived."""

    method: str
    path: str
    body: Any = field(default=None, compare=False)


Handler = Callable[[web.Request, Any], Awaitable[Any]]


class DiscordSimulator:
    """Use it as an async context manager. `problems` collects what the real Discord would have refused as invalid."""

    def __init__(
        self, clock: Clock, *, token: str = TOKEN, per_window: int = 1000, window: float = 0.2, per_second: int = 10_000
    ) -> None:
        self.state = DiscordState(clock)
        self.token = token
        self.gateway = Gateway(self.state, token)
        self.interactions = Interactions(self.state, self.gateway)
        self.requests: list[RecordedRequest] = []
        self.problems: list[str] = []
        self.commands: list[Json] = []
        self.limited = 0
        #: What was uploaded last under each name.
        self.files: dict[str, str] = {}
        #: Whether bodies are checked; that takes far longer than answering.
        self.validates = True
        #: Whether the operator switched on User Install.
        self.for_users = True
        #: Says what goes wrong with a request where `fail` says nothing.
        self.fault_for: Callable[[str, str], Fault | ApiError | None] = lambda _method, _path: None
        #: How many seconds later than it came a request is done that is `LATE`.
        self.late_after: Callable[[], float] = lambda: 40.0
        self.on_the_way = 0  # requests that came and are not done yet
        #: The nonces that messages came with, which Discord does not show later.
        self.keys: dict[str, str] = {}
        self.refuse: list[ApiError] = []
        self.refuse_edits: list[ApiError] = []
        self.refuse_follow_ups: list[ApiError] = []
        self.refuse_posts: list[ApiError] = []  # of forums
        self.refuse_forms: list[ApiError] = []
        self._faults: list[tuple[str, re.Pattern[str], Fault | ApiError]] = []
        self._nonces: dict[str, tuple[int, int]] = {}
        self.limits = Limits(per_window, window, per_second)
        self._runner: web.AppRunner | None = None
        self._versions = itertools.count(1)
        self.api_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._dated, self._guarded])
        app.router.add_get("/gateway", self.gateway.serve)
        for method, path, handler in self._routes():
            app.router.add_route(method, f"/api/v10{path}", self._answering(handler))
        app.router.add_get("/attachments/{key}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.api_url = f"http://127.0.0.1:{port}/api/v10"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        self.interactions.files_url = f"http://127.0.0.1:{port}/attachments"
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        file = self.interactions.files[request.match_info["key"]]
        return web.Response(body=b"" if file.refused else file.content, status=file.refused or 200)

    # --- What tests ask for

    def fail(self, method: str, path: str, *faults: Fault | ApiError) -> None:
        """The next requests whose path contains that pattern go wrong, or are refused, one after the other."""
        self._faults += [(method, re.compile(path), fault) for fault in faults]

    def forget_nonces(self, *, older_than: timedelta = timedelta()) -> None:
        """As after a few minutes."""
        now = discord.utils.utcnow()
        for nonce, (_, identifier) in list(self._nonces.items()):
            if not older_than or now - discord.utils.snowflake_time(identifier) > older_than:
                del self._nonces[nonce]

    def sent(self, method: str, path: str) -> list[RecordedRequest]:
        return [seen for seen in self.requests if seen.method == method and re.search(path, seen.path)]

    def delete_message(self, channel: Channel, identifier: str) -> None:
        channel.messages[:] = [message for message in channel.messages if message["id"] != identifier]

    # --- Answering

    @web.middleware
    async def _dated(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Says with each answer what time it is here."""
        answer = await handler(request)
        if not answer.prepared:
            answer.headers["Date"] = formatdate(self.state.clock.now().timestamp(), usegmt=True)
        return answer

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Authentication, rate limits and faults, for whatever is asked."""
        if request.path.startswith(("/gateway", "/attachments/")):
            return await handler(request)
        path = request.path.removeprefix("/api/v10")
        free = path.startswith(("/interactions/", "/webhooks/"))
        body = await self._body_of(request)
        self.requests.append(RecordedRequest(request.method, path, body))
        fault = self._fault(request.method, path)
        if isinstance(fault, ApiError):
            return fault.answer()
        if fault in STRANGE_REFUSALS:
            return strange_refusal(fault)
        match fault:
            case Fault.DROP:
                return self._drop(request)
            case Fault.ERROR:
                return json_answer({"code": 0, "message": "internal"}, status=500, headers=VIA)
            case Fault.UNAVAILABLE:
                return json_answer({"code": 0, "message": "unavailable"}, status=503, headers=VIA)
            case Fault.RATE_LIMITED | Fault.RATE_LIMITED_LONG:
                wait = WAIT if fault is Fault.RATE_LIMITED else LONG_WAIT
                return too_fast(wait, self.limits.headers(request.method, path))
            case Fault.RATE_LIMITED_BARE:
                answer = too_fast(WAIT)
                del answer.headers["Via"]
                return answer
            case Fault.RATE_LIMITED_PAGE:
                headers = {**VIA, "Retry-After": str(WAIT)}
                return web.Response(text="<html>", status=429, content_type="text/html", headers=headers)
            case Fault.RATE_LIMITED_UNTOLD:
                return json_answer({"message": "slow down"}, status=429, headers={**VIA, "Retry-After": "soon"})
            case Fault.SLOW:
                await asyncio.sleep(SLOWNESS)
            case Fault.LATE:
                self.on_the_way += 1
                await asyncio.sleep(self.late_after())
                self.on_the_way -= 1
            case Fault.BANNED:
                return web.Response(text="error 1015", status=429, content_type="text/html")
        if not free and request.headers.get("Authorization") != f"Bot {self.token}":
            return ApiError(401, 0, "401: Unauthorized").answer()
        if not free and (wait := self.limits.take_of_all()):
            self.limited += 1
            return too_fast(wait, of_all=True)
        if not free and (wait := self.limits.take(request.method, path)):
            self.limited += 1
            return too_fast(wait, self.limits.headers(request.method, path))
        result = await handler(request)
        if not free:
            result.headers.update(self.limits.headers(request.method, path))
        if fault is Fault.ACCEPT_THEN_DROP:
            return self._drop(request)
        if fault is Fault.ACCEPT_THEN_ERROR:
            return json_answer({"code": 0, "message": "bad gateway"}, status=502, headers=VIA)
        if fault is Fault.ODD_LIMITS:
            result.headers.update({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset-After": "soon"})
        if fault is Fault.EMPTY:
            return json_answer({})
        if fault is Fault.HTML_PAGE:
            return web.Response(text="<html>", content_type="text/html")
        return result

    def _answering(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                result = await handler(request, await self._body_of(request))
            except ApiError as error:
                return error.answer()
            if result is None:
                return web.Response(status=204, headers=VIA)
            return json_answer(result, headers=VIA)

        return answer

    async def _body_of(self, request: web.Request) -> Any:
        """The JSON of a request; files come beside it."""
        if not request.body_exists:
            return None
        if not request.content_type.startswith("multipart/"):
            return await request.json()
        form = await request.post()
        body = json.loads(str(form["payload_json"]))
        for described in body.get("attachments", ()):
            # Discord's description wants ids as strings, its documentation writes numbers, and it takes both.
            described["id"] = str(described["id"])
            file = form[f"files[{described['id']}]"]
            assert isinstance(file, web.FileField)
            file.file.seek(0)
            self.files[file.filename] = file.file.read().decode()
        return body

    def _fault(self, method: str, path: str) -> Fault | ApiError | None:
        for place, (wanted, pattern, fault) in enumerate(self._faults):
            if wanted == method and pattern.search(path):
                del self._faults[place]
                return fault
        return self.fault_for(method, path)

    def _drop(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def check(self, schema: str, body: Any, *, changes: Json | None = None) -> None:
        """Refuses what Discord's description does not allow, as Discord does. `changes` is a message that it edits."""
        if not self.validates:
            return
        problems = SCHEMA.problems(schema, body)
        if isinstance(body, dict):
            problems += size_problems(body["data"] if body.get("type") == MESSAGE else body, changed=changes)
        if problems:
            self.problems += [f"{schema}: {problem}" for problem in problems]
            raise ApiError(400, 50035, f"Invalid Form Body: {problems[0]}")

    # --- The API

    def _routes(self) -> list[tuple[str, str, Handler]]:
        commands = f"/applications/{APPLICATION_ID}/commands"
        return [
            ("GET", "/users/@me", self._me),
            ("POST", "/users/@me/channels", self._open_direct),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway),
            ("GET", commands, self._get_commands),
            ("PUT", commands, self._put_commands),
            ("GET", "/channels/{channel}", self._get_channel),
            ("PATCH", "/channels/{channel}", self._patch_channel),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._create_message),
            ("GET", "/channels/{channel}/messages/{message}", self._get_message),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit_message),
            ("POST", "/channels/{channel}/messages/{message}/threads", self._thread_of_message),
            ("POST", "/channels/{channel}/messages/{message}/crosspost", self._crosspost),
            ("POST", "/channels/{channel}/threads", self._forum_post),
            ("GET", "/guilds/{guild}/threads/active", self._active_threads),
            ("GET", "/channels/{channel}/threads/archived/public", self._archived_threads),
            ("GET", "/users/@me/guilds", self._my_guilds),
            ("GET", "/guilds/{guild}", self._get_guild),
            ("GET", "/guilds/{guild}/channels", self._guild_channels),
            ("GET", "/guilds/{guild}/members/{user}", self._member),
            ("POST", "/interactions/{id}/{token}/callback", self._callback),
            ("POST", "/webhooks/{application}/{token}", self._follow_up),
            ("PATCH", "/webhooks/{application}/{token}/messages/@original", self._edit_original),
        ]

    async def _me(self, _request: web.Request, _body: Any) -> Json:
        return BOT

    async def _application(self, _request: web.Request, _body: Any) -> Json:
        return {
            "id": str(APPLICATION_ID),
            "name": "Paper Round",
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": user(1, "owner"),
            "verify_key": "00",
            "flags": 1 << 19 if self.gateway.gives_content else 0,
            "integration_types_config": {"0": {}, "1": {}} if self.for_users else {"0": {}},
        }

    async def _gateway(self, _request: web.Request, _body: Any) -> Any:
        return self.gateway.described()

    async def _get_commands(self, request: web.Request, _body: Any) -> Any:
        return self.commands if request.query.get("with_localizations") == "true" else _unlocalized(self.commands)

    async def _put_commands(self, _request: web.Request, body: Any) -> Any:
        for command in body:
            self.check("ApplicationCommandUpdateRequest", command)
        self.commands = [_registered(command, next(self._versions)) for command in body]
        return self.commands

    async def _open_direct(self, _request: web.Request, body: Any) -> Json:
        self.check("CreatePrivateChannelRequest", body)
        person = int(body["recipient_id"])
        channel = self.state.direct.setdefault(person, self.state.new_id())
        self.state.channels.setdefault(channel, Channel(channel, 0, f"direct {person}", 1))
        return {"id": str(channel), "type": 1, "recipients": [user(person, "somebody")]}

    def _channel(self, request: web.Request) -> Channel:
        channel = self.state.channels.get(int(request.match_info["channel"]))
        if channel is None:
            raise ApiError(404, 10003, "Unknown Channel")
        if channel.guild and channel.guild not in self.state.guilds:
            raise ApiError(403, 50001, "Missing Access")
        if not self.state.permissions_in(channel).view_channel:
            raise ApiError(403, 50001, "Missing Access")
        return channel

    async def _get_channel(self, request: web.Request, _body: Any) -> Json:
        return self._channel(request).json()

    async def _patch_channel(self, request: web.Request, body: Any) -> Json:
        channel = self._channel(request)
        if channel.locked:
            raise ApiError(403, 50013, "Missing Permissions")
        channel.archived = body.get("archived", channel.archived)
        if "available_tags" in body:
            self.check("UpdateGuildChannelRequestPartial", body)
            if not self.state.permissions_in(channel).manage_channels:
                raise ApiError(403, 50013, "Missing Permissions")
            channel.tags = {tag.get("id") or str(self.state.new_id()): tag["name"] for tag in body["available_tags"]}
            await self.update_channel(channel)
        return channel.json()

    async def _history(self, request: web.Request, _body: Any) -> Any:
        channel = self._channel(request)
        if not self.state.permissions_in(channel).read_message_history:
            return []
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        before = int(request.query.get("before", 1 << 63))
        later = [message for message in channel.messages if after < int(message["id"]) < before]
        chosen = later[:limit] if "after" in request.query else later[-limit:]
        return chosen[::-1]

    async def _get_message(self, request: web.Request, _body: Any) -> Json:
        channel = self._channel(request)
        for message in channel.messages:
            if message["id"] == request.match_info["message"]:
                return message
        raise ApiError(404, 10008, "Unknown Message")

    async def _edit_message(self, request: web.Request, body: Any) -> Json:
        message = await self._get_message(request, None)
        self.check("MessageEditRequestPartial", body, changes=message)
        if self.refuse_edits:
            raise self.refuse_edits.pop(0)
        if message["author"]["id"] != str(BOT_ID):
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        edit(message, body)
        return message

    async def _create_message(self, request: web.Request, body: Any) -> Json:
        channel = self._channel(request)
        self.check("MessageCreateRequest", body)
        if self.refuse:
            raise self.refuse.pop(0)
        if channel.type == 1 and any(
            self.state.direct[person] == channel.id
            for person in self.state.refuses_direct
            if person in self.state.direct
        ):
            raise ApiError(403, 50007, "Cannot send messages to this user")
        if channel.type not in (TEXT, ANNOUNCEMENT, THREAD, 1):
            raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
        allowed = self.state.permissions_in(channel)
        can_send = allowed.send_messages_in_threads if channel.is_thread else allowed.send_messages
        if not can_send or not allowed.embed_links:
            raise ApiError(403, 50013, "Missing Permissions")
        if channel.locked:
            raise ApiError(403, 160005, "Thread is locked")
        if channel.archived:
            raise ApiError(400, 50083, "Thread is archived")
        nonce = body.get("nonce")
        if nonce and body.get("enforce_nonce") and nonce in self._nonces:
            place, identifier = self._nonces[nonce]
            for message in self.state.channels[place].messages:
                if message["id"] == str(identifier):
                    return message
            raise ApiError(404, 10008, "Unknown Message")
        message = self.state.message(channel.id, body)
        channel.messages.append(message)
        if nonce:
            self._nonces[nonce] = (channel.id, int(message["id"]))
            self.keys[message["id"]] = nonce
        return {**message, "nonce": nonce}

    async def _thread_of_message(self, request: web.Request, body: Any) -> Json:
        channel = self._channel(request)
        self.check("CreateTextThreadWithMessageRequest", body)
        identifier = int(request.match_info["message"])
        if channel.type not in (TEXT, ANNOUNCEMENT):
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        if not self.state.permissions_in(channel).create_public_threads:
            raise ApiError(403, 50013, "Missing Permissions")
        if identifier in self.state.channels or identifier in self.state.deleted_threads:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        if not any(message["id"] == str(identifier) for message in channel.messages):
            raise ApiError(404, 10008, "Unknown Message")
        return self.state.open_thread(channel, body["name"], identifier, owner=BOT_ID).json()

    async def _crosspost(self, request: web.Request, _body: Any) -> Json:
        channel, message = self._channel(request), await self._get_message(request, None)
        if channel.type != ANNOUNCEMENT:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        if message["flags"] & 1:
            raise ApiError(400, 40033, "This message has already been crossposted")
        message["flags"] |= 1
        return message

    async def _forum_post(self, request: web.Request, body: Any) -> Json:
        channel = self._channel(request)
        if channel.type != FORUM:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        self.check("CreateForumThreadRequest", body)
        self.check("BaseCreateMessageCreateRequest", body["message"])
        if self.refuse_posts:
            raise self.refuse_posts.pop(0)
        if not self.state.permissions_in(channel).send_messages:
            raise ApiError(403, 50013, "Missing Permissions")
        if channel.tag_required and not body.get("applied_tags"):
            raise ApiError(400, 40067, "A tag is required to create a forum post in this channel")
        if not set(body.get("applied_tags", ())) <= set(channel.tags):
            raise ApiError(404, 10087, "Unknown Tag")
        thread = self.state.open_thread(channel, body["name"], owner=BOT_ID)
        thread.applied = list(body.get("applied_tags", ()))
        message = self.state.message(thread.id, body["message"], identifier=thread.id)
        thread.messages.append(message)
        return {**thread.json(), "message": message}

    async def _active_threads(self, request: web.Request, _body: Any) -> Json:
        guild = int(request.match_info["guild"])
        threads = [one.json() for one in self.state.channels.values() if one.guild == guild and one.is_active]
        return {"threads": threads, "members": []}

    async def _archived_threads(self, request: web.Request, _body: Any) -> Json:
        """A page of them, the latest first."""
        channel, limit = self._channel(request), int(request.query.get("limit", 50))
        if not self.state.permissions_in(channel).read_message_history:
            raise ApiError(403, 50001, "Missing Access")
        before = request.query.get("before", "9")
        threads = [one for one in self.state.threads_of(channel) if not one.is_active and one.archived_at < before]
        threads.sort(key=lambda one: one.archived_at, reverse=True)
        page = [one.json() for one in threads[:limit]]
        return {"threads": page, "members": [], "has_more": len(threads) > limit}

    async def _my_guilds(self, request: web.Request, _body: Any) -> Any:
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 200))
        later = sorted(guild for guild in self.state.guilds if guild > after)
        return [
            {
                "id": str(guild),
                "name": self.state.guilds[guild].name,
                "owner": False,
                "permissions": "0",
                "features": [],
            }
            for guild in later[:limit]
        ]

    def _guild(self, request: web.Request) -> Json:
        guild = self.state.guilds.get(int(request.match_info["guild"]))
        if guild is None:
            raise ApiError(404, 10004, "Unknown Guild")
        return self.state.guild_json(guild)

    async def _get_guild(self, request: web.Request, _body: Any) -> Json:
        parts = ("channels", "threads", "members", "voice_states", "presences", "unavailable")
        return {name: value for name, value in self._guild(request).items() if name not in parts}

    async def _guild_channels(self, request: web.Request, _body: Any) -> Any:
        return self._guild(request)["channels"]

    async def _member(self, request: web.Request, _body: Any) -> Any:
        return self._guild(request)["members"][0]

    # --- Interactions

    def _interaction(self, request: web.Request) -> Interaction:
        found = self.interactions.by_token.get(request.match_info["token"])
        if found is None:
            raise ApiError(404, 10015, "Unknown Webhook")
        return found

    async def _callback(self, request: web.Request, body: Any) -> Any:
        interaction = self._interaction(request)
        if interaction.first is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        if interaction.expired:
            raise ApiError(404, 10062, "Unknown interaction")
        self.check(_CALLBACKS[body["type"]], body)
        if body["type"] == 9 and self.refuse_forms:
            raise self.refuse_forms.pop(0)
        message = interaction.answered(body, self.state)
        if request.query.get("with_response") in ("1", "true", "True"):
            shown: Json = {"interaction": {"id": str(interaction.id), "type": interaction.type}}
            if message is not None:
                shown["resource"] = {"type": body["type"], "message": message}
            return shown
        return None

    async def _follow_up(self, request: web.Request, body: Any) -> Json:
        interaction = self._interaction(request)
        self.check("IncomingWebhookRequestPartial", body)
        if self.refuse_follow_ups:
            raise self.refuse_follow_ups.pop(0)
        return interaction.followed_up(body, self.state)

    async def _edit_original(self, request: web.Request, body: Any) -> Json:
        interaction = self._interaction(request)
        pressed = interaction.pressed if interaction.first and interaction.first["type"] == 6 else None
        self.check("IncomingWebhookUpdateRequestPartial", body, changes=pressed)
        if self.refuse_edits:
            raise self.refuse_edits.pop(0)
        return interaction.edited(body, self.state)

    # --- What happens to servers and channels

    async def add_guild(self, guild_id: int) -> None:
        await self.gateway.dispatch("GUILD_CREATE", self.state.guild_json(self.state.guilds[guild_id]))

    async def remove_guild(self, guild_id: int) -> None:
        del self.state.guilds[guild_id]
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild_id)})

    async def outage(self, guild_id: int) -> None:
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild_id), "unavailable": True})

    async def rename_guild(self, guild_id: int, name: str) -> None:
        self.state.guilds[guild_id].name = name
        await self.gateway.dispatch("GUILD_UPDATE", self.state.guild_json(self.state.guilds[guild_id]))

    async def give_role(self, guild_id: int, name: str) -> None:
        """The bot itself gets a new role."""
        role = self.state.add_role(self.state.guilds[guild_id], name)
        shown = self.state.guild_json(self.state.guilds[guild_id])
        await self.gateway.dispatch("GUILD_ROLE_CREATE", {"guild_id": str(guild_id), "role": shown["roles"][-1]})
        member = {**shown["members"][0], "guild_id": str(guild_id), "roles": [str(role)]}
        await self.gateway.dispatch("GUILD_MEMBER_UPDATE", member)

    async def delete_channel(self, channel: Channel) -> None:
        del self.state.channels[channel.id]
        if channel.is_thread:
            self.state.deleted_threads.add(channel.id)
        for thread in self.state.threads_of(channel):  # of these nothing is said
            del self.state.channels[thread.id]
        event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        await self.gateway.dispatch(event, channel.json())

    async def write(self, channel: Channel, content: str, *, roles: Sequence[int] = (), **more: Any) -> Json:
        """Somebody writes a message. Its text is told to who may read all of them, and to whom it mentions."""
        author = more.pop("author", user(4242, "ada"))
        message = self.state.message(channel.id, {"content": content}, author=author) | more
        mentioned = f"<@{BOT_ID}>" in content
        if mentioned:
            message["mentions"] = [BOT]
        channel.messages.append(message)
        member = {"roles": [str(role) for role in roles], "joined_at": JOINED, "deaf": False, "mute": False, "flags": 0}
        told = {**message, "guild_id": str(channel.guild), "member": member}
        if not self.gateway.hears_content and not mentioned:
            told["content"] = ""
        if self.gateway.hears_messages:
            await self.gateway.dispatch("MESSAGE_CREATE", told)
        return message

    async def write_directly(self, content: str, *, person: int = 4242) -> Channel:
        """Somebody writes the bot a direct message; returns their conversation."""
        identifier = self.state.direct.setdefault(person, self.state.new_id())
        channel = self.state.channels.setdefault(identifier, Channel(identifier, 0, f"direct {person}", 1))
        message = self.state.message(identifier, {"content": content}, author=user(person, "ada"))
        channel.messages.append(message)
        if self.gateway.hears_direct_messages:
            await self.gateway.dispatch("MESSAGE_CREATE", message)
        return channel

    async def react(
        self, channel: Channel, message: Json, emoji: str, *, person: int = 4242, away: bool = False, bot: bool = False
    ) -> None:
        """Somebody puts an emoji below a message, or takes it away; with an id it is a custom one."""
        name, _, identifier = emoji.partition(":")
        event: Json = {
            "user_id": str(person),
            "channel_id": str(channel.id),
            "message_id": message["id"],
            "emoji": {"id": identifier or None, "name": name},
            "burst": False,
            "type": 0,
        }
        if channel.guild:
            event["guild_id"] = str(channel.guild)
        if not away:
            event["message_author_id"] = message["author"]["id"]
        if not away and channel.guild:
            told = user(person, "ada", bot=bot)
            event["member"] = {"user": told, "roles": [], "joined_at": JOINED, "deaf": False, "mute": False, "flags": 0}
        if self.gateway.hears_reactions(directly=not channel.guild):
            await self.gateway.dispatch(f"MESSAGE_REACTION_{'REMOVE' if away else 'ADD'}", event)

    async def update_channel(self, channel: Channel) -> None:
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        await self.gateway.dispatch(event, channel.json())

    async def allow(self, channel: Channel, **permissions: bool) -> None:
        """Changes what the bot may do in a channel, and says so."""
        changed = discord.Permissions(channel.permissions.value)
        changed.update(**permissions)
        channel.permissions = changed
        await self.update_channel(channel)


_CALLBACKS: defaultdict[int, str] = defaultdict(
    lambda: "CreateMessageInteractionCallbackRequest",
    {
        6: "UpdateMessageInteractionCallbackRequest",
        8: "ApplicationCommandAutocompleteCallbackRequest",
        9: "ModalInteractionCallbackRequest",
    },
)


def _unlocalized(definitions: list[Json]) -> list[Json]:
    """Definitions as Discord gives them to who does not ask for translations."""
    return [
        {
            name: _unlocalized(value) if name in ("options", "choices") else value
            for name, value in definition.items()
            if not name.endswith("_localizations")
        }
        for definition in definitions
    ]


def _registered(command: Json, number: int) -> Json:
    """A command as Discord gives it back: with what it adds, and without what says nothing."""

    def bare(option: Json) -> Json:
        kept = {name: value for name, value in option.items() if value not in (None, False, [])}
        if "options" in kept:
            kept["options"] = [bare(inner) for inner in kept["options"]]
        return kept

    permissions = command.get("default_member_permissions")
    return {
        "id": str(number),
        "application_id": str(APPLICATION_ID),
        "version": str(number),
        "default_member_permissions": None if permissions is None else str(permissions),
        "type": 1,
        "nsfw": False,
        "description": "",
        "dm_permission": False,
        **{name: value for name, value in bare(command).items() if name != "default_member_permissions"},
    }


async def eventually(condition: Callable[[], object]) -> None:
    """Waits until something is so; fails when it does not become so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
