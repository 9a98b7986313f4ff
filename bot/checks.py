"""Checks: one thing that the bot needs, looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

#: Looks at one thing: returns what is well in a few words, or raises an error that says what to do.
Check = Callable[[], Awaitable[str]]
