"""The one connection to Discord: discord.py's client, with the address, the pace and the care of ours.

discord.py repeats a request after 500, 502, 504 and 524 up to five times, and waits out any 429. That is right for
reading and wrong for whoever keeps an outbox, who must know at once what happened. Requests made with `once` are never
repeated: an answer of 500 and more raises `Unanswered`, a wait beyond `LONGEST_WAIT` raises `discord.RateLimited`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.http import HTTPClient, Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from adapters.discord.client.circuit_breaker import CircuitBreaker
from adapters.discord.client.interaction_payloads import completed
from adapters.discord.client.rate_limit import RateLimit
from adapters.discord.messages.components import LineButton, LineMenu, Press

API_URL = Route.BASE
LONGEST_WAIT = 10.0  # seconds that a request of the outbox may wait for a rate limit
SHORTEST_WAIT = 1.0
#: discord.py's own limit for the same; 30 s is the least that it takes.
LONGEST_BUCKET_WAIT = 30.0

#: The share of a day's sessions that is kept back for when they are needed.
KEPT_SESSIONS = 0.1

#: Discord takes 50 requests a second from one bot (https://docs.discord.com/developers/topics/rate-limits#global-rate-limit),
#: not counting answers to interactions. In no second is it more than REQUESTS_PER_SECOND + BURST.
REQUESTS_PER_SECOND = 42.0
BURST = 5
LONGEST_QUEUE = 15.0  # seconds that a request waits for its turn, well within the waiting of the outbox

#: How often an answer to a person is tried when its connection breaks, and how long it rests before that. Discord
#: waits three seconds for the first one; a further one that comes twice is better than none.
ANSWER_TRIES = 3
ANSWER_REST = 0.5  # seconds

ALREADY_ACKNOWLEDGED = 40060
#: How a request differs from what discord.py makes of it: not repeated at all, or an answer to a person.
_ONCE, _ANSWER = "once", "answer"
#: What comes of data in which a field is missing, or is not what it was.
MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError, RecursionError)
_log = structlog.get_logger()

# The library warns at every start that two packages are missing which only voice needs.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class Unanswered(discord.DiscordException):
    """Whether Discord did what it was asked to, nobody can tell from its answer."""


class AnsweredElsewhere(discord.DiscordException):
    """Another process with the same token was the first to answer a person: what they asked for is done there."""


class DiscordClient(discord.AutoShardedClient):
    """discord.py's client at any address, for slash-commands and posting, without a cache of people.

    With `reads_messages` it hears what people write, which takes the privileged Message Content intent.
    Only this client is redirected; nothing of the library changes for anybody else.
    """

    #: What a pressed button does; whoever runs commands sets it.
    press: Press

    def __init__(
        self, token: str, breaker: CircuitBreaker, *, api_url: str = API_URL, reads_messages: bool = False
    ) -> None:
        heard: dict[str, str] = {}
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=reads_messages, message_content=reads_messages),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_BUCKET_WAIT,
            http_trace=_listener(breaker, heard),
        )
        #: Headers of the last answer that somebody may want to know.
        self.heard: dict[str, str] = heard
        self._token = token
        self._logging_in = asyncio.Lock()
        #: The shards whose session lives.
        self._live: set[int] = set()
        self._logged_in = False
        self._webhooks = _RedirectedWebhooks(api_url)
        self.add_dynamic_items(LineButton, LineMenu)
        _redirect(self.http, api_url)
        self._survive_events()

    def _survive_events(self) -> None:
        """Has discord.py go on after an event that it cannot read, where one of them would end the connection.

        Only READY still does that: without it there is no session.
        """
        parsers = self._connection.parsers
        answer = parsers["INTERACTION_CREATE"]
        parsers["INTERACTION_CREATE"] = lambda data: answer(completed(data))
        for event, read in [(event, read) for event, read in parsers.items() if event != "READY"]:
            parsers[event] = _surviving(event, read)

    async def log_in(self) -> None:
        """Makes requests possible; once is enough.

        Raises `discord.LoginFailure` for a wrong token, else what the network raises.
        """
        async with self._logging_in:
            if self._logged_in:
                return
            try:
                await self.login(self._token)
            except (discord.DiscordException, aiohttp.ClientError, OSError, *MISSHAPEN) as error:
                # A failed login leaves a session behind that cannot be used and cannot be replaced.
                await self.http.close()
                self.http.clear()
                self.http.connector = discord.utils.MISSING
                if isinstance(error, discord.DiscordException | aiohttp.ClientError | OSError):
                    raise
                raise Unanswered(f"an answer that cannot be read ({type(error).__name__}: {error})") from error
            self._logged_in = True

    async def log_out(self) -> None:
        """Closes everything; harmless when nothing was open."""
        if self._logged_in:
            await self.close()

    @property
    def hears(self) -> bool:
        """Whether the gateway tells us what happens, at least on one of the shards."""
        return bool(self._live) and not self.is_closed()

    async def on_shard_connect(self, shard_id: int) -> None:
        """Called by discord.py when a session begins."""
        self._live.add(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Called by discord.py when a session goes on."""
        self._live.add(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Called by discord.py when a connection broke."""
        self._live.discard(shard_id)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by discord.py before every new session, also before those that it begins by itself."""
        await super().before_identify_hook(shard_id, initial=initial)
        if not initial:
            with suppress(discord.DiscordException, aiohttp.ClientError, OSError):
                await self.spare_sessions()

    async def spare_sessions(self) -> None:
        """Waits when few new sessions are left: whoever uses up a day's 1,000 has the token reset by Discord.

        That is where a bot gets that crashes and is started again all night. Discord keeps the count, so a restart
        does not forget it. https://docs.discord.com/developers/events/gateway#session-start-limit-object
        """
        limits = await self.fetch_session_start_limits()
        if limits.remaining < limits.total * KEPT_SESSIONS:
            seconds = limits.reset_after / 1000
            _log.error("discord.sessions_used_up", remaining=limits.remaining, wait=seconds)
            await asyncio.sleep(seconds)

    async def work(self) -> None:
        """Keeps the gateway open until cancelled; raises `discord.ConnectionClosed` for what reconnecting cannot heal.

        Answers to interactions go to the same address as everything else, for the tasks of this connection only.
        """
        async_context.set(self._webhooks)
        await self.connect()

    async def once(self, route: Route, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """Makes one request and returns the JSON of its answer.

        Raises `Unanswered`, `discord.RateLimited`, `discord.HTTPException`, or what aiohttp raises.
        """
        more: dict[str, Any] = {"json": body} if body is not None else {}
        if query:
            more["params"] = query
        try:
            answer = await self.http.request(route, trace_request_ctx=_ONCE, **more)
        except (discord.DiscordException, aiohttp.ClientError):
            raise
        except MISSHAPEN as error:
            raise Unanswered("an answer that cannot be read") from error
        if isinstance(answer, str):
            raise Unanswered("an answer that is no JSON")
        return answer


class _RedirectedWebhooks(AsyncWebhookAdapter):
    """What answers interactions."""

    def __init__(self, api_url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._api_url = api_url

    async def request(self, route: Route, session: aiohttp.ClientSession, **more: Any) -> Any:
        counted = _Counted(session)
        tries, waiting = ANSWER_TRIES, LONGEST_BUCKET_WAIT
        while True:
            try:
                return await super().request(_elsewhere(route, self._api_url), counted, **more)  # type: ignore[arg-type]
            except discord.RateLimited as limit:
                # discord.py waits only where the limit is written as Discord itself writes it.
                waiting -= limit.retry_after
                if waiting < 0:
                    raise
                counted.requests -= 1  # nothing was done
                await asyncio.sleep(limit.retry_after)
            except (aiohttp.ClientError, OSError):
                tries -= 1
                if not tries:
                    raise
                await asyncio.sleep(ANSWER_REST)
            except discord.HTTPException as error:
                # A request whose answer was lost is repeated. Who asks once was not the first.
                if error.code == ALREADY_ACKNOWLEDGED and counted.requests == 1:
                    raise AnsweredElsewhere("another process with this token answered first") from error
                raise
            for file in more.get("files") or ():
                file.reset()


class _Counted:
    """A session as far as answers to interactions need one. It counts how often they are tried."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.requests = 0

    def request(self, *what: Any, **more: Any) -> Any:
        self.requests += 1
        return self._session.request(*what, trace_request_ctx=_ANSWER, **more)


def _surviving(event: str, read: Callable[[Any], None]) -> Callable[[Any], None]:
    def survive(data: Any) -> None:
        try:
            read(data)
        except (discord.DiscordException, *MISSHAPEN) as error:
            # Now what the event was about is not known, as if it had been lost on the way.
            _log.error("discord.event_unreadable", happened=event, exc_info=error)

    return survive


def _elsewhere(route: Route, api_url: str) -> Route:
    if route.url.startswith(Route.BASE):  # it may have been used before
        route.url = api_url + route.url.removeprefix(Route.BASE)
    return route


def _redirect(http: HTTPClient, api_url: str) -> None:
    """Sends this client's requests to another address, and its gateway to where that address says.

    After an invalid session discord.py goes back to the gateway that it knows by heart, not to the one that it was
    told of (`DiscordWebSocket.received_message`): that is put right as well.
    """
    request, ws_connect = http.request, http.ws_connect
    pace = RateLimit(REQUESTS_PER_SECOND, burst=BURST, longest=LONGEST_QUEUE)
    default = discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY.host
    told: list[yarl.URL] = []

    async def request_elsewhere(route: Route, **more: Any) -> Any:
        if wait := pace.next():
            if wait > LONGEST_QUEUE:
                raise discord.RateLimited(wait)
            await asyncio.sleep(wait)
        return await request(_elsewhere(route, api_url), **more)

    async def connect_elsewhere(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        address = yarl.URL(url)
        if address.host == default and told:
            address = told[0].with_query(address.query)
        elif not told:
            told.append(address.with_query(None))
        return await ws_connect(str(address), compress=compress)

    http.request = request_elsewhere  # type: ignore[method-assign]
    http.ws_connect = connect_elsewhere  # type: ignore[method-assign]


def _listener(breaker: CircuitBreaker, said: dict[str, str]) -> aiohttp.TraceConfig:
    """Hears every answer before discord.py does, and keeps in `said` what time it is for Discord."""

    async def heard(
        _session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        answer = end.response
        status, headers = answer.status, answer.headers
        if "Date" in headers:
            said["Date"] = headers["Date"]
        # A page instead of JSON, and no `Via`: it comes from Cloudflare, and Discord never saw the request.
        limited, strange = status == 429, "Via" not in headers
        banned = limited and strange and answer.content_type != "application/json"
        breaker.heard(status, banned=banned, shared=headers.get("X-RateLimit-Scope") == "shared")
        asked = getattr(context, "trace_request_ctx", None)
        if asked == _ONCE and status >= 500:
            raise Unanswered(f"an answer with status {status}")
        if not limited or banned or asked is None:
            return
        # discord.py waits as it is told, but takes every 429 without `Via`, or of another type than this, for a ban.
        wait = _seconds(headers.get("Retry-After", ""))
        unread = headers.get("Content-Type") != "application/json"
        if asked == _ANSWER or strange or unread or wait > LONGEST_WAIT:
            raise discord.RateLimited(wait or SHORTEST_WAIT)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(heard)
    return trace


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
