"""The words of every adapter's table of error codes: what a refusal is about, and what follows from it.

What an adapter makes of them for the outbox is in `outcomes`.
"""

from __future__ import annotations

from enum import StrEnum


class About(StrEnum):
    """What a refusal is about. Nothing else is stopped by it."""

    MESSAGE = "message"
    THREAD = "thread"
    CHANNEL = "channel"
    WORKSPACE = "workspace"
    PERSON = "person"
    INTERACTION = "interaction"
    US = "us"


class Then(StrEnum):
    """What follows from a refusal: the same again later, another form or another place at once, nothing, or that
    somebody must be asked to do something."""

    LATER = "later"
    OTHERWISE = "otherwise"
    NEVER = "never"
    ASK = "ask"
