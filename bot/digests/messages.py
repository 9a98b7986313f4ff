"""How a digest reads: the neutral messages of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from bot.channels.channel import Channel, Style
from bot.digests.cards import NO_VOTES, Cards, paper_card, title_of
from bot.digests.content import DigestPart
from bot.digests.digest import Digest, DigestKind
from bot.messages.message import Block, Button, Buttons, Divider, Heading, Message, Note, PersonMention, bold, text
from bot.papers.paper import Paper
from bot.ranking.order import Reason
from bot.reading.votes import Tally
from bot.text.counting import count_of
from bot.text.shortening import shorten

CARDS_IN_BRIEF = 5
#: Characters of a title that a notification leaves room for.
LONGEST_NOTIFIED = 90
LONGEST_TOPICS = 200  # characters of the line that names the topics
NOBODY: Mapping[str, Sequence[PersonMention]] = MappingProxyType({})


def digest_message(
    channel: Channel,
    digest: Digest,
    part: DigestPart,
    papers: Mapping[str, Paper],
    topics: Mapping[str, Sequence[str]],
    tallies: Mapping[str, Tally],
    people: Mapping[str, Sequence[PersonMention]] = NOBODY,
    *,
    cards: Cards | None = None,
) -> Message:
    """One message of a digest. The first part has the header, the last one says what is not shown.

    `cards` are those of the `papers`, where several messages are made of them.
    """
    made = cards or Cards(papers)
    blocks: list[Block] = []
    if part.part == 1 and not part.apart:
        blocks += _header(digest)
    # Two of them may have turned out to be one.
    shown = [papers[paper_id] for paper_id in dict.fromkeys(part.paper_ids) if paper_id in papers]
    several = len(digest.topics) > 1
    reasons = dict(zip(part.paper_ids, part.reasons, strict=False))
    pings = digest.style is not Style.THREADS  # there the reply about a paper does, once
    named = {paper.id: [replace(one, ping=one.ping and pings) for one in people.get(paper.id, ())] for paper in shown}
    number = None if part.apart else _cards_of(digest.style)
    blocks += [
        made.card(
            paper,
            topics=topics.get(paper.id, ()) if several else (),
            tally=tallies.get(paper.id, NO_VOTES),
            abstract=part.abstracts and (part.apart or digest.style is Style.CARDS),
            reason=reasons.get(paper.id),
            people=named.get(paper.id, ()),
        )
        for paper in shown[:number]
    ]
    lines = shown[number:] if number is not None else []
    blocks += [
        made.line(paper, topics=topics.get(paper.id, ()) if several else (), people=named.get(paper.id, ()))
        for paper in lines
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


def _cards_of(style: Style) -> int | None:
    """How many papers of a message are cards; None is all."""
    match style:
        case Style.BRIEF:
            return CARDS_IN_BRIEF
        case Style.CARDS:
            return None
        case _:
            return 0


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
    reason: Reason | None = None,
    liked: Mapping[str, Paper] | None = None,
    people: Sequence[PersonMention] = (),
) -> Message:
    """A message about one paper: a reply in the thread of a part of the digest."""
    return Message(
        summary=title_of(paper),
        blocks=(
            paper_card(
                paper,
                topics=topics,
                tally=tally,
                abstract=channel.settings.abstracts,
                reason=reason,
                liked=liked,
                people=people,
            ),
        ),
        topics=digest.topics if digest and len(digest.topics) == 1 else tuple(topics),
        thread=_headline(digest) + (f" ({part})" if part > 1 else "") if digest else "",
    )


def shared_message(paper: Paper, shared_by: str, tally: Tally = NO_VOTES) -> Message:
    """A paper that somebody shows to the channel."""
    return Message(
        summary=f"{shared_by} shared: {title_of(paper)}",
        blocks=(Note(text(bold(shared_by), " shared a paper")), paper_card(paper, tally=tally)),
    )


def change_message(words: str) -> Message:
    """Who changed what, in small print that notifies nobody."""
    return Message(summary=words, blocks=(Note(text(words)),))


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


@lru_cache(64)
def day_in_words(day: date) -> str:
    """`Friday, 27 November 2026`."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _summary(digest: Digest, part: DigestPart, shown: Sequence[Paper]) -> str:
    if not shown:
        return _headline(digest)
    first = title_of(shown[0])
    if part.apart:
        return first
    if part.part > 1:
        return f"Digest, part {part.part} of {part.parts}: {first}"
    others = digest.total - 1
    return f"{shorten(first, LONGEST_NOTIFIED)} and {count_of(others, 'other paper')}" if others else first
