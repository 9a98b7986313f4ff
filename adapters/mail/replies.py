"""What mail servers say, and what follows from it.

By RFC 5321 (section 4.2) a reply of 4xx passes by itself and one of 5xx does not; RFC 3463 says more in a second code
such as 5.1.1. What a refusal is about follows from these and from the command that was refused.
"""

from __future__ import annotations

import re
from enum import StrEnum, auto
from typing import Final

from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry

#: Servers that take no mail of strangers at once ask to come back in some minutes, and mean it.
GREYLISTED_FOR: Final = 300.0  # seconds
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
LONGEST_DETAIL: Final = 300
_LONGEST_REPLY: Final = 2_000  # characters that are read of one; RFC 5321 has lines of 512


class Step(StrEnum):
    """The command that was answered."""

    CONNECT = auto()
    LOGIN = auto()
    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


#: 5xx codes that RFC 5321 (section 4.2.3), RFC 4954 and RFC 7504 explain; others are new, and tried for an hour.
_EXPLAINED: Final = frozenset(
    {500, 501, 502, 503, 504, 521, 523, 530, 534, 535, 538, 541, 550, 551, 552, 553, 554, 556}
)
_OF_LOGIN: Final = frozenset({530, 534, 535, 538})

NOT_TRUSTED: Final = "The mail server does not take mails from the bot. `paperround doctor` says what it wants."
_LOGIN_REFUSED: Final = "The mail server does not take the bot’s user name and password."
_SENDER_REFUSED: Final = "The mail server does not take mails from the bot’s address."
_LATER: Final = "The mail server takes no mail right now."
_UNEXPLAINED: Final = "The mail server refused with a code that nobody has explained."


def outcome_of(step: Step, code: int, message: str) -> Retry | Gone | Rejected:
    """What follows from a reply that was no yes."""
    message = message[:_LONGEST_REPLY]
    detail = f"{step}: {code} {' '.join(_ADDRESS.sub('…@…', message).split())}"[:LONGEST_DETAIL]
    found = _ENHANCED.search(message)
    subject, about = (int(found[2]), int(found[3])) if found else (0, 0)
    if 400 <= code < 500:
        waits = GREYLISTED_FOR if step in (Step.RECIPIENT, Step.CONTENT) and code in (450, 451) else None
        return Retry(_LATER, after=waits, detail=detail)
    if code not in _EXPLAINED:
        return Retry(_UNEXPLAINED, known=False, detail=detail)
    if step is Step.LOGIN or code in _OF_LOGIN:
        return Gone(_LOGIN_REFUSED, GoneScope.WORKSPACE, detail=detail)
    if step is Step.CONNECT:
        return Gone(NOT_TRUSTED, GoneScope.WORKSPACE, detail=detail)
    if subject == 3 or (code == 552 and step is not Step.RECIPIENT):
        return Rejected("The mail server does not take a mail of that size or form.", detail=detail)
    if step is Step.SENDER:
        return Gone(_SENDER_REFUSED, GoneScope.WORKSPACE, detail=detail)
    if code in (500, 501, 502, 503, 504) and subject not in (1, 2):
        return Retry("The mail server did not understand the bot.", known=False, detail=detail)
    if (subject, about) == (2, 2) or (code == 552 and step is Step.RECIPIENT):
        # Full; RFC 5321 section 4.5.3.1.10 has it taken for something that passes.
        return Retry("The mailbox is full.", detail=detail)
    if step is Step.RECIPIENT and re.search(r"relay", message, re.IGNORECASE):
        return Gone("The mail server sends nothing to other domains for the bot.", GoneScope.WORKSPACE, detail=detail)
    if subject in (1, 2) or (step is Step.RECIPIENT and subject != 7):
        return Gone("The mail server says that this address does not exist, or takes no mail.", detail=detail)
    if step is Step.RECIPIENT:
        return Gone("The mail server takes no mail from the bot for this address.", detail=detail)
    return Rejected("The mail server refused what the mail says.", detail=detail)
