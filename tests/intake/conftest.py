"""Fixtures of the intake's tests: the recorded feeds, and the real client for them."""

from __future__ import annotations

from tests.adapters.feeds.conftest import client
from tests.feed_server import feed_server

__all__ = ["client", "feed_server"]
