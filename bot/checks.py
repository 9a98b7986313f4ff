"""Checks: one thing that the bot needs, looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.errors import PaperRoundError

#: Looks at one thing: returns what is well in a few words, or raises an error that says what to do. `NoticeError` and
#: `UncheckedError` are no problems, but not well either.
Check = Callable[[], Awaitable[str]]

#: How far apart our clock and that of a service may be. Beyond it digests come at the wrong time and messages are not
#: found in histories, and beyond five minutes Slack does not believe requests.
CLOCKS_APART = timedelta(minutes=1)


class NoticeError(PaperRoundError):
    """Nothing is broken, but there is something to know or to do."""


class UncheckedError(PaperRoundError):
    """It could not be looked at. The text says why, and how it could be."""
