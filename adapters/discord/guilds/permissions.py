"""What the bot may do, and what it has to be allowed to."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from adapters.discord.client.error_codes import LACKS, PERMISSIONS_PLACE
from adapters.discord.messages.mentions import mention_of
from bot.channels.channel import Style
from bot.platforms.command_calls import Person
from bot.text.lists import listed

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


def is_for_users(client: discord.Client) -> bool:
    """Whether people can add the app for themselves: the operator chooses that as “User Install”."""
    return client.application is not None and client.application.user_integration_config is not None


def missing(
    allowed: discord.Permissions, *, thread: bool = False, forum: bool = False, style: Style = Style.CARDS
) -> list[str]:
    """The permissions without which digests do not look as they were wished, in the words of Discord's settings.

    `thread` is for a thread, `forum` for a forum itself; a `style` that opens threads needs more in other channels.
    """
    wanted = {"View Channel": allowed.view_channel}
    if thread:
        wanted["Send Messages in Threads"] = allowed.send_messages_in_threads
    elif forum:
        wanted["Create Posts"] = allowed.send_messages  # Discord's name for the same permission there
    else:
        wanted["Send Messages"] = allowed.send_messages
    wanted["Embed Links"] = allowed.embed_links
    if style is Style.THREADS and not thread and not forum:
        wanted["Create Public Threads"] = allowed.create_public_threads
        wanted["Send Messages in Threads"] = allowed.send_messages_in_threads
    return [name for name, granted in wanted.items() if not granted and not allowed.administrator]


def granted(channel: discord.abc.GuildChannel, me: discord.Member) -> discord.Permissions:
    """What roles and the channel's settings give, each permission for itself.

    `permissions_for` takes further ones away where “View Channel” or “Send Messages” is missing, and nobody who wants
    to know what to change is helped by a list of all.
    """
    everyone, roles = channel.guild.default_role, me.roles
    allowed = discord.Permissions(everyone.permissions.value)
    for role in roles:
        allowed.value |= role.permissions.value
    if allowed.administrator or channel.guild.owner_id == me.id:
        return discord.Permissions.all()
    for holders in ([everyone], [role for role in roles if role != everyone], [me]):
        pairs = [channel.overwrites_for(holder).pair() for holder in holders]
        for _, denied in pairs:
            allowed.value &= ~denied.value
        for given, _ in pairs:
            allowed.value |= given.value
    return allowed


def names_of(permissions: Sequence[str]) -> str:
    """Their names as a person reads them in a sentence."""
    return listed(f"“{name}”" for name in permissions)


def lacks(permissions: Sequence[str]) -> str:
    """What to do about permissions of these names that are missing."""
    them = "it" if len(permissions) == 1 else "them"
    return f"{LACKS}{names_of(permissions)} there. Give {them} to me {PERMISSIONS_PLACE}."


def me_in(guild: discord.Guild) -> discord.Member | None:
    """The bot as a member of a server, None where Discord has not told: discord.py says that it always has."""
    return guild.me


def can_post(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Whether nothing is missing, as far as the gateway told."""
    if (me := me_in(channel.guild)) is None:
        return False
    try:
        allowed = channel.permissions_for(me)
    except discord.ClientException:
        return False  # a thread of a channel that we do not see
    return not missing(allowed, thread=isinstance(channel, discord.Thread))


def may_manage(person: discord.Permissions) -> bool:
    """Whether they may change what this channel gets: Discord's “Manage Channels”, in that channel."""
    return person.manage_channels or person.administrator


def may_administer(person: discord.Permissions) -> bool:
    """Whether they may say who manages the channels of the whole server: Discord's “Manage Server”."""
    return person.manage_guild or person.administrator


def may_post(person: discord.Permissions, *, thread: bool) -> bool:
    """Whether they may write in a channel, or in a thread."""
    return person.send_messages_in_threads if thread else person.send_messages


def person_of(author: discord.User | discord.Member, allowed: discord.Permissions, *, may_post: bool) -> Person:
    """Who gives a command, with what they are `allowed` where papers would go.

    Discord's ids mean the same person in every server; roles and permissions are those of this one.
    """
    roles = author.roles if isinstance(author, discord.Member) else []
    return Person(
        id=str(author.id),
        name=author.display_name,
        may_manage=may_manage(allowed),
        may_administer=may_administer(allowed),
        roles=frozenset(mention_of(role.id) for role in roles if not role.is_default()),
        everywhere=True,
        may_post=may_post,
    )
