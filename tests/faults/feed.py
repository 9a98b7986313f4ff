"""Daily Papers as a server that fails: lists that grow, votes that grow, and answers that are none."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import Enum, auto
from typing import Any, Self

from tests.adapters.feeds.arxiv_documents import atom
from tests.adapters.feeds.entries import an_entry
from tests.feed_server import Request, ScriptedFeed, http_answer

_PAGE_SIZE = 100
_WORDS = ("alpha", "beta", "gamma", "delta")


class FeedFault(Enum):
    UNAVAILABLE = auto()  # 503
    RATE_LIMITED = auto()  # 429 with a second to wait
    PAGE = auto()  # 200 with a page of HTML
    CUT = auto()  # less than was promised
    EMPTY = auto()
    SLOW = auto()
    SHUT = auto()  # the connection is closed without a word
    BAD_JSON = auto()
    NOT_FOUND = auto()


class Feed:
    """Use it as a context manager. Whatever is listed stays listed; `share` of the requests goes wrong."""

    def __init__(self, seed: str) -> None:
        self.faults: Counter[str] = Counter()
        self.share = 0.0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._today = datetime.now(UTC).date()
        self._server = ScriptedFeed(self._answer)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def today(self) -> date:
        return self._today

    def list(self, count: int) -> None:
        """Lists that many more papers, at a place of its own each, and has those that are listed get votes."""
        with self._lock:
            for _ in range(count):
                number = len(self._entries) + 1
                title = f"{_WORDS[number % len(_WORDS)]} study {number}"
                upvotes = self._chance.randrange(0, 12)
                entry = an_entry(
                    number, title=title, upvotes=upvotes, submittedOnDailyAt=f"{self._today}T08:00:00.000Z"
                )
                self._entries.insert(self._chance.randint(0, len(self._entries)), entry)
            for entry in self._entries:
                entry["paper"]["upvotes"] += self._chance.random() < 0.1

    def listed(self, *, word: str = "", least: int = 0) -> set[str]:
        """The ids of the papers that have the word in their titles, and so many votes."""
        with self._lock:
            return {
                entry["paper"]["id"]
                for entry in self._entries
                if word in ("", *entry["title"].split()) and entry["paper"]["upvotes"] >= least
            }

    def _answer(self, request: Request) -> bytes | Iterable[bytes]:
        if request.path == "/api/query":  # arXiv is asked about papers, and knows none of them
            return http_answer(atom(), content_type="application/atom+xml")
        good = self._good(request)
        with self._lock:
            fault = self._chance.choice(list(FeedFault)) if self._chance.random() < self.share else None
            if fault:
                self.faults[f"feed {fault.name.lower()}"] += 1
        match fault:
            case FeedFault.UNAVAILABLE:
                return http_answer(b"busy", status=503, content_type="text/plain")
            case FeedFault.RATE_LIMITED:
                return http_answer(b"", status=429, headers={"Retry-After": "1"})
            case FeedFault.PAGE:
                return http_answer(b"<html>Welcome</html>", content_type="text/html")
            case FeedFault.CUT:
                return good[: len(good) * 2 // 3]
            case FeedFault.EMPTY:
                return http_answer(b"")
            case FeedFault.SLOW:
                return _slowly(good)
            case FeedFault.SHUT:
                return b""
            case FeedFault.BAD_JSON:
                return http_answer(b'[{"paper": {"id": ')
            case FeedFault.NOT_FOUND:
                return http_answer(b"{}", status=404)
        return good

    def _good(self, request: Request) -> bytes:
        if request.path != "/api/daily_papers":
            return http_answer(b"{}", status=404)
        page, size = int(request.query.get("p", 0)), int(request.query.get("limit", _PAGE_SIZE))
        with self._lock:
            shown = self._entries if request.query.get("date", str(self._today)) == str(self._today) else []
            body = json.dumps(shown[page * size : (page + 1) * size]).encode()
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return http_answer(b"", status=304, headers={"ETag": tag})
        return http_answer(body, headers={"ETag": tag})


def _slowly(answer: bytes) -> Iterable[bytes]:
    half = len(answer) // 2
    yield answer[:half]
    time.sleep(0.7)
    yield answer[half:]
