"""Posts: the rows of the outbox, and what they say.

A post keeps *what* is to be said (which papers, which digest), not the finished message: it is rendered from the
papers as they are when it is sent, so that a summary or a vote that came later is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.channels import Style
from bot.papers import Paper


class DeliveryState(StrEnum):
    """Of a (channel, paper): waiting for a digest or its post, posted, or given up on purpose."""

    QUEUED = "queued"
    POSTED = "posted"
    DROPPED = "dropped"


class PostState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"


class DigestKind(StrEnum):
    """Why a digest goes out: its time came, a topic is instant, somebody asked for it, or asked for older papers."""

    SCHEDULED = "scheduled"
    INSTANT = "instant"
    REQUESTED = "requested"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A paper that topics of one channel want. `instant` asks for it to go out at once."""

    channel_id: int
    paper_id: str
    subscription_ids: tuple[int, ...]
    instant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedPaper:
    """A paper that waits for a channel's next digest, with the titles of the topics that matched it."""

    paper: Paper
    topics: tuple[str, ...]
    instant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPart:
    """One message of a digest: these papers of it, the first one of which is the digest's number `first` (from 1).

    `apart` says that the channel takes papers one by one: a card that stands for itself, without the digest's header.
    `abstracts` are shown if the channel wanted them when the papers were put into messages: so many fit then, and a
    setting that is changed before they are sent is for the next digest.
    """

    paper_ids: tuple[str, ...]
    first: int
    part: int
    parts: int
    apart: bool = False
    abstracts: bool = False
    type: Literal["digest"] = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReply:
    """One paper in the thread below a part of a digest."""

    paper_id: str
    part: int = 1
    type: Literal["paper"] = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPaper:
    """A paper that a person showed to the channel."""

    paper_id: str
    shared_by: str
    type: Literal["shared"] = "shared"


PostContent = Annotated[DigestPart | PaperReply | SharedPaper, Field(discriminator="type")]

#: Reads and writes what a post says as JSON.
POST_CONTENT_JSON: TypeAdapter[PostContent] = TypeAdapter(PostContent)


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
    that would go out at once.
    """

    channel_id: int
    expected_next: datetime | None
    next_digest_at: datetime | None
    instant_not_before: datetime | None = None
    digest: Digest | None = None
    paper_ids: tuple[str, ...] = ()
    posts: tuple[PlannedPost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A row of the outbox. `lease` is the token of whoever works on it: every write about it must name it.

    `first_attempt_at` is when a request for it first left, `attempts` counts requests since somebody last
    intervened, and `look_ups` how often it was looked for after an unknown outcome.
    """

    id: int
    channel_id: int
    digest_id: int | None
    content: PostContent
    key: str
    lease: str
    attempts: int
    look_ups: int
    first_attempt_at: datetime | None
    parent_remote_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a leased post: its next state and what goes with it.

    `due_at` is when to try or to look again, `channel_after` until when the channel gets nothing else. `fresh_start`
    forgets the attempts so far. A post that ends as failed drops its papers.
    """

    post: Post
    state: PostState
    at: datetime
    remote_id: str | None = None
    due_at: datetime | None = None
    channel_after: datetime | None = None
    error: str = ""
    looked_up: bool = False
    fresh_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPaper:
    """A line of a channel's history."""

    paper: Paper
    posted_at: datetime
    topics: tuple[str, ...]
