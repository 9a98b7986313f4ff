"""A site like arXiv, which a test writes, and the source that reads it."""

from __future__ import annotations

import http.client
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from adapters.feeds.arxiv.source import Arxiv
from adapters.feeds.http import FeedClient, RateLimit
from tests.adapters.feeds.arxiv_documents import Entry, atom
from tests.feed_server import FeedServer, Request, ScriptedFeed, http_answer

XML = "application/xml; charset=utf-8"


class Wishes:
    """The categories that are wanted; a test changes them."""

    def __init__(self, *categories: str) -> None:
        self.categories: Collection[str] = categories

    async def __call__(self) -> Collection[str]:
        return self.categories


def arxiv(url: str, client: FeedClient, *categories: str, wishes: Wishes | None = None) -> Arxiv:
    return Arxiv(url, url, client=client, categories=wishes or Wishes(*categories), pace=RateLimit(0.0))


class Feeds:
    """Feeds and an API that a test writes, for `ScriptedFeed`: feeds by category, answers of the API by category."""

    def __init__(self, **feeds: bytes) -> None:
        self.feeds = {name.replace("_", "."): feed for name, feed in feeds.items()}
        self.submitted: dict[str, list[Entry]] = {}
        self.asked: list[str] = []

    def __call__(self, request: Request) -> bytes:
        if request.path == "/api/query":
            found = re.match(r"cat:(\S+) AND submittedDate:\[(\d+) TO (\d+)\]$", request.query["search_query"])
            assert found, request.query
            self.asked.append(f"api {found[1]} {found[2]} {found[3]}")
            return http_answer(atom(*self.submitted.get(found[1], [])), content_type=XML)
        category = request.path.removeprefix("/rss/")
        self.asked.append(category)
        feed = self.feeds.get(category)
        return (
            http_answer(feed, content_type=XML)
            if feed
            else http_answer(b"<html>", status=404, content_type="text/html")
        )


def api(*answers: bytes) -> ScriptedFeed:
    """An API that gives these documents, the last one from then on."""
    return ScriptedFeed(*(http_answer(answer, content_type=XML) for answer in answers))


def announced(server: FeedServer, day: str, category: str) -> dict[str, str]:
    """The kinds of a recorded announcement's papers by id, read in the simplest way."""
    server.set_today(day)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request("GET", f"/rss/{category}")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return dict(
        re.findall(r"<link>https://arxiv.org/abs/([^<]+)</link>.*?<arxiv:announce_type>(\w+)<", text, re.DOTALL)
    )
