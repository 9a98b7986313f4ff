"""What the simulated Discord knows: servers, channels, messages and threads, and how it writes them as JSON."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import discord

from bot.clocks import Clock
from tests.simulators.discord_schema import V2, walk

Json = dict[str, Any]

TEXT, VOICE, ANNOUNCEMENT, FORUM, THREAD = 0, 2, 5, 15, 11
BOT_ID, APPLICATION_ID = 900000000000000001, 900000000000000001
ALL = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    read_message_history=True,
    send_messages_in_threads=True,
    create_public_threads=True,
)
CDN = "https://cdn.discordapp.example.org/file"


def user(identifier: int, name: str, *, bot: bool = False) -> Json:
    return {
        "id": str(identifier),
        "username": name,
        "global_name": name,
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


BOT = user(BOT_ID, "Paper Round", bot=True)


@dataclass(slots=True)
class Channel:
    """A channel or a thread. `permissions` are the bot's, `tags` a forum's names of tags by their ids."""

    id: int
    guild: int
    name: str
    type: int = TEXT
    parent: int | None = None
    permissions: discord.Permissions = ALL
    archived: bool = False
    archived_at: str = "2026-05-12T12:00:00+00:00"
    locked: bool = False
    owner: int = 1
    tags: dict[str, str] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    tag_required: bool = False
    messages: list[Json] = field(default_factory=list)

    @property
    def is_thread(self) -> bool:
        return self.type == THREAD

    @property
    def is_active(self) -> bool:
        """Whether Discord lists it among the threads that are open."""
        return self.is_thread and not self.archived

    def json(self) -> Json:
        body: Json = {
            "id": str(self.id),
            "guild_id": str(self.guild),
            "name": self.name,
            "type": self.type,
            "parent_id": str(self.parent) if self.parent else None,
            "flags": 16 if self.tag_required else 0,
            "last_message_id": None,
        }
        if self.is_thread:
            body |= {
                "owner_id": str(self.owner),
                "applied_tags": self.applied,
                "message_count": len(self.messages),
                "member_count": 1,
                "rate_limit_per_user": 0,
                "thread_metadata": {
                    "archived": self.archived,
                    "locked": self.locked,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": self.archived_at,
                },
            }
        else:
            denied = ~self.permissions.value & ALL.value
            body |= {
                "position": 0,
                "topic": None,
                "nsfw": False,
                "rate_limit_per_user": 0,
                "permission_overwrites": [
                    {"id": str(self.guild), "type": 0, "allow": str(self.permissions.value), "deny": str(denied)}
                ],
            }
        if self.type == FORUM:
            body["available_tags"] = [
                {"id": tag, "name": name, "moderated": name.startswith("!"), "emoji_id": None, "emoji_name": None}
                for tag, name in self.tags.items()
            ]
        return body


@dataclass(slots=True)
class Guild:
    id: int
    name: str
    roles: dict[int, str] = field(default_factory=dict)
    unavailable: bool = False


class DiscordState:
    """All servers. Ids grow, and their time is that of the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.direct: dict[int, int] = {}
        self.refuses_direct: set[int] = set()
        #: Discord opens no second thread for a message.
        self.deleted_threads: set[int] = set()
        self._numbers: Iterator[int] = itertools.count(1)

    def new_id(self, at: datetime | None = None) -> int:
        return discord.utils.time_snowflake(at or self.clock.now()) + next(self._numbers)

    def add_guild(self, name: str = "Lab") -> Guild:
        guild = Guild(self.new_id(), name)
        self.guilds[guild.id] = guild
        return guild

    def add_role(self, guild: Guild, name: str) -> int:
        role = self.new_id()
        guild.roles[role] = name
        return role

    def add_channel(self, guild: Guild, name: str = "general", kind: int = TEXT, **more: Any) -> Channel:
        channel = Channel(self.new_id(), guild.id, name, kind, **more)
        self.channels[channel.id] = channel
        return channel

    def open_thread(self, parent: Channel, name: str, identifier: int | None = None, *, owner: int = 1) -> Channel:
        thread = Channel(
            identifier or self.new_id(),
            parent.guild,
            name,
            THREAD,
            parent=parent.id,
            permissions=parent.permissions,
            owner=owner,
        )
        self.channels[thread.id] = thread
        return thread

    def permissions_in(self, channel: Channel) -> discord.Permissions:
        return self.channels[channel.parent].permissions if channel.parent in self.channels else channel.permissions

    def threads_of(self, channel: Channel) -> list[Channel]:
        return [one for one in self.channels.values() if one.parent == channel.id]

    def message(
        self, channel_id: int, body: Json, *, identifier: int | None = None, flags: int = 0, author: Json = BOT
    ) -> Json:
        """A message as Discord shows it, the bot's unless somebody else wrote it. `flags` come to those of the body."""
        flags |= body.get("flags") or 0
        message: Json = {
            "id": str(identifier or self.new_id()),
            "channel_id": str(channel_id),
            "author": author,
            "content": body.get("content") or "",
            "timestamp": self.clock.now().isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": (body.get("allowed_mentions") or {}).get("roles", []),
            "attachments": [
                {"size": 1, "url": CDN, "proxy_url": CDN, **file} for file in body.get("attachments") or []
            ],
            "embeds": [{"type": "rich", **embed} for embed in body.get("embeds") or []],
            "components": _with_ids(body.get("components") or []) if flags & V2 else body.get("components") or [],
            "pinned": False,
            "type": 0,
            "flags": flags,
        }
        if reference := body.get("message_reference"):
            message["message_reference"] = reference
        return message

    def guild_json(self, guild: Guild) -> Json:
        """What GUILD_CREATE brings."""
        if guild.unavailable:
            return {"id": str(guild.id), "unavailable": True}
        own = [channel for channel in self.channels.values() if channel.guild == guild.id]
        return {
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": "1",
            "member_count": 3,
            "emojis": [],
            "stickers": [],
            "features": [],
            "roles": [
                _role(guild.id, "@everyone"),
                *(_role(identifier, name) for identifier, name in guild.roles.items()),
            ],
            "members": [
                {
                    "user": BOT,
                    "roles": [],
                    "joined_at": "2026-01-01T00:00:00+00:00",
                    "offline": False,
                    "mute": False,
                    "flags": 0,
                }
            ],
            "channels": [channel.json() for channel in own if not channel.is_thread],
            "threads": [channel.json() for channel in own if channel.is_thread and not channel.archived],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "unavailable": False,
        }


def _with_ids(components: list[Json]) -> list[Json]:
    """Components as Discord gives them back: each with an id, and pictures with where Discord keeps them."""
    components = copy.deepcopy(components)
    for number, component in enumerate(walk(components), 1):
        component["id"] = number
        if media := component.get("media"):
            media |= {"proxy_url": CDN, "width": 100, "height": 100, "content_type": "image/png", "loading_state": 2}
    return components


def edit(message: Json, body: Json) -> None:
    """Changes a message; the flag of Components V2 stays for good."""
    message["flags"] |= (body.get("flags") or 0) & V2
    message |= {part: body[part] for part in ("embeds", "content") if part in body}
    if "components" in body:
        message["components"] = _with_ids(body["components"]) if message["flags"] & V2 else body["components"]


def _role(identifier: int, name: str) -> Json:
    return {
        "id": str(identifier),
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": "0",
        "managed": False,
        "mentionable": True,
        "flags": 0,
    }
