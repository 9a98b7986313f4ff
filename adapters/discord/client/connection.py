"""DiscordClient: discord.py's client, at an address, a rate limit and with the care of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import Route
from discord.webhook.async_ import async_context

from adapters.discord.client.circuit_breaker import CircuitBreaker
from adapters.discord.client.errors import REQUEST_ERRORS, RESPONSE_ERRORS, BadResponseError, ClientClosedError
from adapters.discord.client.gateway import HeartbeatMonitor, shorten_outages
from adapters.discord.client.interaction_payloads import with_defaults
from adapters.discord.client.requests import BURST, NO_RETRIES, REQUESTS_PER_SECOND, redirect, trace
from adapters.discord.client.webhooks import RedirectedWebhooks
from bot.channels.channel import PlatformName
from bot.errors import MALFORMED
from bot.metrics import Metrics
from bot.platforms.access import Access, Means
from bot.platforms.pacing.pace import Pace

API_URL = Route.BASE
#: The longest wait for a rate limit that discord.py itself waits out; 30 s is the least that it takes.
LONGEST_BUCKET_WAIT = 30.0

#: What a button or an option does: a line, and whether the person confirmed it.
OnComponent = Callable[[discord.Interaction[Any], str, bool], Awaitable[None]]
#: The share of a day's sessions that is kept back for when they are needed.
RESERVED_SESSIONS = 0.1

_log = structlog.get_logger()

# The library warns at every start that two packages are missing which only voice needs.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class DiscordClient(discord.AutoShardedClient):
    """discord.py's client at any address, for slash-commands and posting, without a cache of people.

    It receives direct messages, mentions of the bot and reactions; with `reads_messages` all that people write, which
    takes the privileged Message Content intent.
    Only this client is redirected; nothing of the library changes for anybody else.
    """

    #: What our buttons and select menus do; whoever runs commands sets it.
    on_command_component: OnComponent

    def __init__(
        self,
        token: str,
        breaker: CircuitBreaker,
        *,
        api_url: str = API_URL,
        reads_messages: bool = False,
        metrics: Metrics | None = None,
        access: Access | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._access = access or Access()
        response_headers: dict[str, str] = {}
        pace = Pace(most=REQUESTS_PER_SECOND, burst=BURST)
        super().__init__(
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                dm_messages=True,
                guild_reactions=True,
                dm_reactions=True,
                message_content=reads_messages,
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_BUCKET_WAIT,
            http_trace=trace(breaker, response_headers, pace, self.metrics),
        )
        #: Headers of the last answer that somebody may want to know.
        self.response_headers: dict[str, str] = response_headers
        #: How fast requests may leave, answers to interactions excepted.
        self.pace = pace
        #: What the bot may do in channels that the gateway told nothing of, and until when that is believed.
        self.asked_permissions: dict[int, tuple[float, discord.Permissions | None]] = {}
        self._token = token
        self._logging_in = asyncio.Lock()
        #: The shards whose session lives.
        self._connected_shards: set[int] = set()
        #: Whether one did at any time.
        self.was_connected = False
        self._logged_in = False
        self._webhooks = RedirectedWebhooks(api_url, self.metrics)
        redirect(self.http, api_url, pace, self.metrics)
        shorten_outages()
        self._guard_event_parsers()

    def _guard_event_parsers(self) -> None:
        """Has discord.py go on after an event that it cannot read, where one of them would end the connection.

        Only READY still does that: without it there is no session.
        """
        parsers = self._connection.parsers
        answer = parsers["INTERACTION_CREATE"]

        def interact(data: Any) -> None:
            self._webhooks.received(data)
            views = self._connection._view_store  # noqa: SLF001 - it is made anew each time
            if not isinstance(views.schedule_dynamic_item_call, _GuardedCall):
                views.schedule_dynamic_item_call = _GuardedCall(  # type: ignore[assignment]
                    views.schedule_dynamic_item_call
                )
            answer(with_defaults(data))

        parsers["INTERACTION_CREATE"] = interact
        for event, read in [(event, read) for event, read in parsers.items() if event != "READY"]:
            parsers[event] = _guarded_parser(event, read)

    def clock_ahead(self, now: datetime) -> timedelta:
        """How far Discord's clock was ahead of `now` when it answered last; 0 where it does not say."""
        try:
            return parsedate_to_datetime(self.response_headers["Date"]) - now
        except (KeyError, ValueError, OverflowError, TypeError):
            return timedelta()

    async def log_in(self) -> None:
        """Makes requests possible; once is enough.

        Raises `discord.LoginFailure` for a wrong token, else what the network raises.
        """
        async with self._logging_in:
            if self._logged_in:
                return
            try:
                await self.login(self._token)
            except (asyncio.CancelledError, *RESPONSE_ERRORS) as error:
                # A failed login leaves a session behind that cannot be used and cannot be replaced.
                await self.http.close()
                self.http.clear()
                self.http.connector = discord.utils.MISSING
                if isinstance(error, (asyncio.CancelledError, *REQUEST_ERRORS)):
                    raise
                raise BadResponseError(f"an answer that cannot be read ({type(error).__name__}: {error})") from error
            self._logged_in = True

    async def log_out(self) -> None:
        """Closes everything; harmless when nothing was open."""
        if self._logged_in:
            await self.close()

    @property
    def is_connected(self) -> bool:
        """Whether the gateway tells us what happens, at least on one of the shards."""
        return bool(self._connected_shards) and not self.is_closed()

    async def on_shard_connect(self, shard_id: int) -> None:
        """Called by discord.py when a session begins."""
        self._is_up(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Called by discord.py when a session goes on."""
        self._is_up(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Called by discord.py when a connection broke."""
        self._is_down(shard_id)

    def _is_up(self, shard_id: int) -> None:
        if shard_id not in self._connected_shards:
            self._connected_shards.add(shard_id)
            self.was_connected = True
            self._access.granted(PlatformName.DISCORD, Means.LISTENING)
            self.metrics.connected(PlatformName.DISCORD)

    def _is_down(self, shard_id: int) -> None:
        if shard_id in self._connected_shards:
            self._connected_shards.discard(shard_id)
            self.metrics.disconnected(PlatformName.DISCORD)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by discord.py before every new session, also before those that it begins by itself."""
        await super().before_identify_hook(shard_id, initial=initial)
        if not initial:
            with suppress(*REQUEST_ERRORS):
                await self.await_session_start_limit()

    async def await_session_start_limit(self) -> None:
        """Waits when few new sessions are left: whoever uses up a day's 1,000 has the token reset by Discord.

        That is where a bot gets that crashes and is started again all night. Discord keeps the count, so a restart
        does not forget it. https://docs.discord.com/developers/events/gateway#session-start-limit-object
        """
        limits = await self.fetch_session_start_limits()
        if limits.remaining < limits.total * RESERVED_SESSIONS:
            seconds = limits.reset_after / 1000
            _log.error("discord.sessions_used_up", remaining=limits.remaining, wait=seconds)
            await asyncio.sleep(seconds)

    async def open_gateway(self) -> None:
        """Keeps the gateway open until cancelled; raises `discord.ConnectionClosed` for what reconnecting cannot heal.

        Answers to interactions go to the same address as everything else, for the tasks of this connection only.
        """
        async_context.set(self._webhooks)
        monitor = asyncio.create_task(HeartbeatMonitor().run(self))
        self.metrics.serving(PlatformName.DISCORD)
        try:
            await self.connect()
        finally:
            monitor.cancel()
            for shard_id in list(self._connected_shards):
                self._is_down(shard_id)  # cancelled, discord.py does not say so

    async def request_once(self, route: Route, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """Makes one request and returns the JSON of its answer.

        Raises `BadResponseError`, `ClientClosedError`, `discord.RateLimited`, `discord.HTTPException`, or what aiohttp
        raises.
        """
        more: dict[str, Any] = {"json": body} if body is not None else {}
        if query:
            more["params"] = query
        try:
            answer = await self.http.request(route, trace_request_ctx=NO_RETRIES, **more)
        except (discord.DiscordException, aiohttp.ClientError):
            raise
        except MALFORMED as error:
            raise BadResponseError("an answer that cannot be read") from error
        except RuntimeError as error:  # aiohttp's, before it does anything with a session that is closed
            if not self.is_closed():
                raise
            raise ClientClosedError("the connection to Discord was ended before the request left") from error
        if isinstance(answer, str):
            raise BadResponseError("an answer that is no JSON")
        return answer


class _GuardedCall:
    """What discord.py does in a task of its own when a button or menu is used: it reads the message that it is on."""

    def __init__(self, call: Callable[..., Awaitable[None]]) -> None:
        self._call = call

    async def __call__(self, *arguments: Any) -> None:
        try:
            await self._call(*arguments)
        except (discord.DiscordException, *MALFORMED) as error:
            _log.error("discord.event_unreadable", gateway_event="INTERACTION_CREATE", exc_info=error)


def _guarded_parser(event: str, read: Callable[[Any], None]) -> Callable[[Any], None]:
    def survive(data: Any) -> None:
        try:
            read(data)
        except (discord.DiscordException, *MALFORMED) as error:
            # Now what the event was about is not known, as if it had been lost on the way.
            _log.error("discord.event_unreadable", gateway_event=event, exc_info=error)

    return survive
