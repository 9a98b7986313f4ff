"""HTTP requests that claim to be Slack's: how large, whose, and whether they can be read at all."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import parse_qsl

from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request

LARGEST_REQUEST: Final = 1_000_000  # bytes
#: What reading a payload may raise: every field of it is optional, whatever the documentation of the day says.
MALFORMED: Final = (LookupError, TypeError, ValueError, AttributeError)


async def limited_body(request: Request) -> bytes | None:
    """The body, None for one that is larger than Slack's ever are."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            return None
    return bytes(body)


def is_readable(request: Request, body: bytes) -> bool:
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


def is_signed(verifier: SignatureVerifier, request: Request, body: bytes) -> bool:
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
