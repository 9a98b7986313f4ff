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
from adapters.discord.client.error_codes import (
    HARMFUL_LINK,
    NO_REPLY_WITHOUT_HISTORY,
    THREAD_ARCHIVED,
    detail_of,
    refusal_of,
)
from adapters.discord.client.errors import RESPONSE_ERRORS, BadResponseError
from adapters.discord.client.routes import channel_route, messages_route
from adapters.discord.messages.rendering import Form, form_of, render
from bot.platforms.outcomes import Outgoing, Sent
from bot.platforms.refusals import About, Then

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


class InThreadError(Exception):
    """A request to the thread below a digest failed: its channel may be well. `cause` may be a `NotSentError`."""

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


async def create_message(
    client: DiscordClient, channel: int, outgoing: Outgoing, *, reference: Payload | None = None
) -> Sent:
    """Creates a message; in a plainer form if Discord takes no other, in an archived thread after opening it.

    Raises `NotSentError`, or what a request raises.
    """
    key, form, opened = outgoing.key[:LONGEST_KEY], form_of(outgoing.message), False
    while True:
        body = {**render(outgoing.message, key=key, form=form).payload, "nonce": key, "enforce_nonce": True}
        if reference is not None:
            body["message_reference"] = reference
        try:
            return sent(await client.request_once(messages_route(channel), body))
        except discord.HTTPException as error:
            if error.code == NO_REPLY_WITHOUT_HISTORY and reference is not None:
                reference = None
            elif error.code == THREAD_ARCHIVED and not opened:
                opened = True
                await preparing(client.request_once(channel_route(channel, "PATCH"), {"archived": False}))
            elif (plainer := plainer_form(error, form)) is not None:
                _log.warning("discord.message_degraded", channel=str(outgoing.address), reason=detail_of(error))
                form = plainer
            else:
                raise


def plainer_form(error: discord.HTTPException, form: Form) -> Form | None:
    """The form in which Discord may take what it refused; None where no form helps."""
    refusal = refusal_of(error)
    if refusal.about is not About.MESSAGE or refusal.then is not Then.OTHERWISE or form is Form.PLAIN:
        return None
    return Form.PLAIN if error.code == HARMFUL_LINK else form.plainer
