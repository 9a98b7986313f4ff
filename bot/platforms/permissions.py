"""Who may change what a channel gets."""

from __future__ import annotations

from bot.channels.channel import Address, PlatformName
from bot.channels.store import ChannelStore
from bot.platforms.command_calls import CommandCall


async def may_manage(call: CommandCall, channels: ChannelStore) -> bool:
    """Whether the person may manage the channel of the call, by the platform's word and the workspace's role."""
    return call.person.manages_with(await channels.role(call.address))


def may_manage_another(call: CommandCall, other: Address) -> bool:
    """Whether who may manage the channel of the call may manage one elsewhere, too."""
    person = call.person
    at_home = call.home is PlatformName.WEB and other.platform is PlatformName.WEB
    return person.may_manage and (person.manages_all or person.runs_the_bot or at_home)


def runs_the_bot(call: CommandCall) -> bool:
    """Whether somebody manages the whole installation: who is let into the local workspace, or has a terminal here."""
    return call.person.may_manage and (call.home is PlatformName.WEB or call.person.runs_the_bot)
