"""HTTP requests that claim to be Slack's: how large, whose, whether they can be read at all, and what they get."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import parse_qsl

import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

log = structlog.get_logger(__name__)

LARGEST_REQUEST: Final = 1_000_000  # bytes
#: What reading a payload may raise: every field of it is optional, whatever the documentation of the day says.
MALFORMED: Final = (LookupError, TypeError, ValueError, AttributeError)


async def response_to(request: Request, verifier: SignatureVerifier, app: AsyncApp) -> Response:
    """What the app says to a request that is Slack's, and a refusal to any other."""
    body = await _limited_body(request)
    if body is None:
        return PlainTextResponse("too large", status_code=413)
    if b"ssl_check=1" in body.split(b"&"):
        # Slack looks at the certificate now and then, without a signature.
        return PlainTextResponse("")
    if not _is_signed(verifier, request, body):
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

    The library takes for granted that an event in it is an object, too, and that there are actions where there may be.
    """
    written: str | None = body.decode()
    if "json" not in request.headers.get("content-type", ""):
        written = dict(parse_qsl(written or "")).get("payload")
    if written is None:
        return True
    try:
        sent = json.loads(written)
    except ValueError:
        return False
    if not isinstance(sent, dict):
        return False
    event, actions = sent.get("event", {}), sent.get("actions", [{}])
    acts = isinstance(actions, list) and bool(actions) and isinstance(actions[0], dict)
    return acts and isinstance(event, dict) and isinstance(event.get("type", ""), str | None)


def _is_signed(verifier: SignatureVerifier, request: Request, body: bytes) -> bool:
    """Whether Slack sent this within the last five minutes.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    stamp = request.headers.get("x-slack-request-timestamp", "")
    # The library takes neither other stamps than numbers nor other bodies than text.
    if not (stamp.isascii() and stamp.isdigit()):
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return verifier.is_valid(text, stamp, request.headers.get("x-slack-signature"))
