"""Verification: whether a request was signed by Slack within the last five minutes.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

#: Seconds that a request's own time and ours may be apart; an older one may have been recorded and sent again.
FRESH_FOR: Final = 300.0
#: The time as Slack writes it, in whole seconds since 1970: more digits than any clock shows are nobody's.
_SECONDS: Final = re.compile(r"\d{1,12}", re.ASCII)


def is_signed(headers: Mapping[str, str], body: bytes, signing_secret: str, *, now: float) -> bool:
    """Whether `headers` have Slack's signature of `body`, at the time `now` in seconds since 1970."""
    stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not _SECONDS.fullmatch(stamp) or abs(now - int(stamp)) > FRESH_FOR:
        return False
    expected = hmac.new(signing_secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    # As bytes: of text that is not ASCII the comparison knows nothing.
    return hmac.compare_digest(f"v0={expected}".encode(), signature.encode("utf-8", "surrogateescape"))
