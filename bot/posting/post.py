"""Posts: the rows of the outbox, and what becomes of them.

A post keeps *what* is to be said (which papers, which digest), not the finished message: it is rendered from the
papers as they are when it is sent, so that a summary or a vote that came later is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.channels.channel import PlatformName
from bot.digests.content import PostContent
from bot.digests.digest import DeliveryState, Digest, DigestKind
from bot.spans import trace_of


class PostState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"


class Priority(IntEnum):
    """Which posts go first: what people wait for, before digests whose time has come."""

    AWAITED = 0
    SCHEDULED = 1


#: How long a worker may hold a post. Longer than a request can take, so that a live worker never loses its lease.
LEASE = timedelta(seconds=60)
#: A post with an unknown outcome holds up what comes after it in its channel for so long after its request. Then other
#: digests pass it, so that a history that can hardly be read delays nothing but what belongs together.
HOLDS_UP_FOR = timedelta(minutes=1)
#: What is due and is not taken up for longer waits for a bot that is off, asleep or without a database. Over a weekend
#: in which nobody tried, nothing was tried for a weekend.
LONGEST_TURN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUps:
    """How a post with an unknown outcome was looked for, since its latest request.

    `count` look-ups have read something. Where the last one could not read to the end, the next one goes on at
    `cursor`, in what began at `began_at`. `late` says that the message may still come, as after a time-out. `lasted` is
    how long the request and the looking took so far, with the waits between.
    """

    count: int = 0
    cursor: str = ""
    began_at: datetime | None = None
    late: bool = False
    lasted: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A row of the outbox. `lease` is the token of whoever works on it: every write about it must name it.

    `first_attempt_at` is when a request for it first left and `attempt_at` when the latest one did; `attempts` counts
    requests since somebody last intervened. `tried_for` is how long these took, with the waits between them.
    """

    id: int
    channel_id: int
    digest_id: int | None
    content: PostContent
    key: str
    due_at: datetime
    lease: str
    attempts: int
    tried_for: timedelta
    look_ups: LookUps
    first_attempt_at: datetime | None
    attempt_at: datetime | None
    parent_remote_id: str | None

    def waited(self, now: datetime) -> timedelta:
        """How long it has waited for its turn, as far as that counts as trying or looking: at most `LONGEST_TURN`."""
        return min(max(now - self.due_at, timedelta()), LONGEST_TURN)

    @property
    def trace(self) -> str:
        """The id that everything has in common that is done for a digest (`bot.spans`)."""
        return trace_of(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request for a post: the last one, as long as the post has these `attempts` and this `attempt_at`."""

    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPost:
    """A post that is on its platform, called `remote_id` there; `parent_id` is the post that heads its thread."""

    post: Post
    parent_id: int | None
    remote_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a leased post: its next state and what goes with it.

    `due_at` is when to try or to look again, `channel_after` until when the channel gets nothing else, `look_ups` how
    far the looking for it got. `tried` adds to how long it was tried, `fresh_start` forgets the attempts so far. A post
    that ends as failed drops its papers.
    """

    post: Post
    state: PostState
    at: datetime
    remote_id: str | None = None
    due_at: datetime | None = None
    channel_after: datetime | None = None
    error: str = ""
    look_ups: LookUps = LookUps()
    tried: timedelta = timedelta()
    fresh_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPost:
    """A post that was given up, as the platform refused it or what it was about is gone.

    `maybe_arrived` says that there was more than the one request that was refused, so that it is looked for before it
    is sent again.
    """

    id: int
    channel_id: int
    failed_at: datetime
    error: str
    maybe_arrived: bool


@dataclass(frozen=True, slots=True)
class DeliveryWait:
    """How long after it was listed a paper was posted, and where and why."""

    platform: PlatformName
    kind: DigestKind
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRecord:
    """What became of a digest: when it was planned, how its messages stand, and what last went wrong with one.

    `posted_at` is when the last of its messages that was sent was sent.
    """

    digest: Digest
    planned_at: datetime
    posts: Mapping[PostState, int]
    error: str
    posted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """What is stored of a paper in a channel.

    `topics` are the titles of the topics that brought it, `place` (from 1) and `digest` where it stands in a digest,
    `points` by how many thousandths of a point it stands there, None where the order was another one than by fit.
    `post` and `post_error` are the state of the message that delivers it, and what went wrong with that last. A paper
    that was `read_elsewhere` was dropped because the person whose own channel it is read it in another one.
    """

    state: DeliveryState
    instant: bool
    queued_at: datetime
    topics: tuple[str, ...]
    digest: Digest | None
    place: int
    points: int | None
    post: PostState | None
    post_error: str
    posted_at: datetime | None
    read_elsewhere: bool = False
