"""The connection to the Web API: its address and pool, what time it is for Slack, and how fast it may be asked."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.client.counting import CountingClient
from adapters.slack.client.retries import Retries
from bot.channels.channel import PlatformName
from bot.clocks import Clock, SystemClock
from bot.metrics import Metrics
from bot.platforms.access import Access
from bot.platforms.pacing.pace import Pace

DEFAULT_API_URL: Final = "https://slack.com/api/"
REQUEST_TIMEOUT: Final = 20  # seconds; below the time that the outbox gives to a post
#: Nothing is ever repeated behind our back: the library's default would post a message twice whose answer got lost.
NO_RETRIES: Final[list[AsyncRetryHandler]] = []
#: At DEBUG the libraries write whole payloads, with addresses that let whoever reads them answer in our name.
LIBRARY_LOG: Final = logging.getLogger("slack")
LIBRARY_LOG.setLevel(logging.INFO)
_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))


def usable_proxy(url: str, proxy: str | None) -> str | None:
    """The proxy for that address: the library's choice, unless the address is excepted or on this machine."""
    host = urlsplit(url).hostname or ""
    return None if is_loopback(host) or proxy_bypass(host) else proxy


def is_loopback(host: str) -> bool:
    """Whether that name or address is this machine's own."""
    return host in _LOOPBACK


class Connection:
    """The address of the Web API, one pool of connections to it, and the retries to wait for it. `close` it in the
    end."""

    def __init__(
        self,
        api_url: str = DEFAULT_API_URL,
        *,
        timeout: int = REQUEST_TIMEOUT,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        metrics: Metrics | None = None,
        access: Access | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        #: Whether Slack takes the tokens of the settings.
        self.access = access or Access()
        self.url = api_url.rstrip("/") + "/"
        self.retries = Retries(partial(self.metrics.held_back, PlatformName.SLACK))
        self.monotonic = monotonic
        #: What time it was for Slack when it last told, and when that was on the monotonic clock.
        self._time_told: tuple[float, float] | None = None
        self._clock_ahead = timedelta()
        self._clock = clock or SystemClock()
        # The library applies its own timeout only to connections that it opened itself.
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._paces: dict[str, Pace] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool, opened with the first use inside a loop."""
        if self._session is None or self._session.closed:
            trace = aiohttp.TraceConfig()
            trace.on_request_end.append(self._note_date)
            self._session = aiohttp.ClientSession(timeout=self._timeout, trace_configs=[trace])
        return self._session

    async def _note_date(self, _session: object, _context: object, end: aiohttp.TraceRequestEndParams) -> None:
        """Slack's answers, unlike those of proxies in trouble, are JSON."""
        date = end.response.headers.get("Date", "")
        if date and end.response.content_type == "application/json":
            with suppress(ValueError, OverflowError):
                self._time_told = (parsedate_to_datetime(date).timestamp(), self.monotonic())

    @property
    def clock_ahead(self) -> timedelta:
        """How far Slack's clock is ahead of ours now, however ours was set since Slack last told.

        In whole minutes, so that the pages of one history are asked for with the same times.
        """
        if self._time_told is not None:
            told, at = self._time_told
            apart = told + self.monotonic() - at - self._clock.now().timestamp()
            if abs(apart - self._clock_ahead.total_seconds()) > 60:
                self._clock_ahead = timedelta(minutes=round(apart / 60))
        return self._clock_ahead

    def pace(self, workspace: str) -> Pace:
        """How fast messages may be posted in that workspace: what Slack allows there nobody knows, and each message in
        a channel counts. https://docs.slack.dev/apis/web-api/rate-limits"""
        return self._paces.setdefault(workspace, Pace())

    def client(self, token: str | None = None) -> AsyncWebClient:
        """A client that uses the pool."""
        client = self.unpooled_client(token)
        client.session = self.session
        return client

    def unpooled_client(self, token: str | None) -> AsyncWebClient:
        """A client for the same address that does not share the connections."""
        client = CountingClient(
            self.metrics,
            token=token,
            base_url=self.url,
            timeout=REQUEST_TIMEOUT,
            retry_handlers=NO_RETRIES,
            logger=LIBRARY_LOG,
        )
        client.proxy = usable_proxy(self.url, client.proxy)
        return client

    async def oauth_access(self, client_id: str, client_secret: str, **what: str) -> object:
        """Slack's answer to `oauth.v2.access`; raises one of `errors.ERRORS`.

        The header is ours because the library makes it in a way that its HTTP client is giving up.
        """
        proof = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        answer = await self.client().api_call("oauth.v2.access", data=what, headers={"Authorization": f"Basic {proof}"})
        return answer.data

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
