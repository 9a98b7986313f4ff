"""Who is pinged with a digest: Slack's ways to write a person, a group of people, or everybody."""

from __future__ import annotations

import re

from adapters.slack.client.payloads import Json
from adapters.slack.messages.block_kit import printable, section
from bot.errors import UserError

_MENTION = re.compile(
    r"<@(?P<user>[UW][A-Z0-9]{2,20})(?:\|(?P<person>[^<>]*))?>"
    r"|<!subteam\^(?P<group>S[A-Z0-9]{2,20})(?:\|(?P<handle>[^<>]*))?>"
    r"|<!(?P<range>here|channel|everyone)(?:\|[^<>]*)?>"
    r"|@(?P<word>here|channel|everyone)"
)


_UNNAMED = re.compile(r'<@([UW][A-Z0-9]{2,20})>(?="?\s*$)')
_LONGEST_NAME = 60


def parse_mention(text: str) -> str:
    """The mention in one form, with the name that Slack gave it; raises `UserError` for what pings nobody."""
    found = _MENTION.fullmatch(text.strip())
    if found is None:
        raise UserError("Write who is to be notified as a mention: a person, a user group, `@here` or `@channel`.")
    if found["user"]:
        return f"<@{found['user']}{_label(found['person'])}>"
    if found["group"]:
        return f"<!subteam^{found['group']}{_label(found['handle'])}>"
    return f"<!{found['range'] or found['word']}>"


def _label(name: str | None) -> str:
    shown = printable(name or "").strip().removeprefix("@")[:_LONGEST_NAME]
    return f"|{shown}" if shown else ""


def mention_name(mention: str) -> str:
    """Whom a mention pings, in words: `@ada`, `@here`."""
    found = _MENTION.fullmatch(mention)
    if found is None:
        return mention
    name = found["person"] or found["handle"] or found["user"] or found["group"] or found["range"] or found["word"]
    return f"@{name}"


def mentioned_person(mention: str) -> str:
    """The id of the person whom a mention pings, empty for any other mention."""
    found = _MENTION.fullmatch(mention)
    return (found["user"] or "") if found else ""


def unnamed_person(line: str) -> str:
    """The id of the person whom a line mentions last, where Slack did not say the name."""
    found = _UNNAMED.search(line)
    return found[1] if found else ""


def named(line: str, name: str) -> str:
    """The line with the name of its `unnamed_person`."""
    return _UNNAMED.sub(lambda found: f"<@{found[1]}|{re.sub('[<>|]', '', name)}>", line)


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
