"""The health report as JSON: for `/readyz` and `paperround status --json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.health.report import HealthReport, SourceHealth


def document_of(report: HealthReport) -> dict[str, Any]:
    """Everything that programs may want to know; `ok` says it in a word. Times are in UTC, as ISO 8601 has them."""
    stored, database = report.stored, report.database
    document: dict[str, Any] = {
        "ok": report.ok,
        "database": database.problem or "ok",
        "engine": f"it has not got through its work for {report.stuck_for:.0f} seconds" if report.stuck_for else "ok",
        "leads": report.leads,
        "platforms_refused": {refusal.platform.value: refusal.advice for refusal in report.refusals},
        "clock_ahead_seconds": None if report.clock_ahead is None else round(report.clock_ahead.total_seconds()),
        "versions": dict(report.versions),
    }
    if stored is None:
        return document
    return {
        **document,
        **stored.rows,
        "database_kind": database.kind,
        "database_bytes": stored.size,
        "database_written_at": _iso(database.written_at),
        "index_behind": report.index_behind,
        "index_problem": report.index_problem or None,
        "meaning": {
            "embedded": report.coverage.embedded if report.coverage else 0,
            "waiting": report.coverage.waiting if report.coverage else stored.rows.get("papers", 0),
            "problem": report.meaning_problem or None,
        },
        "posts": {state.value: number for state, number in stored.posts.items()},
        "posts_last_day": {state.value: number for state, number in stored.outcomes.items()},
        "oldest_waiting_seconds": round(report.oldest_waiting.total_seconds()),
        "digests_late": stored.late_digests,
        "digests_by_hour": list(report.digests_by_hour),
        "digests_coming": [
            {
                "channel": str(one.channel.address),
                "name": one.channel.full_name,
                "at": _iso(one.at),
                "time_zone": one.channel.time_zone,
                "waiting": one.waiting,
            }
            for one in report.coming
        ],
        "channels_by_state": {state.value: number for state, number in stored.channels.items()},
        "channels_refused": stored.broken_count,
        "sources": {source.name: _source(source) for source in report.sources},
        "processes": [
            {
                "host": process.host,
                "pid": process.pid,
                "version": process.version,
                "started_at": _iso(process.started_at),
                "seen_at": _iso(process.seen_at),
                "leads": process.leads,
                "role": process.role.value,
            }
            for process in report.processes
        ],
    }


def _source(source: SourceHealth) -> dict[str, Any]:
    state = source.state
    return {
        "last_success": _iso(state.last_success_at),
        "last_failure": _iso(state.last_failure_at),
        "last_error": state.last_error or None,
        "failures": state.failures,
        "read_through": state.read_through.isoformat() if state.read_through else None,
        "next_read": _iso(source.next_read_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
