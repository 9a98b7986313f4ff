"""Panels: what stands beside a channel, for a platform that can show it."""

from __future__ import annotations

from bot.channels.channel import Channel
from bot.commands.papers.reading import MOST_SAVED, found_in_list
from bot.commands.services import Services
from bot.panels.drafts import Drafts
from bot.panels.health import ChannelHealth, channel_health
from bot.panels.saved import SavedPage, saved_page
from bot.panels.settings import SettingsForm, settings_form
from bot.panels.topics import TopicLine, topic_lines
from bot.panels.transfers import TransferPreview, transfer_preview
from bot.panels.welcome import Beginning, Offer, beginning, offers
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall
from bot.platforms.permissions import may_manage
from bot.topics.subscription import Subscription


class Panels:
    """Reads what panels show. All methods may raise `StorageError`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.drafts = Drafts(services)

    async def may_manage(self, call: CommandCall) -> bool:
        """Whether whoever asks may change the channel."""
        return await may_manage(call, self._services.channels)

    async def starters(self) -> list[Offer]:
        """Topics to begin with, and what each would bring."""
        return await offers(self._services)

    async def beginning(self, channel: Channel) -> Beginning:
        """How far the reading for a new channel has got."""
        return await beginning(self._services, channel)

    async def topics(self, channel: Channel) -> list[TopicLine]:
        return await topic_lines(self._services, channel)

    async def topic(self, channel: Channel, number: int) -> Subscription | None:
        """The channel's topic of that number."""
        topics = await self._services.subscriptions.of_channel(channel.id)
        return next((topic for topic in topics if topic.number == number), None)

    async def transfer(self, call: CommandCall, line: str, named: str) -> TransferPreview:
        """What a line that copies or moves topics would do; raises `UserError` where that is nothing."""
        return await transfer_preview(self._services, call, line, named)

    async def settings(self, channel: Channel) -> SettingsForm:
        return await settings_form(self._services, channel)

    async def saved(self, call: CommandCall, find: str, page: int) -> SavedPage:
        """A page of the list of whoever asks; raises `UserError` for a search that cannot be read."""
        return await saved_page(self._services, call, find, page)

    async def saved_papers(self, call: CommandCall, find: str) -> list[Paper]:
        """All papers on that list, or those that a query finds in it."""
        if find:
            return [entry.paper for entry in await found_in_list(self._services, call, find)]
        return [entry.paper for entry in await self._services.reading.saved(call.reader, limit=MOST_SAVED)]

    async def health(self, channel: Channel) -> ChannelHealth:
        return await channel_health(self._services, channel)
