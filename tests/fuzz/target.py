"""A target: something that reads what others wrote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bot.errors import PaperRoundError


@dataclass(frozen=True, slots=True)
class Target:
    """`read` is given inputs, one after another. It may raise a `PaperRoundError` with words; all else is a crash.

    `corpus` gives inputs as they should be, to be changed.
    """

    name: str
    read: Callable[[bytes], object]
    corpus: Callable[[], Sequence[bytes]]

    def is_read(self, data: bytes) -> None:
        """Reads an input; raises whatever should not have happened."""
        try:
            self.read(data)
        except PaperRoundError as error:
            assert str(error).strip(), "an error without words"


@dataclass(frozen=True, slots=True)
class Running:
    """A target that has been started: `read` and `corpus` are as those of a `Target`."""

    read: Callable[[bytes], Awaitable[object]]
    corpus: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class RunningTarget:
    """One that needs more of the bot around it, which `running` starts."""

    name: str
    running: Callable[[], AbstractAsyncContextManager[Running]]


def text_of(data: bytes) -> str:
    """An input as the text that a socket would have made of it."""
    return data.decode("utf-8", "replace")


def encoded(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]
