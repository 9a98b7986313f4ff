"""Digests: which papers a channel gets at one time, in which messages, and how those read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.cards import NO_VOTES, paper_card, title_of
from bot.channels import Channel, Style
from bot.messages import Block, Button, Buttons, Divider, Heading, Message, Note, bold, text
from bot.papers import Paper
from bot.posts import Digest, DigestKind, DigestPart, DigestPlan, PaperReply, PlannedPost, QueuedPaper
from bot.reading import Tally
from bot.text import count_of, shorten

LONGEST_TOPICS = 200  # characters of the line that names the topics


def newest_first(paper: Paper) -> tuple[date, str]:
    """The sort key of recency, to be used with `reverse=True`."""
    return (paper.day or date.min, paper.id)


def in_reading_order(papers: Sequence[QueuedPaper]) -> list[QueuedPaper]:
    """Most upvoted first, then the most recent."""
    return sorted(papers, key=lambda queued: (queued.paper.upvotes, *newest_first(queued.paper)), reverse=True)


def plan_digest(
    channel: Channel,
    papers: Sequence[QueuedPaper],
    *,
    kind: DigestKind,
    day: date,
    per_message: int,
    next_digest_at: datetime | None,
    apart: bool = False,
) -> DigestPlan:
    """The digest of these papers for a channel; without papers, only the channel's next time.

    At most `limit` papers are shown, the others are counted, can be asked for, and are done with all the same.
    `per_message` is how many papers surely fit into one of the platform's messages; `apart` gives each one of its own.
    """
    plan = DigestPlan(
        channel_id=channel.id, expected_next=channel.next_digest_at, next_digest_at=next_digest_at, posts=()
    )
    if not papers:
        return plan
    ordered = in_reading_order(papers)
    ids = tuple(queued.paper.id for queued in ordered)
    shown = ids[: channel.settings.limit]
    digest = Digest(
        channel_id=channel.id,
        kind=kind,
        day=day,
        style=channel.settings.style,
        topics=tuple(dict.fromkeys(topic for queued in ordered for topic in queued.topics)),
        total=len(ids),
        shown=len(shown),
    )
    hidden = ids[len(shown) :]
    posts = _posts_apart(shown, hidden) if apart else _posts(digest, shown, hidden=hidden, per_message=per_message)
    if channel.settings.abstracts:
        posts = [_with_abstracts(post) for post in posts]
    return replace(plan, digest=digest, paper_ids=ids, posts=tuple(posts))


def _with_abstracts(post: PlannedPost) -> PlannedPost:
    if not isinstance(post.content, DigestPart):
        return post
    return replace(post, content=replace(post.content, abstracts=True))


def _posts(digest: Digest, shown: Sequence[str], *, hidden: Sequence[str], per_message: int) -> list[PlannedPost]:
    threaded = digest.style is Style.THREADS
    groups = [shown[start : start + per_message] for start in range(0, len(shown), per_message)]
    posts = []
    for number, group in enumerate(groups, 1):
        part = DigestPart(paper_ids=tuple(group), first=(number - 1) * per_message + 1, part=number, parts=len(groups))
        # What no message shows goes with the last part, which says how many there are.
        counted = tuple(hidden) if number == len(groups) else ()
        posts.append(PlannedPost(content=part, delivers=counted if threaded else (*group, *counted)))
    if threaded:
        posts += [
            PlannedPost(
                content=PaperReply(paper_id=paper_id, part=place // per_message + 1),
                delivers=(paper_id,),
                reply_to=place // per_message,
            )
            for place, paper_id in enumerate(shown)
        ]
    return posts


def _posts_apart(shown: Sequence[str], hidden: Sequence[str]) -> list[PlannedPost]:
    """A post for each paper, the first one last: where papers stand apart, the newest post stands on top."""
    count = len(shown)
    return [
        PlannedPost(
            content=DigestPart(paper_ids=(paper_id,), first=count - place, part=place + 1, parts=count, apart=True),
            delivers=(paper_id, *(hidden if place + 1 == count else ())),
        )
        for place, paper_id in enumerate(reversed(shown))
    ]


def digest_message(
    channel: Channel,
    digest: Digest,
    part: DigestPart,
    papers: Mapping[str, Paper],
    topics: Mapping[str, Sequence[str]],
    tallies: Mapping[str, Tally],
) -> Message:
    """One message of a digest. The first part has the header, the last one says what is not shown."""
    compact = digest.style is not Style.CARDS and not part.apart
    blocks: list[Block] = []
    if part.part == 1 and not part.apart:
        blocks += _header(digest)
    shown = [papers[paper_id] for paper_id in part.paper_ids if paper_id in papers]
    several = len(digest.topics) > 1
    blocks += [
        paper_card(
            paper,
            topics=topics.get(paper.id, ()) if several else (),
            tally=tallies.get(paper.id, NO_VOTES),
            abstract=part.abstracts and not compact,
            compact=compact,
        )
        for paper in shown
    ]
    if part.part == part.parts and digest.total > digest.shown:
        blocks.append(Buttons((Button(f"+{digest.total - digest.shown} more", f"more {digest.id}"),)))
    return Message(
        summary=_summary(digest, part, shown),
        blocks=tuple(blocks),
        mention=channel.settings.mention if part.part == 1 else "",
        topics=_topics_of(digest, part, topics),
        first=part.first if part.parts > 1 and not part.apart else 0,
    )


def _topics_of(digest: Digest, part: DigestPart, topics: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The topics of a part's papers; those of a digest with one topic are all of that one."""
    if len(digest.topics) <= 1:
        return digest.topics
    return tuple(dict.fromkeys(topic for paper_id in part.paper_ids for topic in topics.get(paper_id, ())))


def paper_message(
    channel: Channel,
    paper: Paper,
    topics: Sequence[str] = (),
    tally: Tally = NO_VOTES,
    *,
    digest: Digest | None = None,
    part: int = 1,
) -> Message:
    """A message about one paper: a reply in the thread of a part of the digest."""
    return Message(
        summary=title_of(paper),
        blocks=(paper_card(paper, topics=topics, tally=tally, abstract=channel.settings.abstracts),),
        topics=digest.topics if digest and len(digest.topics) == 1 else tuple(topics),
        thread=_headline(digest) + (f" ({part})" if part > 1 else "") if digest else "",
    )


def shared_message(paper: Paper, shared_by: str, tally: Tally = NO_VOTES) -> Message:
    """A paper that somebody shows to the channel."""
    return Message(
        summary=f"{shared_by} shared: {title_of(paper)}",
        blocks=(Note(text(bold(shared_by), " shared a paper")), paper_card(paper, tally=tally)),
    )


def _headline(digest: Digest) -> str:
    papers = count_of(digest.total, "older paper" if digest.kind is DigestKind.BACKFILL else "new paper")
    return f"{papers} · {day_in_words(digest.day)}"


def _header(digest: Digest) -> list[Block]:
    blocks: list[Block] = [Heading(_headline(digest))]
    if digest.topics:
        label = "Topic: " if len(digest.topics) == 1 else "Topics: "
        blocks.append(Note(text(label, shorten(" · ".join(digest.topics), LONGEST_TOPICS))))
    blocks.append(Divider())
    return blocks


def day_in_words(day: date) -> str:
    """`Friday, 27 November 2026`."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _summary(digest: Digest, part: DigestPart, shown: Sequence[Paper]) -> str:
    first = title_of(shown[0]) if shown else "papers"
    if part.apart:
        return first
    if part.part > 1:
        return f"Digest, part {part.part} of {part.parts}: {first}"
    others = digest.total - 1
    return f"{first} and {count_of(others, 'other paper')}" if others else first
