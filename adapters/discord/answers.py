"""Answers to interactions: deferred at once, then filled, with as many messages below as it takes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import discord
import structlog

from adapters.discord.buttons import view_of
from adapters.discord.calls import Interaction
from adapters.discord.failures import ALREADY_ACKNOWLEDGED, INVALID_FORM
from adapters.discord.rendering import Rendered, render, render_all
from bot.messages import Message, Paragraph, text
from bot.ports import Outgoing

#: What Discord says of files that it does not take: not allowed, not in that form, too large.
_NO_FILES = frozenset({400, 403, 413})

_log = structlog.get_logger()


async def defer(interaction: Interaction, **how: bool) -> None:
    """Tells Discord that the answer comes later, before anything else is done."""
    try:
        await interaction.response.defer(**how)
    except discord.HTTPException as error:
        # It was heard the first time, though the answer to us was lost and discord.py asked again.
        if error.code != ALREADY_ACKNOWLEDGED:
            raise


async def answer(interaction: Interaction, messages: Sequence[Message]) -> None:
    """Fills the deferred answer, and goes on below it with what does not fit."""
    parts = [part for message in messages for part in render_all(message, files=True)]
    try:
        await edit(interaction, parts[0])
        await follow_up(interaction, parts[1:])
    except discord.HTTPException as error:
        if not any(part.files for part in parts) or error.status not in _NO_FILES:
            raise
        _log.warning("discord.file_refused", status=error.status, reason=error.text[:200])
        parts = [part for message in messages for part in render_all(message)]
        await edit(interaction, parts[0])
        await follow_up(interaction, parts[1:])


async def edit(interaction: Interaction, part: Rendered) -> None:
    """Fills the deferred answer, or changes the message whose button was pressed."""
    more: dict[str, Any] = {"attachments": _files(part)} if part.files else {}
    await interaction.edit_original_response(
        embeds=_embeds(part),
        view=view_of(part.components) if part.components else None,
        allowed_mentions=discord.AllowedMentions.none(),
        **more,
    )


async def follow_up(interaction: Interaction, parts: Sequence[Rendered]) -> None:
    """Further messages that only the person who asked can see."""
    for part in parts:
        more: dict[str, Any] = {"files": _files(part)} if part.files else {}
        await interaction.followup.send(
            embeds=_embeds(part),
            view=view_of(part.components) if part.components else discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions.none(),
            ephemeral=True,
            **more,
        )


async def update(interaction: Interaction, outgoing: Outgoing) -> bool:
    """Changes the message whose button was pressed, for everyone; False when Discord does not take that.

    The text with the mention stays as it is: Discord notifies nobody again of what it is not told again.
    """
    for pictures in (True, False):
        try:
            await edit(interaction, render(outgoing.message, key=outgoing.key, pictures=pictures))
        except discord.HTTPException as error:
            if error.code != INVALID_FORM or not pictures:
                _log.info("discord.not_updated", channel=str(outgoing.address), reason=error.text[:200])
                return False
        else:
            return True
    return False


def words(sentence: str) -> Message:
    """A message of one sentence."""
    return Message(summary=sentence, blocks=(Paragraph(text(sentence)),))


def _embeds(part: Rendered) -> list[discord.Embed]:
    return [discord.Embed.from_dict(embed) for embed in part.embeds]


def _files(part: Rendered) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.text.encode()), filename=file.name) for file in part.files]
