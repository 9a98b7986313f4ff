"""The health report: how the bot is doing at one moment.

It is made in one place (`bot.health.reporting`); the page, `status`, `doctor`, `/readyz` and `/metrics` all say what is
in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.channels.channel import Channel, ChannelState
from bot.checks import CLOCKS_APART
from bot.digests.calendar import ComingDigest
from bot.intake.store import SourceState
from bot.meaning.store import Coverage
from bot.papers.sources import SourceName
from bot.platforms.access import Refusal
from bot.posting.post import FailedPost, PostState
from bot.posting.roles import ProcessRole

#: Posts are counted by what became of them for so long.
OUTCOMES_OF: Final = timedelta(hours=24)
#: Digests are counted for so many hours, the one that has begun included.
HOURS: Final = 24
#: A process that was not seen for so long is taken for gone: it says that it lives every half minute.
GONE_AFTER: Final = timedelta(seconds=90)
#: A queue whose oldest post waits for longer is worth a look.
LONG_WAIT: Final = timedelta(minutes=15)
#: So many failed posts and broken channels are named; all of them are counted.
MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """A source, and when it is to be read next; None where it was never read, so that it is read as soon as can be."""

    state: SourceState
    next_read_at: datetime | None = None

    @property
    def name(self) -> SourceName:
        return self.state.name

    @property
    def failing(self) -> bool:
        return self.state.failures > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of the bot that runs. `leads` is whether it polls the feeds, `refusals` are of platforms that do not
    let it in."""

    id: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    leads: bool
    role: ProcessRole = ProcessRole.ALL
    refusals: Sequence[Refusal] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTime:
    """So many channels have this schedule in this time zone, and their next digest then (UTC)."""

    schedule: str
    time_zone: str
    next_digest_at: datetime
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFacts:
    """What is in the database.

    `rows` are counts by what is counted, `posts` the outbox by state, `outcomes` the posts of the last `OUTCOMES_OF`
    that were sent or given up. `oldest_waiting_at` is when the oldest post was made that is still to be sent to a
    channel that takes posts, `late_digests` are channels whose digest should have been planned already. `broken` are
    the ids of channels that a platform refuses, without people's own, and `digests` counts the channels that are alike
    in when digests come. `size` is that of the database in bytes. Lists name at most `MOST_NAMED`.
    """

    rows: Mapping[str, int]
    posts: Mapping[PostState, int]
    outcomes: Mapping[PostState, int]
    oldest_waiting_at: datetime | None = None
    late_digests: int = 0
    channels: Mapping[ChannelState, int]
    broken: Sequence[int] = ()
    broken_count: int = 0
    digests: Sequence[DigestTime] = ()
    processes: Sequence[Process] = ()
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """The database. `kind` is its name for people, `place` its address without the password, `problem` why it does not
    do its work, empty as long as it does; `written_at` is when it last took a write of this process, as far as known.
    `failures` are transactions of this process that it did not take, by kind (`read`, `write`).
    """

    kind: str
    place: str
    problem: str = ""
    written_at: datetime | None = None
    connections: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """What is read and how far it is known: the part of a health report that members are told.

    `coverage` is how far papers are found by their meaning; where they are not at all, it is missing and
    `meaning_problem` says why.
    """

    papers: int
    sources: Sequence[SourceHealth] = ()
    coverage: Coverage | None = None
    meaning_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How the bot is doing `at` one moment.

    `stored` and what follows from it are missing as long as the database cannot be read. `index_behind` counts
    papers that the search index lacks; where it cannot be read `index_problem` says why. `coverage` is how far
    papers are found by their meaning; where they are not at all, it is missing and `meaning_problem` says why.
    `stuck_for` are the seconds for which the running engine has not looked for work, 0 as long as they are few;
    `leads` is whether this process polls the feeds. `clock_ahead` is how far the machine's clock is ahead of the
    feeds', None as long as none told the time; `refused` are the platforms that do not let this process in.
    `digests_by_hour` counts digests from the beginning of the current hour on, `coming` are the first of the next
    24 hours.
    """

    at: datetime
    database: DatabaseHealth
    stored: StoredFacts | None = None
    sources: Sequence[SourceHealth] = ()
    broken: Sequence[Channel] = ()
    failed: Sequence[tuple[FailedPost, Channel]] = ()
    digests_by_hour: Sequence[int] = ()
    coming: Sequence[ComingDigest] = ()
    index_behind: int | None = None
    index_problem: str = ""
    coverage: Coverage | None = None
    meaning_problem: str = ""
    stuck_for: float = 0.0
    leads: bool = False
    clock_ahead: timedelta | None = None
    refused: Sequence[Refusal] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the bot can do its work. The word comes from writing: a database that can still be read helps nobody
        when its disk is full. A platform that refuses us does not count: the others are served, and neither starting
        this process again nor sending requests elsewhere would help.
        """
        return not self.database.problem and not self.stuck_for

    @property
    def clock_is_wrong(self) -> bool:
        """Whether the machine's clock is further from the feeds' than such clocks are."""
        return self.clock_ahead is not None and abs(self.clock_ahead) > CLOCKS_APART

    @property
    def waiting(self) -> int:
        """Posts that are still to be sent."""
        posts = self.stored.posts if self.stored else {}
        return sum(posts.get(state, 0) for state in (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN))

    @property
    def oldest_waiting(self) -> timedelta:
        """The age of the oldest post that is still to be sent and could be; nothing where there is none."""
        since = self.stored.oldest_waiting_at if self.stored else None
        return max(timedelta(), self.at - since) if since else timedelta()

    @property
    def waits_long(self) -> bool:
        return self.oldest_waiting > LONG_WAIT

    @property
    def lacks_leader(self) -> bool:
        """Whether none of the processes that live leads, though one has had the time to take over."""
        since = [process.started_at for process in self.processes if process.role.works]
        led = any(process.leads for process in self.processes)
        return bool(since) and not led and self.at - min(since) >= GONE_AFTER

    @property
    def processes(self) -> list[Process]:
        """The processes that live, the one that leads first."""
        stored = self.stored.processes if self.stored else ()
        # One that was seen much later than now died while the clock was ahead.
        living = [process for process in stored if abs(self.at - process.seen_at) < GONE_AFTER]
        return sorted(living, key=lambda process: (not process.leads, process.started_at))

    @property
    def refusals(self) -> list[Refusal]:
        """The platforms that do not let one of the processes in that live, and what to do, each once."""
        told = dict.fromkeys(self.refused)
        for process in self.processes:
            told |= dict.fromkeys(process.refusals)
        return list(told)

    @property
    def lacks(self) -> ProcessRole | None:
        """The role without which the processes that live are only half a bot; None where nothing is missing."""
        roles = [process.role for process in self.processes]
        if roles and not any(role.works for role in roles):
            return ProcessRole.WORKER
        if roles and not any(role.listens for role in roles):
            return ProcessRole.GATEWAY
        return None
