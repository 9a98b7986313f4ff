"""How the simulated Discord answers: JSON, errors, rate limits, and what goes wrong on the way."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from aiohttp import web

from tests.simulators.limits import Kind, Limit

VIA = {"Via": "1.1 google"}


class Fault(Enum):
    """What goes wrong with one request."""

    DROP = auto()  # the connection breaks before anything is done
    ACCEPT_THEN_DROP = auto()
    ERROR = auto()  # 500, and nothing was done
    ACCEPT_THEN_ERROR = auto()  # 502, but it was done
    UNAVAILABLE = auto()  # 503
    HTML_PAGE = auto()  # 200 with a page of HTML
    RATE_LIMITED = auto()  # 429 with WAIT seconds
    RATE_LIMITED_LONG = auto()  # 429 with LONG_WAIT seconds
    BANNED = auto()  # 429 from Cloudflare
    RATE_LIMITED_BARE = auto()  # 429 without `Via`, as another server than Discord's might say it
    RATE_LIMITED_PAGE = auto()  # 429 with a page, as a proxy in between says it
    RATE_LIMITED_UNTOLD = auto()  # 429 that does not say for how long
    ODD_LIMITS = auto()  # done, and the headers about limits make no sense
    EMPTY = auto()  # done, and the answer says nothing
    SLOW = auto()  # SLOWNESS seconds
    LATE = auto()  # it is done so late that nobody waits any more
    FORBIDDEN_PAGE = auto()  # 403 with a page of HTML, as a proxy or Cloudflare says it
    NOT_FOUND_PAGE = auto()  # 404 with a page
    BAD_REQUEST_PAGE = auto()  # 400 with a page
    FORBIDDEN_EMPTY = auto()  # 403 with an empty body
    NOT_FOUND_EMPTY = auto()  # 404 with an empty body
    FORBIDDEN_CODE_0 = auto()  # 403 with code 0
    NOT_FOUND_CODE_0 = auto()


WAIT = 0.05
LONG_WAIT = 42.0
SLOWNESS = 1.5


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] = VIA) -> web.Response:
    """An answer of that content type exactly: with a charset behind it, discord.py takes it for text."""
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers={**headers, "Content-Type": "application/json"}
    )


#: Refusals that are not Discord's own words about what was asked, by their statuses and bodies.
PAGE = "<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title></html>"
STRANGE_REFUSALS = {
    Fault.FORBIDDEN_PAGE: (403, PAGE),
    Fault.NOT_FOUND_PAGE: (404, PAGE),
    Fault.BAD_REQUEST_PAGE: (400, PAGE),
    Fault.FORBIDDEN_EMPTY: (403, ""),
    Fault.NOT_FOUND_EMPTY: (404, ""),
    Fault.FORBIDDEN_CODE_0: (403, None),
    Fault.NOT_FOUND_CODE_0: (404, None),
}


def strange_refusal(fault: Fault) -> web.Response:
    """A refusal that says nothing about the channel, though its status looks so."""
    status, page = STRANGE_REFUSALS[fault]
    if page is None:
        return json_answer({"code": 0, "message": "something"}, status=status)
    return web.Response(text=page, status=status, content_type="text/html", headers=VIA)


class ApiError(Exception):
    """An answer with an error code of Discord's."""

    def __init__(self, status: int, code: int, message: str = "refused") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> web.Response:
        return json_answer({"code": self.code, "message": self.message}, status=self.status, headers=VIA)


@dataclass(slots=True)
class _Bucket:
    left: int
    ends: float


class Limits:
    """A bucket for each route and channel: so many requests in each window (seconds); and one limit for all.

    Everything may be changed at any time: `per_window` and `window` from the next window on, of which others with the
    same token use `others`.
    """

    def __init__(self, per_window: int, window: float, per_second: int) -> None:
        self.per_window, self.window, self.others = per_window, window, 0
        self.of_all = Limit(per_second, Kind.FIXED)
        self._buckets: dict[str, _Bucket] = {}

    def take_of_all(self) -> float:
        """Counts a request for the limit of the bot as a whole, as `take` does for its bucket."""
        return self.of_all.take(time.monotonic())

    def take(self, method: str, path: str) -> float:
        """Counts a request; returns how long it should have waited, 0 when it did not have to."""
        bucket = self._bucket(method, path)
        if bucket.left <= 0:
            return max(0.001, bucket.ends - time.monotonic())
        bucket.left -= 1
        return 0.0

    def headers(self, method: str, path: str) -> dict[str, str]:
        bucket = self._bucket(method, path)
        return {
            "X-RateLimit-Limit": str(self.per_window),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset-After": f"{max(0.0, bucket.ends - time.monotonic()):.3f}",
            "X-RateLimit-Bucket": re.sub(r"\d+", "", f"{method}{path}").replace("/", "-"),
        }

    def _bucket(self, method: str, path: str) -> _Bucket:
        name = f"{method} {path}"
        now = time.monotonic()
        if name not in self._buckets or self._buckets[name].ends <= now:
            self._buckets[name] = _Bucket(self.per_window - self.others, now + self.window)
        return self._buckets[name]


def too_fast(wait: float, headers: Mapping[str, str] = VIA, *, of_all: bool = False) -> web.Response:
    """429, as Discord says it: the header has whole seconds, the body more precisely."""
    body = {"message": "You are being rate limited.", "retry_after": wait, "global": of_all}
    more = {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": "global" if of_all else "user"}
    if of_all:
        more["X-RateLimit-Global"] = "true"
    return json_answer(body, status=429, headers={**VIA, **headers, **more})
