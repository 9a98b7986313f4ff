"""The forms of the health report say the same: for people, for programs, for Prometheus."""

from __future__ import annotations

from hypothesis import given

from bot.health.document import document_of
from bot.health.report import DatabaseHealth, HealthReport
from bot.health.wording import lines_of
from tests.clocks import NOON
from tests.health.reports import figures, reports


@given(reports())
def test_the_document_and_the_figures_say_the_same(report: HealthReport) -> None:
    document, shown = document_of(report), figures(report)
    healthy = document["database"] == "ok" and document["engine"] == "ok"
    assert document["ok"] == healthy == (shown["paperround_database_up"] == 1 and not shown["paperround_stuck_seconds"])
    assert document["leads"] == bool(shown["paperround_leader"])
    if report.stored is None:
        assert "posts" not in document
    if report.stored is None or not report.leads:
        # What the database says is told by one process alone: a sum over processes is then right.
        assert not [name for name in shown if name.startswith(("paperround_outbox", "paperround_source"))]
        return
    for what in ("papers", "channels", "subscriptions"):
        assert document[what] == shown[f"paperround_rows {what}"]
    for state, number in document["posts"].items():
        assert number == shown[f"paperround_outbox {state}"]
    for state, number in document["posts_last_day"].items():
        assert number == shown[f"paperround_posts_last_day {state}"]
    for state, number in document["channels_by_state"].items():
        assert number == shown[f"paperround_channels {state}"]
    for name, source in document["sources"].items():
        assert source["failures"] == shown.get(f"paperround_source_failures {name}", 0)
        assert bool(source["last_success"]) == (f"paperround_source_last_success_timestamp_seconds {name}" in shown)
        assert bool(source["next_read"]) == (f"paperround_source_next_read_timestamp_seconds {name}" in shown)
    assert document["oldest_waiting_seconds"] == shown["paperround_outbox_oldest_waiting_seconds"]
    assert document["digests_late"] == shown["paperround_digests_late"]
    assert sum(document["digests_by_hour"]) == shown["paperround_digests_next_day"]
    assert document["index_behind"] == shown["paperround_index_behind_papers"]
    assert document["meaning"]["waiting"] == shown["paperround_papers_without_vector"]
    assert document["database_bytes"] == shown["paperround_database_bytes"]
    assert len(document["processes"]) == shown["paperround_processes"]
    assert document["channels_refused"] == shown["paperround_channels_refused"]


@given(reports())
def test_the_terminal_and_the_document_say_the_same(report: HealthReport) -> None:
    document, told = document_of(report), list(lines_of(report))
    lines = dict(told)
    assert (lines["health"] == "well") == document["ok"]
    if report.stored is None:
        assert len(told) == 1
        return
    for what, word in (("papers", "papers"), ("channels", "channels"), ("subscriptions", "topics")):
        assert lines[word] == f"{document[what]:,}"
    for state, number in document["posts"].items():
        assert lines[f"posts {state}"] == f"{number:,}"
    for name, source in document["sources"].items():
        assert ("never read" in lines[name]) == (source["last_success"] is None)
        assert ("no route" in lines[name]) == bool(source["failures"])
    assert len([what for what, _ in told if what == "process"]) == max(1, len(document["processes"]))
    assert len([what for what, _ in told if what == "refused"]) == document["channels_refused"]
    assert lines["digests"].startswith(f"{sum(document['digests_by_hour']):,} ")


def test_the_build_is_named() -> None:
    report = HealthReport(
        at=NOON,
        database=DatabaseHealth(kind="SQLite", place=""),
        versions={"paperround": "0.1.0", "discord.py": "2.7.1", "schema": "0018"},
    )
    assert figures(report)["paperround_build_info 2.7.1 0018 0.1.0"] == 1
