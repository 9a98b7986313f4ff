"""Roles of a server: offered where a setting takes one, refused when they are none, and shown by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord

from adapters.discord.interactions.command_calls import Interaction
from adapters.discord.interactions.command_tree import CHOICE, MOST_CHOICES, ROLE_OPTION, CommandOptions
from adapters.discord.messages.markup import cut
from adapters.discord.messages.mentions import role_of
from bot.messages.message import Block, Note, Paragraph, Span
from bot.platforms.command_calls import Reply

#: The settings whose value is a role.
MENTION = "mention"
_SETTINGS = frozenset({MENTION, "role"})
_MENTIONED = re.compile(r"<@&([0-9]{15,20})>")


def chooses_role(asked: CommandOptions) -> bool:
    """Whether the value of the command is a role."""
    return asked.command == "settings" and asked.values.get("key") in _SETTINGS


def offered_roles(guild: discord.Guild, typed: str) -> list[tuple[str, str]]:
    """The server's roles whose name has what was typed, as names and mentions."""
    part = typed.strip().removeprefix("@").lower()
    roles = [role for role in guild.roles if not role.is_default() and not role.managed and part in role.name.lower()]
    nobody = [("none", "none")] if "none".startswith(part) else []
    return [*nobody, *((cut(f"@{role.name}", CHOICE), role.mention) for role in roles)][:MOST_CHOICES]


def refused_role(interaction: Interaction, asked: CommandOptions) -> str:
    """Why the value is no role to choose: one of another server, or the one that everybody has; empty if it is one."""
    if not chooses_role(asked) and ROLE_OPTION in asked.values:
        return (
            "Choose a `key` as well: `mention` is the role that digests notify, `role` the one whose members may "
            "manage channels."
        )
    if not chooses_role(asked) or interaction.guild is None:
        return ""
    role = role_of(str(asked.values.get("value", "")).strip())
    if not role:
        return ""
    found = interaction.guild.get_role(int(role))
    if found is None or found.is_default():
        everyone = "everyone at once is never notified" if asked.values["key"] == MENTION else "not everyone"
        return f"That is no role of this server. Choose one from the list; {everyone}."
    return ""


def unmentionable_role(interaction: Interaction, asked: CommandOptions) -> str:
    """The name of the role that was chosen to be notified and that nobody may mention, empty if all is well."""
    if not chooses_role(asked) or asked.values["key"] != MENTION or interaction.guild is None:
        return ""
    role = role_of(str(asked.values.get("value", "")).strip())
    found = interaction.guild.get_role(int(role)) if role else None
    if found is None or found.mentionable or interaction.app_permissions.mention_everyone:
        return ""
    return found.name


def with_role_names(interaction: Interaction, reply: Reply) -> Reply:
    """The answer about settings with the names of roles in place of their ids."""
    guild = interaction.guild
    if guild is None:
        return reply
    names = {str(role.id): f"@{role.name}" for role in guild.roles}
    blocks = tuple(_named(block, names) for block in reply.message.blocks)
    return replace(reply, message=replace(reply.message, blocks=blocks))


def _named(block: Block, names: Mapping[str, str]) -> Block:
    if not isinstance(block, Paragraph | Note):
        return block
    return replace(block, spans=tuple(_with_names(span, names) for span in block.spans))


def _with_names(span: Span, names: Mapping[str, str]) -> Span:
    def name(found: re.Match[str]) -> Any:
        return names.get(found[1], "a role that was deleted")

    return replace(span, text=_MENTIONED.sub(name, span.text))
