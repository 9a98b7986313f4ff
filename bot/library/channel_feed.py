"""What a channel's feed says: its latest papers or digests, as cards without buttons and without names of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final, Protocol

from bot.channels.channel import Channel, Style
from bot.channels.channel_feed import ChannelFeed, ChannelFeedStore, FeedForm, key_of_secret
from bot.digests.cards import links_of, paper_card, title_of
from bot.digests.content import DigestPart
from bot.digests.digest import Digest
from bot.digests.messages import digest_message
from bot.messages.message import Block, Buttons, Heading, Note, PaperBlock, text
from bot.papers.paper import Paper
from bot.papers.store import PaperStore
from bot.ranking.order import Reason, ReasonKind
from bot.text.counting import count_of

MOST_ENTRIES: Final = 50
#: Of digests, which have up to fifty papers each.
MOST_PAPERS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredPaper:
    """A paper that was posted in a channel, and shown there. `id` stays, also when the paper gets another one."""

    id: int
    paper: Paper
    posted_at: datetime
    topics: tuple[str, ...]
    digest: Digest | None
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An entry. `name` stays as long as the entry does, and tells it from the others of its feed.

    `url` leads to the paper; a digest has none of its own, and `digest_id` is then its number.
    """

    name: str
    title: str
    posted_at: datetime
    blocks: tuple[Block, ...]
    url: str = ""
    digest_id: int | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class DeliveredPapers(Protocol):
    """Where it is read what channels were sent."""

    async def delivered(self, channel_id: int, limit: int) -> list[DeliveredPaper]:
        """The latest papers that were posted in that channel and shown there, those of a digest in its order."""
        ...


class ChannelFeeds:
    """Reads feeds of channels. All methods may raise `bot.errors.StorageError`."""

    def __init__(self, feeds: ChannelFeedStore, delivered: DeliveredPapers, papers: PaperStore) -> None:
        self._feeds = feeds
        self._delivered = delivered
        self._papers = papers

    async def find(self, secret: str) -> ChannelFeed | None:
        """The feed at the address of that secret, None where there is none any more."""
        return await self._feeds.behind(key_of_secret(secret))

    async def entries(self, feed: ChannelFeed) -> list[FeedEntry]:
        """The latest `MOST_ENTRIES`, the newest first."""
        whole = feed.form is FeedForm.DIGESTS
        delivered = await self._delivered.delivered(feed.channel.id, MOST_PAPERS if whole else MOST_ENTRIES)
        liked = await self._papers.papers(
            sorted({one.reason.about for one in delivered if one.reason and one.reason.kind is ReasonKind.LIKED})
        )
        if not whole:
            return [_entry_of_paper(one, liked) for one in delivered]
        digests = [list(papers) for _, papers in groupby(delivered, key=lambda one: one.digest and one.digest.id)]
        if len(delivered) == MOST_PAPERS and len(digests) > 1:
            digests.pop()  # some of its papers are missing
        return [_entry_of_digest(feed.channel, papers, liked) for papers in digests[:MOST_ENTRIES]]


def _entry_of_paper(one: DeliveredPaper, liked: Mapping[str, Paper]) -> FeedEntry:
    paper = one.paper
    card = paper_card(
        paper, topics=one.topics, abstract=True, votes=False, delivered=False, reason=one.reason, liked=liked
    )
    return FeedEntry(
        name=f"papers/{one.id}",
        title=title_of(paper),
        posted_at=one.posted_at,
        blocks=(replace(card, menu=(), opens=None, links=links_of(paper)),),
        url=paper.url,
        authors=tuple(name.written for name in paper.authors),
        categories=paper.categories,
        topics=one.topics,
    )


def _entry_of_digest(channel: Channel, papers: Sequence[DeliveredPaper], liked: Mapping[str, Paper]) -> FeedEntry:
    digest = papers[0].digest
    if digest is None:  # what was posted outside of any digest
        return _entry_of_paper(papers[0], liked)
    # What comes as replies, or in messages of its own, has room here.
    style = Style.CARDS if digest.style is Style.THREADS else digest.style
    part = DigestPart(
        paper_ids=tuple(one.paper.id for one in papers),
        first=1,
        part=1,
        parts=1,
        abstracts=channel.settings.abstracts,
        reasons=tuple(one.reason for one in papers),
    )
    known = {**liked, **{one.paper.id: one.paper for one in papers}}
    topics = {one.paper.id: one.topics for one in papers}
    message = digest_message(channel, replace(digest, style=style), part, known, topics, {})
    return FeedEntry(
        name=f"digests/{digest.id}",
        title=next((block.text for block in message.blocks if isinstance(block, Heading)), message.summary),
        posted_at=max(one.posted_at for one in papers),
        blocks=tuple(_without_controls(message.blocks, digest)),
        digest_id=digest.id,
        topics=digest.topics,
    )


def _without_controls(blocks: Iterable[Block], digest: Digest) -> Iterable[Block]:
    for block in blocks:
        match block:
            case Heading():
                continue
            case Buttons():
                yield Note(text(f"… and {count_of(digest.total - digest.shown, 'more paper')}, counted only."))
            case PaperBlock():
                yield replace(block, thumbs=None, menu=(), opens=None)
            case _:
                yield block
