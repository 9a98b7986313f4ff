"""The only ping there is: a role that a person who manages the channel chose."""

from __future__ import annotations

import re

from bot.errors import UserError

_ROLE = re.compile(r"<@&([0-9]{15,20})>")


def role_of(mention: str) -> str:
    """The id of the role in `<@&123…>`, empty for anything else."""
    found = _ROLE.fullmatch(mention)
    return found[1] if found else ""


def mention_of(role: int) -> str:
    """A role as Discord writes it, and as `Platform.parse_role` keeps it."""
    return f"<@&{role}>"


def parse_role(text: str) -> str:
    """The role that may manage channels, as its mention; raises `UserError` for what is no role."""
    mention = text.strip()
    if not role_of(mention):
        raise UserError("Choose a role of this server: write `@` and pick it from the list.")
    return mention


def parse_mention(text: str) -> str:
    """The mention that is kept in a channel's settings; raises `UserError` for what is no role."""
    mention = text.strip()
    if not role_of(mention):
        raise UserError("Choose a role of this server: write `@` and pick it from the list. People are never pinged.")
    return mention
