"""The forms of the health report say the same: for people, for programs, for Prometheus."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName
from bot.health.document import document_of
from bot.health.exposition import families_of
from bot.health.report import (
    HOURS,
    DatabaseHealth,
    FailedPost,
    HealthReport,
    Process,
    SourceHealth,
    StoredFacts,
)
from bot.health.wording import lines_of
from bot.intake.store import SourceState
from bot.meaning.store import Coverage
from bot.metrics import Metrics
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.posting.post import PostState
from tests.clocks import NOON

COUNTS = st.integers(0, 10**6)
PAST = st.none() | st.integers(1, 10**6).map(lambda seconds: NOON - timedelta(seconds=seconds))


def a_channel(number: int) -> Channel:
    return Channel(
        id=number,
        address=Address(PlatformName.SLACK, "T1", f"C{number}"),
        name=f"channel-{number}",
        time_zone="UTC",
        schedule="daily 09:00",
        settings=ChannelSettings(),
        state=ChannelState.BROKEN,
        reason="it is archived",
    )


@st.composite
def source_healths(draw: st.DrawFn, name: Any) -> SourceHealth:
    failures = draw(st.integers(0, 9))
    state = SourceState(
        name=name,
        last_success_at=draw(PAST),
        last_failure_at=NOON if failures else None,
        failures=failures,
        last_error="no route" if failures else "",
    )
    return SourceHealth(state=state, next_read_at=NOON + timedelta(minutes=5) if state.was_asked else None)


@st.composite
def reports(draw: st.DrawFn) -> HealthReport:
    failed = [
        (
            FailedPost(id=number, channel_id=number, failed_at=NOON, error="too long", maybe_arrived=True),
            a_channel(number),
        )
        for number in range(1, draw(st.integers(0, 3)) + 1)
    ]
    broken = [a_channel(number) for number in range(1, draw(st.integers(0, 3)) + 1)]
    processes = [
        Process(
            id=str(number),
            host="here",
            pid=number,
            version="1",
            started_at=NOON,
            seen_at=NOON - timedelta(seconds=draw(st.integers(0, 200))),
            leads=number == 1,
        )
        for number in range(1, draw(st.integers(0, 3)) + 1)
    ]
    facts = StoredFacts(
        rows={what: draw(COUNTS) for what in ("papers", "channels", "subscriptions")},
        posts={state: draw(COUNTS) for state in PostState},
        outcomes={state: draw(COUNTS) for state in (PostState.SENT, PostState.FAILED)},
        oldest_waiting_at=draw(PAST),
        late_digests=draw(COUNTS),
        channels={state: draw(COUNTS) for state in ChannelState},
        broken=[channel.id for channel in broken],
        broken_count=len(broken),
        failed=[post for post, _ in failed],
        processes=processes,
        size=draw(COUNTS),
    )
    papers = facts.rows["papers"]
    return HealthReport(
        at=NOON,
        database=DatabaseHealth(kind="SQLite", place="sqlite:///here.db", problem=draw(st.sampled_from(["", "full"]))),
        stored=draw(st.just(facts) | st.none()),
        sources=[draw(source_healths(name)) for name in (HUGGINGFACE, ARXIV)],
        broken=broken,
        failed=failed,
        digests_by_hour=draw(st.lists(st.integers(0, 9), min_size=HOURS, max_size=HOURS)),
        index_behind=draw(COUNTS),
        coverage=Coverage(papers=papers, embedded=draw(st.integers(0, papers))),
        stuck_for=draw(st.sampled_from([0.0, 130.0])),
        leads=draw(st.booleans()),
        versions={"paperround": "0.1.0", "python": "3.12.1", "slack-bolt": "1.23", "schema": "0018"},
    )


def figures(report: HealthReport) -> dict[str, float]:
    """Each figure by its name with its labels."""
    page = Metrics().exposition(*families_of(report))[0].decode()
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


@given(reports())
def test_the_document_and_the_figures_say_the_same(report: HealthReport) -> None:
    document, shown = document_of(report), figures(report)
    healthy = document["database"] == "ok" and document["engine"] == "ok"
    assert document["ok"] == healthy == (shown["paperround_database_up"] == 1 and not shown["paperround_stuck_seconds"])
    assert document["leads"] == bool(shown["paperround_leader"])
    if report.stored is None:
        assert "posts" not in document
        assert not [name for name in shown if name.startswith("paperround_outbox")]
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
    for what in ("papers", "channels", "subscriptions"):
        assert lines[what] == f"{document[what]:,}"
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
