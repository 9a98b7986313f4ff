"""Replies below a digest: in the thread of its message, beside the message where there can be none."""

from __future__ import annotations

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import (
    NAME_REFUSED,
    NO_THREADS_HERE,
    THREAD_EXISTS,
    UNKNOWN_CHANNEL,
    detail_of,
)
from adapters.discord.client.errors import RESPONSE_ERRORS
from adapters.discord.client.routes import thread_of_message_route
from adapters.discord.messages.markup import cut
from adapters.discord.posting.create import (
    THREAD_ARCHIVED_AFTER,
    InThreadError,
    NotSentError,
    create_message,
    preparing,
)
from bot.messages.message import Message
from bot.platforms.outcomes import Outgoing, Sent

LONGEST_THREAD_NAME = 100
#: What a thread is called whose name is not allowed.
PLAIN_NAME = "Papers"

_log = structlog.get_logger()


async def reply_in_thread(client: DiscordClient, channel: int, parent: int, outgoing: Outgoing) -> Sent:
    """Posts into the thread of a message, which has the message's id; beside the message where none can be.

    Raises `InThreadError` where the thread takes nothing, such as one that was deleted: Discord opens no second thread
    for a message. Raises `NotSentError`, or what a request raises, where it is about the channel.
    """
    try:
        return await create_message(client, parent, outgoing)
    except discord.HTTPException as error:
        if error.code != UNKNOWN_CHANNEL:
            raise InThreadError(error) from error
    except NotSentError as error:
        raise InThreadError(error) from error
    if not await _open_thread(client, channel, parent, outgoing):
        reference = {"message_id": str(parent), "fail_if_not_exists": False}
        return await create_message(client, channel, outgoing, reference=reference)
    try:
        return await create_message(client, parent, outgoing)
    except (discord.HTTPException, NotSentError) as error:
        raise InThreadError(error) from error


async def _open_thread(client: DiscordClient, channel: int, parent: int, outgoing: Outgoing) -> bool:
    """Opens the thread, if it is not open already; False where there can be none."""
    route = thread_of_message_route(channel, parent)
    body = {"name": thread_name(outgoing.message), "auto_archive_duration": THREAD_ARCHIVED_AFTER}
    try:
        try:
            await client.request_once(route, body)
        except discord.HTTPException as error:
            if error.code not in NAME_REFUSED:
                raise
            await preparing(client.request_once(route, {**body, "name": PLAIN_NAME}))
    except discord.HTTPException as error:
        if error.code == THREAD_EXISTS:
            return True
        if error.code in NO_THREADS_HERE:
            _log.info("discord.no_thread", channel=str(outgoing.address), reason=detail_of(error))
            return False
        raise NotSentError(error) from error
    except RESPONSE_ERRORS as error:
        raise NotSentError(error) from error
    return True


def thread_name(message: Message) -> str:
    """What the thread below a digest is called."""
    return cut(message.thread or message.summary, LONGEST_THREAD_NAME) or PLAIN_NAME
