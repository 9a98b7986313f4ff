"""Benchmarks: what this project does beside what else could do it, measured in one run on one machine.

    python -m tests.bench             # everything but the year
    python -m tests.bench searching   # one section
    python -m tests.bench year        # 365 days of 2,000 channels: some twenty minutes of processor

A section is a module in this folder with a function `rows() -> Iterator[Row]`, found by its name.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: what was measured, and what `rival` needed for the same, if there is one.

    `unit` stands behind both numbers. Less is better, unless `more_is_better`.
    """

    what: str
    ours: float
    unit: str = "ms"
    rival: str = ""
    theirs: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better this project is."""
        if self.theirs is None or not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


class Stopwatch:
    """Measures the time in its `with` block; `seconds` is there afterwards."""

    seconds = math.nan

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._start


@dataclass(frozen=True, slots=True)
class Times:
    """How long each of many repetitions took, in milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        ordered = sorted(1000 * duration for duration in seconds)
        return cls(*(ordered[min(int(len(ordered) * part), len(ordered) - 1)] for part in (0.50, 0.95, 0.99)))
