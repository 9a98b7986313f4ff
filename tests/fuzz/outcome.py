"""What came of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """`cpu` is in seconds of processor time, and so is `slowest`, the longest that one input took; `memory` is the most
    that the process had, in bytes; `crashes` are the files that hold the inputs. `edges` are those of our code that the
    corpus reached at the beginning and at the end, where that is counted.
    """

    target: str
    inputs: int = 0
    cpu: float = 0.0
    slowest: float = 0.0
    memory: int = 0
    crashes: tuple[str, ...] = ()
    edges: tuple[int, int] | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Outcome:
        """What another process wrote of it as JSON."""
        edges = told["edges"]
        return cls(**{**told, "crashes": tuple(told["crashes"]), "edges": tuple(edges) if edges else None})

    @property
    def line(self) -> str:
        """For people who watch."""
        reached = f"  {self.edges[0]:,} to {self.edges[1]:,} edges" if self.edges else ""
        return (
            f"{self.target:18} {self.inputs:12,} inputs {self.inputs / max(self.cpu, 0.001):9,.0f} a CPU second  "
            f"slowest {self.slowest * 1000:6.0f} ms {self.memory >> 20:5,} MB  {len(self.crashes)} crashes{reached}"
        )
