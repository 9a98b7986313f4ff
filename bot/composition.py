"""Composition: what a post of the outbox says, written from the papers as they are at this moment."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels import Channel
from bot.digests import digest_message, paper_message, shared_message
from bot.messages import Message
from bot.papers import Paper
from bot.ports import Outgoing, Store
from bot.posts import Digest, DigestPart, PaperReply, Post, PostContent, SharedPaper


async def compose(store: Store, posts: Sequence[Post]) -> dict[int, tuple[Channel, Outgoing]]:
    """The channel and the message of each post, by the post's id.

    All posts are read for together: a digest to thousands of channels must not ask the database thousands of times.
    A post whose channel or digest is gone from the database has no message and is left out.
    """
    channels = await store.channels.get(sorted({post.channel_id for post in posts}))
    papers = await store.papers.papers(sorted({paper for post in posts for paper in _papers_of(post.content)}))
    digest_ids = sorted({post.digest_id for post in posts if post.digest_id is not None})
    digests = await store.digests.digests(digest_ids)
    topics = await store.digests.topics_of([digest_id for digest_id, digest in digests.items() if digest.topics[1:]])
    composed: dict[int, tuple[Channel, Outgoing]] = {}
    for post in posts:
        channel = channels.get(post.channel_id)
        digest = digests.get(post.digest_id) if post.digest_id is not None else None
        if channel is None:
            continue
        message = _message(channel, post, digest, papers, topics.get(post.digest_id or 0, {}))
        if message is not None:
            outgoing = Outgoing(address=channel.address, message=message, key=post.key, reply_to=post.parent_remote_id)
            composed[post.id] = channel, outgoing
    return composed


def _papers_of(content: PostContent) -> tuple[str, ...]:
    return content.paper_ids if isinstance(content, DigestPart) else (content.paper_id,)


def _message(
    channel: Channel,
    post: Post,
    digest: Digest | None,
    papers: dict[str, Paper],
    topics: dict[str, tuple[str, ...]],
) -> Message | None:
    match post.content:
        case DigestPart() as part:
            return digest_message(channel, digest, part, papers, topics) if digest else None
        case PaperReply(paper_id=paper_id):
            return paper_message(channel, papers[paper_id], topics.get(paper_id, ())) if paper_id in papers else None
        case SharedPaper(paper_id=paper_id, shared_by=person):
            return shared_message(papers[paper_id], person) if paper_id in papers else None
