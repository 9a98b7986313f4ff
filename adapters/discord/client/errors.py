"""What requests to Discord raise, and what has to be caught around them."""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import MALFORMED


class BadResponseError(discord.DiscordException):
    """Whether Discord did what it was asked to, nobody can tell from its response."""


class ClientClosedError(discord.DiscordException):
    """A request has not left, because its client was closed while it waited for its turn: there is a new one by now."""


class AlreadyAcknowledgedError(discord.DiscordException):
    """Another process with the same token acknowledged an interaction first: what was asked for is done there."""


#: What has to be caught around requests.
REQUEST_ERRORS = (discord.DiscordException, aiohttp.ClientError, OSError)
#: What has to be caught where responses are read as well, which may be of another shape than they should be.
RESPONSE_ERRORS = (*REQUEST_ERRORS, *MALFORMED)

ALREADY_ACKNOWLEDGED = 40060

LOGIN_REFUSED = (
    "Discord refuses the token. Copy it again from https://discord.com/developers/applications (your application, "
    "“Bot”, “Reset Token”) into PAPERROUND_DISCORD_TOKEN."
)


def code_of(error: BaseException) -> int:
    """Discord's JSON error code, 0 without one."""
    return error.code if isinstance(error, discord.HTTPException) else 0


def described(error: BaseException) -> str:
    """The error in a line, for logs."""
    return str(error) or type(error).__name__
