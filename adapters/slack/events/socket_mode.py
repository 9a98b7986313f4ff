"""Slack's socket: every envelope is acknowledged, also one on which the library itself breaks.

Slack repeats what is not acknowledged, and what cannot be read today cannot be read in a minute either.
https://docs.slack.dev/apis/events-api/using-socket-mode#acknowledge
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.client.payloads import Json

log = structlog.get_logger(__name__)


class SocketModeHandler(AsyncSocketModeHandler):
    """The library's handler, with an answer for everything."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.client.message_listeners.append(_acknowledge_without_payload)

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        started = time.time()
        try:
            answer = await run_async_bolt_app(self.app, req)
        except Exception as error:  # noqa: BLE001 - whatever it is that the library does not expect
            log.warning("slack.envelope_unreadable", envelope_type=req.type, reason=repr(error))
            answer = BoltResponse(status=400)
        # A form without an acknowledgement stays open and tells the person to try again, which is the truth.
        if answer.status != 200 and req.payload.get("type") != "view_submission":
            answer = BoltResponse(status=200)
        await send_async_response(client, req, answer, started)


async def _acknowledge_without_payload(client: AsyncBaseSocketModeClient, message: Json, _raw: str | None) -> None:
    """The library makes a request only of an envelope with an object in it."""
    if message.get("envelope_id") and not isinstance(message.get("payload"), dict | str):
        log.warning("slack.envelope_empty", envelope_type=message.get("type"))
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=message["envelope_id"]))
