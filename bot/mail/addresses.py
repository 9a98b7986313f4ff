"""Mail addresses as people write them."""

from __future__ import annotations

import re
from typing import Final

from bot.errors import UserError

LONGEST_ADDRESS: Final = 254  # octets, RFC 5321 section 4.5.3.1.3
_LONGEST_NAME: Final = 64
#: RFC 5322's dot-atom. Quoted names and addresses of machines exist, and nobody reads papers there.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def parse_email(text: str) -> str:
    """The address in small letters, its domain in ASCII; raises `UserError` for what is none.

    Hardly any server tells small letters from capitals. Slack writes `<mailto:me@lab.example|me@lab.example>`.
    """
    shown = text.strip().strip("<>").removeprefix("mailto:").partition("|")[0]
    name, at, domain = shown.rpartition("@")
    labels = _ascii(domain).split(".")
    ok = at and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)
    if not ok or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
        raise UserError(f"“{shown[:80]}” is no mail address. Write one like `me@lab.example`.")
    email = f"{name.lower()}@{'.'.join(labels)}"
    if len(email) > LONGEST_ADDRESS:
        raise UserError("That mail address is longer than any can be.")
    return email


def _ascii(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return ""
