"""Text commands: what people write to the bot, in direct messages and after a mention of it.

Of messages that mention the bot, and of direct messages, Discord gives the content without the privileged intent
(https://docs.discord.com/developers/events/gateway#message-content-intent). They are answered where they were written.
"""

from __future__ import annotations

import re
from dataclasses import replace

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import RESPONSE_ERRORS, described
from adapters.discord.client.routes import DIRECT_MESSAGES, messages_route
from adapters.discord.guilds.permissions import can_post, may_post, person_of
from adapters.discord.interactions.command_calls import place_of
from adapters.discord.interactions.handler import SERVERS_ONLY
from adapters.discord.interactions.replies import words
from adapters.discord.messages.command_mentions import CommandMentions
from adapters.discord.messages.components import without_channel_buttons
from adapters.discord.messages.rendering import render_all
from bot.channels.channel import Address, PlatformName
from bot.channels.directory import WorkspaceDirectory
from bot.commands.registry import Registry
from bot.commands.talk import Talk
from bot.errors import StorageError
from bot.messages.message import Message
from bot.platforms.command_calls import CommandCall, Person

#: Messages of one answer: nobody asked for a wall.
MOST_MESSAGES = 3
PERSONAL = "That is only for you, and here everybody reads along: write it to me in a direct message, or as a command."
#: What people write themselves, other than what Discord says of them.
WRITTEN_BY_PEOPLE = frozenset({discord.MessageType.default, discord.MessageType.reply})

_log = structlog.get_logger()


class TextCommands:
    """Answers direct messages and mentions. Methods are named like discord.py's events."""

    def __init__(
        self,
        client: DiscordClient,
        talk: Talk,
        registry: Registry,
        mentions: CommandMentions,
        directory: WorkspaceDirectory,
    ) -> None:
        self._directory = directory
        self._client = client
        self._talk = talk
        self._registry = registry
        self._mentions = mentions

    async def on_message(self, message: discord.Message) -> None:
        """A message of anybody, anywhere the bot is told of."""
        me = self._client.user
        if me is None or message.author.bot or message.webhook_id is not None or message.type not in WRITTEN_BY_PEOPLE:
            return
        channel = message.channel
        if message.guild is None:
            text = _without_mention(message.content, me.id)
        elif mentions(message.content, me.id) and isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            if not can_post(channel):
                return
            text = _without_mention(message.content, me.id)
        else:
            return
        try:
            await self._post(message, await self._answer(message, text))
        except (StorageError, *RESPONSE_ERRORS) as error:
            _log.warning("discord.message_unanswered", message=message.id, reason=described(error))

    async def _answer(self, message: discord.Message, text: str) -> Message:
        command = self._registry.of_line(text.removeprefix("/papers").strip())
        call = self._call(message, text)
        # Where a person's own papers come to is a channel like any other.
        own = message.guild is None and await self._is_known(call.address)
        if command is not None and message.guild is None and command.needs_channel and not own:
            return words(SERVERS_ONLY)
        if command is not None and command.personal and message.guild is not None:
            return words(PERSONAL)
        reply = await self._talk.run(call)
        answer = reply.message if message.guild or own else without_channel_buttons(reply.message, self._registry)
        return self._mentions.localized(answer)

    async def _is_known(self, address: Address) -> bool:
        """Whether papers come there. Where the database does not tell, the command is given, and says so."""
        try:
            return await self._directory.find(address) is not None
        except StorageError:
            return True

    def _call(self, message: discord.Message, text: str) -> CommandCall:
        author, guild = message.author, message.guild
        if guild is None:
            address = Address(PlatformName.DISCORD, DIRECT_MESSAGES, str(message.channel.id))
            person = replace(person_of(author, discord.Permissions.none(), may_post=True), may_manage=True)
            return CommandCall(line=text, address=address, channel_name=str(message.channel.id), person=person)
        place = place_of(message.channel, self._client.user)
        address = Address(PlatformName.DISCORD, str(guild.id), str(place.id))
        person = _person(message, place)
        return CommandCall(line=text, address=address, channel_name=place.name, person=person, public=True)

    async def _post(self, message: discord.Message, answer: Message) -> None:
        """Replies and notifies nobody. Should the message be told of twice, Discord knows the answer by its nonce."""
        for number, part in enumerate(render_all(answer)[:MOST_MESSAGES]):
            body = {
                **part.payload,
                "allowed_mentions": {"parse": [], "replied_user": False},
                "nonce": f"{message.id}-{number}",
                "enforce_nonce": True,
            }
            if number == 0:
                body["message_reference"] = {"message_id": str(message.id), "fail_if_not_exists": False}
            await self._client.request_once(messages_route(message.channel.id), body)


def mentions(content: str, person: int) -> bool:
    """Whether a text mentions somebody by themselves: not by a role, nor because it is a reply."""
    return re.search(rf"<@!?{person}>", content) is not None


def _without_mention(content: str, person: int) -> str:
    return " ".join(re.sub(rf"<@!?{person}>", " ", content).split())


def _person(message: discord.Message, place: discord.abc.GuildChannel | discord.Thread) -> Person:
    author = message.author
    if not isinstance(author, discord.Member):
        return person_of(author, discord.Permissions.none(), may_post=False)
    allowed = place.permissions_for(author)
    return person_of(author, allowed, may_post=may_post(allowed, thread=isinstance(place, discord.Thread)))
