"""What stands in the way of the next digest, said to who changes what a channel gets."""

from __future__ import annotations

from dataclasses import replace

import discord

from adapters.discord.client.error_codes import LOCKED_THREAD, TAG_MISSING
from adapters.discord.guilds.forum_tags import forum_of
from adapters.discord.guilds.permissions import me_in, missing, names_of
from adapters.discord.interactions.command_calls import Interaction, call_of, channel_of
from adapters.discord.interactions.command_tree import CommandOptions
from adapters.discord.interactions.roles import unmentionable_role
from adapters.discord.messages.command_mentions import MANAGERS_GROUP
from adapters.discord.messages.mentions import role_of
from bot.channels.channel import Style
from bot.channels.directory import WorkspaceDirectory
from bot.commands.channels.settings import ROLE
from bot.errors import StorageError
from bot.messages.message import Note, bold, text
from bot.platforms.command_calls import Reply

ROLE_SEES = (
    f"Discord offers /{MANAGERS_GROUP} to that role once “Server Settings”, “Integrations” allows it. "
    "Mentioning me works without."
)


async def with_warnings(
    interaction: Interaction, reply: Reply, directory: WorkspaceDirectory, asked: CommandOptions | None = None
) -> Reply:
    """Says what stands in the way of the next digest while the person who can change it is there."""
    notes = []
    here, allowed = channel_of(interaction), interaction.app_permissions
    try:
        channel = await directory.find(call_of(interaction, "").address)
    except StorageError:
        channel = None  # what was asked for is done, and that is the news
    thread = isinstance(here, discord.Thread)
    lacking = missing(
        allowed,
        thread=thread,
        forum=isinstance(here, discord.ForumChannel),
        style=channel.settings.style if channel else Style.CARDS,
    )
    if lacking:
        cannot = "I cannot open threads here yet."
        if missing(allowed, thread=thread):
            cannot = "I cannot post here yet."
        notes.append(Note(text(bold(cannot), f" Give me {names_of(lacking)} in this channel.")))
    elif isinstance(here, discord.ForumChannel) and not forum_of(here, me_in(here.guild)).takes_posts:
        notes.append(Note(text(bold("I cannot post here yet. "), TAG_MISSING)))
    elif isinstance(here, discord.Thread) and here.locked and not allowed.manage_threads:
        notes.append(Note(text(bold("I cannot post here yet. "), LOCKED_THREAD)))
    if asked is not None and (role := unmentionable_role(interaction, asked)):
        notes.append(Note(text(f"{role} cannot be mentioned by anyone yet: allow it in the role's settings.")))
    if asked is not None and asked.values.get("key") == ROLE and role_of(str(asked.values.get("value", "")).strip()):
        notes.append(Note(text(ROLE_SEES)))
    return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, *notes)))
