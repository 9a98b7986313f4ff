"""The health report in the words of whoever runs the bot: what the terminal prints and the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bot.digests.calendar import ComingDigest
from bot.health.report import HealthReport, Process, SourceHealth
from bot.posting.roles import ProcessRole
from bot.schedules.stored import zone_of
from bot.text.counting import count_of

#: What people call the rows that the report counts, where that is another word.
ROWS_IN_WORDS: Final = MappingProxyType({"subscriptions": "topics"})


def lines_of(report: HealthReport) -> Iterator[tuple[str, str]]:
    """What is told of, and the words: line by line, times in UTC."""
    stored, database = report.stored, report.database
    yield "health", "well" if report.ok else (database.problem or f"stuck for {report.stuck_for:.0f} seconds")
    if stored is None:
        return
    if troubles := troubles_of(report):
        yield "trouble", "; ".join(troubles)
    for refusal in report.refusals:
        yield refusal.platform.value, refusal.advice
    for what, number in stored.rows.items():
        yield ROWS_IN_WORDS.get(what, what), f"{number:,}"
    for source in report.sources:
        yield source.name, source_in_words(source)
    yield "index", index_in_words(report)
    yield "by meaning", meaning_in_words(report)
    for state, number in stored.posts.items():
        yield f"posts {state.value}", f"{number:,}"
    if report.clock_is_wrong:
        yield "clock", clock_in_words(report)
    if report.waiting:
        yield "oldest waiting", in_words(report.oldest_waiting)
    for state, number in stored.outcomes.items():
        yield f"{state.value} in 24 h", f"{number:,}"
    for post, channel in report.failed:
        yield "never posted", f"{post.id}: {channel.full_name}: {post.error}"
    for channel in report.broken:
        yield "refused", f"{channel.address} ({channel.full_name}): {channel.reason}"
    for one in report.coming:
        yield "coming", coming_in_words(one)
    yield "digests", f"{sum(report.digests_by_hour):,} in this hour and the next 23, {stored.late_digests:,} late"
    yield "database", f"{database.kind}, {size_in_words(stored.size)}, {database.place}"
    for process in report.processes:
        yield "process", process_in_words(process)
    if not report.processes:
        yield "process", "none runs now"
    if lacking := lacking_in_words(report):
        yield "process", lacking
    yield "versions", ", ".join(f"{what} {version}" for what, version in report.versions.items())


def lacking_in_words(report: HealthReport) -> str:
    """What nobody does, where processes share the work and one of the roles is missing; else nothing."""
    match report.lacks:
        case ProcessRole.WORKER:
            return "no worker runs: nothing is read and posted until `paperround run --role worker` does"
        case ProcessRole.GATEWAY:
            return "no gateway runs: nobody is heard until `paperround run --role gateway` does"
    if report.lacks_leader:
        return "none leads, so no feed is read and no digest planned: the log says why (leadership), a restart helps"
    return ""


def troubles_of(report: HealthReport) -> list[str]:
    """What is the matter though the bot works: the same for its page, `status` and `doctor`, in a few words each."""
    stored = report.stored
    if stored is None:
        return []
    failing = [source for source in report.sources if source.failing]
    troubles = {
        **{f"{refusal.platform.capitalize()} does not let the bot in": True for refusal in report.refusals},
        f"{count_of(len(failing), 'source')} cannot be read": failing,
        f"{count_of(stored.broken_count, 'channel')} cannot be posted to": stored.broken_count,
        f"{count_of(stored.late_digests, 'digest')} late": stored.late_digests,
        f"what is to be posted waits for {in_words(report.oldest_waiting)}": report.waits_long,
        "no process leads": report.lacks_leader,
        "half of it does not run": report.lacks,
        "the search index cannot be read": report.index_problem,
        "the machine's clock is off": report.clock_is_wrong,
    }
    return [words for words, there in troubles.items() if there]


def process_in_words(process: Process) -> str:
    """Which process it is, and what it does."""
    role = "" if process.role is ProcessRole.ALL else f", {process.role}"
    leads = ", leads" if process.leads else ""
    since = _utc(process.started_at)
    return f"{process.host} {process.pid}, version {process.version}, since {since}{role}{leads}"


def source_in_words(source: SourceHealth) -> str:
    state = source.state
    read = f"read {_utc(state.last_success_at)}" if state.last_success_at else "never read"
    if source.failing:
        read += f"; {count_of(state.failures, 'failure')} since: {state.last_error}"
    return read + (f"; next {_utc(source.next_read_at)}" if source.next_read_at else "")


def coming_in_words(one: ComingDigest) -> str:
    """When by the channel's own clock, where, and how much is there for it so far."""
    zone = zone_of(one.channel.time_zone)
    local = one.at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {zone.key}, {one.channel.full_name}{papers_so_far(one)}"


def papers_so_far(one: ComingDigest) -> str:
    if one.waiting is None:
        return ""
    return f", {count_of(one.waiting, 'paper')} so far" if one.waiting else ", nothing waits yet"


def index_in_words(report: HealthReport) -> str:
    if report.index_behind is None:
        return report.index_problem
    return f"{count_of(report.index_behind, 'paper')} behind" if report.index_behind else "has all papers"


def meaning_in_words(report: HealthReport) -> str:
    coverage = report.coverage
    if coverage is None:
        return report.meaning_problem
    return f"{coverage.embedded:,} of {count_of(coverage.papers, 'paper')}"


def clock_in_words(report: HealthReport) -> str:
    if report.clock_ahead is None:
        return "no feed has told the time yet"
    if not report.clock_is_wrong:
        return "agrees with the feeds'"
    where = "ahead of" if report.clock_ahead > timedelta() else "behind"
    return f"{in_words(abs(report.clock_ahead))} {where} the feeds': have it set automatically (NTP)"


def size_in_words(size: int) -> str:
    """A size in bytes as people read it: `3.2 MB`."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def in_words(age: timedelta) -> str:
    """`5 seconds`, `3 minutes`, `2 hours`, `4 days`."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return count_of(seconds // length, unit)
    return count_of(seconds, "second")


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
