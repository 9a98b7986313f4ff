"""The only pings there are: a role that a person who manages the channel chose, and people who asked for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.errors import UserError
from bot.messages.message import Block, PaperBlock, PersonMention

_ROLE = re.compile(r"<@&([0-9]{15,20})>")

_PERSON = re.compile(r"[0-9]{1,20}")
MOST_PINGED = 20  # people, by one message


def role_of(mention: str) -> str:
    """The id of the role in `<@&123…>`, empty for anything else."""
    found = _ROLE.fullmatch(mention)
    return found[1] if found else ""


def for_whom(people: Iterable[PersonMention]) -> str:
    """Whom a paper is for. Discord shows the names, and notifies only those whom `allowed_mentions` has."""
    mentions = [f"<@{one.id}>" for one in people if _PERSON.fullmatch(one.id)]
    return f"for {', '.join(mentions)}" if mentions else ""


def pinged(blocks: Iterable[Block]) -> list[str]:
    """The ids of those who asked to be notified of papers for them, each once."""
    people = (one for block in blocks if isinstance(block, PaperBlock) for one in block.people)
    return list(dict.fromkeys(one.id for one in people if one.ping and _PERSON.fullmatch(one.id)))[:MOST_PINGED]


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
