"""Composition: what a post of the outbox says, written from the papers as they are at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from bot.channels.channel import Channel
from bot.channels.personal import PersonalChannelStore
from bot.channels.store import ChannelStore
from bot.digests.cards import NO_VOTES, Cards, links_of
from bot.digests.content import ChangeNotice, DigestPart, MailQuestion, PaperReply, PostContent, SharedPaper
from bot.digests.digest import Digest
from bot.digests.messages import change_message, digest_message, paper_message, shared_message
from bot.digests.store import DigestStore
from bot.errors import StorageError
from bot.mail.links import MailLinks
from bot.mail.messages import question_message
from bot.mail.recipients import RecipientStore
from bot.messages.message import Message, PaperBlock, PersonMention
from bot.papers.paper import Paper
from bot.papers.store import PaperStore
from bot.platforms.outcomes import Outgoing
from bot.posting.post import Post
from bot.ranking.order import Reason, ReasonKind
from bot.reading.store import ReadingStore
from bot.reading.votes import Tally

AT_ONCE = 5  # messages that are written without a pause

_log = structlog.get_logger()


class Composer:
    """Writes what posts say, from everything that is stored about it."""

    def __init__(
        self,
        *,
        channels: ChannelStore,
        papers: PaperStore,
        reading: ReadingStore,
        digests: DigestStore,
        personal_channels: PersonalChannelStore,
        recipients: RecipientStore,
        mail_links: MailLinks | None = None,
    ) -> None:
        """`mail_links` are made where mail can be sent."""
        self._recipients = recipients
        self._mail_links = mail_links
        self._personal_channels = personal_channels
        self._channels = channels
        self._papers = papers
        self._reading = reading
        self._digests = digests

    async def compose(self, posts: Sequence[Post]) -> dict[int, tuple[Channel, Outgoing]]:
        """The channel and the message of each post, by the post's id.

        All posts are read for together: a digest to thousands of channels must not ask the database thousands of times.
        A post whose channel or digest is gone from the database has no message and is left out.
        """
        channels = await self._channels.get(sorted({post.channel_id for post in posts}))
        paper_ids = sorted({paper for post in posts for paper in _papers_of(post.content)})
        liked = {
            reason.about for post in posts for reason in _reasons_of(post.content) if reason.kind is ReasonKind.LIKED
        }
        papers = await self._papers.papers(sorted({*paper_ids, *liked}))
        # A paper may have got another id since.
        posts = [replace(post, content=_as_known_now(post.content, papers)) for post in posts]
        papers |= {paper.id: paper for paper in papers.values()}
        paper_ids = sorted({paper.id for paper in papers.values()})
        votes = await self._reading.tallies(sorted(channels), paper_ids)
        people = await self._personal_channels.people_for(sorted(channels), paper_ids)
        digest_ids = sorted({post.digest_id for post in posts if post.digest_id is not None})
        digests = await self._digests.digests(digest_ids)
        topics = await self._digests.topics_of(
            [digest_id for digest_id, digest in digests.items() if digest.topics[1:]], shown=True
        )
        questions = await self._questions(posts)
        composed: dict[int, tuple[Channel, Outgoing]] = {}
        cards = Cards(papers)
        for number, post in enumerate(posts, 1):
            if not number % AT_ONCE:
                await asyncio.sleep(0)  # whoever else is ready comes in between
            channel = channels.get(post.channel_id)
            digest = digests.get(post.digest_id) if post.digest_id is not None else None
            if channel is None:
                continue
            tallies = {
                paper_id: votes[channel.id, paper_id]
                for paper_id in _papers_of(post.content)
                if (channel.id, paper_id) in votes
            }
            for_whom = {
                paper_id: people[channel.id, paper_id]
                for paper_id in _papers_of(post.content)
                if (channel.id, paper_id) in people
            }
            named = topics.get(post.digest_id or 0, {})
            message = questions.get(post.id) or _message(channel, post, digest, papers, named, tallies, for_whom, cards)
            if message is not None and channel.follows is not None:
                message = _with_links(message, papers)
            if message is not None:
                outgoing = Outgoing(
                    address=channel.address, message=message, key=post.key, reply_to=post.parent_remote_id
                )
                composed[post.id] = channel, outgoing
        return composed

    async def compose_each(self, posts: Sequence[Post]) -> tuple[dict[int, tuple[Channel, Outgoing]], frozenset[int]]:
        """As `compose`, and the ids of the posts that a defect keeps from being written: it stays with these."""
        try:
            return await self.compose(posts), frozenset()
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other posts have nothing to do with it
            if len(posts) == 1:
                _log.error("post.not_written", post=posts[0].id, exc_info=error)
                return {}, frozenset({posts[0].id})
        composed: dict[int, tuple[Channel, Outgoing]] = {}
        unwritten: set[int] = set()
        for post in posts:
            one, its_own = await self.compose_each([post])
            composed |= one
            unwritten |= its_own
        return composed, frozenset(unwritten)

    async def _questions(self, posts: Sequence[Post]) -> dict[int, Message]:
        """What posts say that ask whether an address wants mail, by their ids."""
        asking = [post for post in posts if isinstance(post.content, MailQuestion)]
        if not asking or self._mail_links is None:
            return {}
        recipients = await self._recipients.of_channels([post.channel_id for post in asking])
        return {
            post.id: question_message(recipients[post.channel_id], self._mail_links)
            for post in asking
            if post.channel_id in recipients
        }


def _with_links(message: Message, papers: Mapping[str, Paper]) -> Message:
    """The message with all places to go to: whoever reads it elsewhere has no buttons that lead there."""
    blocks = (
        replace(block, links=links_of(papers[block.paper_id]))
        if isinstance(block, PaperBlock) and block.paper_id in papers
        else block
        for block in message.blocks
    )
    return replace(message, blocks=tuple(blocks))


def _papers_of(content: PostContent) -> tuple[str, ...]:
    if isinstance(content, ChangeNotice | MailQuestion):
        return ()
    return content.paper_ids if isinstance(content, DigestPart) else (content.paper_id,)


def _as_known_now(content: PostContent, papers: Mapping[str, Paper]) -> PostContent:
    """What a post says with the ids that papers have now."""
    match content:
        case ChangeNotice() | MailQuestion():
            return content
        case DigestPart(paper_ids=paper_ids):
            return replace(content, paper_ids=tuple(papers[one].id if one in papers else one for one in paper_ids))
        case PaperReply(paper_id=paper_id) | SharedPaper(paper_id=paper_id):
            return replace(content, paper_id=papers[paper_id].id if paper_id in papers else paper_id)


def _reasons_of(content: PostContent) -> list[Reason]:
    match content:
        case DigestPart(reasons=reasons):
            return [reason for reason in reasons if reason]
        case PaperReply(reason=Reason() as reason):
            return [reason]
        case _:
            return []


def _message(
    channel: Channel,
    post: Post,
    digest: Digest | None,
    papers: dict[str, Paper],
    topics: dict[str, tuple[str, ...]],
    tallies: dict[str, Tally],
    people: dict[str, tuple[PersonMention, ...]],
    cards: Cards,
) -> Message | None:
    if isinstance(post.content, MailQuestion):
        return None
    if isinstance(post.content, ChangeNotice):
        return change_message(post.content.words)
    if isinstance(post.content, DigestPart):
        if digest is None:
            return None
        return digest_message(channel, digest, post.content, papers, topics, tallies, people, cards=cards)
    paper = papers.get(post.content.paper_id)
    if paper is None:
        return None
    tally = tallies.get(paper.id, NO_VOTES)
    if isinstance(post.content, PaperReply):
        return paper_message(
            channel,
            paper,
            topics.get(paper.id, ()),
            tally,
            digest=digest,
            part=post.content.part,
            reason=post.content.reason,
            liked=papers,
            people=people.get(paper.id, ()),
        )
    return shared_message(paper, post.content.shared_by, tally)
