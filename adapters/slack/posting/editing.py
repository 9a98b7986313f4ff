"""Changing a message that was posted: it keeps its metadata, however old it is, and may safely be changed twice."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, code_of, is_unacceptable, refused_blocks
from adapters.slack.client.web_api import SlackApi
from adapters.slack.messages.rendering import render_one
from adapters.slack.messages.variants import Variants
from adapters.slack.posting.metadata import metadata_of
from bot.platforms.outcomes import Outgoing

log = structlog.get_logger(__name__)

EDIT_WITHIN: Final = 5.0  # seconds; whoever presses next waits for it


async def edit(api: SlackApi, ts: str, update: Outgoing) -> bool:
    """Lets that message say something else, in a plainer form where Slack takes no other.

    False for one that is too long for Slack: it was written under other settings than those of today. Raises one of
    `errors.ERRORS`.
    """
    page = render_one(update.message)
    if page is None:
        return False
    arguments = {
        "channel": update.address.channel,
        "ts": ts,
        "text": page.text,
        "blocks": list(page.blocks),
        "metadata": metadata_of(update),
        # Not what Slack does by default here: it would look for links and names in the text.
        "parse": "none",
    }
    variants = Variants(arguments, api.new_blocks, text_alone=False)
    while True:
        try:
            async with asyncio.timeout(EDIT_WITHIN):
                await api.client.chat_update(**variants.form)
        except ERRORS as error:
            log.info("slack.not_updated", channel=str(update.address), code=code_of(error), error=str(error)[:200])
            if not is_unacceptable(error) or not variants.refused(refused_blocks(error)):
                raise
        else:
            variants.taken()
            return True
