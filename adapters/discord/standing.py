"""Standing: which channels the bot still has, and which have it back.

The outbox finds out by itself when a channel refuses a post. What is said here comes earlier, and it is the only way to
learn that a channel is well again without anybody saying `/papers resume`.
"""

from __future__ import annotations

from collections.abc import Callable

import discord
import structlog

from adapters.discord.permissions import can_post
from bot.channels import Address, Channel, ChannelState, PlatformName
from bot.errors import StorageError
from bot.ports import ChannelDirectory, ChannelStore, CommandCall, CommandRunner, Person

REMOVED = "I was removed from this server."
DELETED = "The channel was deleted."
LOCKED = "The thread is locked."

_log = structlog.get_logger()


class Standing:
    """Keeps the stored channels in line with what the gateway tells. Methods are named like discord.py's events."""

    def __init__(
        self,
        client: discord.Client,
        directory: ChannelDirectory,
        channels: ChannelStore,
        commands: CommandRunner,
    ) -> None:
        self._client = client
        self._directory = directory
        self._channels = channels
        self._commands = commands

    async def on_ready(self) -> None:
        """After every new session: events may have been missed."""
        _log.info("discord.ready", guilds=len(self._client.guilds))
        known = await self._of_platform(lambda _channel: True)
        for workspace in sorted({channel.address.workspace for channel in known}):
            guild = self._client.get_guild(int(workspace))
            if guild is None:
                await self._break(Address(PlatformName.DISCORD, workspace, ""), REMOVED, whole_workspace=True)
        await self._revive(lambda channel: channel.reason == REMOVED)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        _log.info("discord.guild_joined", guild=guild.id)
        await self._revive(lambda channel: channel.address.workspace == str(guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Not for an outage: discord.py tells those apart (`on_guild_unavailable`), and they change nothing."""
        _log.warning("discord.guild_removed", guild=guild.id)
        await self._break(Address(PlatformName.DISCORD, str(guild.id), ""), REMOVED, whole_workspace=True)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        _log.warning("discord.guild_unavailable", guild=guild.id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._break(_address(channel.guild.id, channel.id), DELETED)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        await self._break(_address(event.guild_id, event.thread_id), DELETED)

    async def on_raw_thread_update(self, event: discord.RawThreadUpdateEvent) -> None:
        """An archived thread opens by itself when something is posted; a locked one does not."""
        address = _address(event.guild_id, event.thread_id)
        if event.data["thread_metadata"].get("locked"):
            await self._break(address, LOCKED)
        else:
            await self._revive(lambda channel: channel.address == address)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        if before.overwrites != after.overwrites:
            await self._revive(lambda channel: channel.address == _address(after.guild.id, after.id))

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        if before.permissions != after.permissions:
            await self._revive(lambda channel: channel.address.workspace == str(after.guild.id))

    async def _break(self, address: Address, reason: str, *, whole_workspace: bool = False) -> None:
        try:
            for channel in await self._channels.break_channels(address, reason, whole_workspace=whole_workspace):
                _log.warning("channel.broken", channel=str(channel.address), reason=reason)
        except StorageError as error:
            _log.error("discord.standing_unknown", reason=str(error))

    async def _revive(self, wanted: Callable[[Channel], bool]) -> None:
        """Lets the broken ones of these channels go on where nothing stands in the way any more."""
        for channel in await self._of_platform(
            lambda channel: channel.state is ChannelState.BROKEN and wanted(channel)
        ):
            here = self._client.get_channel(int(channel.address.channel))
            if isinstance(here, discord.abc.GuildChannel | discord.Thread) and can_post(here):
                _log.info("channel.revived", channel=str(channel.address))
                await self._commands.run(
                    CommandCall(
                        line="resume",
                        address=channel.address,
                        channel_name=channel.name,
                        person=Person(id="", name="Discord", may_manage=True),
                    )
                )

    async def _of_platform(self, wanted: Callable[[Channel], bool]) -> list[Channel]:
        try:
            channels = await self._directory.channels(PlatformName.DISCORD)
        except StorageError as error:
            _log.error("discord.standing_unknown", reason=str(error))
            return []
        return [channel for channel in channels if _is_ours(channel.address) and wanted(channel)]


def _address(guild: int, channel: int) -> Address:
    return Address(PlatformName.DISCORD, str(guild), str(channel))


def _is_ours(address: Address) -> bool:
    """Addresses can also be written by hand, on the command line."""
    return address.workspace.isdigit() and address.channel.isdigit()
