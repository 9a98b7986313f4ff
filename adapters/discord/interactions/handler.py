"""InteractionHandler: interactions as calls of commands, and the answers that only the person who acted sees.

Discord waits three seconds for the first answer, so every command and button is deferred before anything else happens,
unless a form opens: that is an answer by itself. Deferring also fixes who sees the answer: always only the person who
asked. *Share to channel* is a button that posts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import discord
import structlog

from adapters.discord.client.errors import ALREADY_ACKNOWLEDGED, REQUEST_ERRORS, RESPONSE_ERRORS
from adapters.discord.client.routes import DIRECT_MESSAGES
from adapters.discord.interactions import replies
from adapters.discord.interactions.attachments import attached_text
from adapters.discord.interactions.command_calls import (
    Interaction,
    call_of,
    is_external,
    is_served,
)
from adapters.discord.interactions.command_tree import (
    MESSAGE_COMMAND,
    CommandOptions,
    beginning_of,
    choices,
    command_options,
    line_of,
    named_options,
)
from adapters.discord.interactions.message_locks import MessageLocks
from adapters.discord.interactions.modals import Modals, modal_of_command, with_way_back
from adapters.discord.interactions.roles import (
    chooses_role,
    offered_roles,
    refused_role,
    with_role_names,
)
from adapters.discord.interactions.topic_modal import (
    TopicModal,
    modal_of_line,
    submitted_modal,
)
from adapters.discord.interactions.warnings import with_warnings
from adapters.discord.messages.command_mentions import CommandMentions
from adapters.discord.messages.components import confirmation_row, texts_of, without_channel_buttons
from bot.channels.directory import WorkspaceDirectory
from bot.commands.papers.reading import REDRAW
from bot.commands.registry import Registry
from bot.commands.wording import mistake, trouble
from bot.commits import Commit
from bot.errors import StorageError, UserError
from bot.papers.ids import linked_paper_ids
from bot.platforms.command_calls import CommandCall, CommandRunner, Reply
from bot.platforms.outcomes import Outgoing
from bot.topics.forms import TopicForms

#: Papers of one message that are shown when somebody asks what it links to.
MOST_FOUND = 5
#: Papers that are named when there are more.
MOST_NAMED = 20
#: Words of a message that are searched for when it links to no paper.
MOST_WORDS = 12
#: Times that a message is shown anew after a press, when another process changes it as well.
SHOWN_AGAIN = 3
ANSWER_REFUSED = "Discord did not take my answer. Please tell whoever runs me."
SERVERS_ONLY = "I work in the channels of servers: give the command there."
NO_CHANNEL = "Discord did not say in which channel that was: please try again."
EXTERNAL = "I am not in this server. Somebody who manages it has to add me to the server first."
UNKNOWN_MODAL = "That form is from another version of me. Please open it again."
INTERNAL_ERROR = "Something went wrong inside me. Please tell whoever runs me: it is in my log."
_WORD = re.compile(r"[^\W\d_]{4,}")

_log = structlog.get_logger()


class InteractionHandler:
    """Answers interactions with the commands of the core."""

    def __init__(
        self,
        commands: CommandRunner,
        registry: Registry,
        directory: WorkspaceDirectory,
        mentions: CommandMentions,
        forms: TopicForms | None = None,
    ) -> None:
        self._commands = commands
        self._registry = registry
        self._directory = directory
        self._mentions = mentions
        self._modals = Modals(forms)
        #: Whoever changes messages takes them.
        self.message_locks = MessageLocks()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Slash-commands, autocomplete, submitted modals, message commands; components come to `on_component`."""
        if interaction.type is discord.InteractionType.component:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        try:
            if await self._is_refused(interaction, _command_name(data)):
                return
            match interaction.type:
                case discord.InteractionType.autocomplete:
                    await self._complete(interaction, command_options(data))
                case discord.InteractionType.modal_submit if form := submitted_modal(data):
                    await self._submit(interaction, form)
                case discord.InteractionType.modal_submit:
                    await replies.say(interaction, UNKNOWN_MODAL)
                case discord.InteractionType.application_command if data.get("name") == MESSAGE_COMMAND:
                    await self._find_papers(interaction, data)
                case discord.InteractionType.application_command:
                    await self._command(interaction, command_options(data), data)
        except RESPONSE_ERRORS as error:
            await _failed(interaction, error)

    async def on_component(self, interaction: Interaction, line: str, *, confirmed: bool = False) -> None:
        """A button was pressed, or an option selected, maybe by somebody else than who the message was for."""
        try:
            if await self._is_refused(interaction, line.partition(" ")[0]):
                return
            form = modal_of_line(line)
            if form is not None and await self._modals.opened(interaction, form):
                return
            await replies.defer(interaction)
            call = call_of(interaction, line)
            if confirmed:
                await replies.change(interaction, (await self._run(call)).message)
                return
            try:
                question = await self._modals.question(call)
            except StorageError as error:
                _log.warning("discord.not_asked", interaction=interaction.id, reason=str(error))
                await replies.follow_up(interaction, trouble(error, Commit.NOTHING).message)
                return
            if question:
                await replies.ask(interaction, question, confirmation_row("Remove", line))
            else:
                await self._run_component(interaction, call)
        except RESPONSE_ERRORS as error:
            await _failed(interaction, error)

    async def _run(self, call: CommandCall) -> Reply:
        """Runs a command; the answer is in Discord's words, and has only buttons that work where it is given."""
        reply = await self._commands.run(call)
        if call.address.workspace == DIRECT_MESSAGES and not await self._is_known(call):
            reply = replace(reply, message=without_channel_buttons(reply.message, self._registry))
        update = reply.update and replace(reply.update, message=self._mentions.localized(reply.update.message))
        return replace(reply, message=self._mentions.localized(reply.message), update=update)

    async def _is_refused(self, interaction: Interaction, name: str) -> bool:
        """Whether a command is about a channel, and comes from where the bot has none; then that is said.

        In direct messages, and in servers that people bring the app to though nobody added it there, papers can be
        found and kept, and that is all; but where a person's own papers come to, they have all commands.
        """
        if is_served(interaction) and interaction.channel is None:
            return await self._refuse(interaction, NO_CHANNEL)
        if is_served(interaction) or name == MESSAGE_COMMAND:
            return False
        command = self._registry.of_line(name)
        if command is not None and not command.needs_channel:
            return False
        if command is not None and await self._is_known(call_of(interaction, name)):
            return False
        return await self._refuse(interaction, EXTERNAL if is_external(interaction) else SERVERS_ONLY)

    async def _refuse(self, interaction: Interaction, sentence: str) -> bool:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await replies.say(interaction, sentence)
        return True

    async def _is_known(self, call: CommandCall) -> bool:
        """Whether papers come to where a call is from, as somebody's own do in their direct messages."""
        try:
            return await self._directory.find(call.address) is not None
        except StorageError:
            return False

    async def _run_component(self, interaction: Interaction, call: CommandCall) -> None:
        """Does what a button says, and shows it where it belongs: to all, in place of the message, or below it."""
        message = interaction.message
        command = self._registry.of_line(call.line)
        if message is not None and command is not None and command.redraws:
            lock = self.message_locks.of(message.id)
            async with lock.running:
                reply = await self._run(call)
                state = lock.next_state() if reply.update else 0
            async with lock.showing:
                if reply.update and not lock.is_newest(state):
                    return
                if reply.update and await replies.update(interaction, reply.update):
                    await self._redraw(interaction, call, reply.update, unless=lambda: not lock.is_newest(state))
                    return
        else:
            reply = await self._run(call)
        if reply.replaces and message is not None and message.flags.ephemeral:
            await replies.change(interaction, reply.message)
        else:
            await replies.follow_up(interaction, reply.message)

    async def _redraw(
        self, interaction: Interaction, call: CommandCall, shown: Outgoing, *, unless: Callable[[], bool]
    ) -> None:
        """Shows a message anew as long as it is not what was shown last: another process may have been at it."""
        for _ in range(SHOWN_AGAIN):
            latest = (await self._run(replace(call, line=REDRAW))).update
            if latest is None or latest == shown or unless():
                return
            shown = latest
            await replies.update(interaction, shown)

    async def _command(self, interaction: Interaction, asked: CommandOptions, data: dict[str, Any]) -> None:
        form = modal_of_command(asked)
        if form is not None and await self._modals.opened(interaction, form):
            return
        await replies.defer(interaction, ephemeral=True, thinking=True)
        try:
            command = self._registry.get(asked.command)
            file = await attached_text(interaction, data, asked.file) if asked.file is not None else ""
        except UserError as error:
            # A file that cannot be read, or a command that Discord still shows and this version does not have any more.
            await replies.answer(interaction, [self._mentions.localized(mistake(error).message)])
            return
        if refusal := refused_role(interaction, asked):
            await replies.answer(interaction, [replies.words(refusal)])
            return
        reply = await self._run(replace(call_of(interaction, line_of(command, asked.values)), attachment=file))
        if asked.command == "settings":
            reply = with_role_names(interaction, reply)
        if command.manages and not reply.failed:
            reply = await with_warnings(interaction, reply, self._directory, asked)
        await replies.answer(interaction, [reply.message])

    async def _complete(self, interaction: Interaction, asked: CommandOptions) -> None:
        try:
            command = self._registry.get(asked.command)
        except UserError:
            await interaction.response.autocomplete([])  # a command that this version does not have any more
            return
        focused = asked.focused or ""
        typed = str(asked.values.get(focused, ""))
        if focused == "value" and chooses_role(asked) and interaction.guild is not None:
            offered = offered_roles(interaction.guild, typed)
        else:
            beginning = beginning_of(command, asked.values, focused)
            offered = choices(beginning, await self._commands.complete(call_of(interaction, beginning + typed)))
        await interaction.response.autocomplete(
            [discord.app_commands.Choice(name=name, value=value) for name, value in offered]
        )

    async def _find_papers(self, interaction: Interaction, data: dict[str, Any]) -> None:
        """Shows the papers that a message links to, or what a search for its words finds."""
        await replies.defer(interaction, ephemeral=True, thinking=True)
        messages = (data.get("resolved") or {}).get("messages", {})
        words = _text_of(messages.get(data.get("target_id"), {}))
        linked = linked_paper_ids(words)
        lines = [f"show {paper}" for paper in linked[:MOST_FOUND]]
        if not lines and (found := list(dict.fromkeys(_WORD.findall(words)))[:MOST_WORDS]):
            lines = [f"search {' OR '.join(word.lower() for word in found)}"]
        found_papers = [await self._run(call_of(interaction, line)) for line in lines]
        answers = [reply.message for reply in found_papers] or [replies.words("That message has no words.")]
        if more := len(linked) - MOST_FOUND if len(linked) > MOST_FOUND else 0:
            left_out = ", ".join(linked[MOST_FOUND : MOST_FOUND + MOST_NAMED]) + (", …" if more > MOST_NAMED else "")
            answers.append(replies.words(f"The message links to {more} more: {left_out}"))
        await replies.answer(interaction, answers)

    async def _submit(self, interaction: Interaction, form: TopicModal) -> None:
        """Does what a form says. A modal is gone once it is submitted, so a mistake comes with a way back to it."""
        await replies.defer(interaction, ephemeral=True, thinking=True)
        call = call_of(interaction, form.line)
        reply = await self._run(call)
        if reply.failed:
            reply = with_way_back(reply, form)
        else:
            reply = await with_warnings(interaction, reply, self._directory)
        await replies.answer(interaction, [reply.message])


def _command_name(data: dict[str, Any]) -> str:
    """The command that an interaction is about: a subcommand of ours, or one of the menu of messages."""
    option = next(iter(named_options(data)), data)
    return str(option.get("name") or data.get("name") or data.get("custom_id", ""))


async def _failed(interaction: Interaction, error: BaseException) -> None:
    """Says so where an answer was promised and Discord still takes one."""
    ours = not isinstance(error, REQUEST_ERRORS)
    reason = str(error) or type(error).__name__
    _log.warning("discord.unanswered", interaction=interaction.id, reason=reason, exc_info=error if ours else None)
    refused = (
        isinstance(error, discord.HTTPException)
        and error.status == HTTPStatus.BAD_REQUEST
        and error.code != ALREADY_ACKNOWLEDGED
    )
    if (ours or refused) and interaction.type is not discord.InteractionType.autocomplete:
        try:
            await replies.say(interaction, INTERNAL_ERROR if ours else ANSWER_REFUSED)
        except REQUEST_ERRORS as failure:
            _log.info("discord.silent", interaction=interaction.id, reason=str(failure) or type(failure).__name__)


def _text_of(message: dict[str, Any]) -> str:
    embeds = message.get("embeds") or []
    parts = [message.get("content") or ""]
    parts += [str(embed.get(part) or "") for embed in embeds for part in ("url", "title", "description")]
    parts += texts_of(message.get("components") or [])
    return "\n".join(parts)
