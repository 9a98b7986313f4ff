"""The health report for Prometheus. Names end as its guide to naming asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from bot.health.report import HealthReport


def families_of(report: HealthReport) -> list[Metric]:
    """What the report says, in figures. What is not known, because the database cannot be read, is left out."""
    families: list[Metric] = [
        _info("build", "What runs here.", report.versions),
        _gauge("database_up", "1 as long as the database does its work.", not report.database.problem),
        _gauge("database_connections", "Connections to the database that are in use.", report.database.connections),
        _gauge("leader", "1 in the process that polls the feeds.", report.leads),
        _gauge("stuck_seconds", "For how long the engine has not looked for work, 0 if it has.", report.stuck_for),
    ]
    if written_at := report.database.written_at:
        families.append(
            _gauge("database_written_timestamp_seconds", "When the database last took a write.", written_at.timestamp())
        )
    if report.index_behind is not None:
        families.append(
            _gauge("index_behind_papers", "Papers that the search index does not have yet.", report.index_behind)
        )
    if report.coverage is not None:  # without a model there is nothing to wait for
        families.append(
            _gauge(
                "papers_without_vector", "Papers that are found by their words alone so far.", report.coverage.waiting
            )
        )
    return families + _of_stored(report)


def _of_stored(report: HealthReport) -> list[Metric]:
    stored = report.stored
    if stored is None:
        return []
    sources = {source.name: source for source in report.sources}
    read = {name: one.state.last_success_at for name, one in sources.items()}
    due = {name: one.next_read_at for name, one in sources.items()}
    return [
        _gauge("database_bytes", "Size of the database.", stored.size),
        _gauge("processes", "Processes of the bot that live.", len(report.processes)),
        _gauges("rows", "What the store holds.", "what", stored.rows),
        _gauges("channels", "Channels by state.", "state", stored.channels),
        _gauge(
            "channels_refused", "Channels of teams in which the platform lets nothing be posted.", stored.broken_count
        ),
        _gauges("outbox", "Posts in the outbox.", "state", stored.posts),
        _gauge(
            "outbox_oldest_waiting_seconds",
            "Age of the oldest post that is still to be sent.",
            report.oldest_waiting.total_seconds(),
        ),
        _gauges("posts_last_day", "Posts that ended in the last 24 hours.", "outcome", stored.outcomes),
        _gauge("digests_late", "Channels whose digest should have been planned a minute ago.", stored.late_digests),
        _gauge("digests_next_day", "Digests of this hour and the next 23.", sum(report.digests_by_hour)),
        _gauges(
            "source_last_success_timestamp_seconds",
            "When a source was last read.",
            "source",
            {name: at.timestamp() for name, at in read.items() if at},
        ),
        _gauges(
            "source_next_read_timestamp_seconds",
            "When a source is to be read next.",
            "source",
            {name: at.timestamp() for name, at in due.items() if at},
        ),
        _gauges(
            "source_failures",
            "Failures of a source since it was last read.",
            "source",
            {name: one.state.failures for name, one in sources.items() if one.state.was_asked},
        ),
    ]


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"paperround_{name}", help_text, value=float(value))


def _gauges(name: str, help_text: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"paperround_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family


def _info(name: str, help_text: str, values: Mapping[str, str]) -> Metric:
    # Label names take neither dots nor hyphens.
    labels = {key.replace(".", "_").replace("-", "_").lower(): value for key, value in values.items()}
    labels["version"] = labels.pop("paperround", "")
    return InfoMetricFamily(f"paperround_{name}", help_text, value=labels)
