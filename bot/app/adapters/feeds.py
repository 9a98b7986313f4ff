"""The feeds that people add, with what reads them."""

from __future__ import annotations

import asyncio

from adapters.feeds.biorxiv.source import PreprintServer
from adapters.feeds.http import FeedClient
from adapters.feeds.syndication.public_addresses import feed_address
from adapters.feeds.syndication.source import History, SyndicatedFeed, document_of, fetch
from bot.clocks import Clock
from bot.intake.feeds import Feed
from bot.intake.source import Source
from bot.papers.sources import SERVERS, SourceName, title_of_source
from bot.text.cleaning import clean_line

LONGEST_TITLE = 200  # characters of a feed's title


class AddedFeeds:
    """Implements `bot.intake.feeds.FeedReader`: preprint servers by their own interface, all else as a feed.

    `servers` is where bioRxiv and medRxiv are asked, with the client that goes where the settings say; `client` is for
    addresses that people write.
    """

    def __init__(
        self, *, client: FeedClient, servers: str, server_client: FeedClient, history: History, clock: Clock
    ) -> None:
        self._client = client
        self._servers = servers
        self._server_client = server_client
        self._history = history
        self._clock = clock

    def source(self, feed: Feed) -> Source:
        server = SourceName(feed.address)
        if server in SERVERS:
            return PreprintServer(self._servers, server, name=feed.name, client=self._server_client, clock=self._clock)
        return SyndicatedFeed(feed.name, feed.address, client=self._client, history=self._history, clock=self._clock)

    async def title(self, address: str) -> str:
        if address in SERVERS:
            return title_of_source(SourceName(address))
        answer = await fetch(self._client, address)
        document = await asyncio.to_thread(document_of, answer, address)
        return clean_line(document.title, LONGEST_TITLE)

    def address(self, text: str) -> str | None:
        return text.strip().lower() if text.strip().lower() in SERVERS else feed_address(text)
