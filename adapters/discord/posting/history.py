"""Looking for a message in a channel's history, after a response that was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import discord

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import UNKNOWN_CHANNEL
from adapters.discord.client.routes import messages_route
from adapters.discord.messages.markers import has_marker
from adapters.discord.posting.create import LONGEST_KEY, Payload
from bot.platforms.outcomes import Sent

#: How far Discord's clock may be from ours.
CLOCK_MARGIN = timedelta(seconds=60)
PAGE = 100
#: Pages of history that are read for one message: channels busier than that are not searched to their end.
MOST_PAGES = 5


async def find_in_history(
    client: DiscordClient, places: Sequence[int], key: str, since: datetime
) -> tuple[Sent | None, bool]:
    """The message with that key in one of these channels, and whether their history can be read at all.

    Discord shows no messages, rather than an error, to who may not read the history.
    """
    readable = False
    for place in places:
        async for message in _history(client, place, since, thread=len(places) > 1 and place == places[0]):
            readable = True
            if is_ours(client, message, key):
                return Sent(message["id"]), True
    return None, readable or bool(await _page(client, places[-1], limit=1))


def is_ours(client: DiscordClient, message: Payload, key: str) -> bool:
    """Whether the bot wrote a message, with that key."""
    me = client.user
    if me is None or message["author"]["id"] != str(me.id):
        return False
    return message.get("nonce") == key[:LONGEST_KEY] or has_marker(message, key[:LONGEST_KEY])


async def _history(client: DiscordClient, channel: int, since: datetime, *, thread: bool) -> AsyncIterator[Payload]:
    """The messages since then, oldest page first; none for a `thread` that was never opened, or was deleted."""
    after = discord.utils.time_snowflake(since - CLOCK_MARGIN)
    for _ in range(MOST_PAGES):
        try:
            page = await _page(client, channel, after=after, limit=PAGE)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_CHANNEL and thread:
                return
            raise
        for message in page:
            yield message
        if len(page) < PAGE:
            return
        after = max(int(message["id"]) for message in page)


async def _page(client: DiscordClient, channel: int, **query: int) -> list[Payload]:
    page: list[Payload] = await client.request_once(messages_route(channel, "GET"), None, **query)
    return page
