"""The health report for Prometheus. Names end as its guide to naming asks for.

What is about one process each tells of itself. What the database says is the same for all of them, so the process that
polls the feeds tells it alone: a sum over processes is right, and so is the highest of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from bot.health.report import HealthReport


def families_of(report: HealthReport) -> list[Metric]:
    """What the report says, in figures. What is not known, because the database cannot be read, is left out."""
    database = report.database
    families: list[Metric] = [
        _info("build", "What runs here.", report.versions),
        _gauge("database_up", "1 as long as the database does its work.", not database.problem),
        _gauge("database_connections", "Connections to the database that are in use.", database.connections),
        _counters("database_failures", "Transactions that the database did not take.", "kind", database.failures),
        _gauge("leader", "1 in the process that polls the feeds.", report.leads),
        _gauge("stuck_seconds", "For how long the engine has not looked for work, 0 if it has.", report.stuck_for),
        _gauge("clock_timestamp_seconds", "What time it is for the bot.", report.at.timestamp()),
    ]
    if database.written_at:
        families.append(
            _gauge(
                "database_written_timestamp_seconds",
                "When the database last took a write.",
                database.written_at.timestamp(),
            )
        )
    if report.clock_ahead is not None:
        families.append(
            _gauge(
                "clock_ahead_seconds",
                "How far the machine's clock is ahead of the feeds'.",
                report.clock_ahead.total_seconds(),
            )
        )
    if report.stored is not None:
        families.append(_gauge("index_up", "1 as long as the search index can be read.", not report.index_problem))
    if report.index_behind is not None:
        families.append(
            _gauge("index_behind_papers", "Papers that the search index does not have yet.", report.index_behind)
        )
    if report.stored is not None:
        families.append(
            _gauge("meaning_up", "1 as long as there is a model of meaning that works.", not report.meaning_problem)
        )
    return families + (_of_stored(report) if report.leads else [])


def _of_stored(report: HealthReport) -> list[Metric]:
    stored = report.stored
    if stored is None:
        return []
    families = [
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
        *_of_sources(report),
    ]
    if report.coverage is not None:  # without a model there is nothing to wait for
        families.append(
            _gauge(
                "papers_without_vector", "Papers that are found by their words alone so far.", report.coverage.waiting
            )
        )
    return families


def _of_sources(report: HealthReport) -> list[Metric]:
    """Each source by its name: there are no more than `bot.intake.feeds.MOST_FEEDS` beside those that are built in."""
    states = {source.name: source.state for source in report.sources}
    due = {source.name: source.next_read_at for source in report.sources}
    newest = {name: state.read_through for name, state in states.items()}
    return [
        _gauges(
            "source_last_success_timestamp_seconds",
            "When a source was last read.",
            "source",
            {name: at.timestamp() for name, state in states.items() if (at := state.last_success_at)},
        ),
        _gauges(
            "source_next_read_timestamp_seconds",
            "When a source is to be read next.",
            "source",
            {name: at.timestamp() for name, at in due.items() if at},
        ),
        _gauges(
            "source_newest_day_timestamp_seconds",
            "The beginning of the newest day that a source is read through, in UTC.",
            "source",
            {name: datetime.combine(day, time(), UTC).timestamp() for name, day in newest.items() if day},
        ),
        _gauges(
            "source_failures",
            "Failures of a source since it was last read.",
            "source",
            {name: state.failures for name, state in states.items() if state.was_asked},
        ),
    ]


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"paperround_{name}", help_text, value=float(value))


def _gauges(name: str, help_text: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"paperround_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family


def _counters(name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(f"paperround_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _info(name: str, help_text: str, values: Mapping[str, str]) -> Metric:
    # Label names take neither dots nor hyphens.
    labels = {key.replace(".", "_").replace("-", "_").lower(): value for key, value in values.items()}
    labels["version"] = labels.pop("paperround", "")
    return InfoMetricFamily(f"paperround_{name}", help_text, value=labels)
