"""Telling a channel who changed what, where it wants to know: one quiet line."""

from __future__ import annotations

from typing import Final

import structlog

from bot.commands.services import Services
from bot.digests.content import ChangeNotice
from bot.errors import StorageError
from bot.messages.message import Message, Paragraph
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.shortening import shorten

_log = structlog.get_logger()

_LONGEST: Final = 300  # characters


async def announce(services: Services, call: CommandCall, reply: Reply) -> None:
    """Tells the channel of a call what the reply says was changed. It never fails: the change is made already."""
    try:
        channel = await services.known_channel(call)
        if channel is None:
            return
        wanted = channel.settings.announce_changes
        if wanted is None:
            wanted = await services.platforms[channel.address.platform].is_shared(channel.address)
        if wanted:
            notice = ChangeNotice(words=f"{call.person.name}: {_words(reply)}")
            await services.posts.add(channel.id, notice, services.clock.now())
            services.wake()
    except StorageError as error:
        _log.warning("change.not_announced", channel=str(call.address), reason=str(error))


def _words(reply: Reply) -> str:
    paragraphs = tuple(block for block in reply.message.blocks if isinstance(block, Paragraph))
    said = plain_text(Message(summary="", blocks=paragraphs)) or reply.message.summary
    return shorten(" ".join(said.split()), _LONGEST)
