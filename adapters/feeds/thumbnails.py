"""Thumbnails of papers, from the servers that the feeds name. Their addresses are hostile, and so is what comes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

import structlog

from adapters.feeds.http import MEGABYTE, FeedClient, Limits
from bot.errors import SourceError
from bot.papers.thumbnails import Thumbnail

#: For the client that reads them: it is given a transport that reaches public addresses alone.
THUMBNAIL_LIMITS: Final = Limits(connect=5.0, read=10.0, total=15.0, body=4 * MEGABYTE, attempts=1)
AT_ONCE: Final = 4
MOST_KEPT: Final = 32 * MEGABYTE
#: How the formats begin that browsers show, none of which can hold a script.
#: https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)

_log = structlog.get_logger()


class FetchedThumbnails:
    """Implements `bot.papers.thumbnails.Thumbnails`. The pictures that were looked at last are kept in memory."""

    def __init__(self, client: FeedClient, *, most_kept: int = MOST_KEPT) -> None:
        """`most_kept` is in bytes."""
        self._client = client
        self._most_kept = most_kept
        self._kept: OrderedDict[str, Thumbnail] = OrderedDict()
        self._size = 0
        self._room = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str) -> Thumbnail | None:
        async with self._room:
            if url in self._kept:
                self._kept.move_to_end(url)
                return self._kept[url]
            try:
                answer = await self._client.get(url, headers={"Accept": "image/*"})
            except SourceError as error:
                _log.info("thumbnail.not_read", reason=str(error))
                return None
            media_type = media_type_of(answer.body)
            if answer.status != 200 or not media_type:
                _log.info("thumbnail.not_read", reason=f"{answer.place} answered {answer.outcome} without a picture.")
                return None
            thumbnail = Thumbnail(media_type, answer.body)
            self._keep(url, thumbnail)
            return thumbnail

    def _keep(self, url: str, thumbnail: Thumbnail) -> None:
        if url not in self._kept:  # another request may have brought it meanwhile
            self._kept[url] = thumbnail
            self._size += len(thumbnail.content)
        while self._size > self._most_kept:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest.content)


def media_type_of(content: bytes) -> str:
    """What picture it is by how it begins; empty for none that is shown."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), "")
