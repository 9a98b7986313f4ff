"""Creating messages, each of them once.

A message carries its key twice. As the `nonce` it lets Discord itself answer a repeated request with the message that
is there already, for the few minutes that Discord remembers. Behind the first paper's address it can be found in the
channel's history at any time later.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import RESPONSE_ERRORS, BadResponseError
from adapters.discord.client.refusals import INVALID_FORM, THREAD_ARCHIVED
from adapters.discord.client.routes import channel_route, messages_route
from adapters.discord.messages.rendering import render
from bot.platforms.outcomes import Outgoing, Sent

LONGEST_KEY = 25
THREAD_ARCHIVED_AFTER = 1440  # minutes without messages

_log = structlog.get_logger()
Payload = dict[str, Any]
T = TypeVar("T")


class NotSentError(Exception):
    """A request before the one that posts failed: nothing was posted."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def preparing(request: Awaitable[T]) -> T:
    """Awaits a request that posts nothing; raises `NotSentError` when it fails."""
    try:
        return await request
    except RESPONSE_ERRORS as error:
        raise NotSentError(error) from error


def sent(response: Any) -> Sent:
    """What Discord made of a request that posts; raises `BadResponseError` where it does not say."""
    if not isinstance(response, dict) or not isinstance(response.get("id"), str):
        raise BadResponseError("an answer without the message's id")
    return Sent(response["id"])


async def create_message(client: DiscordClient, channel: int, outgoing: Outgoing, **more: Any) -> Sent:
    """Creates a message; without its pictures if Discord dislikes those, in an archived thread after opening it.

    Raises `NotSentError`, or what a request raises.
    """
    message, key = outgoing.message, outgoing.key[:LONGEST_KEY]
    once = {"nonce": key, "enforce_nonce": True, **more}
    body = {**render(message, key=key).payload, **once}
    for attempt in range(2):
        try:
            return sent(await client.request_once(messages_route(channel), body))
        except discord.HTTPException as error:
            if attempt:
                raise
            if error.code == INVALID_FORM:
                _log.warning("discord.message_degraded", channel=str(outgoing.address), reason=error.text[:500])
                body = {**render(message, key=key, pictures=False).payload, **once}
            elif error.code == THREAD_ARCHIVED:
                await preparing(client.request_once(channel_route(channel, "PATCH"), {"archived": False}))
            else:
                raise
    raise AssertionError("unreachable")
