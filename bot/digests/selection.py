"""Digests: which papers a channel gets at one time, in which order, and in which messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.channels.channel import Channel, Order, Style
from bot.digests.content import DigestPart, PaperReply
from bot.digests.digest import Digest, DigestKind, DigestPlan, PlannedPost, QueuedPaper
from bot.ranking.order import Candidate, Reason, ranked, reason_for
from bot.ranking.taste import NO_TASTE, Taste


def plan_digest(
    channel: Channel,
    papers: Sequence[QueuedPaper],
    *,
    kind: DigestKind,
    day: date,
    per_message: int,
    next_digest_at: datetime | None,
    apart: bool = False,
    taste: Taste = NO_TASTE,
) -> DigestPlan:
    """The digest of these papers for a channel; without papers, only the channel's next time.

    They stand in the order that the channel chose, `taste` is what its votes have taught. At most `limit` papers are
    shown, and of a brief digest as many as one message takes; the others are counted, can be asked for, and are done
    with all the same.
    `per_message` is how many papers surely fit into one of the platform's messages; `apart` gives each one of its own.
    """
    plan = DigestPlan(
        channel_id=channel.id, expected_next=channel.next_digest_at, next_digest_at=next_digest_at, posts=()
    )
    if not papers:
        return plan
    order, limit = channel.settings.order, channel.settings.limit
    ordered = ranked([Candidate(queued.paper, queued.queries, queued.models) for queued in papers], order, taste, day)
    topics = {queued.paper.id: queued.topics for queued in papers}
    ids = tuple(one.paper.id for one in ordered)
    if channel.settings.style is Style.BRIEF and not apart:
        limit = min(limit, per_message)
    shown = ids[:limit]
    reasons = {one.paper.id: reason_for(one, taste) for one in ordered[:limit]}
    digest = Digest(
        channel_id=channel.id,
        kind=kind,
        day=day,
        style=channel.settings.style,
        topics=tuple(dict.fromkeys(topic for paper_id in ids for topic in topics[paper_id])),
        total=len(ids),
        shown=len(shown),
    )
    hidden = ids[len(shown) :]
    posts = _posts_apart(shown, hidden) if apart else _posts(digest, shown, hidden=hidden, per_message=per_message)
    posts = [_with_reasons(post, reasons, abstracts=channel.settings.abstracts) for post in posts]
    points = tuple(one.points for one in ordered) if order is Order.FIT else ()
    return replace(plan, digest=digest, paper_ids=ids, points=points, posts=tuple(posts))


def _with_reasons(post: PlannedPost, reasons: Mapping[str, Reason | None], *, abstracts: bool) -> PlannedPost:
    match post.content:
        case DigestPart(paper_ids=paper_ids) as part:
            found = tuple(reasons[paper_id] for paper_id in paper_ids)
            return replace(post, content=replace(part, abstracts=abstracts, reasons=found if any(found) else ()))
        case PaperReply(paper_id=paper_id) as reply:
            return replace(post, content=replace(reply, reason=reasons[paper_id]))
        case _:
            return post


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
