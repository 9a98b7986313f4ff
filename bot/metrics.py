"""Figures for operators, in Prometheus' format: what one process does.

Names end in their unit, as Prometheus' guide to naming asks for. Labels have few values: none names a channel, a
workspace or a person, and feeds that people added are all `added`. What is counted here is this process' alone, so
that a sum over processes is that of the bot; what the database says is told by one process (`bot.health.exposition`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

_NAMESPACE = "paperround"
#: Chat platforms want an answer within 3 s; what is slower than that was not seen.
_ANSWER_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 3.0)
#: A request takes some tenths of a second; after 30 s nobody waits for the answer any more.
_REQUEST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: What the bot does by itself: from some milliseconds to what is too long.
_WORK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
#: From some seconds, for topics that are instant, to days, for papers that wait for a weekly digest.
_DELIVERY_SECONDS = (
    5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 10_800.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0,
)  # fmt: skip
#: Platforms ask to wait for seconds to minutes; our own pace holds a request up for less than one.
_WAIT_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
#: What a refusal may stop.
_STOP_SCOPES = ("channel", "workspace")
#: What a platform can say of a post.
_POST_OUTCOMES = ("sent", "retry", "unknown", "rejected", "gone")


class Requested(StrEnum):
    """What came of a request: done, refused with a reason, one too many, an error of the server, or no answer."""

    OK = "ok"
    REFUSED = "refused"
    LIMITED = "limited"
    FAILED = "failed"
    NONE = "none"


def requested_by(status: int) -> Requested:
    """What an answer with that HTTP status says, 0 for none."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Requested.LIMITED
    if not status or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Requested.FAILED if status else Requested.NONE
    return Requested.REFUSED if status >= HTTPStatus.BAD_REQUEST else Requested.OK


class Metrics:
    """Counts what one process does."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._commands = self._counter("commands", "Commands that were answered.", "command", "outcome")
        self._command_seconds = self._histogram(
            "command_duration_seconds", "Time to answer a command.", _ANSWER_SECONDS
        )
        self._acknowledgement_seconds = self._histogram(
            "acknowledgement_duration_seconds",
            "Time from what a platform told of a person to the acknowledgement, which platforms want within 3 s.",
            _ANSWER_SECONDS,
            "platform",
        )
        self._posts = self._counter(
            "post_attempts", "Attempts to post, by what the platform said: sent, retry, unknown, rejected, gone.",
            "platform", "outcome",
        )  # fmt: skip
        self._post_seconds = self._histogram(
            "post_duration_seconds",
            "Time from the attempt to post to the platform's answer.",
            _REQUEST_SECONDS,
            "platform",
        )
        self._look_ups = self._counter(
            "post_look_ups", "Searches for posts of which nobody knew whether they arrived.", "platform", "outcome"
        )
        self._stops = self._counter(
            "post_stops", "Refusals after which a channel, or a whole workspace, gets nothing.", "platform", "scope"
        )
        self._delivery_seconds = self._histogram(
            "listing_to_post_seconds",
            "Time from when a paper was listed to when it was posted in a channel, by the kind of digest.",
            _DELIVERY_SECONDS,
            "platform",
            "kind",
        )
        self._requests = self._counter(
            "requests",
            "Requests to feeds and platforms, by what they are for and what came: ok, refused, limited, failed, none.",
            "service", "operation", "result",
        )  # fmt: skip
        self._request_seconds = self._histogram(
            "request_duration_seconds", "Time until a feed or a platform answered.", _REQUEST_SECONDS, "service"
        )
        self._limit_seconds = self._histogram(
            "rate_limit_wait_seconds",
            "Time that a request was held back, or was told to come back after, because of a rate limit.",
            _WAIT_SECONDS,
            "service",
        )
        self._polls = self._counter("polls", "Polls of sources.", "source", "outcome")
        self._poll_seconds = self._histogram("poll_duration_seconds", "Time to read a source.", _WORK_SECONDS, "source")
        self._papers = self._counter("papers_changed", "Papers that polls found new or changed.", "source")
        self._matched = self._counter("papers_matched", "Papers that all topics were asked about.")
        self._matches = self._counter("matches", "Papers that are owed to a channel, one for each channel.")
        self._match_seconds = self._histogram(
            "match_duration_seconds", "Time to ask all topics about a batch of up to 100 papers.", _WORK_SECONDS
        )
        self._digests = self._counter("digests_planned", "Digests that were planned.", "kind")
        self._plan_seconds = self._histogram(
            "plan_duration_seconds", "Time to plan the digests of a batch of up to 100 channels.", _WORK_SECONDS
        )
        self._task_seconds = self._histogram(
            "task_duration_seconds", "Time that a round of what is done again and again took.", _WORK_SECONDS, "task"
        )
        self._task_failures = self._counter(
            "task_failures", "Rounds that ended in trouble; the next tries again.", "task"
        )
        self._connections = Gauge(
            f"{_NAMESPACE}_connections",
            "Open connections through which a platform tells what people do.",
            ["platform"],
            registry=self._registry,
        )
        self._connects = self._counter("connects", "Connections of that kind that were opened.", "platform")
        self._access_refused = Gauge(
            f"{_NAMESPACE}_access_refused",
            "1 while a platform refuses the tokens or rights that it was given in the settings.",
            ["platform"],
            registry=self._registry,
        )

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"{_NAMESPACE}_{name}", help_text, labels, registry=self._registry)

    def _histogram(self, name: str, help_text: str, buckets: Iterable[float], *labels: str) -> Histogram:
        return Histogram(f"{_NAMESPACE}_{name}", help_text, labels, buckets=tuple(buckets), registry=self._registry)

    def expect(self, *, platforms: Collection[str] = (), sources: Collection[str] = ()) -> None:
        """Begins with 0 what is to come: a rate cannot be seen of what appears only when it has happened."""
        for platform in platforms:
            self._access_refused.labels(platform)
            for outcome in _POST_OUTCOMES:
                self._posts.labels(platform, outcome)
            for scope in _STOP_SCOPES:
                self._stops.labels(platform, scope)
        for source in sources:
            for outcome in ("done", "failed"):
                self._polls.labels(source, outcome)

    def command(self, name: str, *, failed: bool, seconds: float) -> None:
        """A command was answered after so many seconds."""
        self._commands.labels(name, "failed" if failed else "done").inc()
        self._command_seconds.observe(seconds)

    def acknowledged(self, platform: str, seconds: float) -> None:
        """A platform was told after so many seconds that what somebody did is taken care of."""
        self._acknowledgement_seconds.labels(platform).observe(seconds)

    def post(self, platform: str, outcome: str, seconds: float) -> None:
        """A platform said after so many seconds what became of a message."""
        self._posts.labels(platform, outcome).inc()
        self._post_seconds.labels(platform).observe(seconds)

    def look_up(self, platform: str, outcome: str) -> None:
        """A message was looked for."""
        self._look_ups.labels(platform, outcome).inc()

    def stopped(self, platform: str, scope: str) -> None:
        """Nothing is posted any more in a channel or a workspace."""
        self._stops.labels(platform, scope).inc()

    def delivered(self, platform: str, kind: str, seconds: float) -> None:
        """A paper was posted in a channel so many seconds after it was listed."""
        self._delivery_seconds.labels(platform, kind).observe(seconds)

    def request(self, service: str, operation: str, result: Requested, seconds: float) -> None:
        """A feed or a platform was asked for something, and answered, or not, after so many seconds."""
        self._requests.labels(service, operation, result).inc()
        self._request_seconds.labels(service).observe(seconds)

    def held_back(self, service: str, seconds: float) -> None:
        """A request has to wait so long."""
        self._limit_seconds.labels(service).observe(seconds)

    def poll(self, source: str, *, failed: bool, changed: int = 0, seconds: float = 0.0) -> None:
        """A source was read, or could not be."""
        self._polls.labels(source, "failed" if failed else "done").inc()
        self._poll_seconds.labels(source).observe(seconds)
        self._papers.labels(source).inc(changed)

    def match(self, papers: int, matches: int, seconds: float) -> None:
        """All topics were asked about a batch of papers."""
        self._matched.inc(papers)
        self._matches.inc(matches)
        self._match_seconds.observe(seconds)

    def digest(self, kind: str) -> None:
        """A digest was planned."""
        self._digests.labels(kind).inc()

    def plan(self, seconds: float) -> None:
        """A batch of channels was planned for."""
        self._plan_seconds.observe(seconds)

    def task(self, name: str, *, failed: bool, seconds: float) -> None:
        """A round of a task took so long."""
        self._task_seconds.labels(name).observe(seconds)
        self._task_failures.labels(name).inc(failed)

    def serving(self, platform: str) -> None:
        """This process is to have connections to a platform; so far it has none."""
        self._connections.labels(platform)

    def connected(self, platform: str) -> None:
        """A connection was opened through which a platform tells what people do."""
        self._connections.labels(platform).inc()
        self._connects.labels(platform).inc()

    def disconnected(self, platform: str) -> None:
        """Such a connection ended."""
        self._connections.labels(platform).dec()

    def access(self, platform: str, *, refused: bool) -> None:
        """A platform refuses what the settings give it, or does so no more."""
        self._access_refused.labels(platform).set(refused)

    def exposition(self, *families: Metric) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type: what was counted, and these families beside it."""
        return generate_latest(_Families([*self._registry.collect(), *families])), CONTENT_TYPE_LATEST


class _Families(CollectorRegistry):
    """Families that are made for one exposition."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__()
        self._given = families

    def collect(self) -> Iterator[Metric]:
        for family in self._given:
            # Since when something is counted is told of each count: as many figures again, which nobody looks at.
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
