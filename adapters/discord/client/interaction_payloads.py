"""Interactions as discord.py reads them: with all the fields that it asks for.

Channels, threads and members in an interaction are partial, and Discord does not promise which of their fields come
along: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object. Of a channel that
the gateway told of, discord.py needs the id only; of another one it needs so much more that without a position, say,
the whole interaction was lost, and nobody got an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

Json = dict[str, Any]

_INTERACTION = {"version": 1, "attachment_size_limit": 0}
_CHANNEL = {"name": "", "position": 0, "bitrate": 0, "user_limit": 0}
_THREAD = {"name": "", "owner_id": "0", "parent_id": "0", "message_count": 0, "member_count": 0}
_THREAD_METADATA = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": "1970-01-01T00:00:00+00:00"}
_MEMBER = {"roles": (), "flags": 0}
_USER = {"username": "", "discriminator": "0", "avatar": None}
_MESSAGE = {
    "type": 0,
    "content": "",
    "components": (),
    "attachments": (),
    "embeds": (),
    "edited_timestamp": None,
    "pinned": False,
    "mention_everyone": False,
    "tts": False,
}
#: The flag of messages whose components are a layout, and the component that others have at their top.
_LAYOUT = discord.MessageFlags.components_v2.flag
_NOT_OF_LAYOUTS = frozenset({discord.ComponentType.action_row.value})
_KINDS = frozenset(kind.value for kind in discord.ChannelType)
_DIRECT = frozenset({discord.ChannelType.private.value, discord.ChannelType.group.value})
_THREADS = frozenset(kind.value for kind in discord.ChannelType if "thread" in kind.name)
_TEXT = discord.ChannelType.text.value


def with_defaults(interaction: Mapping[str, Any]) -> Json:
    """The interaction with what is missing in it. A channel of no known type is taken for a text channel.

    Raises `ValueError` for one that does not say who did it.
    """
    packet: Json = {**_INTERACTION, **interaction}
    # discord.py looks for a member in servers, and elsewhere for a user.
    in_server = packet.get("guild_id") is not None
    if in_server and not packet.get("member") and packet.get("user"):
        packet["member"] = {"user": packet["user"], "permissions": "0"}  # somebody of whom no right is known
    if not packet.get("member" if in_server else "user"):
        raise ValueError("it does not say whose it is")
    if "channel_id" in packet or packet.get("channel"):
        packet["channel"] = _channel({"id": packet.get("channel_id"), **(packet.get("channel") or {})})
    if member := packet.get("member"):
        packet["member"] = {**_MEMBER, **member, "user": {**_USER, **member["user"]}}
    if user := packet.get("user"):
        packet["user"] = {**_USER, **user}
    if message := packet.get("message"):
        packet["message"] = {**_MESSAGE, **message, "flags": _flags(message)}
    return packet


def _flags(message: Json) -> int:
    """The flags of a message. One with components that only layouts have is a layout, whatever they say."""
    flags: int = message.get("flags") or 0
    kinds = {one.get("type") for one in message.get("components") or ()}
    return flags | (_LAYOUT if kinds - _NOT_OF_LAYOUTS else 0)


def _channel(told: Json) -> Json:
    if told.get("type") not in _KINDS:
        told["type"] = _TEXT
    if told["type"] in _DIRECT:
        return {"recipients": [], **told}
    if told["type"] not in _THREADS:
        return {**_CHANNEL, **told}
    return {**_THREAD, **told, "thread_metadata": {**_THREAD_METADATA, **told.get("thread_metadata", {})}}
