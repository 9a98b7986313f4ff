"""GuildLifecycle: which servers and channels the bot still has, and which have it back.

The outbox finds out by itself when a channel refuses a post. What is said here comes earlier, and it is the only way to
learn that a channel is well again without anybody saying `/papers resume`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord
import structlog
from discord.http import Route

from adapters.discord.client.circuit_breaker import TOKEN_REFUSED
from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import (
    LACKS,
    NOT_HERE,
    NOT_IN_GUILD,
    REFUSED_TOKEN,
    TAG_MISSING,
    UNREACHABLE,
    detail_of,
)
from adapters.discord.client.errors import REQUEST_ERRORS, code_of
from adapters.discord.client.routes import snowflake
from adapters.discord.guilds.forum_tags import forum_of
from adapters.discord.guilds.missing_access import TIMED_OUT
from adapters.discord.guilds.permissions import can_post, me_in
from bot.channels.channel import Address, Channel, ChannelState, PlatformName
from bot.channels.directory import WorkspaceDirectory
from bot.errors import StorageError
from bot.lifecycle.channels import ChannelLifecycle

REMOVED_FROM_SERVER = "I was removed from this server."
DELETED = "The channel was deleted."
LOCKED = "The thread is locked."
GUILDS_PER_PAGE = 200
#: What may have passed while nobody listened, and what is over whenever a session begins: channels were given up for it
#: after a day, with more words before these.
_PASSES = (REMOVED_FROM_SERVER, NOT_HERE, TAG_MISSING, TIMED_OUT)
_IS_OVER = (TOKEN_REFUSED, REFUSED_TOKEN, UNREACHABLE)

_log = structlog.get_logger()

Listener = Callable[..., Coroutine[Any, Any, None]]


class GuildLifecycle:
    """Keeps what is stored in line with what the gateway tells. Methods are named like discord.py's events."""

    def __init__(
        self,
        client: DiscordClient,
        directory: WorkspaceDirectory,
        lifecycle: ChannelLifecycle,
        welcome: Callable[[discord.Guild], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._welcome = welcome
        self._client = client
        self._directory = directory
        self._lifecycle = lifecycle
        #: Servers that the bot was removed from while it was looking.
        self._left_guilds: set[int] = set()
        #: Those that the bot is in, once the gateway has told of them all.
        self._known_guilds: set[int] | None = None
        # Events may come within a moment, and what the last one says must stay.
        self._event_lock = asyncio.Lock()

    @property
    def listeners(self) -> Sequence[Listener]:
        """What has to hear of the events of these names."""
        return [
            self._listener(handler)
            for handler in (
                self.on_ready,
                self.on_guild_join,
                self.on_guild_remove,
                self.on_guild_unavailable,
                self.on_guild_available,
                self.on_guild_update,
                self.on_guild_channel_delete,
                self.on_guild_channel_update,
                self.on_guild_role_update,
                self.on_guild_role_delete,
                self.on_member_update,
                self.on_raw_thread_delete,
                self.on_raw_thread_update,
            )
        ]

    def _listener(self, handler: Listener) -> Listener:
        @functools.wraps(handler)
        async def listener(*event: Any) -> None:
            try:
                async with self._event_lock:
                    await handler(*event)
            except StorageError as error:
                _log.error("discord.event_lost", gateway_event=handler.__name__, reason=str(error))

        return listener

    # --- Servers

    async def on_ready(self) -> None:
        """After every new session: events may have been missed."""
        if self._client.is_closed():
            return  # it took so long that we are gone again
        guilds = {str(guild.id): guild for guild in self._client.guilds}
        _log.info("discord.ready", guilds=len(guilds))
        self._known_guilds = {guild.id for guild in self._client.guilds}
        stored = {
            workspace.id: workspace
            for workspace in await self._directory.workspaces(PlatformName.DISCORD)
            if snowflake(workspace.id) is not None  # addresses can also be written by hand, on the command line
        }
        joined = await self._joined_guilds()
        for workspace in stored.values():
            missed = workspace.id not in guilds or (joined is not None and workspace.id not in joined)
            if missed and workspace.left_at is None and await self._is_inaccessible(workspace.id):
                guilds.pop(workspace.id, None)
                self._left_guilds.add(int(workspace.id))
                await self._lifecycle.workspace_left(_guild_address(workspace.id), REMOVED_FROM_SERVER)
        for guild_id, guild in guilds.items():
            known = stored.get(guild_id)
            if guild.name and (known is None or known.name != guild.name or known.left_at is not None):
                await self._lifecycle.workspace_joined(_guild_address(guild_id), guild.name)
        await self._recover(_may_have_passed)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self._left_guilds.discard(guild.id)
        if self._known_guilds is not None:
            self._known_guilds.add(guild.id)
        await self._lifecycle.workspace_joined(_guild_address(guild.id), guild.name)
        await self._recover(in_server=guild.id)
        known = await self._directory.channels(PlatformName.DISCORD, workspace=str(guild.id), with_topics=True)
        if self._welcome is not None and not known:
            await self._welcome(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Not for an outage: discord.py tells those apart (`on_guild_unavailable`), and they change nothing."""
        self._left_guilds.add(guild.id)
        if self._known_guilds is not None:
            self._known_guilds.discard(guild.id)
        await self._lifecycle.workspace_left(_guild_address(guild.id), REMOVED_FROM_SERVER)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        _log.warning("discord.guild_unavailable", guild=guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """After an outage, and for every server at the start. A new invitation may look like it, too."""
        new = self._known_guilds is not None and guild.id not in self._known_guilds
        if new or guild.id in self._left_guilds:
            await self.on_guild_join(guild)

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        if before.name != after.name:
            await self._lifecycle.workspace_joined(_guild_address(after.id), after.name)

    # --- Channels

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._lifecycle.lost(_address(channel.guild.id, channel.id), DELETED)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        await self._lifecycle.lost(_address(event.guild_id, event.thread_id), DELETED)

    async def on_raw_thread_update(self, event: discord.RawThreadUpdateEvent) -> None:
        """An archived thread opens by itself when something is posted; a locked one does not."""
        address = _address(event.guild_id, event.thread_id)
        if event.data["thread_metadata"].get("locked"):
            await self._lifecycle.lost(address, LOCKED)
            return
        await self._lifecycle.renamed(address, event.data["name"])
        await self._recover_at(address)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        address = _address(after.guild.id, after.id)
        if before.name != after.name:
            await self._lifecycle.renamed(address, after.name)
        if before.overwrites != after.overwrites or _tags(before) != _tags(after):
            await self._recover_at(address)

    # --- Permissions

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        if before.permissions != after.permissions:
            await self._recover(in_server=after.guild.id)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self._recover(in_server=role.guild.id)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Discord tells everybody of themselves, also who does not hear of the members: the bot has other roles."""
        if after == after.guild.me and (before.roles, before.timed_out_until) != (after.roles, after.timed_out_until):
            await self._recover(in_server=after.guild.id)

    # --- Asking

    async def _joined_guilds(self) -> set[str] | None:
        """The servers that the bot is in, by Discord's word; None when it does not say.

        After a session that was lost, discord.py still has servers that the bot was removed from meanwhile.
        """
        found: set[str] = set()
        after = 0
        route = Route("GET", "/users/@me/guilds")
        try:
            while page := await self._client.request_once(route, None, limit=GUILDS_PER_PAGE, after=after):
                found.update(guild["id"] for guild in page)
                after = max(int(guild["id"]) for guild in page)
                if len(page) < GUILDS_PER_PAGE:
                    break
        except REQUEST_ERRORS as error:
            _log.warning("discord.guilds_unknown", reason=str(error) or type(error).__name__)
            return None
        return found

    async def _is_inaccessible(self, guild: str) -> bool:
        """Whether Discord lets us see nothing of a server: it is asked before anything is believed to be lost."""
        try:
            await self._client.request_once(Route("GET", "/guilds/{guild_id}", guild_id=int(guild)))
        except discord.HTTPException as error:
            if code_of(error) in NOT_IN_GUILD:
                return True
            _log.warning("discord.guild_unknown", guild=guild, reason=detail_of(error))
        except REQUEST_ERRORS as error:
            _log.warning("discord.guild_unknown", guild=guild, reason=str(error) or type(error).__name__)
        return False

    async def _recover(
        self, wanted: Callable[[Channel], bool] = lambda _: True, *, in_server: int | None = None
    ) -> None:
        """Lets the broken ones of these channels go on where nothing stands in the way any more."""
        workspace = str(in_server) if in_server is not None else ""
        for channel in await self._directory.channels(PlatformName.DISCORD, workspace=workspace):
            if wanted(channel):
                await self._recover_channel(channel)

    async def _recover_at(self, address: Address) -> None:
        if channel := await self._directory.find(address):
            await self._recover_channel(channel)

    async def _recover_channel(self, channel: Channel) -> None:
        server, number = snowflake(channel.address.workspace), snowflake(channel.address.channel)
        if channel.state is not ChannelState.BROKEN or server is None or number is None:
            return
        here = self._client.get_channel(number)
        if here is not None and server in self._left_guilds:
            return  # discord.py still knows it
        if isinstance(here, discord.abc.GuildChannel | discord.Thread) and can_post(here) and _takes_posts(here):
            await self._lifecycle.reachable(channel.address, here.name)


def _may_have_passed(channel: Channel) -> bool:
    return channel.reason in _PASSES or channel.reason.startswith(LACKS) or channel.reason.endswith(_IS_OVER)


def _tags(channel: discord.abc.GuildChannel) -> object:
    """What a forum says of tags, to be compared."""
    if not isinstance(channel, discord.ForumChannel):
        return None
    return channel.flags.require_tag, {(tag.id, tag.moderated) for tag in channel.available_tags}


def _takes_posts(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    return not isinstance(channel, discord.ForumChannel) or forum_of(channel, me_in(channel.guild)).takes_posts


def _guild_address(guild: int | str) -> Address:
    return Address(PlatformName.DISCORD, str(guild), "")


def _address(guild: int, channel: int) -> Address:
    return Address(PlatformName.DISCORD, str(guild), str(channel))
