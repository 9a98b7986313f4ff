"""Health reports as Hypothesis makes them, and their figures as Prometheus reads them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName
from bot.health.exposition import families_of
from bot.health.report import HOURS, DatabaseHealth, HealthReport, Process, SourceHealth, StoredFacts
from bot.intake.store import SourceState
from bot.meaning.store import Coverage
from bot.metrics import Metrics
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.posting.post import FailedPost, PostState
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
