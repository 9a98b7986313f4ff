"""From what Discord sends to the core's `CommandCall`: the line, where it was said, and by whom."""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.client.routes import DIRECT_MESSAGES
from adapters.discord.guilds.permissions import may_post, person_of
from bot.channels.channel import Address, PlatformName
from bot.platforms.command_calls import CommandCall, Person

Interaction = discord.Interaction[Any]


def call_of(interaction: Interaction, line: str) -> CommandCall:
    """The call behind an interaction; one with a message is about the button or menu that was used there."""
    channel = channel_of(interaction) if interaction.guild_id is not None else None
    channel_id = channel.id if channel is not None else interaction.channel_id
    message = interaction.message
    return CommandCall(
        line=line,
        address=Address(PlatformName.DISCORD, str(interaction.guild_id or DIRECT_MESSAGES), str(channel_id)),
        channel_name=getattr(channel, "name", None) or str(channel_id),
        person=_person(interaction),
        from_message=str(message.id) if message else None,
    )


def channel_of(interaction: Interaction) -> Any:
    """Where papers would go."""
    if interaction.channel is None:
        raise LookupError("Discord does not say in which channel that was")
    return place_of(interaction.channel, interaction.client.user)


def place_of(channel: Any, me: discord.ClientUser | None) -> Any:
    """Where papers would go for what is said in a channel.

    Nobody can type in a forum itself: what is said in one of its posts is about the forum. And what is said in a
    thread that we opened below a digest is about the digest's channel. Every other thread is a channel of its own.
    """
    parent = channel.parent if isinstance(channel, discord.Thread) else None
    ours = me is not None and isinstance(channel, discord.Thread) and channel.owner_id == me.id
    return parent if parent is not None and (ours or isinstance(parent, discord.ForumChannel)) else channel


def _person(interaction: Interaction) -> Person:
    allowed = interaction.permissions
    thread = interaction.guild_id is not None and isinstance(channel_of(interaction), discord.Thread)
    return person_of(
        interaction.user, allowed, may_post=interaction.guild_id is None or may_post(allowed, thread=thread)
    )
