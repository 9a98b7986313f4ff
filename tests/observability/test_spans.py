"""Spans as a collector of OpenTelemetry's gets them, and a bot that does without one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from adapters.telemetry import otlp
from adapters.telemetry.otlp import OtlpSpans
from bot.app.adapters.telemetry import spans_of
from bot.app.configuration.settings import Settings
from bot.errors import SettingsError
from bot.spans import Spans, new_trace, trace_of_paper
from storage.store import SqlStore
from tests.core import Core
from tests.observability.collector import Collector
from tests.sources import a_paper


def ids(trace: str) -> tuple[bytes, bytes]:
    """The ids of a trace and of its first span, as they are on the wire."""
    return bytes.fromhex(trace.rjust(32, "0")), bytes.fromhex(trace)


async def test_a_delivery_is_one_trace_through_two_processes(
    store: SqlStore, database_url: str, tmp_path: Path
) -> None:
    with Collector() as collector:
        first, second = OtlpSpans(collector.url), OtlpSpans(collector.url)
        reading = Core(store, tmp_path / "one", spans=first)
        await reading.say("subscribe diffusion")
        await reading.news(a_paper(1), a_paper(2))
        due = (await reading.channel()).next_digest_at
        assert due is not None
        other_store = SqlStore(database_url)
        posting = Core(other_store, tmp_path / "two", clock=reading.clock, platform=reading.platform, spans=second)
        reading.clock.set(due)
        await reading.engine.planner.sweep()
        await posting.engine.leadership.renew()
        await posting.engine.outbox.drain()
        for core in (reading, posting):
            await core.index.close()
        await other_store.close()
        first.close()
        second.close()

    (plan,), (post,) = collector.named("plan"), collector.named("post")
    assert (post.trace_id, post.parent_span_id) == (plan.trace_id, plan.span_id)
    assert plan.trace_id.endswith(plan.span_id)
    parts = {name: collector.named(name) for name in ("lease", "render", "send", "settle")}
    assert all(span.parent_span_id == post.span_id for spans in parts.values() for span in spans)
    assert {name: len(spans) for name, spans in parts.items()} == dict.fromkeys(parts, 1)
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in collector.spans)
    # From the digest to its papers, and from each to the reading that found it.
    papers = {span.trace_id: span for span in collector.named("paper")}
    assert {(link.trace_id, link.span_id) for link in plan.links} == {
        ids(trace_of_paper(f"2605.0000{number}")) for number in (1, 2)
    }
    (poll,), (match,) = collector.named("poll"), collector.named("match")
    assert (match.trace_id, match.parent_span_id) == (poll.trace_id, poll.span_id)
    assert {link.trace_id for span in papers.values() for link in span.links} == {poll.trace_id}
    assert [span.name for span in collector.named("command")] == ["command"]
    told = b"".join(span.SerializeToString() for span in collector.spans)
    for words in (b"Diffusion Study", b"diffusion", b"Ada"):
        assert words not in told


@pytest.mark.parametrize("trouble", ["away", "silent", "failing"])
def test_a_collector_in_trouble_holds_up_nothing(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "CLOSE_WITHIN", 0.5)
    monkeypatch.setattr(otlp, "EXPORT_TIMEOUT", 1)  # what goes on after that ends soon
    with Collector(status=503 if trouble == "failing" else 200, delay=60 if trouble == "silent" else 0) as collector:
        spans = OtlpSpans("http://127.0.0.1:9" if trouble == "away" else collector.url)
        began = time.monotonic()
        for _ in range(3_000):
            with spans.within("post", new_trace()):
                spans.done("send", 0.1)
        told = time.monotonic() - began
        began = time.monotonic()
        spans.close()
        closed = time.monotonic() - began
    assert told < 60  # more than the queue holds; waiting for the collector would take many minutes
    assert closed < 5


def test_what_fails_is_told_without_its_words() -> None:
    with Collector() as collector:
        spans = OtlpSpans(collector.url)
        with pytest.raises(ValueError, match="secret"), spans.begin("command", channel="web/local/general") as span:
            span.tell(command="subscribe")
            raise ValueError("a secret")
        spans.close()
    (span_of_it,) = collector.spans
    assert span_of_it.status.code == 2
    assert {one.key for one in span_of_it.attributes} == {"paperround.channel", "paperround.command"}
    assert b"secret" not in span_of_it.SerializeToString()


def test_nobody_is_told_unless_somebody_asks() -> None:
    nothing = {"OTEL_SERVICE_NAME": "papers"}
    assert type(spans_of(Settings(), nothing)) is Spans
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    for off in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        assert type(spans_of(Settings(), asked | off)) is Spans
    spans = spans_of(Settings(), asked)
    assert isinstance(spans, OtlpSpans)
    spans.close()


def test_without_the_packages_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "adapters.telemetry.otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert type(spans_of(Settings(), {})) is Spans
    with pytest.raises(SettingsError, match=r"paperround\[otel\]"):
        spans_of(Settings(otlp_endpoint="http://127.0.0.1:9"), {})


def test_nothing_of_it_is_loaded_where_nobody_asks() -> None:
    program = (
        "import sys\n"
        "import bot.app.application\n"
        "from bot.app.adapters.telemetry import spans_of\n"
        "from bot.app.configuration.settings import Settings\n"
        "spans_of(Settings())\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('opentelemetry', 'requests')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
