"""The page on `/metrics`: every figure with its labels, as the code declares it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import find
from prometheus_client.core import Metric
from prometheus_client.metrics import MetricWrapperBase

from bot.health.exposition import families_of
from bot.health.report import HealthReport, SourceHealth
from bot.intake.store import SourceState
from bot.metrics import Metrics
from bot.papers.sources import ARXIV
from tests.clocks import NOON
from tests.health.reports import reports

_ABOUT = """\
# Figures

<!-- Made by `make docs` from `bot/metrics.py` and `bot/health/exposition.py`: change it there. -->

What `/metrics` says, for Prometheus; with `PAPERROUND_WEB_PASSWORD` set it wants the password as a bearer token.
Counters begin with 0 when a process starts. A histogram has `_bucket`, `_sum` and `_count`. What is not known, because
the database cannot be read, is left out. Beside these stand `process_…`: memory, processor and open files, as
Prometheus' library for Python names them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the page."""

    name: str
    kind: str
    labels: tuple[str, ...]
    says: str


def metrics_page() -> str:
    """Figures by their names: what each process counts, and what the report of its health says."""
    lines = [_ABOUT]
    for heading, figures in (("What a process counts", counted()), ("How it is", reported())):
        lines += [f"\n## {heading}\n", "| name | kind | labels | what it says |", "| --- | --- | --- | --- |"]
        for figure in sorted(figures, key=lambda one: one.name):
            labels = ", ".join(f"`{label}`" for label in figure.labels)
            lines.append(f"| `{figure.name}` | {figure.kind} | {labels} | {figure.says} |")
    return "\n".join(lines) + "\n"


def counted() -> Iterator[Figure]:
    """What `Metrics` has, also where nothing was counted yet."""
    for one in Metrics()._registry._collector_to_names:
        if isinstance(one, MetricWrapperBase):
            end = "_total" if one._type == "counter" else ""
            yield Figure(f"{one._name}{end}", str(one._type), tuple(one._labelnames), one._documentation)


def reported() -> Iterator[Figure]:
    """What a report says in which nothing is unknown."""
    for family in families_of(_known_report()):
        end = {"counter": "_total", "info": "_info"}.get(family.type, "")
        kind = "gauge" if family.type == "info" else family.type
        yield Figure(f"{family.name}{end}", kind, _labels_of(family), family.documentation)


def _labels_of(family: Metric) -> tuple[str, ...]:
    if family.type == "info":
        return ("version", "…")
    return tuple(sorted({label for sample in family.samples for label in sample.labels}))


def _known_report() -> HealthReport:
    report = find(reports(), lambda one: one.stored is not None and one.coverage is not None)
    state = SourceState(
        name=ARXIV,
        last_success_at=NOON,
        last_failure_at=NOON,
        failures=1,
        last_error="no route",
        read_through=NOON.date(),
    )
    return replace(
        report,
        leads=True,
        clock_ahead=timedelta(seconds=1),
        database=replace(report.database, problem="", written_at=NOON, failures={"disk": 1}),
        sources=[SourceHealth(state=state, next_read_at=NOON)],
    )
