"""Commits: whether a piece of work has changed anything in the store yet, so that words about it can be true.

Whoever answers people watches; the store notes what it commits. What nobody asked for, such as the row of a channel
that was never heard of before, is not noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Commit(IntEnum):
    """How far it got: nothing was changed, a commit was begun and nobody knows how it ended, something was changed."""

    NOTHING = 0
    IN_DOUBT = 1
    DONE = 2


class Commits:
    """What was committed in the course of a piece of work."""

    def __init__(self) -> None:
        self.state = Commit.NOTHING

    def note(self, state: Commit) -> None:
        self.state = max(self.state, state)


_watching: ContextVar[Commits | None] = ContextVar("commits", default=None)


@contextmanager
def watch() -> Iterator[Commits]:
    """Watches what is committed here, and in tasks that are started from here."""
    commits = Commits()
    token = _watching.set(commits)
    try:
        yield commits
    finally:
        _watching.reset(token)


def watched() -> Commits | None:
    """What the present piece of work notes its commits in, None when nobody watches."""
    return _watching.get()


def note(state: Commit) -> None:
    """Notes how far a commit got, for whoever watches."""
    if (commits := _watching.get()) is not None:
        commits.note(state)
