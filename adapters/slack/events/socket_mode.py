"""Socket Mode: several sockets to Slack, each of which is replaced before it is closed; every envelope is acknowledged.

Slack repeats events, but never commands or presses: a second without a socket loses what somebody did. Any one of an
app's sockets gets a payload. What cannot be read today cannot be read in a minute either, and is acknowledged.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack.client.connection import Connection, usable_proxy
from adapters.slack.client.errors import ERRORS, code_of, explained, outcome_of
from adapters.slack.client.payloads import Json
from bot.channels.channel import PlatformName
from bot.errors import SettingsError
from bot.metrics import Metrics
from bot.platforms.access import FIRST_RETRY, LONGEST_RETRY, Means
from bot.platforms.outcomes import Gone, Retry

log = structlog.get_logger(__name__)

#: Slack allows ten for all processes of an app.
SOCKETS: Final = 2
PING_INTERVAL: Final = 10.0  # seconds; half of it without an answer, and the socket counts as broken
_TOO_MANY: Final = "too_many_websockets"
_DISABLED: Final = "link_disabled"
_SWITCHED_OFF: Final = "Socket Mode is off. Switch it on in the app's settings at https://api.slack.com/apps."
#: Seconds for which a socket that Slack is about to close is still listened to.
_LISTENED_ON: Final = 60.0
#: Seconds after which a socket counts as a good one: the next is opened at once when it breaks.
_GOOD_AFTER: Final = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds between sockets that break at once
_TOO_MANY_PAUSE, _LONGEST_TOO_MANY_PAUSE = 15.0, 300.0  # seconds, where Slack allows us no more sockets


class SocketMode:
    """Keeps sockets open, and lets `app` answer what comes through them."""

    def __init__(
        self,
        app: AsyncApp,
        connection: Connection,
        app_token: str,
        *,
        sockets: int = SOCKETS,
        ping_interval: float = PING_INTERVAL,
        first_retry: float = FIRST_RETRY,
        only_platform: bool = True,
    ) -> None:
        self._app = app
        self._connection = connection
        self._app_token = app_token
        self._sockets = sockets
        self._ping_interval = ping_interval
        self.first_retry = first_retry
        self._only_platform = only_platform
        self._handling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled; raises `SettingsError` for a token that Slack refuses at the start of the only platform."""
        first: str | None = None
        try:
            first = await self._address()
        except ERRORS as error:
            if self._only_platform and (advice := self.refusal(error)):
                raise SettingsError(advice) from error
            log.warning("slack.unreachable", reason=explained(error))
        self.metrics.serving(PlatformName.SLACK)
        # A pool of its own: sockets hold their connections for hours.
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for number in range(self._sockets):
                place = _SocketSlot(self, session, number)
                group.create_task(place.keep_open(first if number == 0 else None))

    @property
    def metrics(self) -> Metrics:
        return self._connection.metrics

    async def _address(self) -> str:
        """Where the next socket is to be had; raises one of `errors.ERRORS`."""
        answer = await self._connection.client().apps_connections_open(app_token=self._app_token)
        return str(answer["url"])

    async def open(self, session: aiohttp.ClientSession, address: str | None) -> aiohttp.ClientWebSocketResponse:
        """A new socket; raises one of `errors.ERRORS`."""
        url = address or await self._address()
        return await session.ws_connect(url, heartbeat=self._ping_interval, proxy=usable_proxy(url, self._proxy))

    @property
    def _proxy(self) -> str | None:
        return self._connection.client().proxy

    def refusal(self, error: BaseException) -> str:
        """What to do where Slack refuses the token, or to hand out sockets; empty for any other error."""
        if not (isinstance(error, SlackApiError) and isinstance(outcome_of(error), Gone)):
            return ""
        return (
            f"Slack does not accept the app-level token ({code_of(error)}). PAPERROUND_SLACK_APP_TOKEN starts "
            "with xapp- and has the scope connections:write."
        )

    def refused(self, advice: str) -> None:
        """Slack lets no socket be opened."""
        self._connection.access.refused(PlatformName.SLACK, Means.LISTENING, advice)

    def granted(self) -> None:
        """Slack has said hello on a socket."""
        self._connection.access.granted(PlatformName.SLACK, Means.LISTENING)

    def handle(self, socket: aiohttp.ClientWebSocketResponse, envelope: Json) -> None:
        """Answers an envelope beside everything else."""
        task = asyncio.create_task(self._answer(socket, envelope, time.monotonic()))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    def close(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Closes a socket beside everything else."""
        task = asyncio.create_task(_closed(socket))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, envelope: Json, received: float) -> None:
        acknowledgement: Json = {"envelope_id": envelope["envelope_id"]}
        request = SocketModeRequest.from_dict(envelope) if isinstance(envelope.get("payload"), dict | str) else None
        if request is None:
            log.warning("slack.envelope_empty", envelope_type=envelope.get("type"))
        else:
            answer = await self._dispatch(request)
            # A form without an acknowledgement stays open and tells the person to try again, which is the truth.
            if answer.status != 200 and request.payload.get("type") == "view_submission":
                return
            if payload := _payload_of(answer):
                acknowledgement["payload"] = payload
        try:
            await socket.send_str(json.dumps(acknowledgement))
            self.metrics.acknowledged(PlatformName.SLACK, time.monotonic() - received)
        except (ConnectionError, aiohttp.ClientError) as error:
            log.warning("slack.not_acknowledged", envelope_type=envelope.get("type"), reason=repr(error))

    async def _dispatch(self, request: SocketModeRequest) -> BoltResponse:
        try:
            answer: BoltResponse = await run_async_bolt_app(self._app, request)
        except Exception as error:  # noqa: BLE001 - whatever it is that the library does not expect
            log.warning("slack.envelope_unreadable", envelope_type=request.type, reason=repr(error))
            answer = BoltResponse(status=400)
        return answer


class _SocketSlot:
    """One of the sockets, and those that come after it."""

    def __init__(self, sockets: SocketMode, session: aiohttp.ClientSession, number: int) -> None:
        self._sockets = sockets
        self._session = session
        self._number = number
        self._log = log.bind(socket=number)
        self._failures = 0
        self._refusals = 0

    async def keep_open(self, address: str | None) -> None:
        """Opens a socket, and the next one as soon as that is about to end; until cancelled."""
        async with asyncio.TaskGroup() as listening:
            while True:
                try:
                    socket = await self._sockets.open(self._session, address)
                except ERRORS as error:
                    await self._pause_after(error)
                    continue
                finally:
                    address = None
                ends: asyncio.Future[str] = asyncio.get_running_loop().create_future()
                opened = asyncio.get_running_loop().time()
                listening.create_task(self._listen(socket, partial(_settle, ends)))
                reason = await ends
                self._log.info("slack.socket_ends", reason=reason)
                await self._pause(reason, asyncio.get_running_loop().time() - opened)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse, ends: Callable[[str], None]) -> None:
        """Reads a socket until it is closed; `ends` hears as soon as another one is needed, and why."""
        self._sockets.metrics.connected(PlatformName.SLACK)
        try:
            async with socket:
                deadline: asyncio.TimerHandle | None = None
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    envelope = _read(message.data)
                    match envelope.get("type"):
                        case "hello":
                            self._sockets.granted()
                            self._log.info("slack.connected", sockets=envelope.get("num_connections"))
                        case "disconnect":
                            reason = str(envelope.get("reason") or "disconnect")
                            ends(reason)
                            if reason == _TOO_MANY:
                                break
                            if deadline is None:
                                loop = asyncio.get_running_loop()
                                deadline = loop.call_later(_LISTENED_ON, partial(self._sockets.close, socket))
                        case _ if isinstance(envelope.get("envelope_id"), str):
                            self._sockets.handle(socket, envelope)
                if deadline is not None:
                    deadline.cancel()
        except (ConnectionError, aiohttp.ClientError) as error:
            self._log.info("slack.socket_broken", reason=repr(error))
        finally:
            self._sockets.metrics.disconnected(PlatformName.SLACK)
            ends("closed")

    async def _pause(self, reason: str, lasted: float) -> None:
        """Waits before the next socket: not at all after one that was good."""
        if reason == _TOO_MANY:
            self._refusals += 1
            pause = min(_LONGEST_TOO_MANY_PAUSE, _TOO_MANY_PAUSE * 2 ** (self._refusals - 1))
            self._log.error(
                "slack.too_many_sockets",
                seconds=round(pause),
                advice="Slack allows ten sockets for an app. Stop processes that are not needed, or use HTTP.",
            )
            await asyncio.sleep(pause * _jitter())
            return
        if reason == _DISABLED:
            await self._pause_refused(_SWITCHED_OFF)
            return
        if lasted >= _GOOD_AFTER:
            self._failures = self._refusals = 0
            return
        await self._back_off()

    async def _pause_after(self, error: BaseException) -> None:
        """Waits after a socket that was not to be had."""
        if advice := self._sockets.refusal(error):
            await self._pause_refused(advice)
            return
        outcome = outcome_of(error)
        self._log.warning("slack.unreachable", reason=explained(error))
        if isinstance(outcome, Retry) and outcome.after is not None:
            await asyncio.sleep(outcome.after)
        else:
            await self._back_off()

    async def _pause_refused(self, advice: str) -> None:
        """Waits, longer and longer, where whoever runs the bot, or an admin, has to do something."""
        pause = min(LONGEST_RETRY, self._sockets.first_retry * 2 ** min(self._refusals, 10))
        self._refusals += 1
        self._sockets.refused(advice)
        await asyncio.sleep(pause * _jitter())

    async def _back_off(self) -> None:
        """The first time at once, then longer and longer."""
        if self._failures:
            await asyncio.sleep(_jitter() * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self._failures - 1)))
        self._failures += 1


def _jitter() -> float:
    """So that the sockets of many processes do not come all at the same moment."""
    return random.uniform(1.0, 1.3)  # noqa: S311


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.close()


def _settle(ends: asyncio.Future[str], reason: str) -> None:
    if not ends.done():
        ends.set_result(reason)


def _read(text: str) -> Json:
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError):
        envelope = None
    return envelope if isinstance(envelope, dict) else {}


def _payload_of(answer: BoltResponse) -> Json | None:
    """What an acknowledgement carries: an answer to a form, or options."""
    if answer.status != 200 or not answer.body:
        return None
    content_type = (answer.headers.get("content-type") or [""])[0]
    return dict(json.loads(answer.body)) if content_type.startswith("application/json") else {"text": answer.body}
