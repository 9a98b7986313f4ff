"""Spans: what is done, when and for how long, told to whoever collects traces; here nobody does.

A delivery has one trace, from planning to settling, in whichever processes that happens: its id is the beginning of its
posts' keys (`trace_of`), and that of its first span is the same. A paper has a span of its own where it was found to be
wanted, whose id follows from the paper's (`trace_of_paper`), so that a delivery can point to it.
All lines of the log that are written within a span carry its trace as `trace`.

What is told of spans are ids, numbers and names of ours: no words of papers or people, and no secrets.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from structlog.contextvars import bound_contextvars

#: Of a trace's id, in hexadecimal. OpenTelemetry's are twice as long, and begin with zeros here.
TRACE_LENGTH: Final = 16

Told = str | int | float | bool


def new_trace() -> str:
    """The id of a trace that begins."""
    return secrets.token_hex(TRACE_LENGTH // 2)


def trace_of(key: str) -> str:
    """The trace of a post with that key."""
    return key[:TRACE_LENGTH]


def trace_of_paper(paper_id: str) -> str:
    """The trace of a paper, the same in all processes."""
    return hashlib.sha256(f"paper {paper_id}".encode()).hexdigest()[:TRACE_LENGTH]


class Span:
    """Something that is under way."""

    def tell(self, **about: Told) -> None:
        """Says more about it."""


class Spans:
    """Tells nobody, and costs next to nothing; `adapters.telemetry` has those that do."""

    @contextmanager
    def begin(self, name: str, **about: Told) -> Iterator[Span]:
        """The first span of a new trace."""
        with bound_contextvars(trace=(trace := new_trace())), self._opened(name, trace, True, about) as span:
            yield span

    @contextmanager
    def within(self, name: str, trace: str, **about: Told) -> Iterator[Span]:
        """A span of a trace that was begun before, here or in another process."""
        with bound_contextvars(trace=trace), self._opened(name, trace, False, about) as span:
            yield span

    def done(
        self,
        name: str,
        seconds: float,
        *,
        trace: str = "",
        first: bool = False,
        links: Sequence[str] = (),
        **about: Told,
    ) -> None:
        """Something that took so long and is over: part of what is under way, of that trace, or the `first` of it.

        `links` are traces that it came of.
        """

    def close(self) -> None:
        """Ends the telling; takes some seconds at most."""

    @contextmanager
    def _opened(self, name: str, trace: str, first: bool, about: dict[str, Told]) -> Iterator[Span]:  # noqa: ARG002
        yield Span()
