"""Mentions as each platform writes them: they can be read where that platform is not connected."""

from __future__ import annotations

from adapters.web.platform import parse_mention as parse_web_mention
from bot.channels.channel import PlatformName
from bot.topic_files.planning import ParseMention


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
