"""The lifecycle of channels: what becomes of them on their platform, as far as platforms tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from bot.channels.channel import Address, Channel, ChannelState
from bot.channels.directory import Directory
from bot.channels.next_digest import next_for
from bot.channels.personal import PersonalChannelStore
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.messages.message import Items, Message, Paragraph, code, text
from bot.topics.forms import line_of
from bot.topics.store import SubscriptionStore, TopicOptions
from bot.topics.subscription import Subscription

_log = structlog.get_logger()

#: Why a channel's old id is stopped. Nothing can be posted under it, and its topics are not those of the new one.
_LEFT_BEHIND = "The channel has another id now, and was set up anew under it."


class ChannelLifecycle:
    """Keeps stored channels in line with what platforms tell. Everything may be told twice, or not at all.

    Nothing depends on it: a channel that is lost is noticed with the next post as well. But that somebody can be
    posted to again is otherwise only learnt from `/papers resume`.
    """

    def __init__(
        self,
        *,
        channels: ChannelStore,
        personal_channels: PersonalChannelStore,
        subscriptions: SubscriptionStore,
        directory: Directory,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._channels = channels
        self._personal_channels = personal_channels
        self._subscriptions = subscriptions
        self._directory = directory
        self._clock = clock
        self._wake = wake

    async def reachable(self, address: Address, name: str) -> Message | None:
        """The bot can post there, maybe again; returns what to say there, if anything."""
        channel = await self._directory.find(address)
        if channel is None:
            return _welcome()
        await self._channels.join_workspace(address)
        await self.renamed(address, name)
        return _back() if await self._resume(channel) else None

    async def _resume(self, channel: Channel) -> bool:
        """Lets a channel go on that the platform had refused; whether it had."""
        if channel.state is not ChannelState.BROKEN:
            return False
        now = self._clock.now()
        resumed = await self._channels.resume(channel.id, lambda current: next_for(current, now))
        self._wake()
        _log.info("channel.reachable", channel=str(channel.address), resumed=resumed)
        return resumed

    async def lost(self, address: Address, reason: str) -> None:
        """Nothing can be posted there until somebody acts. `reason` is a sentence for people."""
        if await self._channels.break_channels(address, reason, whole_workspace=False):
            _log.warning("channel.lost", channel=str(address), reason=reason)

    async def workspace_lost(self, address: Address, reason: str) -> None:
        """Nothing can be posted in the whole workspace of that address."""
        await self._channels.break_channels(address, reason, whole_workspace=True)
        _log.info("workspace.lost", workspace=address.workspace, reason=reason)

    async def workspace_works(self, address: Address) -> None:
        """The platform takes our word for that workspace, maybe again: what stopped all of it at once is over."""
        now = self._clock.now()
        stopped = await self._channels.stopped_with_workspace(address)
        if stopped:
            await self._channels.resume_all([one.id for one in stopped], lambda current: next_for(current, now))
            self._wake()
            _log.info("workspace.works", workspace=address.workspace, channels=len(stopped))

    async def workspace_left(self, address: Address, reason: str) -> None:
        """The bot was removed from that workspace: what is stored of it waits for a while, in case it is invited again.

        Not for an outage, nor for a token that is refused: those are `workspace_lost`.
        """
        await self._channels.leave_workspace(address, reason, self._clock.now())
        _log.warning("workspace.left", workspace=address.workspace, reason=reason)

    async def workspace_joined(self, address: Address, name: str) -> None:
        """The bot is in that workspace, maybe again, and people call it so. Its channels are told of one by one."""
        await self._channels.join_workspace(address, name)
        _log.info("workspace.joined", workspace=address.workspace)

    async def renamed(self, address: Address, name: str) -> None:
        """A channel that we know has this name now."""
        if name and await self._directory.find(address):
            await self._directory.add_channel(address, name)

    async def moved(self, address: Address, channel: str) -> Message | None:
        """The channel of that address has another id on its platform now: everything that it has goes with it.

        Returns what to say there, if anything: where somebody has begun anew under the new id, people must choose.
        """
        if await self._channels.move(address, channel):
            _log.info("channel.moved", channel=str(address), to=channel)
            moved = await self._directory.find(replace(address, channel=channel))
            if moved is not None:
                # A post may have been refused under the old id meanwhile.
                await self._resume(moved)
            return None
        old = await self._directory.find(address)
        if old is None or old.reason == _LEFT_BEHIND:
            return None
        await self._channels.break_channels(address, _LEFT_BEHIND, whole_workspace=False, even_paused=True)
        topics = await self._subscriptions.of_channel(old.id)
        _log.warning("channel.not_moved", channel=str(address), to=channel, topics=len(topics))
        return _topics_of_before(topics) if topics else None

    async def person_left(self, address: Address, person: str) -> None:
        """Somebody reads the channel of that address no more. What they wanted of it comes to them alone now."""
        channel = await self._directory.find(address)
        own = await self._personal_channels.find(address.platform, address.workspace, person)
        if channel is not None and own is not None and own.channel.id != channel.id:
            topics = await self._personal_channels.leave(own.channel.id, channel.id)
            _log.info("person.left_channel", channel=str(address), topics=topics)

    async def person_gone(self, address: Address, person: str, reason: str) -> None:
        """Somebody is not in the workspace of that address any more: their topics go at once, the rest later."""
        own = await self._personal_channels.find(address.platform, address.workspace, person)
        if own is not None:
            topics = await self._subscriptions.remove_all(own.channel.id, self._clock.now())
            await self._channels.break_channels(own.channel.address, reason, whole_workspace=False)
            _log.info("person.gone", channel=str(own.channel.address), topics=topics)

    async def is_known(self, address: Address) -> bool:
        """Whether anything was ever set up there."""
        return await self._directory.find(address) is not None


def _topics_of_before(topics: Sequence[Subscription]) -> Message:
    sentence = (
        "This channel has another id now, and was set up anew under it. These topics of before bring nothing any more; "
        "say again those that you miss:"
    )
    lines = (
        line_of(
            TopicOptions(query=topic.query, name=topic.name, instant=topic.instant),
            min_upvotes=str(topic.min_upvotes or ""),
        )
        for topic in topics
    )
    items = Items(tuple(text(code(f"/papers {line}")) for line in lines))
    return Message(summary="Topics of before", blocks=(Paragraph(text(sentence)), items))


def _welcome() -> Message:
    sentence = text(
        "Thank you for inviting me. ",
        code("/papers subscribe diffusion distillation"),
        " brings the papers on that to this channel; ",
        code("/papers help"),
        " shows what else I can do.",
    )
    return Message(summary="Paper Round is here", blocks=(Paragraph(sentence),))


def _back() -> Message:
    return Message(summary="Posting goes on", blocks=(Paragraph(text("Posting goes on.")),))
