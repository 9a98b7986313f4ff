"""The commands that visitors give: who asks, and in which channel."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from adapters.web.addresses import address_of
from adapters.web.people.visitor import person_of
from bot.channels.channel import Address, Channel
from bot.platforms.command_calls import CommandCall


def call_of(
    request: HTTPConnection, channel: Channel | None, line: str = "", *, from_message: str | None = None
) -> CommandCall:
    """The command that a visitor gives in a channel; in one of the web's own without a name where it is in none."""
    if channel is None:
        return call_at(request, address_of(""), "", line)
    return call_at(request, channel.address, channel.name, line, from_message=from_message)


def call_at(
    request: HTTPConnection, address: Address, name: str, line: str = "", *, from_message: str | None = None
) -> CommandCall:
    """The command that a visitor gives at an address, where there may be no channel yet."""
    return CommandCall(
        line=line,
        address=address,
        channel_name=name,
        person=person_of(request, address),
        from_message=from_message,
    )
