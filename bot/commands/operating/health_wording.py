"""The health report in the words of members: what exactly went wrong is for whoever runs the bot."""

from __future__ import annotations

from datetime import datetime

from bot.commands.wording import moment, moment_span
from bot.health.report import HealthReport, SourceHealth
from bot.messages.message import Span, text
from bot.text.counting import count_of


def source_in_words(source: SourceHealth, time_zone: str, now: datetime) -> tuple[Span, ...]:
    """How a source does that was read or tried before."""
    if source.state.last_success_at is None:
        return text("cannot be read, and whoever runs me can see why" if source.failing else "never read yet")
    trouble = "; it cannot be read since then, and whoever runs me can see why" if source.failing else ""
    return text("read ", moment_span(source.state.last_success_at, time_zone, now), trouble)


def source_in_short(source: SourceHealth, time_zone: str, now: datetime) -> str:
    """The same where there is one line for all of them."""
    if source.failing:
        return f"cannot be read ({count_of(source.state.failures, 'failure')})"
    if source.state.last_success_at is None:
        return "not read yet"
    return f"read {moment(source.state.last_success_at, time_zone, now)}"


def posting_in_short(report: HealthReport) -> str:
    return f"{count_of(report.waiting, 'message')} on the way" if report.waiting else "everything is posted"
