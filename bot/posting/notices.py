"""Notices: what whoever set up a channel's topics is told, once, when something cannot be posted there."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog

from bot.channels.channel import Channel, PlatformName
from bot.channels.store import ChannelStore
from bot.mail.recipients import Recipient, RecipientStore
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
        recipients: RecipientStore,
    ) -> None:
        self._recipients = recipients
        self._channels = channels
        self._subscriptions = subscriptions
        self._platforms = platforms

    async def stop(self, refused: Channel, gone: Gone) -> None:
        """Stops the channel, or its whole workspace, and tells each of those who set up topics there, once."""
        whole = gone.scope is GoneScope.WORKSPACE
        stopped = await self._channels.break_channels(refused.address, gone.reason, whole_workspace=whole)
        await self.tell_stopped(refused, gone, stopped)

    async def tell_stopped(self, refused: Channel, gone: Gone, channels: Sequence[Channel]) -> None:
        """Tells each of those who set up topics in channels that were stopped because one of them is refused, once."""
        by_owner: defaultdict[str, list[Channel]] = defaultdict(list)
        mails: list[Channel] = []
        for channel in channels:
            _log.error("channel.broken", channel=str(channel.address), reason=gone.reason, detail=gone.detail)
            if channel.person:
                continue  # nothing reaches them; they are told where they give their next command
            if channel.follows is not None:
                mails.append(channel)
                continue
            if owner := await self._subscriptions.owner(channel.id):
                by_owner[owner].append(channel)
        for owner, theirs in by_owner.items():
            # The one that was refused first: it is the one that they will look at.
            theirs.sort(key=lambda channel: (channel.id != refused.id, channel.name))
            await self._tell(theirs[0], owner, _stopped(theirs, gone.reason))
        await self._mail_stopped(mails, gone.reason)

    async def _mail_stopped(self, mails: Sequence[Channel], reason: str) -> None:
        """Tells each of those who added these addresses, once, on the platform of the channel that they follow."""
        if not mails:
            return
        recipients = await self._recipients.of_channels([channel.id for channel in mails])
        followed = await self._channels.get(sorted({recipient.follows for recipient in recipients.values()}))
        by_owner: defaultdict[tuple[int, str], list[Recipient]] = defaultdict(list)
        for recipient in recipients.values():
            by_owner[recipient.follows, recipient.added_by].append(recipient)
        for (channel_id, owner), theirs in sorted(by_owner.items()):
            channel = followed.get(channel_id)
            if channel is not None and channel.address.platform in self._platforms:
                await self._tell(channel, owner, _mail_refused(channel, theirs, reason))

    async def rejected(self, channel: Channel, message: Message, reason: str) -> None:
        """Tells which papers the channel did not get."""
        if channel.follows is not None:
            _log.warning("mail.rejected", channel=str(channel.address), reason=reason)
            return
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


def _mail_refused(channel: Channel, recipients: Sequence[Recipient], reason: str) -> Message:
    shown = [recipient.email for recipient in recipients[:CHANNELS_NAMED]]
    rest = len(recipients) - len(shown)
    names = ", ".join(shown) + (f" and {count_of(rest, 'more address')}" if rest else "")
    sentence = text(
        "Mail to ",
        bold(names),
        f" stopped: {reason} The papers of ",
        bold(channel.full_name),
        " wait; ",
        code("/papers email resume ADDRESS"),
        " there sends them on, once it is fixed.",
    )
    return Message(summary=f"Mail to {names} stopped", blocks=(Paragraph(sentence),))


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
