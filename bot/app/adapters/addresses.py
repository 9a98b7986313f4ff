"""Addresses of channels as an operator writes them."""

from __future__ import annotations

from adapters.web.addresses import address_of
from bot.channels.channel import Address, PlatformName
from bot.channels.names import channel_name_of
from bot.errors import UserError


def parse_address(text: str) -> tuple[Address, str]:
    """The address that an operator writes (`web/general`, `slack/T123/C456`) and the channel's name."""
    platform, _, rest = text.partition("/")
    if platform == PlatformName.WEB and rest:
        name = channel_name_of(rest.removeprefix("local/"))
        return address_of(name), name
    workspace, _, channel = rest.partition("/")
    if platform in tuple(PlatformName) and workspace and channel:
        return Address(PlatformName(platform), workspace, channel), channel
    raise UserError(f"“{text[:80]}” is no channel. Write `web/general`, or platform/workspace/channel.")
