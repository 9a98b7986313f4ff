"""HTTP mode: requests that claim to be Slack's, how large they may be, whether they can be read, and what they get."""

from __future__ import annotations

import json
import time
from typing import Final
from urllib.parse import parse_qsl

import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.app.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.slack.events.verification import is_signed

log = structlog.get_logger(__name__)

LARGEST_REQUEST: Final = 1_000_000  # bytes
DEEPEST_PAYLOAD: Final = 64  # objects and lists in each other; rich text in a message in a view takes some fifteen


async def response_to(request: Request, signing_secret: str, app: AsyncApp) -> Response:
    """What the app says to a request that is Slack's, and a refusal to any other."""
    body = await _limited_body(request)
    if body is None:
        return PlainTextResponse("too large", status_code=413)
    if b"ssl_check=1" in body.split(b"&"):
        # Slack looks at the certificate now and then, without a signature.
        return PlainTextResponse("")
    if not is_signed(request.headers, body, signing_secret, now=time.time()):
        log.warning("slack.unsigned_request")
        return PlainTextResponse("not signed by Slack", status_code=401)
    if not _is_readable(request, body):
        return _unreadable()
    try:
        return to_starlette_response(await app.async_dispatch(to_async_bolt_request(request, body)))
    except Exception as error:  # noqa: BLE001 - whatever it is that the library does not expect
        log.warning("slack.request_unreadable", reason=repr(error))
        return _unreadable()


def _unreadable() -> Response:
    # Nor could it be read if Slack sent it again.
    return PlainTextResponse("not a form of Slack's", status_code=400, headers={"x-slack-no-retry": "1"})


async def _limited_body(request: Request) -> bytes | None:
    """The body, None for one that is larger than Slack's ever are."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            return None
    return bytes(body)


def _is_readable(request: Request, body: bytes) -> bool:
    """Whether it has what Slack's requests have: an object in JSON, or a form, perhaps with such an object in it.

    The library takes for granted that an event in it is an object, too, and that there are actions where there may be,
    which have names.
    """
    try:
        written: str | None = body.decode()
        if "json" not in request.headers.get("content-type", ""):
            written = dict(parse_qsl(written or "")).get("payload")
        if written is None:
            return True
        sent = json.loads(written)
    except (ValueError, RecursionError):
        return False
    if not isinstance(sent, dict) or _is_too_deep(sent):
        return False
    return _is_event(sent.get("event", {})) and ("actions" not in sent or _are_actions(sent["actions"]))


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("type", ""), str | None)


def _are_actions(actions: object) -> bool:
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, dict) and isinstance(first.get("action_id"), str)


def _is_too_deep(sent: object) -> bool:
    """Whether something is nested deeper than any payload of Slack: whatever reads it might run out of stack."""
    level = [sent]
    for _ in range(DEEPEST_PAYLOAD):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True
