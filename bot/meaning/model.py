"""The port of the model that makes vectors of texts."""

from __future__ import annotations

from typing import Protocol

from bot.errors import EmbeddingError
from bot.meaning.vectors import Vector
from bot.papers.paper import Paper


class EmbeddingModel(Protocol):
    """One version of one model. Its methods block, and may be called from several threads at once."""

    @property
    def name(self) -> str:
        """The sha256 of its weights, in hexadecimal digits."""
        ...

    def embed(self, text: str) -> Vector:
        """The same text always has the same vector. Raises `EmbeddingError` when the model cannot do its work."""
        ...

    def release(self) -> None:
        """Gives back what it holds in memory. The next text is waited for longer."""
        ...


def embedded_text(paper: Paper) -> str:
    """What the meaning of a paper is made from."""
    return f"{paper.title}\n{paper.abstract}".strip()


class AbsentModel:
    """Stands for a model that is not there: it can do nothing, and says why."""

    def __init__(self, reason: EmbeddingError) -> None:
        #: Raised again and again: with the traceback of the last time it would keep all the frames that it passed.
        self._reason = reason

    @property
    def name(self) -> str:
        raise self._reason.with_traceback(None)

    def embed(self, text: str) -> Vector:  # noqa: ARG002 (it reads none)
        raise self._reason.with_traceback(None)

    def release(self) -> None:
        """It holds nothing."""
