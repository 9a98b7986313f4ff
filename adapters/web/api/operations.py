"""The operations: each with its path, what it takes and what it answers. Routes and document are made of these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from adapters.web.api.answers import (
    Answer,
    ChannelAnswer,
    ChannelsAnswer,
    DayAnswer,
    DigestAnswer,
    DigestsAnswer,
    FoundAnswer,
    FullDigestAnswer,
    FullPaperAnswer,
    HealthAnswer,
    PaperAnswer,
    SimilarAnswer,
    TopicAnswer,
    TopicsAnswer,
)
from adapters.web.people.visitor import Visitor
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import BrowsableDirectory
from bot.digests.digest import Digest
from bot.errors import UserError
from bot.health.document import document_of
from bot.health.reporting import Health
from bot.library.library import Library
from bot.papers.ids import parse_paper_id
from bot.papers.paper import Paper

LARGEST_ID = 2**31 - 1
MOST_IN_DIGEST = 500


class Asked(BaseModel):
    """What is asked for in the path and behind the `?`. What an operation does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Asked):
    """A page at a time."""

    cursor: str = Field("", max_length=200, description="`next` of the page before; empty for the first page.")
    limit: int = Field(20, ge=1, le=100, description="How many at most.")


class OfChannel(Asked):
    """About a channel."""

    channel: int = Field(ge=1, le=LARGEST_ID, description="The id of a channel.")


class ChannelsAsked(Paged):
    """Which channels."""

    platform: PlatformName | None = Field(None, description="Only those of this platform.")
    archived: bool = Field(False, description="Those that are folded away, instead of the others.")


class DigestsAsked(OfChannel, Paged):
    """Which digests."""


class DigestAsked(OfChannel):
    """Which digest."""

    digest: int = Field(ge=1, le=LARGEST_ID, description="The id of a digest.")


class SearchAsked(Paged):
    """What is looked for."""

    q: str = Field(min_length=1, max_length=1000, description="A query, as people write it in `/papers search`.")


class PaperAsked(Asked):
    """Which paper."""

    paper: str = Field(min_length=1, max_length=300, description="The id of a paper: arXiv's, `doi:…`, a link.")


class SimilarAsked(PaperAsked):
    """Like which paper."""

    limit: int = Field(10, ge=1, le=50, description="How many at most.")


class DayAsked(Paged):
    """Which day."""

    day: date = Field(description="A date, such as 2026-04-14.")


class NothingAsked(Asked):
    """There is nothing to ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A way to read something. `path` has its parameters in braces; those of them that may hold a `/` are `:path`."""

    id: str
    path: str
    summary: str
    asked: type[Asked]
    answer: type[Answer]
    run: Callable[[Readings, Visitor, Asked], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Readings:
    """What the operations read."""

    library: Library
    directory: BrowsableDirectory
    health: Health


async def list_channels(readings: Readings, _visitor: Visitor, asked: Asked) -> Answer:
    assert isinstance(asked, ChannelsAsked)  # noqa: S101 - the operation says so
    platforms = [asked.platform] if asked.platform else list(PlatformName)
    after: int | None = None
    if asked.cursor:
        name, _, last = asked.cursor.partition(".")
        if name not in platforms or not _is_number(last):
            raise _no_cursor()
        platforms, after = platforms[platforms.index(PlatformName(name)) :], int(last)
    found: list[Channel] = []
    for platform in platforms:
        room = asked.limit + 1 - len(found)
        found += await readings.directory.browse(platform, after=after, archived=asked.archived, limit=room)
        after = None
        if len(found) > asked.limit:
            break
    items, last_one = found[: asked.limit], found[asked.limit - 1] if len(found) > asked.limit else None
    cursor = f"{last_one.address.platform}.{last_one.id}" if last_one else None
    return ChannelsAnswer(items=[_channel(one) for one in items], next=cursor)


async def read_channel(readings: Readings, visitor: Visitor, asked: Asked) -> Answer:
    return _channel(await _channel_asked(readings, visitor, asked))


async def list_topics(readings: Readings, visitor: Visitor, asked: Asked) -> Answer:
    channel = await _channel_asked(readings, visitor, asked)
    return TopicsAnswer(
        items=[
            TopicAnswer(
                number=topic.number,
                title=topic.title,
                name=topic.name,
                query=topic.query,
                min_upvotes=topic.min_upvotes,
                instant=topic.instant,
            )
            for topic in await readings.library.subscriptions.of_channel(channel.id)
        ]
    )


async def list_digests(readings: Readings, visitor: Visitor, asked: Asked) -> Answer:
    assert isinstance(asked, DigestsAsked)  # noqa: S101
    channel = await _channel_asked(readings, visitor, asked)
    if asked.cursor and not _is_number(asked.cursor):
        raise _no_cursor()
    before = int(asked.cursor) if asked.cursor else None
    found = await readings.library.archive.digests(channel.id, before=before, limit=asked.limit + 1)
    items = found[: asked.limit]
    more = str(items[-1][0].id) if len(found) > asked.limit else None
    return DigestsAnswer(items=[DigestAnswer(**_digest(*one)) for one in items], next=more)


async def read_digest(readings: Readings, visitor: Visitor, asked: Asked) -> Answer:
    assert isinstance(asked, DigestAsked)  # noqa: S101
    channel = await _channel_asked(readings, visitor, asked)
    past = await readings.library.archive.digest(channel.id, asked.digest, limit=MOST_IN_DIGEST)
    if past is None:
        raise HTTPException(404, "This channel has no digest of that id.")
    return FullDigestAnswer(
        **_digest(past.digest, past.planned_at),
        papers=_papers(past.papers),
        earlier=past.earlier,
        later=past.later,
    )


async def search_papers(readings: Readings, _visitor: Visitor, asked: Asked) -> Answer:
    assert isinstance(asked, SearchAsked)  # noqa: S101
    if asked.cursor and not (_is_number(asked.cursor) and 0 < int(asked.cursor) <= 1_000_000):
        raise _no_cursor()
    page = int(asked.cursor or 1)
    found = await readings.library.searching.find(asked.q, size=asked.limit, page=page)
    return FoundAnswer(
        query=found.query.text,
        total=found.total,
        items=_papers([one.paper for one in found.results]) if found.page == page else [],
        related=_papers([one.paper for one in found.related]),
        next=str(page + 1) if page < found.pages else None,
    )


async def read_paper(readings: Readings, _visitor: Visitor, asked: Asked) -> Answer:
    paper = await _paper_asked(readings, asked)
    return FullPaperAnswer(
        **_paper(paper).model_dump(),
        abstract=paper.abstract,
        summary=paper.summary,
        keywords=list(paper.keywords),
        sources=sorted(paper.sources),
        comments=paper.comments,
        stars=paper.stars,
        organization=paper.organization_name or paper.organization,
        submitter=paper.submitter,
        doi=paper.doi,
        venue=paper.venue,
        pdf_url=paper.pdf_url,
        code_url=paper.code_url,
        project_url=paper.project_url,
    )


async def list_similar(readings: Readings, _visitor: Visitor, asked: Asked) -> Answer:
    assert isinstance(asked, SimilarAsked)  # noqa: S101
    paper = await _paper_asked(readings, asked)
    found = await readings.library.searching.similar(paper, limit=asked.limit)
    return SimilarAnswer(items=_papers([one.paper for one in found]))


async def read_day(readings: Readings, _visitor: Visitor, asked: Asked) -> Answer:
    assert isinstance(asked, DayAsked)  # noqa: S101
    if asked.cursor and not (_is_number(asked.cursor) and int(asked.cursor) <= 1_000_000):
        raise _no_cursor()
    offset = int(asked.cursor or 0)
    listed = await readings.library.archive.listed(asked.day, limit=asked.limit, offset=offset)
    end = offset + len(listed.papers)
    return DayAnswer(
        day=listed.day,
        total=listed.total,
        items=_papers(listed.papers),
        earlier=listed.earlier,
        later=listed.later,
        next=str(end) if listed.papers and end < listed.total else None,
    )


async def read_health(readings: Readings, visitor: Visitor, _asked: Asked) -> Answer:
    report = await readings.health.report()
    return HealthAnswer(ok=report.ok, report=document_of(report) if visitor.is_manager else None)


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="listChannels", path="/channels", summary="Channels", asked=ChannelsAsked, answer=ChannelsAnswer,
        run=list_channels,
    ),
    Operation(
        id="readChannel", path="/channels/{channel}", summary="A channel", asked=OfChannel, answer=ChannelAnswer,
        run=read_channel,
    ),
    Operation(
        id="listTopics", path="/channels/{channel}/topics", summary="The topics of a channel", asked=OfChannel,
        answer=TopicsAnswer, run=list_topics,
    ),
    Operation(
        id="listDigests", path="/channels/{channel}/digests", summary="The digests of a channel", asked=DigestsAsked,
        answer=DigestsAnswer, run=list_digests,
    ),
    Operation(
        id="readDigest", path="/channels/{channel}/digests/{digest}", summary="A digest with its papers",
        asked=DigestAsked, answer=FullDigestAnswer, run=read_digest,
    ),
    Operation(
        id="searchPapers", path="/papers", summary="Search papers", asked=SearchAsked, answer=FoundAnswer,
        run=search_papers,
    ),
    Operation(
        id="listSimilar", path="/papers/{paper:path}/similar", summary="Papers like a paper", asked=SimilarAsked,
        answer=SimilarAnswer, run=list_similar,
    ),
    Operation(
        id="readPaper", path="/papers/{paper:path}", summary="A paper", asked=PaperAsked, answer=FullPaperAnswer,
        run=read_paper,
    ),
    Operation(
        id="readDay", path="/days/{day}", summary="What was listed on a day", asked=DayAsked, answer=DayAnswer,
        run=read_day,
    ),
    Operation(
        id="readHealth", path="/health", summary="How the bot is", asked=NothingAsked, answer=HealthAnswer,
        run=read_health,
    ),
)  # fmt: skip


async def _channel_asked(readings: Readings, visitor: Visitor, asked: Asked) -> Channel:
    assert isinstance(asked, OfChannel)  # noqa: S101
    channel = await readings.directory.get(asked.channel)
    if channel is None or channel.person not in ("", visitor.id) or channel.follows is not None:
        raise HTTPException(404, "There is no channel of that id.")
    return channel


async def _paper_asked(readings: Readings, asked: Asked) -> Paper:
    assert isinstance(asked, PaperAsked)  # noqa: S101
    try:
        paper_id = parse_paper_id(asked.paper)
    except UserError as error:
        raise HTTPException(404, str(error)) from error
    paper = await readings.library.papers.paper(paper_id)
    if paper is None:
        raise HTTPException(404, "This paper is not known here.")
    return paper


def _channel(channel: Channel) -> ChannelAnswer:
    return ChannelAnswer(
        id=channel.id,
        address=str(channel.address),
        platform=channel.address.platform,
        name=channel.name,
        workspace=channel.workspace_name or channel.address.workspace,
        schedule=channel.schedule,
        time_zone=channel.time_zone,
        next_digest_at=channel.next_digest_at and channel.next_digest_at.astimezone(UTC),
        state=channel.state,
        reason=channel.reason,
        archived=channel.archived_at is not None,
    )


def _digest(digest: Digest, planned_at: datetime) -> dict[str, object]:
    return {
        "id": digest.id,
        "day": digest.day,
        "planned_at": planned_at.astimezone(UTC),
        "kind": digest.kind,
        "topics": list(digest.topics),
        "total": digest.total,
        "shown": digest.shown,
    }


def _papers(papers: Sequence[Paper]) -> list[PaperAnswer]:
    return [_paper(paper) for paper in papers]


def _paper(paper: Paper) -> PaperAnswer:
    return PaperAnswer(
        id=paper.id,
        title=paper.title,
        authors=[str(author) for author in paper.authors],
        categories=list(paper.categories),
        published_on=paper.published_on,
        featured_on=paper.featured_on,
        upvotes=paper.upvotes,
        url=paper.url,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _no_cursor() -> HTTPException:
    return HTTPException(400, "That is no cursor: send `next` of the page before, or none for the first page.")
