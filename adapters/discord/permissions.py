"""What the bot may do, and what it has to be allowed to."""

from __future__ import annotations

import discord

#: Exactly what posting takes: the invite link asks for these and nothing else.
NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    read_message_history=True,
    send_messages_in_threads=True,
    create_public_threads=True,
)


def invite_url(application: int) -> str:
    """The link with which somebody who manages a server adds the bot to it."""
    return discord.utils.oauth_url(application, permissions=NEEDED, scopes=("bot", "applications.commands"))


def missing(allowed: discord.Permissions, *, thread: bool = False) -> list[str]:
    """The permissions without which nothing can be posted, in the words of Discord's settings."""
    wanted = {
        "View Channel": allowed.view_channel,
        "Send Messages in Threads": allowed.send_messages_in_threads,
        "Send Messages": allowed.send_messages,
        "Embed Links": allowed.embed_links,
    }
    del wanted["Send Messages" if thread else "Send Messages in Threads"]
    return [name for name, granted in wanted.items() if not granted and not allowed.administrator]


def can_post(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Whether nothing is missing, as far as the gateway told."""
    try:
        allowed = channel.permissions_for(channel.guild.me)
    except discord.ClientException:
        return False  # a thread of a channel that we do not see
    return not missing(allowed, thread=isinstance(channel, discord.Thread))


def may_manage(person: discord.Permissions) -> bool:
    """Whether they may change what this channel gets: Discord's “Manage Channels”, in that channel."""
    return person.manage_channels or person.administrator


def may_administer(person: discord.Permissions) -> bool:
    """Whether they may say who manages the channels of the whole server: Discord's “Manage Server”."""
    return person.manage_guild or person.administrator
