"""Fixtures of the feeds' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.feeds.http import FeedClient, Limits
from tests.feed_server import feed_server

__all__ = ["feed_server"]


@pytest.fixture
async def client() -> AsyncIterator[FeedClient]:
    """A client that is as patient as the real one but in a hurry between attempts."""
    async with FeedClient(contact="https://example.org/about", limits=Limits(pause=0.01)) as client:
        yield client
