"""Figures for operators, in Prometheus' format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

#: Chat platforms want an answer within 3 s; what is slower than that was not seen.
_COMMAND_SECONDS = (0.005, 0.02, 0.05, 0.15, 0.5, 1.0, 3.0)
#: A message takes some tenths of a second; after 30 s nobody waits for the answer any more.
_POST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts what one process does. Names end as Prometheus' guide to naming asks for."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._commands = self._counter("commands", "Commands answered.", "command", "outcome")
        self._command_seconds = Histogram(
            "paperround_command_seconds", "Time to answer a command.", buckets=_COMMAND_SECONDS, registry=self._registry
        )
        self._posts = self._counter(
            "post_attempts", "Attempts to post, by what the platform said: sent, retry, unknown, rejected, gone.",
            "platform", "outcome",
        )  # fmt: skip
        self._post_seconds = Histogram(
            "paperround_post_seconds",
            "Time until a platform answered.",
            ["platform"],
            buckets=_POST_SECONDS,
            registry=self._registry,
        )
        self._polls = self._counter("polls", "Polls of sources.", "source", "outcome")

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"paperround_{name}", help_text, labels, registry=self._registry)

    def command(self, name: str, *, failed: bool, seconds: float) -> None:
        self._commands.labels(name, "failed" if failed else "done").inc()
        self._command_seconds.observe(seconds)

    def post(self, platform: str, outcome: str, seconds: float) -> None:
        """A platform said after so many seconds what became of a message."""
        self._posts.labels(platform, outcome).inc()
        self._post_seconds.labels(platform).observe(seconds)

    def poll(self, source: str, *, failed: bool) -> None:
        self._polls.labels(source, "failed" if failed else "done").inc()

    def exposition(self, *families: Metric) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type: what was counted, and these families beside it."""
        return generate_latest(self._registry) + generate_latest(_Families(families)), CONTENT_TYPE_LATEST


class _Families(CollectorRegistry):
    """Families that are made for one exposition."""

    def __init__(self, families: Sequence[Metric]) -> None:
        super().__init__()
        self._given = families

    def collect(self) -> Iterator[Metric]:
        yield from self._given
