"""Talking with people through modals: opening them, the way back after a mistake, and the question before a removal."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import discord
import structlog

from adapters.discord.client.errors import ALREADY_ACKNOWLEDGED
from adapters.discord.interactions.command_calls import Interaction, call_of
from adapters.discord.interactions.command_tree import CommandOptions
from adapters.discord.interactions.topic_modal import (
    SUBSCRIBE,
    TopicModal,
    modal_of_line,
    prefilled_modal,
    restored_modal,
)
from bot.errors import StorageError
from bot.messages.message import Button, Buttons, Code, Note, text
from bot.platforms.command_calls import CommandCall, Reply
from bot.topics.forms import TopicForms
from bot.topics.store import TopicOptions

#: How long the store may take for what a form starts with, of the three seconds that Discord gives.
MODAL_DEADLINE = 1.5  # seconds
#: What removes something that nobody can bring back.
_REMOVAL = re.compile(r"unsubscribe\s+(?P<number>\d{1,6})")

_log = structlog.get_logger()


class Modals:
    """Opens modals, with what `forms` reads; without it every command answers in words."""

    def __init__(self, forms: TopicForms | None) -> None:
        self._forms = forms

    async def opened(self, interaction: Interaction, form: TopicModal) -> bool:
        """Opens a form as the first answer; False when the command has to answer in words."""
        call = call_of(interaction, form.opening)
        try:
            async with asyncio.timeout(MODAL_DEADLINE):
                filled = await self._prefilled(interaction, call, form)
        except (StorageError, TimeoutError) as error:
            _log.warning("discord.form_not_opened", reason=str(error) or type(error).__name__)
            return False
        if filled is None:
            return False
        try:
            await interaction.response.send_modal(filled.modal())
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                _log.warning("discord.form_not_opened", reason=error.text[:200])
                return False
        return True

    async def _prefilled(self, interaction: Interaction, call: CommandCall, form: TopicModal) -> TopicModal | None:
        """The form with what is known and what the person wrote before; None if it is not theirs to fill."""
        if self._forms is None or not await self._forms.may_manage(call):
            return None
        if form.number is not None:
            options = await self._forms.topic_of(call.address, form.number)
            if options is None:
                return None
            form = prefilled_modal(form, options)
        embeds = interaction.message.embeds if interaction.message else []
        return restored_modal(form, (embed.description or "" for embed in embeds)) or form

    async def question(self, call: CommandCall) -> str:
        """What to ask before something is removed; empty where nothing is, or the person may not do it anyway."""
        removal = _REMOVAL.fullmatch(call.line)
        if removal is None or self._forms is None or not await self._forms.may_manage(call):
            return ""
        topic = await self._forms.topic_of(call.address, int(removal["number"]))
        if topic is None:
            return ""
        name = f"“{topic.name}” ({topic.query})" if topic.name else f"“{topic.query}”"
        return (
            f"Remove topic {removal['number']}, {name}, from this channel? "
            "What only it finds is not posted here any more. To keep it, dismiss this message."
        )


def modal_of_command(asked: CommandOptions) -> TopicModal | None:
    """The form that a command opens, with the options that were chosen already."""
    values = asked.values
    if asked.file is None and asked.command == SUBSCRIBE and not str(values.get("query", "")).strip():
        options = TopicOptions(query="", name=str(values.get("name", "")), instant=values.get("instant") is True)
        numbers = {name: str(values.get(name, "")) for name in ("min-upvotes", "backfill")}
        return TopicModal(options=options, min_upvotes=numbers["min-upvotes"], backfill=numbers["backfill"])
    if asked.command == "edit" and set(values) == {"topic"}:
        return modal_of_line(f"edit {str(values['topic']).strip()}")
    return None


def with_way_back(reply: Reply, modal: TopicModal) -> Reply:
    """The reply with what was written, and a button: a modal is gone once it is submitted."""
    again = (
        *((Note(text("You wrote:")), Code(modal.written)) if modal.written else ()),
        Buttons((Button("Open the form again", modal.opening),)),
    )
    return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, *again)))
