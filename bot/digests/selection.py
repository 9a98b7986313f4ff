"""Digests: which papers a channel gets at one time, in which messages, and how those read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.channels.channel import Channel, Style
from bot.digests.content import DigestPart, PaperReply
from bot.digests.digest import Digest, DigestKind, DigestPlan, PlannedPost, QueuedPaper
from bot.papers.paper import Paper


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
