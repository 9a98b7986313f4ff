"""Responses to interactions. They go to webhooks, which discord.py asks past its own HTTP client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import discord
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter

from adapters.discord.client.errors import ALREADY_ACKNOWLEDGED, AlreadyAcknowledgedError
from adapters.discord.client.requests import INTERACTION_RESPONSE, redirected
from bot.channels.channel import PlatformName
from bot.metrics import Metrics

#: Seconds that a response may wait for rate limits in all.
LONGEST_LIMIT = 30.0
#: How often a response is tried when its connection breaks, and how long it rests before that. Discord
#: waits three seconds for the first one; a further one that comes twice is better than none.
RESPONSE_ATTEMPTS = 3
RESPONSE_RETRY_WAIT = 0.5  # seconds
#: Interactions that wait for their first answer; of more it is not measured how long that takes.
MOST_OPEN = 1_000


class RedirectedWebhooks(AsyncWebhookAdapter):
    """Sends responses and follow-ups of interactions, which go to webhooks, to our address as well."""

    def __init__(self, api_url: str, metrics: Metrics) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._api_url = api_url
        self._metrics = metrics
        self._received: dict[str, float] = {}

    def received(self, interaction: Mapping[str, Any]) -> None:
        """Discord tells of an interaction, and waits for the first answer from now on."""
        if len(self._received) >= MOST_OPEN:
            self._received.clear()  # they were never answered
        self._received[str(interaction.get("id"))] = time.monotonic()

    async def request(self, route: Route, session: aiohttp.ClientSession, **more: Any) -> Any:
        answer = await self._request(route, session, **more)
        if route.url.endswith("/callback") and (since := self._received.pop(str(route.webhook_id), None)) is not None:
            self._metrics.acknowledged(PlatformName.DISCORD, time.monotonic() - since)
        return answer

    async def _request(self, route: Route, session: aiohttp.ClientSession, **more: Any) -> Any:
        counted = _CountingSession(session)
        tries, waiting = RESPONSE_ATTEMPTS, LONGEST_LIMIT
        while True:
            try:
                return await super().request(redirected(route, self._api_url), counted, **more)  # type: ignore[arg-type]
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
                await asyncio.sleep(RESPONSE_RETRY_WAIT)
            except discord.HTTPException as error:
                # A request whose answer was lost is repeated. Who asks once was not the first.
                if error.code == ALREADY_ACKNOWLEDGED and counted.requests == 1:
                    raise AlreadyAcknowledgedError("another process with this token answered first") from error
                raise
            for file in more.get("files") or ():
                file.reset()


class _CountingSession:
    """A session as far as answers to interactions need one. It counts how often they are tried."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.requests = 0

    def request(self, *what: Any, **more: Any) -> Any:
        self.requests += 1
        return self._session.request(*what, trace_request_ctx=INTERACTION_RESPONSE, **more)
