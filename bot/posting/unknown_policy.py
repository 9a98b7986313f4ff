"""What becomes of messages of which nobody can say whether they arrived: a setting."""

from __future__ import annotations

from enum import StrEnum


class UnknownPolicy(StrEnum):
    """What becomes of a message where nobody can find out whether it arrived."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"
