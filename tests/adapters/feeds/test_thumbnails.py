"""Pictures of papers: read once, from public addresses alone, and only what is a picture."""

from __future__ import annotations

import pytest

from adapters.feeds.http import FeedClient
from adapters.feeds.syndication.public_addresses import PublicTransport
from adapters.feeds.thumbnails import THUMBNAIL_LIMITS, FetchedThumbnails, media_type_of
from tests.feed_server import ScriptedFeed, http_answer

PNG = b"\x89PNG\r\n\x1a\n" + 100 * b"x"
JPEG = b"\xff\xd8\xff" + 100 * b"x"


async def test_a_picture_is_read_once_and_the_one_that_was_looked_at_first_makes_room() -> None:
    with ScriptedFeed(http_answer(PNG), http_answer(JPEG), http_answer(PNG)) as feed:
        async with FeedClient(limits=THUMBNAIL_LIMITS) as client:
            thumbnails = FetchedThumbnails(client, most_kept=150)
            for path, kind in (("a", "image/png"), ("a", "image/png"), ("b", "image/jpeg"), ("a", "image/png")):
                found = await thumbnails.fetch(f"{feed.url}/{path}")
                assert found is not None
                assert found.media_type == kind
        assert [request.path for request in feed.requests] == ["/a", "/b", "/a"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, PNG),
        (200, b"<svg onload='alert(1)'/>"),
        (200, b"<html>"),
        (200, b""),
        (500, PNG),
        (200, PNG + 4_000_000 * b"x"),
    ],
)
async def test_what_is_no_picture_is_not_shown(status: int, body: bytes) -> None:
    with ScriptedFeed(http_answer(body, status=status, headers={"Content-Type": "image/png"})) as feed:
        async with FeedClient(limits=THUMBNAIL_LIMITS) as client:
            assert await FetchedThumbnails(client).fetch(feed.url) is None


async def test_nothing_inside_is_asked_for_a_picture() -> None:
    with ScriptedFeed(http_answer(PNG)) as feed:
        async with FeedClient(limits=THUMBNAIL_LIMITS, transport=PublicTransport()) as client:
            for url in (feed.url, "http://169.254.169.254/x.png", "http://[broken", "gopher://example.org/"):
                assert await FetchedThumbnails(client).fetch(url) is None
        assert feed.requests == []


def test_pictures_are_known_by_their_first_bytes() -> None:
    assert media_type_of(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
    assert media_type_of(b"GIF89a") == "image/gif"
    assert media_type_of(b"RIFF\x00\x00\x00\x00WAVEfmt ") == ""
