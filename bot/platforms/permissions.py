"""Who may change what a channel gets."""

from __future__ import annotations

from bot.channels.store import ChannelStore
from bot.platforms.command_calls import CommandCall


async def may_manage(call: CommandCall, channels: ChannelStore) -> bool:
    """Whether the person may manage the channel of the call, by the platform's word and the workspace's role."""
    return call.person.manages_with(await channels.role(call.address))
