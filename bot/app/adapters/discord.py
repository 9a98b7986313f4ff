"""Discord's part of the bot, made in two steps like Slack's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.app.adapters.chat import ChatDependencies
from bot.app.configuration.settings import Settings
from bot.clocks import Clock
from bot.commands.runner import REGISTRY
from bot.commands.talk import Talk
from bot.platforms.access import Access

if TYPE_CHECKING:  # Discord's library takes most of a second to load, and many runs do not need it.
    from adapters.discord.bot import DiscordBot
    from adapters.discord.platform import DiscordPlatform


def discord_platform(settings: Settings, clock: Clock, access: Access) -> DiscordPlatform | None:
    """Where Discord's messages are sent; None without a token."""
    token = settings.discord_token.get_secret_value()
    if not token:
        return None
    from adapters.discord.platform import DiscordPlatform

    return DiscordPlatform(
        token,
        clock,
        api_url=settings.discord_api_url,
        reads_messages=settings.discord_link_cards,
        crossposts=settings.discord_crosspost,
        metrics=access.metrics,
        access=access,
    )


def discord_bot(
    platform: DiscordPlatform, chat: ChatDependencies, announce: Callable[[str], None] | None
) -> DiscordBot:
    """What listens to people in Discord and answers them."""
    from adapters.discord.bot import DiscordBot

    return DiscordBot(
        platform,
        chat.commands,
        REGISTRY,
        directory=chat.directory,
        lifecycle=chat.lifecycle,
        clock=chat.clock,
        forms=chat.forms,
        talk=Talk(chat.commands, REGISTRY),
        card_of=chat.unfurling.card_of if chat.settings.discord_link_cards else None,
        reactions=chat.reactions,
        announce=announce,
        only_platform=chat.settings.has_one_platform,
    )
