"""Files of topics, and the mentions in them as each platform writes them, whether or not it is connected."""

from __future__ import annotations

from adapters.web.platform import parse_mention as parse_web_mention
from bot.channels.channel import PlatformName
from bot.commands.services import Services
from bot.topic_files.files import TopicFiles
from bot.topic_files.planning import ParseMention
from storage.store import SqlStore


def topic_files_of(store: SqlStore, services: Services) -> TopicFiles:
    """What writes, compares and applies files of topics."""
    return TopicFiles(services, store.topic_files, mention_parsers())


def mention_parsers() -> ParseMention:
    """What reads whom a digest mentions, for every platform."""

    def slack(text: str) -> str:
        # The adapters of chats take long to load, and most runs never ask.
        from adapters.slack.messages.mentions import parse_mention

        return parse_mention(text)

    def discord(text: str) -> str:
        from adapters.discord.messages.mentions import parse_mention

        return parse_mention(text)

    return {PlatformName.SLACK: slack, PlatformName.DISCORD: discord, PlatformName.WEB: parse_web_mention}
