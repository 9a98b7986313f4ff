"""The life of channels, told to the store: what the core does when Slack says that a channel closed or reopened."""

from __future__ import annotations

from bot.channels import Address, ChannelState
from bot.directory import Directory
from bot.messages import Message, Paragraph, code, text
from bot.planning import next_for
from bot.ports import Clock, Store


class StoredLife:
    """Implements `adapters.slack.happenings.ChannelLife`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._directory = Directory(store, clock)

    async def reachable(self, address: Address, name: str) -> Message | None:
        channel = await self._directory.find(address)
        if channel is None:
            hello = text("I post papers on topics that you choose: ", code("/papers subscribe QUERY"))
            return Message(summary="Paper Round is here", blocks=(Paragraph(hello),))
        if channel.state is not ChannelState.BROKEN:
            return None
        await self._store.channels.resume(channel.id, next_digest_at=next_for(channel, self._clock.now()))
        return Message(summary="Posting goes on", blocks=(Paragraph(text("Posting goes on.")),))

    async def lost(self, address: Address, reason: str) -> None:
        await self._store.channels.break_channels(address, reason, whole_workspace=False)

    async def workspace_lost(self, address: Address, reason: str) -> None:
        await self._store.channels.break_channels(address, reason, whole_workspace=True)

    async def renamed(self, address: Address, name: str) -> None:
        if await self._directory.find(address) is not None:
            await self._directory.add_channel(address, name)
