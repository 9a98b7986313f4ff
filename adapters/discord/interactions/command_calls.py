"""From what Discord sends to the core's `CommandCall`: the line, where it was said, and by whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from adapters.discord.client.routes import DIRECT_MESSAGES
from adapters.discord.guilds.permissions import may_post, person_of
from bot.channels.channel import Address, PlatformName
from bot.platforms.command_calls import CommandCall, Person

Interaction = discord.Interaction[Any]


def call_of(interaction: Interaction, line: str) -> CommandCall:
    """The call behind an interaction; one with a message is about the button or menu that was used there."""
    channel = channel_of(interaction) if is_served(interaction) else None
    channel_id = channel.id if channel is not None else interaction.channel_id
    server = interaction.guild_id if channel is not None else DIRECT_MESSAGES
    message = interaction.message
    return CommandCall(
        line=line,
        address=Address(PlatformName.DISCORD, str(server), str(channel_id)),
        channel_name=getattr(channel, "name", None) or str(channel_id),
        person=_person(interaction),
        from_message=str(message.id) if message else None,
    )


def is_served(interaction: Interaction) -> bool:
    """Whether it comes from a channel of a server that the bot was added to.

    Everywhere else, in direct messages and where somebody brought the app for themselves, nothing of a channel is read.
    """
    return interaction.guild_id is not None and not is_external(interaction)


def is_external(interaction: Interaction) -> bool:
    """Whether it comes from a server that the bot was not added to, by somebody who has the app for themselves.

    https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-authorizing-integration-owners-object
    """
    owners = interaction._integration_owners  # noqa: SLF001 - the library says nothing where Discord did not
    return interaction.guild_id is not None and bool(owners) and 0 not in owners


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
    if not is_served(interaction):
        direct = interaction.guild_id is None
        person = person_of(interaction.user, discord.Permissions.none(), may_post=direct)
        # Between a person and the bot there is nobody else to ask.
        return replace(person, may_manage=direct)
    allowed = interaction.permissions
    thread = isinstance(channel_of(interaction), discord.Thread)
    return person_of(interaction.user, allowed, may_post=may_post(allowed, thread=thread))
