"""Addresses of channels: as the core writes them, and as one segment of a path on the web."""

from __future__ import annotations

from urllib.parse import quote

from bot.channels.channel import LOCAL_WORKSPACE, Address, PlatformName


def address_of(channel: str) -> Address:
    """The address of a channel of the web's own, which is called by its name."""
    return Address(PlatformName.WEB, LOCAL_WORKSPACE, channel)


def channel_key(address: Address) -> str:
    """How a channel is called in paths: `general` for one of the web's own, `slack:T123:C456` for others."""
    if address.platform is PlatformName.WEB:
        return address.channel
    return f"{address.platform}:{address.workspace}:{address.channel}"


def address_of_key(key: str) -> Address:
    """The address that `channel_key` made this of. Anything that it never makes is the name of no channel."""
    platform, _, ids = key.partition(":")
    workspace, colon, channel = ids.partition(":")
    if colon and channel and platform in (PlatformName.SLACK, PlatformName.DISCORD):
        return Address(PlatformName(platform), workspace, channel)
    return address_of(key)


def channel_path(address: Address) -> str:
    """Where a channel's page is."""
    return f"/c/{path_segment(channel_key(address))}"


def paper_path(paper_id: str) -> str:
    """Where a paper's page is. Ids may have a slash or a colon in them, and both may stand in a path."""
    return f"/paper/{quote(paper_id, safe='/:')}"


def thumbnail_path(paper_id: str) -> str:
    """Where a paper's picture is."""
    return f"/thumbnail/{quote(paper_id, safe='/:')}"


def path_segment(text: str) -> str:
    """Text as one segment of a path. RFC 3986 lets a colon stand in one."""
    return quote(text, safe=":")
