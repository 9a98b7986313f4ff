"""Forms: what a dialogue starts with that changes a topic or a channel."""

from __future__ import annotations

from bot.channels import Address, Channel
from bot.ports import CommandCall, Store, TopicOptions


class Forms:
    """Reads what is there now; what a form says is then done by the commands themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def topic_of(self, address: Address, number: int) -> TopicOptions | None:
        """The topic with that number in a channel."""
        channel = await self.channel_at(address)
        topics = await self._store.subscriptions.of_channel(channel.id) if channel else []
        return next(
            (
                TopicOptions(query=topic.query, name=topic.name, min_upvotes=topic.min_upvotes, instant=topic.instant)
                for topic in topics
                if topic.number == number
            ),
            None,
        )

    async def may_manage(self, call: CommandCall) -> bool:
        """Whether the person may change what the form is about."""
        return call.person.manages_with(await self._store.channels.role(call.address))

    async def channel_at(self, address: Address) -> Channel | None:
        """The channel, None where nobody has set anything up."""
        return await self._store.channels.find(address)
