"""The audit: who changed what, from where, when, and what came of it. No secrets are in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from bot.channels.channel import Address
from bot.text.shortening import shorten

#: How long lines are kept, and how many of them at most, whatever somebody writes again and again.
AUDIT_KEPT: Final = timedelta(days=365)
MOST_LINES: Final = 200_000
LONGEST_LINE: Final = 500  # characters

_ADDRESS = re.compile(r"\b(https?://)(?:[^\s/?#<>|]*@)?([^\s/?#<>|@]+)([^\s?#<>|]*)([?#][^\s<>|]*)?", re.IGNORECASE)
_SECRET_PATH = re.compile(r"/(?:api/)?(?:services|webhooks)/", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_TOKEN = re.compile(r"(?<![\w/:-])(?:x(?:ox[a-z]|app)-[\w-]+|(?=[\w.-]{0,200}\d)(?=[\w.-]{0,200}[A-Za-z])[\w.-]{32,})")


class Via(StrEnum):
    """Where a change came from."""

    WEB = "web"
    SLACK = "slack"
    DISCORD = "discord"
    TERMINAL = "terminal"


class Outcome(StrEnum):
    """What came of it.

    A line is written before anything is done: one that still says `begun` is of a change under way, or of one in which
    the process ended.
    """

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody asks to be changed. `person` is their id where it came from; `address` is None for what is about
    no channel, such as people."""

    at: datetime
    via: Via
    person: str
    name: str
    line: str
    address: Address | None = None
    channel_name: str = ""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the audit."""

    id: int
    change: Change
    outcome: Outcome


class AuditStore(Protocol):
    async def begin(self, change: Change, outcome: Outcome = Outcome.BEGUN) -> int:
        """Writes a line; returns its id."""
        ...

    async def settle(self, line_id: int, outcome: Outcome | None) -> None:
        """Notes what came of it; None takes the line away, because nothing was changed."""
        ...

    async def lines(
        self, *, limit: int, before: int | None = None, address: Address | None = None
    ) -> Sequence[AuditLine]:
        """The latest lines, those before the one with that id, or those of a channel; newest first."""
        ...

    async def delete_old(self, written_before: datetime, most: int, limit: int) -> int:
        """Deletes some of the lines that are older, and of the oldest beyond `most`; returns how many."""
        ...


def without_secrets(line: str) -> str:
    """A line as it may be kept: of addresses only the part that says where, of mail addresses only the domain.

    What stands after `?` or before `@` in an address, the path of a webhook, and what looks like a token are left out.
    """
    shown = _ADDRESS.sub(_plain_address, line[: 4 * LONGEST_LINE])
    shown = _MAIL.sub(r"…@\1", shown)
    return shorten(_TOKEN.sub("…", shown), LONGEST_LINE)


def _plain_address(found: re.Match[str]) -> str:
    scheme, host, path, rest = found.groups()
    secret = _SECRET_PATH.search(path)
    shown = path[: secret.end()] + "…" if secret else path
    shown = "/".join(part if len(part) < 24 or not _is_random(part) else "…" for part in shown.split("/"))
    return f"{scheme}{host}{shown}{'?…' if rest else ''}"


def _is_random(part: str) -> bool:
    """Whether a part of a path looks like a key: letters and digits mixed, and no words with hyphens."""
    return bool(re.search(r"\d", part) and re.search(r"[A-Za-z]", part)) and part.count("-") <= len(part) // 12
