"""Publishing messages of announcement channels to the channels that follow them.

https://docs.discord.com/developers/resources/message#crosspost-message. Discord takes about ten an hour in a channel.
"""

from __future__ import annotations

import asyncio

import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import detail_of
from adapters.discord.client.errors import RESPONSE_ERRORS
from adapters.discord.client.routes import crosspost_route
from bot.platforms.outcomes import Sent

#: Seconds that publishing may take: the message itself is there already.
LONGEST_CROSSPOST = 5.0

_log = structlog.get_logger()


async def crosspost(client: DiscordClient, channel: int, message: Sent) -> None:
    """Publishes a message. Where that is refused or takes too long, it stays in its own channel."""
    try:
        async with asyncio.timeout(LONGEST_CROSSPOST):
            await client.request_once(crosspost_route(channel, int(message.remote_id)))
    except (TimeoutError, *RESPONSE_ERRORS) as error:
        _log.info("discord.not_crossposted", channel=channel, reason=detail_of(error))
