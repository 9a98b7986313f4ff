"""The first word in a guild that the bot was added to: what it is for, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import detail_of
from adapters.discord.client.errors import RESPONSE_ERRORS
from adapters.discord.client.routes import messages_route
from adapters.discord.guilds.permissions import can_post
from adapters.discord.messages.rendering import render
from bot.messages.message import Button, Buttons, Items, Message, Note, Paragraph, code, text

_HELLO = "Hello! I post the research papers that match this channel's topics, when you want them."
WELCOME = Message(
    summary=_HELLO,
    blocks=(
        Paragraph(text(_HELLO)),
        Items(
            (
                text(code("/papers subscribe"), " adds a topic to the channel where it is given, for who manages it"),
                text(code("/papers search"), " finds papers, for everybody; only who asks sees the answer"),
                text(code("/papers help"), " shows all commands"),
            )
        ),
        Note(text("Topics belong in the channel that is to get the papers. Nothing is posted before there is one.")),
        Buttons((Button("Today's papers", "today"), Button("Help", "help"))),
    ),
)

_log = structlog.get_logger()


async def welcome(client: DiscordClient, guild: discord.Guild, localized: Callable[[Message], Message]) -> None:
    """Says it in the first channel that the bot may write to, where there is one. Said twice, it is there once."""
    channel = next(_channels(guild), None)
    if channel is None:
        _log.info("discord.no_welcome", guild=guild.id, reason="no channel to write to")
        return
    body = {**render(localized(WELCOME)).payload, "nonce": f"w{guild.id}", "enforce_nonce": True}
    try:
        await client.request_once(messages_route(channel.id), body)
    except RESPONSE_ERRORS as error:
        _log.info("discord.no_welcome", guild=guild.id, reason=detail_of(error))


def _channels(guild: discord.Guild) -> Iterator[discord.TextChannel]:
    """The channels that the bot may write to: the one that Discord itself welcomes people in, then from the top."""
    channels = sorted(guild.text_channels, key=lambda channel: (channel.position, channel.id))
    first = [guild.system_channel] if guild.system_channel is not None else []
    return (channel for channel in (*first, *channels) if not channel.is_news() and can_post(channel))
