"""All that the bot exposes: the families of `/metrics` with each label, whatever has happened."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.channel import ChannelState
from bot.health.exposition import families_of
from bot.health.report import DatabaseHealth, HealthReport, SourceHealth, StoredFacts
from bot.intake.store import SourceState
from bot.meaning.store import Coverage
from bot.metrics import Metrics, Requested
from bot.papers.sources import HUGGINGFACE
from bot.posting.post import PostState
from tests.clocks import NOON


def page() -> str:
    """What `/metrics` says when everything was done once."""
    metrics = Metrics()
    metrics.command("search", failed=False, seconds=0.1)
    metrics.acknowledged("slack", 0.1)
    metrics.post("slack", "sent", 0.1)
    metrics.look_up("slack", "sent")
    metrics.stopped("slack", "channel")
    metrics.delivered("slack", "instant", 5.0)
    metrics.request("slack", "post", Requested.OK, 0.1)
    metrics.held_back("slack", 1.0)
    metrics.poll("arxiv", failed=False, changed=1, seconds=0.1)
    metrics.match(1, 1, 0.1)
    metrics.digest("instant")
    metrics.plan(0.1)
    metrics.task("sweep", failed=True, seconds=0.1)
    metrics.connected("slack")
    metrics.access("slack", refused=True)
    return metrics.exposition(*families_of(_report()))[0].decode()


def families() -> list[Metric]:
    return list(text_string_to_metric_families(page()))


def labels() -> dict[str, set[str]]:
    """The labels of each name that a query can ask for."""
    found: dict[str, set[str]] = {}
    for family in families():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _report() -> HealthReport:
    state = SourceState(
        name=HUGGINGFACE, last_success_at=NOON, last_failure_at=NOON, failures=1, read_through=NOON.date()
    )
    return HealthReport(
        at=NOON,
        database=DatabaseHealth(kind="SQLite", place="", written_at=NOON, failures={"read": 1, "write": 1}),
        stored=StoredFacts(
            rows={"papers": 1},
            posts=dict.fromkeys(PostState, 1),
            outcomes=dict.fromkeys((PostState.SENT, PostState.FAILED), 1),
            channels=dict.fromkeys(ChannelState, 1),
        ),
        sources=[SourceHealth(state=state, next_read_at=NOON)],
        digests_by_hour=[1],
        index_behind=1,
        coverage=Coverage(papers=2, embedded=1),
        leads=True,
        clock_ahead=timedelta(seconds=1),
        versions={"paperround": "1", "schema": "0001"},
    )
