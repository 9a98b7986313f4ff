"""How the simulated Discord answers: JSON, errors, rate limits, and what goes wrong on the way."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from aiohttp import web

VIA = {"Via": "1.1 google"}


class Fault(Enum):
    """What goes wrong with one request."""

    DROP = auto()  # the connection breaks before anything is done
    ACCEPT_THEN_DROP = auto()
    ERROR = auto()  # 500, and nothing was done
    ACCEPT_THEN_ERROR = auto()  # 502, but it was done
    UNAVAILABLE = auto()  # 503
    NONSENSE = auto()  # 200 with a page of HTML
    RATE_LIMITED = auto()  # 429 with WAIT seconds
    RATE_LIMITED_LONG = auto()  # 429 with LONG_WAIT seconds
    BANNED = auto()  # 429 from Cloudflare


WAIT = 0.05
LONG_WAIT = 42.0


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] = VIA) -> web.Response:
    """An answer of that content type exactly: with a charset behind it, discord.py takes it for text."""
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers={**headers, "Content-Type": "application/json"}
    )


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
    """A bucket for each route and channel: so many requests in each window (seconds)."""

    def __init__(self, per_window: int, window: float) -> None:
        self._per_window, self._window = per_window, window
        self._buckets: dict[str, _Bucket] = {}

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
            "X-RateLimit-Limit": str(self._per_window),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset-After": f"{max(0.0, bucket.ends - time.monotonic()):.3f}",
            "X-RateLimit-Bucket": re.sub(r"\d+", "", f"{method}{path}").replace("/", "-"),
        }

    def _bucket(self, method: str, path: str) -> _Bucket:
        name = f"{method} {path}"
        now = time.monotonic()
        if name not in self._buckets or self._buckets[name].ends <= now:
            self._buckets[name] = _Bucket(self._per_window, now + self._window)
        return self._buckets[name]


def too_fast(wait: float) -> web.Response:
    """429, as Discord says it."""
    body = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
    return json_answer(body, status=429, headers={**VIA, "Retry-After": str(wait)})
