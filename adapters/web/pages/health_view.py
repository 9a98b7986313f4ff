"""The health report as its page shows it: for whoever runs the bot, and for members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from adapters.web.addresses import channel_path
from bot.channels.channel import ChannelState
from bot.commands.wording import day_name
from bot.digests.calendar import ComingDigest
from bot.health.report import HealthReport, Process, SourceHealth
from bot.health.wording import (
    clock_in_words,
    in_words,
    index_in_words,
    lacking_in_words,
    meaning_in_words,
    papers_so_far,
    size_in_words,
    troubles_of,
)
from bot.papers.sources import title_of_source
from bot.posting.post import PostState
from bot.posting.roles import ProcessRole
from bot.schedules.stored import zone_of
from bot.text.counting import count_of

#: Sources that are shown: those that fail first.
MOST_SOURCES: Final = 60
#: The verdict where there is nothing to do.
ALL_WELL: Final = "Everything works."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Something with a word about it. `retry` is the number of a post to try again.

    `mark` is `well`, `poor` or `bad`, `idle` where nothing is known yet, and empty for what is neither.
    """

    name: str
    words: str
    detail: str = ""
    link: str = ""
    mark: str = "well"
    retry: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is worth a look, and what it counts."""

    number: str
    what: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """The digests of an hour. `percent` is how high they stand beside the busiest hour."""

    hour: str
    digests: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """What the page shows. Whoever is no operator sees the verdict and the sources.

    `at` is in the reader's zone, `mark` is that of the verdict: `well`, `poor` or `bad`.
    """

    ok: bool
    verdict: str
    mark: str
    at: datetime
    figures: Sequence[Figure] = ()
    sources: Sequence[Row]
    more_sources: int = 0
    failed: Sequence[Row] = ()
    failed_count: int = 0
    broken: Sequence[Row] = ()
    broken_count: int = 0
    bars: Sequence[Bar] = ()
    digests: str = ""
    coming: Sequence[Row] = ()
    parts: Sequence[Row] = ()
    processes: Sequence[Row] = ()
    versions: Sequence[tuple[str, str]] = ()
    for_operators: bool


def for_members(report: HealthReport, zone: tzinfo) -> HealthView:
    """The verdict and the sources, in the words of members."""
    sources = [
        Row(
            name=title_of_source(source.name),
            words=_read(source, report.at) if not source.failing else "cannot be read, and whoever runs me can see why",
            mark=_mark(source),
        )
        for source in _sorted(report.sources)
        if source.state.was_asked
    ]
    verdict = ALL_WELL if report.ok else "I am in trouble, and whoever runs me can see why."
    waiting = f" {count_of(report.waiting, 'message')} on the way." if report.waiting else ""
    return HealthView(
        ok=report.ok,
        verdict=verdict + waiting,
        mark="well" if report.ok else "bad",
        at=report.at.astimezone(zone),
        sources=sources[:MOST_SOURCES],
        more_sources=max(0, len(sources) - MOST_SOURCES),
        for_operators=False,
    )


def for_operators(report: HealthReport, zone: tzinfo, retryable: set[int]) -> HealthView:
    """Everything; `retryable` are the numbers of the posts that whoever looks may try again."""
    stored = report.stored
    sources = [_source(source, report.at) for source in _sorted(report.sources)]
    return HealthView(
        ok=report.ok,
        verdict=(verdict := _verdict(report)),
        mark="bad" if not report.ok else "well" if verdict == ALL_WELL else "poor",
        at=report.at.astimezone(zone),
        figures=_figures(report),
        sources=sources[:MOST_SOURCES],
        more_sources=max(0, len(sources) - MOST_SOURCES),
        failed=[
            Row(
                name=channel.full_name,
                words=post.error,
                detail=f"message {post.id}, {_ago(post.failed_at, report.at)}",
                link=channel_path(channel.address),
                mark="bad",
                retry=post.id if post.id in retryable else None,
            )
            for post, channel in report.failed
        ],
        failed_count=stored.posts[PostState.FAILED] if stored else 0,
        broken=[
            Row(
                name=channel.full_name,
                words=channel.reason,
                detail=f"{channel.address}",
                link=channel_path(channel.address),
                mark="bad",
            )
            for channel in report.broken
        ],
        broken_count=stored.broken_count if stored else 0,
        bars=_bars(report, zone),
        coming=[
            Row(
                name=one.channel.full_name,
                words=_local(one),
                detail=papers_so_far(one).removeprefix(", "),
                link=channel_path(one.channel.address),
                mark="",
            )
            for one in report.coming
        ],
        digests=f"{count_of(sum(report.digests_by_hour), 'digest')} from now until {_until(report, zone)}",
        parts=_parts(report),
        processes=[
            Row(
                name=f"{process.host}, process {process.pid}",
                words=_work_of(process),
                detail=f"version {process.version}, started {_ago(process.started_at, report.at)}",
            )
            for process in report.processes
        ]
        + ([Row(name="Processes", words=lacking, mark="bad")] if (lacking := lacking_in_words(report)) else []),
        versions=[
            ("Paper Round" if what == "paperround" else what, version) for what, version in report.versions.items()
        ],
        for_operators=True,
    )


def rows_of_sources(sources: Sequence[SourceHealth], now: datetime) -> list[Row]:
    """How sources do, those that fail first."""
    return [_source(source, now) for source in _sorted(sources)][:MOST_SOURCES]


def _work_of(process: Process) -> str:
    match process.role:
        case ProcessRole.GATEWAY:
            return "gateway: it answers people"
        case ProcessRole.WORKER:
            return "worker: it leads, reads the feeds and posts" if process.leads else "worker: it posts"
    return "leads: it reads the feeds" if process.leads else "posts and answers"


def _verdict(report: HealthReport) -> str:
    if report.database.problem:
        return f"The database does not do its work: {report.database.problem}"
    if report.stuck_for:
        return f"Nothing was looked for since {in_words(timedelta(seconds=report.stuck_for))}: restart the bot."
    troubles = troubles_of(report)
    return f"The bot works; {', '.join(troubles)}." if troubles else ALL_WELL


def _figures(report: HealthReport) -> list[Figure]:
    stored = report.stored
    if stored is None:
        return []
    waiting = f"waiting, the oldest for {in_words(report.oldest_waiting)}" if report.waiting else "waiting to be posted"
    failed = stored.outcomes[PostState.FAILED]
    return [
        Figure(f"{report.waiting:,}", waiting, "poor" if report.waits_long else ""),
        Figure(f"{stored.outcomes[PostState.SENT]:,}", "posted in 24 hours"),
        Figure(f"{failed:,}", "given up in 24 hours", "bad" if failed else ""),
        Figure(f"{stored.posts[PostState.UNKNOWN]:,}", "being looked for"),
        Figure(f"{stored.late_digests:,}", "digests late", "bad" if stored.late_digests else ""),
        Figure(f"{stored.rows['papers']:,}", "papers"),
        Figure(f"{stored.rows['channels']:,}", _channels_in_words(stored.channels[ChannelState.PAUSED])),
        Figure(f"{stored.rows['subscriptions']:,}", "topics"),
    ]


def _channels_in_words(paused: int) -> str:
    return f"channels, {paused:,} paused" if paused else "channels"


def _parts(report: HealthReport) -> list[Row]:
    database, stored = report.database, report.stored
    written = (
        f"last took a write {_ago(database.written_at, report.at)}" if database.written_at else "took no write yet"
    )
    size = f"{size_in_words(stored.size)}, " if stored else ""
    rows = [
        Row(
            name=f"Database ({database.kind})",
            words=database.problem or f"{size}{written}",
            detail=f"{database.place}, {count_of(database.connections, 'connection')} in use",
            mark="bad" if database.problem else "well",
        )
    ]
    if stored is None:
        return rows
    behind = report.index_problem or report.index_behind
    refused = [Row(name=one.platform.capitalize(), words=one.advice, mark="bad") for one in report.refusals]
    return [
        *rows,
        *refused,
        Row(name="Search index", words=index_in_words(report), mark="poor" if behind else "well"),
        Row(
            name="Found by meaning",
            words=meaning_in_words(report),
            mark="poor" if report.coverage is None or report.coverage.waiting else "well",
        ),
        Row(name="Clock", words=clock_in_words(report), mark="bad" if report.clock_is_wrong else "well"),
    ]


def _sorted(sources: Sequence[SourceHealth]) -> list[SourceHealth]:
    """Those that fail first; else as they are."""
    return sorted(sources, key=lambda source: not source.failing)


def _source(source: SourceHealth, now: datetime) -> Row:
    words = _read(source, now)
    if source.failing:
        words = f"{words}; {count_of(source.state.failures, 'failure')} since: {source.state.last_error}"
    due = source.next_read_at
    following = "read when a channel or topic asks for it"
    if due is not None:
        following = f"next in {in_words(due - now)}" if due > now else "next now"
    return Row(name=title_of_source(source.name), words=words, detail=following, mark=_mark(source))


def _mark(source: SourceHealth) -> str:
    if source.failing:
        return "bad"
    return "well" if source.state.last_success_at else "idle"


def _read(source: SourceHealth, now: datetime) -> str:
    read_at = source.state.last_success_at
    return f"read {_ago(read_at, now)}" if read_at else "not read yet"


def _bars(report: HealthReport, zone: tzinfo) -> list[Bar]:
    most = max(report.digests_by_hour, default=0)
    first = report.at.replace(minute=0, second=0, microsecond=0)
    return [
        Bar(
            f"{(first + timedelta(hours=number)).astimezone(zone):%H:%M}", count, -(-100 * count // most) if most else 0
        )
        for number, count in enumerate(report.digests_by_hour)
    ]


def _local(one: ComingDigest) -> str:
    """The day and the time by the channel's own clock."""
    zone = zone_of(one.channel.time_zone)
    local = one.at.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{local:%A} {local:%H:%M}{seconds} ({zone.key})"


def _until(report: HealthReport, zone: tzinfo) -> str:
    end = report.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=len(report.digests_by_hour))
    local, today = end.astimezone(zone), report.at.astimezone(zone).date()
    return f"{day_name(local.date(), today)} at {local:%H:%M}"


def _ago(moment: datetime, now: datetime) -> str:
    age = now - moment
    return "just now" if age < timedelta(seconds=5) else f"{in_words(age)} ago"
