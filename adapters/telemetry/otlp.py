"""OtlpSpans: spans as OpenTelemetry has them, sent over OTLP/HTTP in a thread of its own.

The address, headers, sampling and limits come from OpenTelemetry's own variables (`OTEL_…`):
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables. A collector that is away, slow or
silent costs the spans that no queue holds any more, and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from bot import __version__
from bot.spans import Span, Spans, Told

#: Seconds that a request to the collector may take, with all its repetitions.
EXPORT_TIMEOUT: Final = 10
#: Seconds that what is left gets when the bot ends.
CLOSE_WITHIN: Final = 3.0
#: Beside the one to what is under way; OpenTelemetry keeps 128.
MOST_LINKS: Final = 127

_SECOND: Final = 1_000_000_000  # nanoseconds
_first_id: ContextVar[int | None] = ContextVar("first_id", default=None)


class _Ids(RandomIdGenerator):
    """Random ids, but where a trace begins whose id is known already."""

    def generate_trace_id(self) -> int:
        return _first_id.get() or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return _first_id.get() or super().generate_span_id()


class _Open(Span):
    def __init__(self, span: api.Span) -> None:
        self._span = span

    def tell(self, **about: Told) -> None:
        self._span.set_attributes(_named(about))


class OtlpSpans(Spans):
    """Sends spans. `close` it in the end."""

    def __init__(self, endpoint: str = "") -> None:
        """`endpoint` is the collector's address, such as http://localhost:4318; without it `OTEL_…` says which."""
        address = f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "paperround", "service.version": __version__}),
            id_generator=_Ids(),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(endpoint=address, timeout=EXPORT_TIMEOUT))
        )
        self._tracer = self._provider.get_tracer("paperround", __version__)

    def done(
        self,
        name: str,
        seconds: float,
        *,
        trace: str = "",
        first: bool = False,
        links: Sequence[str] = (),
        **about: Told,
    ) -> None:
        ended = time.time_ns()
        context = None if not trace or first else api.set_span_in_context(api.NonRecordingSpan(_context_of(trace)))
        # What begins a trace came of what is under way, though it is no part of it.
        under_way = api.get_current_span().get_span_context()
        here = [api.Link(under_way)] if first and under_way.is_valid else []
        with _beginning(trace if first else ""):
            span = self._tracer.start_span(
                name,
                context=api.set_span_in_context(api.INVALID_SPAN) if first else context,
                attributes=_named(about),
                links=[*here, *(api.Link(_context_of(one)) for one in links[:MOST_LINKS])],
                start_time=ended - round(seconds * _SECOND),
            )
        span.end(ended)

    @contextmanager
    def _opened(self, name: str, trace: str, first: bool, about: dict[str, Told]) -> Iterator[Span]:
        before = api.INVALID_SPAN if first else api.NonRecordingSpan(_context_of(trace))
        with _beginning(trace if first else ""):
            span = self._tracer.start_span(name, context=api.set_span_in_context(before), attributes=_named(about))
        # What is raised within may say more than spans should: they tell that it failed, and nothing of why.
        try:
            with api.use_span(span, record_exception=False, set_status_on_exception=False):
                yield _Open(span)
        except BaseException:
            span.set_status(api.StatusCode.ERROR)
            raise
        finally:
            span.end()

    def close(self) -> None:
        """Sends what is left, if that can be done within `CLOSE_WITHIN`."""
        # A daemon: a collector that is silent must not keep the process from ending.
        ending = threading.Thread(target=self._provider.shutdown, name="telemetry-end", daemon=True)
        ending.start()
        ending.join(CLOSE_WITHIN)


@contextmanager
def _beginning(trace: str) -> Iterator[None]:
    token = _first_id.set(int(trace, 16) if trace else None)
    try:
        yield
    finally:
        _first_id.reset(token)


def _context_of(trace: str) -> api.SpanContext:
    """The first span of a trace, wherever it was begun."""
    number = int(trace, 16)
    return api.SpanContext(number, number, is_remote=True, trace_flags=api.TraceFlags(api.TraceFlags.SAMPLED))


def _named(about: dict[str, Told]) -> dict[str, Told]:
    return {f"paperround.{name}": value for name, value in about.items()}
