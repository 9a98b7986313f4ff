"""Who is pinged with a digest: Slack's ways to write a person, a group of people, or everybody."""

from __future__ import annotations

import re

from adapters.slack.elements import Json, section
from bot.errors import UserError

_MENTION = re.compile(
    r"<@(?P<user>[UW][A-Z0-9]{2,20})(?:\|[^<>]*)?>"
    r"|<!subteam\^(?P<group>S[A-Z0-9]{2,20})(?:\|[^<>]*)?>"
    r"|<!(?P<range>here|channel|everyone)(?:\|[^<>]*)?>"
    r"|@(?P<word>here|channel|everyone)"
)


def parse_mention(text: str) -> str:
    """The mention in one form; raises `UserError` for what pings nobody."""
    found = _MENTION.fullmatch(text.strip())
    if found is None:
        raise UserError("Write who is to be notified as a mention: a person, a user group, `@here` or `@channel`.")
    if found["user"]:
        return f"<@{found['user']}>"
    if found["group"]:
        return f"<!subteam^{found['group']}>"
    return f"<!{found['range'] or found['word']}>"


#: Who may manage channels where a workspace does not leave it to all members.
ADMINS = "admins"


def parse_role(text: str) -> str:
    """The one role that Slack knows; raises `UserError` for any other."""
    if text.strip().lower() not in (ADMINS, "admin"):
        raise UserError(
            "Slack knows one role: `admins`, the admins and owners of the workspace. `none` means everybody."
        )
    return ADMINS


def mention_element(mention: str) -> Json | None:
    """The mention as rich text; None for what is none, so that nothing else ever pings."""
    found = _MENTION.fullmatch(mention)
    if found is None:
        return None
    if found["user"]:
        return section({"type": "user", "user_id": found["user"]})
    if found["group"]:
        return section({"type": "usergroup", "usergroup_id": found["group"]})
    return section({"type": "broadcast", "range": found["range"] or found["word"]})
