"""What the bot may do in a channel, and why it is refused: by what the gateway told, or asked of Discord.

A process that only posts has no gateway connection, so nothing here may need one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import discord

from adapters.discord.client.error_codes import MISSING_ACCESS
from adapters.discord.client.errors import RESPONSE_ERRORS, code_of
from adapters.discord.guilds.permissions import granted, lacks, me_in, missing

#: Seconds that asking why may take, once a channel has refused us.
WITHIN = 8.0
CANNOT_VIEW = lacks(["View Channel"]).removesuffix(".") + "; in a private thread, mention me."
TIMED_OUT = "I am timed out in that server. A moderator can end that before its time."


@dataclass(frozen=True, slots=True)
class FetchedGuild:
    """A guild as Discord describes it, with the bot as its member."""

    guild: discord.Guild
    me: discord.Member
    channels: Mapping[int, discord.abc.GuildChannel]
    _client: discord.Client

    async def find(self, channel: int) -> tuple[discord.abc.GuildChannel | None, discord.Thread | None]:
        """A channel; for a thread its parent and the thread. Raises what `RESPONSE_ERRORS` names."""
        if here := self.channels.get(channel):
            return here, None
        found = await self._client.fetch_channel(channel)
        if isinstance(found, discord.Thread):
            return self.channels.get(found.parent_id), found
        return None, None


async def fetch_guild(client: discord.Client, server: int) -> FetchedGuild:
    """Asks for a server; takes three requests and raises what `RESPONSE_ERRORS` names."""
    guild = await client.fetch_guild(server, with_counts=False)
    channels = {channel.id: channel for channel in await guild.fetch_channels()}
    return FetchedGuild(guild, await guild.fetch_member(client.user.id if client.user else 0), channels, client)


async def permissions_in(client: discord.Client, server: int | None, channel: int) -> discord.Permissions | None:
    """What the bot may do in a channel of a server, None where nobody can tell. It may take three requests."""
    known = client.get_channel(channel)
    if isinstance(known, discord.abc.GuildChannel):
        me = me_in(known.guild)
        return known.permissions_for(me) if me is not None else None
    if server is None:
        return None
    try:
        async with asyncio.timeout(WITHIN):
            asked = await fetch_guild(client, server)
    except (TimeoutError, *RESPONSE_ERRORS):
        return None
    here = asked.channels.get(channel)
    return here.permissions_for(asked.me) if here is not None else None


async def missing_access_reason(client: discord.Client, server: int | None, channel: int) -> str:
    """Why a channel takes nothing from us, and what to do; empty where nobody can tell."""
    # What the gateway told may be older than the refusal.
    return _from_gateway(client, channel) or (await _from_api(client, server, channel) if server is not None else "")


def _from_gateway(client: discord.Client, channel: int) -> str:
    known = client.get_channel(channel)
    thread = isinstance(known, discord.Thread)
    here = known.parent if isinstance(known, discord.Thread) else known
    if not isinstance(here, discord.abc.GuildChannel) or (me := me_in(here.guild)) is None:
        return ""
    return _why(here, me, thread=thread)


async def _from_api(client: discord.Client, server: int, channel: int) -> str:
    try:
        async with asyncio.timeout(WITHIN):
            asked = await fetch_guild(client, server)
            try:
                here, thread = await asked.find(channel)
            except discord.Forbidden as error:
                return CANNOT_VIEW if code_of(error) == MISSING_ACCESS else ""
    except (TimeoutError, *RESPONSE_ERRORS):
        return ""
    return _why(here, asked.me, thread=thread is not None) if here is not None else ""


def _why(channel: discord.abc.GuildChannel, me: discord.Member, *, thread: bool) -> str:
    if me.is_timed_out():
        return TIMED_OUT
    lacking = missing(
        granted(channel, me), thread=thread, forum=isinstance(channel, discord.ForumChannel) and not thread
    )
    return lacks(lacking) if lacking else ""
