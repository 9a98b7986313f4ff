"""Requests to Discord's REST API: at any address, at our rate limit, and repeated only where that does no harm.

discord.py repeats a request after 500, 502, 504 and 524 up to five times, and waits out any 429. That is right for
reading and wrong for whoever keeps an outbox, who must know at once what happened. Requests marked `NO_RETRIES` are
never repeated: a status of 500 and more raises `BadResponseError`, a wait beyond `LONGEST_WAIT` `discord.RateLimited`.
"""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import yarl
from discord.http import HTTPClient, Route

from adapters.discord.client.circuit_breaker import CircuitBreaker
from adapters.discord.client.errors import BadResponseError
from bot.channels.channel import PlatformName
from bot.metrics import Metrics, Requested, requested_by
from bot.platforms.pacing.pace import Pace

LONGEST_WAIT = 10.0  # seconds that a request of the outbox may wait for a rate limit
SHORTEST_WAIT = 1.0

#: Discord takes 50 requests a second from one bot (https://docs.discord.com/developers/topics/rate-limits#global-rate-limit),
#: not counting answers to interactions. In no second is it more than REQUESTS_PER_SECOND + BURST.
REQUESTS_PER_SECOND = 48.0
BURST = 2
LONGEST_QUEUE = 15.0  # seconds that a request waits for its turn, well within the waiting of the outbox

#: Seconds between two looks for buckets that nobody used for five minutes.
EXPIRE_EVERY = 30.0

#: How a request differs from what discord.py makes of it: not repeated at all, or an answer to a person.
NO_RETRIES, INTERACTION_RESPONSE = "no retries", "interaction response"


def redirected(route: Route, api_url: str) -> Route:
    if route.url.startswith(Route.BASE):  # it may have been used before
        route.url = api_url + route.url.removeprefix(Route.BASE)
    return route


def redirect(http: HTTPClient, api_url: str, pace: Pace, metrics: Metrics) -> None:
    """Sends this client's requests to another address at that pace, and its gateway to where that address says.

    discord.py looks through the buckets of all channels at each new one; here it does so now and then.

    After an invalid session discord.py goes back to the gateway that it knows by heart, not to the one that it was
    told of (`DiscordWebSocket.received_message`): that is put right as well.
    """
    request, ws_connect, expire = http.request, http.ws_connect, http._try_clear_expired_ratelimits  # noqa: SLF001
    expired_at = -EXPIRE_EVERY
    default = discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY.host
    told: list[yarl.URL] = []

    async def request_redirected(route: Route, **more: Any) -> Any:
        wait, until = pace.queue(time.monotonic()), time.monotonic() + LONGEST_QUEUE
        if wait <= LONGEST_QUEUE:
            ticket = pace.ticket(time.monotonic())
            while (wait := pace.left(ticket, time.monotonic())) and time.monotonic() + wait <= until:
                metrics.held_back(PlatformName.DISCORD, wait)
                await asyncio.sleep(wait)
        if wait:
            metrics.held_back(PlatformName.DISCORD, wait)
            raise discord.RateLimited(wait)
        return await request(redirected(route, api_url), **more)

    async def connect_redirected(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        address = yarl.URL(url)
        if address.host == default and told:
            address = told[0].with_query(address.query)
        elif not told:
            told.append(address.with_query(None))
        return await ws_connect(str(address), compress=compress)

    def expire_now_and_then() -> None:
        nonlocal expired_at
        if time.monotonic() - expired_at >= EXPIRE_EVERY:
            expired_at = time.monotonic()
            expire()

    http.request = request_redirected  # type: ignore[method-assign]
    http._try_clear_expired_ratelimits = expire_now_and_then  # type: ignore[method-assign]  # noqa: SLF001
    http.ws_connect = connect_redirected  # type: ignore[method-assign]


_FILES = ("/attachments/", "/ephemeral-attachments/")


def trace(breaker: CircuitBreaker, latest: dict[str, str], pace: Pace, metrics: Metrics) -> aiohttp.TraceConfig:
    """Sees every response before discord.py does, tells the pace, and keeps in `latest` what time it is for Discord."""

    def count(method: str, url: yarl.URL, result: Requested, context: SimpleNamespace) -> None:
        metrics.request(
            PlatformName.DISCORD, operation_of(method, url.path), result, time.monotonic() - context.started
        )

    async def on_request_start(
        _session: aiohttp.ClientSession, context: SimpleNamespace, _start: aiohttp.TraceRequestStartParams
    ) -> None:
        context.started = time.monotonic()

    async def on_request_end(
        _session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        if end.url.path.startswith(_FILES):
            return  # from where files lie, which says nothing about the bot
        answer = end.response
        status, headers = answer.status, answer.headers
        count(end.method, end.url, requested_by(status), context)
        if "Date" in headers:
            latest["Date"] = headers["Date"]
        # A page instead of JSON, and no `Via`: it comes from Cloudflare, and Discord never saw the request.
        limited, strange = status == 429, "Via" not in headers
        banned = limited and strange and answer.content_type != "application/json"
        breaker.record(status, banned=banned, shared=headers.get("X-RateLimit-Scope") == "shared")
        asked = getattr(context, "trace_request_ctx", None)
        of_all = headers.get("X-RateLimit-Scope") == "global"
        if limited and of_all:
            pace.refused(context.started, time.monotonic(), _seconds(headers.get("Retry-After", "")) or SHORTEST_WAIT)
        elif not limited and asked != INTERACTION_RESPONSE:
            pace.taken(context.started, time.monotonic())
        if asked == NO_RETRIES and status >= 500:
            raise BadResponseError(f"an answer with status {status}")
        if not limited or banned or asked is None:
            return
        # discord.py waits as it is told, but takes every 429 without `Via`, or of another type than this, for a ban.
        wait = _seconds(headers.get("Retry-After", ""))
        metrics.held_back(PlatformName.DISCORD, wait or SHORTEST_WAIT)
        # Of the bot's own limit it holds back everything, and then lets it go at once: that is what the pace is for.
        unread = headers.get("Content-Type") != "application/json"
        if asked == INTERACTION_RESPONSE or strange or unread or of_all or wait > LONGEST_WAIT:
            raise discord.RateLimited(wait or SHORTEST_WAIT)

    async def on_request_exception(
        _session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestExceptionParams
    ) -> None:
        count(end.method, end.url, Requested.NONE, context)

    config = aiohttp.TraceConfig()
    config.on_request_exception.append(on_request_exception)
    config.on_request_start.append(on_request_start)
    config.on_request_end.append(on_request_end)
    return config


def operation_of(method: str, path: str) -> str:
    """What a request is for, in one of few words."""
    if "/webhooks/" in path or path.endswith("/callback"):
        return "respond"
    if "/gateway" in path or path.endswith("/oauth2/applications/@me"):
        return "connect"
    if method == "GET":
        return "read"
    return "post" if method == "POST" and path.endswith(("/messages", "/threads")) else "change"


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
