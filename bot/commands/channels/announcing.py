"""Telling a channel who changed what, where it wants to know: one quiet line."""

from __future__ import annotations

from typing import Final

import structlog

from bot.channels.channel import Address
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
    await tell_change(services, call.address, call.person.name, _words(reply))


async def tell_change(services: Services, address: Address, who: str, words: str) -> None:
    """Tells a channel who changed what, if it wants to know. It never fails: the change is made already."""
    try:
        channel = await services.directory.find(address)
        if channel is None:
            return
        wanted, platform = channel.settings.announce_changes, services.platforms.get(address.platform)
        if wanted is None:
            wanted = platform is not None and await platform.is_shared(address)
        if wanted:
            await services.posts.add(channel.id, ChangeNotice(words=f"{who}: {words}"), services.clock.now())
            services.wake()
    except StorageError as error:
        _log.warning("change.not_announced", channel=str(address), reason=str(error))


def _words(reply: Reply) -> str:
    paragraphs = tuple(block for block in reply.message.blocks if isinstance(block, Paragraph))
    said = plain_text(Message(summary="", blocks=paragraphs)) or reply.message.summary
    return shorten(" ".join(said.split()), _LONGEST)
