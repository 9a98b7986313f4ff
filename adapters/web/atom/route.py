"""`/feeds/{secret}.atom`: feeds of channels, without a login. Whoever has the address may read them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_path
from adapters.web.atom.document import MEDIA_TYPE, atom_document, last_change
from bot.channels.channel_feed import ChannelFeed, feed_path
from bot.clocks import Clock
from bot.library.channel_feed import ChannelFeeds

#: No search engine is to list it, and no cache between keep it: a feed that was switched off is gone at once.
_HEADERS: Final = {"x-robots-tag": "noindex, nofollow", "cache-control": "private, no-cache"}


class FeedAddresses:
    """Serves the feeds. `own_address` is where we are reached, empty for where the request went.

    `with_pages` is whether channels have pages here that an entry can lead to.
    """

    def __init__(self, feeds: ChannelFeeds, clock: Clock, *, own_address: str = "", with_pages: bool = True) -> None:
        self._feeds = feeds
        self._clock = clock
        self._own_address = own_address
        self._with_pages = with_pages

    def routes(self, middleware: Sequence[Middleware] = ()) -> list[Route]:
        return [Route(feed_path("{secret}"), self.read, methods=["GET"], middleware=list(middleware))]

    async def read(self, request: Request) -> Response:
        """The feed, or 304 where the reader has it as it is. Whatever else is asked for gets one and the same 404."""
        feed = await self._feeds.find(request.path_params["secret"])
        if feed is None:
            return PlainTextResponse("There is no such feed.\n", 404, _HEADERS)
        entries = await self._feeds.entries(feed)
        base = self._own_address or str(request.base_url).rstrip("/")
        document = atom_document(feed, entries, address=base + request.url.path, page=self._page(feed, base))
        # A clock that was wrong may have noted what is still to come; HTTP dates may not lie there.
        changed_at = min(last_change(feed, entries), self._clock.now()).astimezone(UTC).replace(microsecond=0)
        tag = f'"{hashlib.sha256(document).hexdigest()[:32]}"'
        headers = {**_HEADERS, "etag": tag, "last-modified": format_datetime(changed_at, usegmt=True)}
        if _is_known(request, tag, changed_at):
            return Response(status_code=304, headers=headers)
        return Response(document, headers={**headers, "content-type": MEDIA_TYPE})

    def _page(self, feed: ChannelFeed, base: str) -> str:
        return base + channel_path(feed.channel.address) if self._with_pages and not feed.channel.person else ""


def _is_known(request: Request, tag: str, changed_at: datetime) -> bool:
    """Whether the reader has this already (RFC 9110, section 13.2.2: a tag is believed before a date)."""
    if (known := request.headers.get("if-none-match")) is not None:
        tags = [one.strip().removeprefix("W/") for one in known.split(",")]
        return "*" in tags or tag in tags
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):
        return False
    return changed_at <= (since if since.tzinfo else since.replace(tzinfo=UTC))
