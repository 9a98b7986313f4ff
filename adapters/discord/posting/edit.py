"""Changing messages that were posted: they keep their form, and notify nobody again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import INVALID_FORM, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, detail_of
from adapters.discord.client.errors import RESPONSE_ERRORS, BadResponseError, code_of
from adapters.discord.client.routes import message_route
from adapters.discord.messages.layouts import FLAG
from adapters.discord.messages.rendering import Form, render
from bot.platforms.outcomes import Outgoing

_log = structlog.get_logger()


async def edit(client: DiscordClient, channel: int, message: int, outgoing: Outgoing, *, layout: bool) -> None:
    """Has a message say something else, without its pictures where Discord takes no others. `layout` is whether it is
    one now.

    A layout cannot become anything else: https://docs.discord.com/developers/resources/message#edit-message. Raises
    one of `RESPONSE_ERRORS`.
    """
    form = Form.LAYOUT if layout else Form.EMBEDS
    while True:
        payload = render(outgoing.message, key=outgoing.key, form=form).payload
        # A text with a mention stays as it is where it stands for itself: nobody is notified of it again.
        body: dict[str, Any] = {part: payload[part] for part in ("flags", "embeds", "components") if part in payload}
        try:
            await client.request_once(
                message_route(channel, message, "PATCH"), body | {"allowed_mentions": {"parse": []}}
            )
        except discord.HTTPException as error:
            plainer = form.plainer if code_of(error) == INVALID_FORM and form.has_pictures else None
            if plainer is None:
                raise
            form = plainer
        else:
            return


async def edit_message(client: DiscordClient, channel: int, message: int, outgoing: Outgoing, *, layout: bool) -> bool:
    """Edits a message; False where that did not work."""
    try:
        await edit(client, channel, message, outgoing, layout=layout)
    except RESPONSE_ERRORS as error:
        _log.info("discord.not_updated", channel=str(outgoing.address), reason=detail_of(error))
        return False
    return True


async def redraw(client: DiscordClient, places: Sequence[int], message: int, outgoing: Outgoing) -> None:
    """Edits a message that stands in the first of these places where it is found, in the form that it has there.

    Raises one of `RESPONSE_ERRORS`.
    """
    for number, place in enumerate(places, 1):
        try:
            told = await client.request_once(message_route(place, message))
        except discord.HTTPException as error:
            if number < len(places) and error.code in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE):
                continue  # no thread was opened below the message, and the reply stands beside it
            raise
        if not isinstance(flags := told.get("flags", 0), int):
            raise BadResponseError("a message without its flags")
        await edit(client, place, message, outgoing, layout=bool(flags & FLAG))
        return
