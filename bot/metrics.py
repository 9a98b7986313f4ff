"""Figures for operators, in Prometheus' format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot import __version__

#: Chat platforms want an answer within 3 s; what is slower than that was not seen.
_COMMAND_SECONDS = (0.005, 0.02, 0.05, 0.15, 0.5, 1.0, 3.0)
#: A message takes some tenths of a second; after 30 s nobody waits for the answer any more.
_POST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """What the store holds, and what waits in it.

    `oldest_waiting_at` is when the oldest post was made that is still to be sent, `late_digests` are channels whose
    digest should have been planned already, `read_at` is when each source was last read, `failures` how often that went
    wrong since.
    """

    rows: Mapping[str, int]
    posts: Mapping[str, int]
    oldest_waiting_at: datetime | None = None
    late_digests: int = 0
    read_at: Mapping[str, datetime] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    connections: int = 0


class Metrics:
    """Counts what one process does. Names end as Prometheus' guide to naming asks for."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        Info("paperround_build", "What runs here.", registry=self._registry).info({"version": __version__})
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
        self._read_at = self._gauge("source_last_success_timestamp_seconds", "When a source was last read.", "source")
        self._failures = self._gauge("source_failures", "Failures of a source since it was last read.", "source")
        self._rows = self._gauge("rows", "What the store holds.", "what")
        self._outbox = self._gauge("outbox", "Posts in the outbox.", "state")
        self._oldest = self._gauge("outbox_oldest_waiting_seconds", "Age of the oldest post that is still to be sent.")
        self._late = self._gauge("digests_late", "Channels whose digest should have been planned a minute ago.")
        self._leader = self._gauge("leader", "1 in the process that polls the feeds.")
        self._connections = self._gauge("database_connections", "Connections to the database that are in use.")
        self._up = self._gauge("database_up", "1 as long as the database does its work.")
        self._unembedded = self._gauge("papers_without_vector", "Papers that are found by their words alone so far.")
        self._behind = self._gauge("index_behind_papers", "Papers that the search index does not have yet.")

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"paperround_{name}", help_text, labels, registry=self._registry)

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(f"paperround_{name}", help_text, labels, registry=self._registry)

    def command(self, name: str, *, failed: bool, seconds: float) -> None:
        self._commands.labels(name, "failed" if failed else "done").inc()
        self._command_seconds.observe(seconds)

    def post(self, platform: str, outcome: str, seconds: float) -> None:
        """A platform said after so many seconds what became of a message."""
        self._posts.labels(platform, outcome).inc()
        self._post_seconds.labels(platform).observe(seconds)

    def poll(self, source: str, *, failed: bool) -> None:
        self._polls.labels(source, "failed" if failed else "done").inc()

    def process(self, *, leads: bool) -> None:
        """Takes over what this process is."""
        self._leader.set(leads)

    def database(self, *, up: bool) -> None:
        """Takes over whether the database does its work."""
        self._up.set(up)

    def index(self, *, behind: int) -> None:
        """Takes over how many papers the search index lacks."""
        self._behind.set(behind)

    def meaning(self, *, waiting: int) -> None:
        """Takes over how many papers have no vector yet."""
        self._unembedded.set(waiting)

    def stored(self, figures: StoreFigures, now: datetime) -> None:
        """Takes over how much the store holds."""
        for what, count in figures.rows.items():
            self._rows.labels(what).set(count)
        for state, count in figures.posts.items():
            self._outbox.labels(state).set(count)
        for source, at in figures.read_at.items():
            self._read_at.labels(source).set(at.timestamp())
        self._failures.clear()  # a feed that was removed has none
        for source, count in figures.failures.items():
            self._failures.labels(source).set(count)
        waiting = figures.oldest_waiting_at
        self._oldest.set(max(0.0, (now - waiting).total_seconds()) if waiting else 0)
        self._late.set(figures.late_digests)
        self._connections.set(figures.connections)

    def exposition(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
