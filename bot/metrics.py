"""Figures for operators, in Prometheus' format."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

#: Chat platforms want an answer within 3 s; what is slower than that was not seen.
_SECONDS = (0.005, 0.02, 0.05, 0.15, 0.5, 1.0, 3.0)


class Metrics:
    """Counts what one process does. Names end as Prometheus' guide to naming asks for."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._commands = Counter(
            "paperround_commands", "Commands answered.", ["command", "outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "paperround_command_seconds", "Time to answer a command.", buckets=_SECONDS, registry=self._registry
        )
        self._posts = Counter("paperround_post_attempts", "Attempts to post.", ["outcome"], registry=self._registry)
        self._polls = Counter("paperround_polls", "Polls of sources.", ["source", "outcome"], registry=self._registry)
        self._rows = Gauge("paperround_rows", "What the store holds.", ["what"], registry=self._registry)
        self._outbox = Gauge("paperround_outbox", "Posts in the outbox.", ["state"], registry=self._registry)

    def command(self, name: str, *, failed: bool, seconds: float) -> None:
        self._commands.labels(name, "failed" if failed else "done").inc()
        self._seconds.observe(seconds)

    def post(self, outcome: str) -> None:
        self._posts.labels(outcome).inc()

    def poll(self, source: str, *, failed: bool) -> None:
        self._polls.labels(source, "failed" if failed else "done").inc()

    def stored(self, rows: Mapping[str, int], posts: Mapping[str, int]) -> None:
        """Takes over how much the store holds."""
        for what, count in rows.items():
            self._rows.labels(what).set(count)
        for state, count in posts.items():
            self._outbox.labels(state).set(count)

    def exposition(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
