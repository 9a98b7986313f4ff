"""Changing messages that were posted: they keep their form, and notify nobody again."""

from __future__ import annotations

from typing import Any

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import INVALID_FORM, detail_of
from adapters.discord.client.errors import RESPONSE_ERRORS, code_of
from adapters.discord.client.routes import message_route
from adapters.discord.messages.rendering import Form, render
from bot.platforms.outcomes import Outgoing

_log = structlog.get_logger()


async def edit_message(client: DiscordClient, channel: int, message: int, outgoing: Outgoing, *, layout: bool) -> bool:
    """Has a message say something else; False where Discord does not take that. `layout` is whether it is one now.

    A layout cannot become anything else: https://docs.discord.com/developers/resources/message#edit-message.
    """
    form: Form | None = Form.LAYOUT if layout else Form.EMBEDS
    while form is not None:
        payload = render(outgoing.message, key=outgoing.key, form=form).payload
        # A text with a mention stays as it is where it stands for itself: nobody is notified of it again.
        body: dict[str, Any] = {part: payload[part] for part in ("flags", "embeds", "components") if part in payload}
        try:
            await client.request_once(
                message_route(channel, message, "PATCH"), body | {"allowed_mentions": {"parse": []}}
            )
        except RESPONSE_ERRORS as error:
            refused = isinstance(error, discord.HTTPException) and code_of(error) == INVALID_FORM
            form = form.plainer if refused and form.has_pictures else None
            if form is None:
                _log.info("discord.not_updated", channel=str(outgoing.address), reason=detail_of(error))
        else:
            return True
    return False
