"""What the API answers: models that are written as JSON and described in its document. Times are in UTC, ISO 8601."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Whatever is answered. Fields may be added in this version of the API; none is taken away."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class ChannelAnswer(Answer):
    """A channel."""

    id: int
    address: str = Field(description="platform/workspace/channel")
    platform: str
    name: str
    workspace: str = Field(description="What people call its workspace, or its id.")
    schedule: str
    time_zone: str
    next_digest_at: datetime | None = Field(description="None where papers go out at once, or while it is stopped.")
    state: str = Field(description="active, paused or broken")
    reason: str
    archived: bool


class ChannelsAnswer(Answer):
    """A page of channels. People's own are not among them, nor are addresses that get a channel's papers by mail."""

    items: list[ChannelAnswer]
    next: str | None = Field(description="The cursor of the next page.")


class TopicAnswer(Answer):
    """A topic of a channel."""

    number: int
    title: str
    name: str
    query: str
    min_upvotes: int | None
    instant: bool


class TopicsAnswer(Answer):
    """All topics of a channel, by number."""

    items: list[TopicAnswer]


class PaperAnswer(Answer):
    """A paper, as lists show it."""

    id: str
    title: str
    authors: list[str]
    categories: list[str]
    published_on: date | None
    featured_on: date | None
    upvotes: int
    url: str


class FullPaperAnswer(PaperAnswer):
    """A paper with all that is known of it."""

    abstract: str
    summary: str
    keywords: list[str]
    sources: list[str]
    comments: int
    stars: int
    organization: str
    submitter: str
    doi: str
    venue: str
    pdf_url: str
    code_url: str
    project_url: str


class FoundAnswer(Answer):
    """A page of what a search found. `related` papers do not match, and come with the first page where few do."""

    query: str = Field(description="The query as it was understood.")
    total: int
    items: list[PaperAnswer]
    related: list[PaperAnswer]
    next: str | None = Field(description="The cursor of the next page.")


class SimilarAnswer(Answer):
    """Papers like a paper, those first that none of the same people wrote."""

    items: list[PaperAnswer]


class DigestAnswer(Answer):
    """A digest. `shown` of its `total` papers are in its messages."""

    id: int
    day: date
    planned_at: datetime
    kind: str
    topics: list[str]
    total: int
    shown: int


class DigestsAnswer(Answer):
    """A page of a channel's digests, the latest first."""

    items: list[DigestAnswer]
    next: str | None = Field(description="The cursor of the next page.")


class FullDigestAnswer(DigestAnswer):
    """A digest with its papers in their order."""

    papers: list[PaperAnswer]
    earlier: int | None
    later: int | None


class DayAnswer(Answer):
    """A page of the papers that sources listed on a day, most upvoted first."""

    day: date
    total: int
    items: list[PaperAnswer]
    earlier: date | None
    later: date | None
    next: str | None = Field(description="The cursor of the next page.")


class HealthAnswer(Answer):
    """How the bot is. `report` is the document of `paperround status --json`, for managers alone."""

    ok: bool
    report: dict[str, Any] | None


class ProblemAnswer(Answer):
    """What was wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
