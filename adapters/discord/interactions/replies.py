"""Answers to interactions: deferred at once, then filled, with as many messages below as it takes."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import aiohttp
import discord
import structlog

from adapters.discord.client.error_codes import INVALID_FORM
from adapters.discord.client.errors import ALREADY_ACKNOWLEDGED
from adapters.discord.interactions.command_calls import Interaction, is_external
from adapters.discord.interactions.components import layout_view_of, view_of
from adapters.discord.messages.rendering import Form, Rendered, render, render_all
from bot.errors import MALFORMED
from bot.messages.message import Message, Paragraph, text
from bot.platforms.outcomes import Outgoing

#: What Discord says of files that it does not take: not allowed, not in that form, too large.
_NO_FILES = frozenset({400, 403, 413})

#: Where the bot is not in the server, Discord takes five further messages:
#: https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message.
MOST_EXTERNAL = 5
EDITS = 3  # times that an answer is filled, when nobody can tell whether it is
#: Discord may have done what it was asked to: the connection broke, or what it said makes no sense.
AMBIGUOUS_ERRORS = (aiohttp.ClientError, OSError, *MALFORMED)

_log = structlog.get_logger()


async def defer(interaction: Interaction, **how: bool) -> None:
    """Tells Discord that the answer comes later, before anything else is done."""
    try:
        await interaction.response.defer(**how)
    except discord.HTTPException as error:
        # The first request was acknowledged, but its answer was lost and discord.py asked again.
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
    except AMBIGUOUS_ERRORS as error:
        # It may have arrived all the same; if it was not, filling the answer fails soon enough.
        _log.info("discord.deferral_unclear", interaction=interaction.id, reason=str(error) or type(error).__name__)


async def answer(interaction: Interaction, messages: Sequence[Message]) -> None:
    """Fills the deferred answer, and goes on below it with what does not fit."""

    async def fill(parts: Sequence[Rendered]) -> None:
        await edit(interaction, parts[0])
        await _add(interaction, parts[1:])

    await _show(interaction, messages, fill)


async def follow_up(interaction: Interaction, message: Message) -> None:
    """Says something below what is there, only to the person who asked."""

    async def add(parts: Sequence[Rendered]) -> None:
        await _add(interaction, parts)

    await _show(interaction, [message], add)


async def _show(
    interaction: Interaction, messages: Sequence[Message], show: Callable[[Sequence[Rendered]], Awaitable[None]]
) -> None:
    """Shows the messages in as many parts as it takes; where files are refused, with what is in them.

    A layout that Discord does not take is shown with embeds.
    """
    parts = [part for message in messages for part in render_all(message, files=True)]
    if is_external(interaction):
        parts = parts[:MOST_EXTERNAL]
    try:
        await show(parts)
    except discord.HTTPException as error:
        files = any(part.files for part in parts) and error.status in _NO_FILES
        layout = any(part.layout for part in parts) and error.code == INVALID_FORM
        if not files and not layout:
            raise
        event = "discord.layout_refused" if layout else "discord.file_refused"
        _log.warning(event, status=error.status, reason=error.text[:200])
        form = Form.EMBEDS_WITHOUT_PICTURES if layout else None
        await show([part for message in messages for part in render_all(message, form=form)])


async def change(interaction: Interaction, message: Message) -> None:
    """Puts an answer in the place of the message whose button was pressed."""
    await edit(interaction, render(message, form=_form_of_pressed(interaction)))


def _form_of_pressed(interaction: Interaction) -> Form:
    """The form of the message whose button was pressed: a layout stays one, and no other message becomes one."""
    pressed = interaction.message
    return Form.LAYOUT if pressed is not None and pressed.flags.components_v2 else Form.EMBEDS


async def edit(interaction: Interaction, part: Rendered, *, with_text: bool = True) -> None:
    """Fills the deferred answer, or changes the message whose button was pressed."""
    for left in reversed(range(EDITS)):
        more: dict[str, Any] = {"attachments": _files(part)} if part.files else {}
        try:
            if with_text and not part.layout:
                more["content"] = part.content
            await interaction.edit_original_response(
                **_shown(part),
                allowed_mentions=discord.AllowedMentions.none(),
                **more,
            )
        except MALFORMED:
            # An edit that is made twice is the same edit.
            if not left:
                raise
        else:
            return


async def say(interaction: Interaction, sentence: str) -> None:
    """Says something only to the person who asked: as the first answer, where one was promised, or below what is there.

    A message whose button was pressed stays as it is. What comes first after a deferral takes the place of “thinking”:
    https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
    """
    part = render(words(sentence))
    if interaction.response.is_done():
        await _add(interaction, [part])
    else:
        await interaction.response.send_message(part.content, embeds=_embeds(part), ephemeral=True)


async def ask(interaction: Interaction, question: str, row: dict[str, Any]) -> None:
    """Asks the person alone before something is done that cannot be undone."""
    await _add(interaction, [replace(render(words(question)), components=[row])])


async def _add(interaction: Interaction, parts: Sequence[Rendered]) -> None:
    """Further messages that only the person who asked can see."""
    for part in parts:
        more: dict[str, Any] = {"files": _files(part)} if part.files else {}
        if not part.layout:
            more["content"] = part.content
        await interaction.followup.send(
            **{name: value for name, value in _shown(part).items() if value is not None},
            allowed_mentions=discord.AllowedMentions.none(),
            ephemeral=True,
            **more,
        )


async def update(interaction: Interaction, outgoing: Outgoing) -> bool:
    """Changes the message whose button was pressed, for everyone; False when Discord does not take that.

    The text with the mention stays as it is: Discord notifies nobody again of what it is not told again.
    """
    form: Form | None = _form_of_pressed(interaction)
    while form is not None:
        try:
            await edit(interaction, render(outgoing.message, key=outgoing.key, form=form), with_text=False)
        except discord.HTTPException as error:
            without_pictures = form.plainer if form.has_pictures and error.code == INVALID_FORM else None
            if without_pictures is None:
                _log.info("discord.not_updated", channel=str(outgoing.address), reason=error.text[:200])
            form = without_pictures
        else:
            return True
    return False


def words(sentence: str) -> Message:
    """A message of one sentence."""
    return Message(summary=sentence, blocks=(Paragraph(text(sentence)),))


def _shown(part: Rendered) -> dict[str, Any]:
    """What discord.py takes of a message besides its text: a view, and embeds where it is no layout."""
    if part.layout:
        return {"view": layout_view_of(part.components)}
    return {"embeds": _embeds(part), "view": view_of(part.components) if part.components else None}


def _embeds(part: Rendered) -> list[discord.Embed]:
    return [discord.Embed.from_dict(embed) for embed in part.embeds]


def _files(part: Rendered) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.text.encode()), filename=file.name) for file in part.files]
