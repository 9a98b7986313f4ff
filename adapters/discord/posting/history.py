"""Looking for a message in a channel's history, after a response that was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import discord

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import UNKNOWN_CHANNEL
from adapters.discord.client.errors import BadResponseError
from adapters.discord.client.routes import messages_route
from adapters.discord.guilds.missing_access import permissions_in
from adapters.discord.messages.markers import has_marker
from adapters.discord.posting.create import LONGEST_KEY, Payload
from bot.clocks import Clock
from bot.platforms.outcomes import HistoryWindow, Partly, Sent

#: How far clocks may be apart beyond what is measured: the key is unique, so a wide look does no harm.
MARGIN: Final = timedelta(minutes=15)
PAGE: Final = 100
#: Pages of history that one look-up reads; the next one goes on.
MOST_PAGES: Final = 5
NEXT_PAGES: Final = 1.0  # seconds


async def find_in_history(
    client: DiscordClient, guild: int | None, places: Sequence[int], key: str, window: HistoryWindow, clock: Clock
) -> tuple[Sent | Partly | None, bool]:
    """The message with that key in one of these channels of a guild, and whether their history can be read at all.

    The newest come first, back to where the window begins by Discord's clock, of which each message's id is a time.
    Discord shows no messages, rather than an error, to who may not read the history.
    """
    at, _, cursor = window.cursor.partition(":")
    before = int(cursor) if cursor.isdecimal() else None
    pages, readable = 0, before is not None
    for number, place in enumerate(places):
        if before is not None and at != str(place):
            continue  # was read to its end
        while True:
            if pages == MOST_PAGES:
                return Partly(f"{place}:{before}", NEXT_PAGES), True
            pages += 1
            try:
                page = await _page(client, place, before)
            except discord.HTTPException as error:
                if error.code == UNKNOWN_CHANNEL and number < len(places) - 1:
                    break  # a thread that was never opened, or was deleted
                raise
            # Once there was an answer: it tells what time it is for Discord.
            first = discord.utils.time_snowflake(window.since + client.clock_ahead(clock.now()) - MARGIN)
            readable = readable or bool(page)
            for message in page:
                if is_ours(client, message, key):
                    return Sent(message["id"]), True
            ids = [int(message["id"]) for message in page]
            if len(page) < PAGE or min(ids) < first:
                break
            before = min(ids)
        before = None
    return None, readable or await _may_read(client, guild, places[-1])


def is_ours(client: DiscordClient, message: Payload, key: str) -> bool:
    """Whether the bot wrote a message, with that key."""
    me = client.user
    if me is None or message["author"]["id"] != str(me.id):
        return False
    return message.get("nonce") == key[:LONGEST_KEY] or has_marker(message, key[:LONGEST_KEY])


async def _page(client: DiscordClient, channel: int, before: int | None) -> list[Payload]:
    query = {"limit": PAGE} if before is None else {"limit": PAGE, "before": before}
    page = await client.request_once(messages_route(channel, "GET"), None, **query)
    if not isinstance(page, list):
        raise BadResponseError("an answer that is no page of messages")  # it says nothing about what is there
    return page


async def _may_read(client: DiscordClient, guild: int | None, place: int) -> bool:
    """Whether the bot may surely read the history there: then there is none where none is shown."""
    allowed = await permissions_in(client, guild, place)
    return allowed is not None and allowed.read_message_history
