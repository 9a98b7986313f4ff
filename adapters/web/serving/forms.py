"""What a request says: its fields, whichever way they came, and its numbers."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_BODY = 64 * 1024  # bytes; a command line has at most a few hundred characters
MOST_FIELDS = 200  # a form of settings has a box for each source
LARGEST_ID = 2**63 - 1


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a JSON object or of a form; raises `HTTPException` for a body that is neither or too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise HTTPException(415, "Send a form, or JSON.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, "That is too long.")
    try:
        fields = (
            json.loads(body)
            if kind == "application/json"
            else dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        )
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "The request cannot be read.") from error
    if not isinstance(fields, dict):
        raise HTTPException(400, "Send a JSON object.")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def id_of(text: str | None) -> int | None:
    """The message id that the text is; None for anything else."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_ID)):
        return None
    return min(int(text), LARGEST_ID)
