"""Conversations: what people do in Discord, as calls of commands, and the answers that only they see.

Discord waits three seconds for the first answer, so every command and button is deferred before anything else happens.
That also fixes who sees the answer: always only the person who asked. *Share to channel* is a button that posts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
import structlog

from adapters.discord.buttons import view_of
from adapters.discord.definitions import CHOICE, FIND_PAPERS, MOST_CHOICES, Given, beginning_of, choices, given, line_of
from adapters.discord.failures import ALREADY_ACKNOWLEDGED, FAILURES
from adapters.discord.markup import cut
from adapters.discord.mentions import role_of
from adapters.discord.permissions import may_manage, missing, names_of
from adapters.discord.rendering import Rendered, render, render_all
from bot.channels import Address, PlatformName, Style
from bot.commands.registry import Registry
from bot.errors import UserError
from bot.messages import Message, Note, Paragraph, bold, text
from bot.papers import linked_paper_ids
from bot.ports import CommandCall, CommandRunner, Person, Reply, WorkspaceDirectory

#: Papers of one message that are shown when somebody asks what it links to.
MOST_FOUND = 5
#: Words of a message that are searched for when it links to no paper.
MOST_WORDS = 12
_WORD = re.compile(r"[^\W\d_]{4,}")

_log = structlog.get_logger()

Interaction = discord.Interaction[Any]


class Conversation:
    """Answers interactions with the commands of the core."""

    def __init__(self, commands: CommandRunner, registry: Registry, directory: WorkspaceDirectory) -> None:
        self._commands = commands
        self._registry = registry
        self._directory = directory

    async def heard(self, interaction: Interaction) -> None:
        """Commands, completions and the menu of messages; buttons come to `pressed`."""
        if interaction.guild_id is None:
            return  # the commands are registered for servers only
        data: dict[str, Any] = dict(interaction.data or {})
        try:
            match interaction.type:
                case discord.InteractionType.autocomplete:
                    await self._complete(interaction, given(data))
                case discord.InteractionType.application_command if data["name"] == FIND_PAPERS:
                    await self._find_papers(interaction, data)
                case discord.InteractionType.application_command:
                    await self._command(interaction, given(data))
        except FAILURES as error:
            _failed(interaction, error)

    async def pressed(self, interaction: Interaction, line: str) -> None:
        """A button was pressed. Who pressed it may be somebody else than who got it."""
        message = interaction.message
        if interaction.guild_id is None:
            return
        try:
            await _defer(interaction)
            reply = await self._commands.run(_call(interaction, line, str(message.id) if message else None))
            if reply.replaces and message is not None and message.flags.ephemeral:
                await _edit(interaction, render(reply.message))
            else:
                await _follow_up(interaction, render_all(reply.message))
        except FAILURES as error:
            _failed(interaction, error)

    async def _command(self, interaction: Interaction, asked: Given) -> None:
        await _defer(interaction, ephemeral=True, thinking=True)
        try:
            command = self._registry.get(asked.command)
        except UserError as error:
            # Discord still shows a command that this version does not have any more.
            await _answer(interaction, [_words(str(error))])
            return
        if refusal := _refused_mention(interaction, asked):
            await _answer(interaction, [_words(refusal)])
            return
        reply = await self._commands.run(_call(interaction, line_of(command, asked.values)))
        if command.manages and not reply.failed:
            reply = await self._with_warning(interaction, reply, asked)
        await _answer(interaction, [reply.message])

    async def _with_warning(self, interaction: Interaction, reply: Reply, asked: Given) -> Reply:
        """Says what stands in the way of the next digest while the person who can change it is there."""
        notes = []
        channel = await self._directory.find(_call(interaction, "").address)
        lacking = missing(
            interaction.app_permissions,
            thread=isinstance(_channel_of(interaction), discord.Thread),
            forum=isinstance(_channel_of(interaction), discord.ForumChannel),
            style=channel.settings.style if channel else Style.CARDS,
        )
        if lacking:
            cannot = "I cannot open threads here yet."
            if missing(interaction.app_permissions, thread=isinstance(_channel_of(interaction), discord.Thread)):
                cannot = "I cannot post here yet."
            notes.append(Note(text(bold(cannot), f" Give me {names_of(lacking)} in this channel.")))
        role = role_of(str(asked.values.get("value", ""))) if _chooses_mention(asked) else ""
        found = interaction.guild.get_role(int(role)) if role and interaction.guild else None
        if found is not None and not found.mentionable and not interaction.app_permissions.mention_everyone:
            words = f"{found.name} cannot be mentioned by anyone yet: allow it in the role's settings."
            notes.append(Note(text(words)))
        return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, *notes)))

    async def _complete(self, interaction: Interaction, asked: Given) -> None:
        try:
            command = self._registry.get(asked.command)
        except UserError:
            await interaction.response.autocomplete([])  # a command that this version does not have any more
            return
        focused = asked.focused or ""
        typed = str(asked.values.get(focused, ""))
        offered: list[tuple[str, str]]
        if _chooses_mention(asked) and interaction.guild is not None:
            offered = _roles(interaction.guild, typed)
        else:
            beginning = beginning_of(command, asked.values, focused)
            lines = await self._commands.complete(_call(interaction, beginning + typed))
            offered = [(value, value) for value in choices(beginning, lines)]
        await interaction.response.autocomplete(
            [discord.app_commands.Choice(name=name, value=value) for name, value in offered]
        )

    async def _find_papers(self, interaction: Interaction, data: dict[str, Any]) -> None:
        """Shows the papers that a message links to, or what a search for its words finds."""
        await _defer(interaction, ephemeral=True, thinking=True)
        messages = data.get("resolved", {}).get("messages", {})
        words = _text_of(messages.get(data.get("target_id"), {}))
        lines = [f"show {paper}" for paper in linked_paper_ids(words)[:MOST_FOUND]]
        if not lines and (found := list(dict.fromkeys(_WORD.findall(words)))[:MOST_WORDS]):
            lines = [f"search {' OR '.join(word.lower() for word in found)}"]
        replies = [await self._commands.run(_call(interaction, line)) for line in lines]
        await _answer(interaction, [reply.message for reply in replies] or [_words("That message has no words.")])


def _call(interaction: Interaction, line: str, from_message: str | None = None) -> CommandCall:
    channel = _channel_of(interaction)
    return CommandCall(
        line=line,
        address=Address(PlatformName.DISCORD, str(interaction.guild_id), str(channel.id)),
        channel_name=getattr(channel, "name", None) or str(channel.id),
        person=Person(
            id=str(interaction.user.id),
            name=interaction.user.display_name,
            may_manage=may_manage(interaction.permissions),
        ),
        from_message=from_message,
    )


def _channel_of(interaction: Interaction) -> Any:
    """Where papers would go. Nobody can type in a forum itself: what is said in one of its posts is about the forum."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread) and isinstance(channel.parent, discord.ForumChannel):
        return channel.parent
    return channel or discord.Object(interaction.channel_id or 0)


# --- Answers --------------------------------------------------------------------------------------------------------


async def _defer(interaction: Interaction, **how: bool) -> None:
    """Tells Discord that the answer comes later, before anything else is done."""
    try:
        await interaction.response.defer(**how)
    except discord.HTTPException as error:
        # It was heard the first time, though the answer to us was lost and discord.py asked again.
        if error.code != ALREADY_ACKNOWLEDGED:
            raise


async def _answer(interaction: Interaction, messages: Sequence[Message]) -> None:
    """Fills the deferred answer, and goes on below it with what does not fit."""
    parts = [part for message in messages for part in render_all(message)]
    await _edit(interaction, parts[0])
    await _follow_up(interaction, parts[1:])


async def _edit(interaction: Interaction, part: Rendered) -> None:
    await interaction.edit_original_response(
        embeds=[discord.Embed.from_dict(embed) for embed in part.embeds],
        view=view_of(part.components) if part.components else None,
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _follow_up(interaction: Interaction, parts: Sequence[Rendered]) -> None:
    for part in parts:
        await interaction.followup.send(
            embeds=[discord.Embed.from_dict(embed) for embed in part.embeds],
            view=view_of(part.components) if part.components else discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions.none(),
            ephemeral=True,
        )


def _words(sentence: str) -> Message:
    return Message(summary=sentence, blocks=(Paragraph(text(sentence)),))


def _failed(interaction: Interaction, error: BaseException) -> None:
    """The person sees that there was no answer; all that is left is to say why."""
    _log.warning("discord.unanswered", interaction=interaction.id, reason=str(error) or type(error).__name__)


# --- Mentions -------------------------------------------------------------------------------------------------------


def _chooses_mention(asked: Given) -> bool:
    return asked.command == "settings" and asked.values.get("key") == "mention"


def _roles(guild: discord.Guild, typed: str) -> list[tuple[str, str]]:
    """The server's roles whose name has what was typed, as names and mentions."""
    part = typed.strip().removeprefix("@").lower()
    roles = [role for role in guild.roles if not role.is_default() and not role.managed and part in role.name.lower()]
    nobody = [("none", "none")] if "none".startswith(part) else []
    return [*nobody, *((cut(f"@{role.name}", CHOICE), role.mention) for role in roles)][:MOST_CHOICES]


def _refused_mention(interaction: Interaction, asked: Given) -> str:
    """A role of another server, or the one that everybody has, is no role to notify."""
    role = role_of(str(asked.values.get("value", ""))) if _chooses_mention(asked) else ""
    if not role or interaction.guild is None:
        return ""
    found = interaction.guild.get_role(int(role))
    if found is None or found.is_default():
        return "That is no role of this server. Choose one from the list; everyone at once is never notified."
    return ""


def _text_of(message: dict[str, Any]) -> str:
    embeds = message.get("embeds") or []
    parts = [message.get("content") or ""]
    parts += [str(embed.get(part) or "") for embed in embeds for part in ("url", "title", "description")]
    return "\n".join(parts)
