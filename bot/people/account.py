"""Accounts: who may use the web workspace, and as what."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.errors import UserError

#: Whose lists and votes are those of everybody, where nobody logs in; the first manager takes them over.
LOCAL_PERSON: Final = "local"
#: The name of whoever has PAPERROUND_WEB_PASSWORD.
OWNER: Final = "owner"
LONGEST_NAME: Final = 80  # characters; mail addresses, which proxies give as names, fit
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1000  # characters

_NAME = re.compile(r"[^\W_][\w.@+-]*")


class Role(StrEnum):
    """What a person may do: a reader reads, searches, saves and votes, a manager changes what channels get, too."""

    READER = "reader"
    MANAGER = "manager"


class Origin(StrEnum):
    """How an account came to be: added by somebody, kept by the password of the settings, named by a proxy."""

    ADDED = "added"
    SETTING = "setting"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person of the workspace.

    `reader` is whose reading list, votes and topics are theirs; it outlives a change of name. `password` is a hash,
    empty for who has none (yet).
    """

    id: int
    name: str
    role: Role
    reader: str
    origin: Origin
    password: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which a person is logged in. `key` is the hash of its token: nobody gets in with it."""

    key: str
    account: Account
    begun_at: datetime
    seen_at: datetime
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What lets a program read as a person. `name` says what it is for; it ends at `expires_at`, or never."""

    id: int
    account: Account
    name: str
    made_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None


def account_name(text: str) -> str:
    """The name that somebody wrote, in the one form in which names are kept; raises `UserError` for what is none."""
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not name:
        raise UserError("A person needs a name to log in with, like `ada`.")
    if len(name) > LONGEST_NAME:
        raise UserError(f"That name has {len(name)} characters; {LONGEST_NAME} is the most.")
    if not _NAME.fullmatch(name):
        raise UserError("A name is made of letters, digits and `. _ - @ +`, like `ada` or `ada@example.org`.")
    return name


def check_password(text: str) -> None:
    """Raises `UserError` for a password that nobody should have. Length is what counts (NIST SP 800-63B)."""
    if len(text) < SHORTEST_PASSWORD:
        raise UserError(f"A password has at least {SHORTEST_PASSWORD} characters. A few words in a row are a good one.")
    if len(text) > LONGEST_PASSWORD:
        raise UserError(f"A password has at most {LONGEST_PASSWORD:,} characters.")
    if len(set(text)) < 3:
        raise UserError("That password is one letter again and again. A few words in a row are a good one.")
