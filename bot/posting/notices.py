"""Notices: what whoever set up a channel's topics is told, once, when something cannot be posted there."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog

from bot.channels.channel import Channel, PlatformName
from bot.channels.store import ChannelStore
from bot.messages.message import Items, Message, PaperBlock, Paragraph, Span, bold, code, text
from bot.platforms.outcomes import Gone, GoneScope
from bot.platforms.platform import Platform
from bot.text.counting import count_of
from bot.topics.store import SubscriptionStore

TELL_TIMEOUT = 30.0  # seconds
CHANNELS_NAMED = 5
PAPERS_NAMED = 10

_log = structlog.get_logger()


class Notices:
    """Stops what a platform refuses, and tells people."""

    def __init__(
        self,
        *,
        channels: ChannelStore,
        subscriptions: SubscriptionStore,
        platforms: Mapping[PlatformName, Platform],
    ) -> None:
        self._channels = channels
        self._subscriptions = subscriptions
        self._platforms = platforms

    async def stop(self, refused: Channel, gone: Gone) -> None:
        """Stops the channel, or its whole workspace, and tells each of those who set up topics there, once."""
        whole = gone.scope is GoneScope.WORKSPACE
        by_owner: defaultdict[str, list[Channel]] = defaultdict(list)
        for channel in await self._channels.break_channels(refused.address, gone.reason, whole_workspace=whole):
            _log.error("channel.broken", channel=str(channel.address), reason=gone.reason, detail=gone.detail)
            if channel.person:
                continue  # nothing reaches them; they are told where they give their next command
            if owner := await self._subscriptions.owner(channel.id):
                by_owner[owner].append(channel)
        for owner, theirs in by_owner.items():
            # The one that was refused first: it is the one that they will look at.
            theirs.sort(key=lambda channel: (channel.id != refused.id, channel.name))
            await self._tell(theirs[0], owner, _stopped(theirs, gone.reason))

    async def rejected(self, channel: Channel, message: Message, reason: str) -> None:
        """Tells which papers the channel did not get."""
        if owner := await self._subscriptions.owner(channel.id):
            await self._tell(channel, owner, _not_taken(channel, message, reason))

    async def _tell(self, channel: Channel, person: str, message: Message) -> None:
        try:
            async with asyncio.timeout(TELL_TIMEOUT):
                told = await self._platforms[channel.address.platform].tell(channel.address, person, message)
        except TimeoutError:
            told = False
        _log.info("channel.owner_told", channel=str(channel.address), told=told)


def _stopped(channels: Sequence[Channel], reason: str) -> Message:
    first, *others = channels
    names: list[str | Span] = [bold(first.full_name)]
    for other in others[: CHANNELS_NAMED - 1]:
        names += [", ", bold(other.shown_name)]
    if rest := len(others) - (CHANNELS_NAMED - 1):
        names += [f" and {count_of(rest, 'more channel')}"] if rest > 0 else []
    where = "there" if not others else "in each of them"
    sentence = text(
        "I cannot post in ",
        *names,
        f" any more: {reason} The papers wait; say ",
        code("/papers resume"),
        f" {where} once it is fixed.",
    )
    return Message(summary=f"I cannot post in {first.full_name} any more", blocks=(Paragraph(sentence),))


def _not_taken(channel: Channel, message: Message, reason: str) -> Message:
    papers = [block for block in message.blocks if isinstance(block, PaperBlock)]
    sentence = text(
        bold(channel.full_name),
        f" did not get {'these papers' if len(papers) > 1 else 'this paper'}: {reason} I will not try again.",
    )
    lines = [text(Span(paper.title, url=paper.url)) for paper in papers[:PAPERS_NAMED]]
    if rest := len(papers) - len(lines):
        lines.append(text(f"and {rest} more"))
    return Message(
        summary=f"{channel.full_name} did not get {count_of(len(papers), 'paper')}",
        blocks=(Paragraph(sentence), Items(tuple(lines))) if lines else (Paragraph(sentence),),
    )
