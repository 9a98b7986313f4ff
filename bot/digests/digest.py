"""Digests, what waits for them, and what they are planned to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.channels.channel import Style
from bot.digests.content import PostContent
from bot.papers.paper import Paper
from bot.query.models import Models
from bot.spans import new_trace


class DeliveryState(StrEnum):
    """Of a (channel, paper): waiting for a digest or its post, posted, or given up on purpose."""

    QUEUED = "queued"
    POSTED = "posted"
    DROPPED = "dropped"


class DigestKind(StrEnum):
    """Why a digest goes out: its time came, a topic is instant, somebody asked for it, or asked for older papers."""

    SCHEDULED = "scheduled"
    INSTANT = "instant"
    REQUESTED = "requested"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedPaper:
    """A paper that waits for a channel's next digest, with the titles and the queries of the topics that matched it.

    `models` are what the terms by example of these queries are decided by.
    """

    paper: Paper
    topics: tuple[str, ...]
    instant: bool
    queries: tuple[str, ...] = ()
    models: Models = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Of what waits in a person's own channel: what they `read` in another channel of theirs, and in which, and what is
    `coming` there."""

    read: Mapping[str, int] = field(default_factory=dict)
    coming: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one channel gets at one time.

    `day` is its date in the channel's time zone, `topics` the titles of the topics with papers in it, `total` counts
    all its papers and `shown` those that its messages show; the rest hides behind a button.
    """

    id: int = 0
    channel_id: int
    kind: DigestKind
    day: date
    style: Style
    topics: tuple[str, ...]
    total: int
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPost:
    """A post that is to be stored with its digest. `reply_to` is the index of its parent among the planned posts.

    `delivers` are the papers that count as posted once this post is sent.
    """

    content: PostContent
    delivers: tuple[str, ...] = ()
    reply_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """A digest as it is to be stored: all its papers in order, its posts, and where the channel stands afterwards.

    `expected_next` is the channel's `next_digest_at` when the plan was made: if it is another one by then, somebody
    else was faster. Without a `digest` the plan only moves the channel on. `instant_not_before` holds papers back
    that would go out at once. `post_at` is when the posts are due, None for at once. `points` says by how many
    thousandths of a point each paper stands there, and is empty where they are not in the order of fit.
    `read_elsewhere` are papers that wait no more, because the person whose own channel it is read them in another one.
    `trace` is that of its delivery (`bot.spans`).
    """

    channel_id: int
    expected_next: datetime | None
    next_digest_at: datetime | None
    instant_not_before: datetime | None = None
    post_at: datetime | None = None
    digest: Digest | None = None
    paper_ids: tuple[str, ...] = ()
    points: tuple[int, ...] = ()
    read_elsewhere: Mapping[str, int] = field(default_factory=dict)
    posts: tuple[PlannedPost, ...] = ()
    trace: str = field(default_factory=new_trace, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPaper:
    """A line of a channel's history. What is not `shown` was counted by its digest, and stood behind a button."""

    paper: Paper
    posted_at: datetime
    topics: tuple[str, ...]
    shown: bool = True
