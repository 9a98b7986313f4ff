"""Replies below a digest: in the thread of its message, beside the message where there can be none."""

from __future__ import annotations

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import RESPONSE_ERRORS
from adapters.discord.client.refusals import NO_THREADS_HERE, THREAD_EXISTS, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from adapters.discord.client.routes import thread_of_message_route
from adapters.discord.messages.markup import cut
from adapters.discord.posting.create import THREAD_ARCHIVED_AFTER, NotSentError, create_message
from bot.messages.message import Message
from bot.platforms.outcomes import Outgoing, Sent

LONGEST_THREAD_NAME = 100

_log = structlog.get_logger()


async def reply_in_thread(client: DiscordClient, channel: int, parent: int, outgoing: Outgoing) -> Sent:
    """Posts into the thread of a message, which has the message's id; beside the message where none can be."""
    try:
        return await create_message(client, parent, outgoing)
    except discord.HTTPException as error:
        if error.code != UNKNOWN_CHANNEL:
            raise
    if not await _open_thread(client, channel, parent, outgoing):
        reference = {"message_id": str(parent), "fail_if_not_exists": False}
        return await create_message(client, channel, outgoing, message_reference=reference)
    return await create_message(client, parent, outgoing)


async def _open_thread(client: DiscordClient, channel: int, parent: int, outgoing: Outgoing) -> bool:
    """Opens the thread, if it is not open already; False where there can be none."""
    body = {"name": thread_name(outgoing.message), "auto_archive_duration": THREAD_ARCHIVED_AFTER}
    try:
        await client.request_once(thread_of_message_route(channel, parent), body)
    except discord.HTTPException as error:
        if error.code == THREAD_EXISTS:
            return True
        if error.code in NO_THREADS_HERE or error.code == UNKNOWN_MESSAGE:
            _log.info("discord.no_thread", channel=str(outgoing.address), reason=error.text[:200])
            return False
        raise NotSentError(error) from error
    except RESPONSE_ERRORS as error:
        raise NotSentError(error) from error
    return True


def thread_name(message: Message) -> str:
    """What the thread below a digest is called."""
    return cut(message.thread or message.summary, LONGEST_THREAD_NAME) or "Papers"
