"""Reachability: whether Discord answers the requests of a process that posts, with or without a gateway connection."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import discord
import structlog
from discord.http import Route

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import LOGIN_REFUSED, RESPONSE_ERRORS, described
from adapters.discord.interactions.command_tree import ids_of
from adapters.discord.messages.command_mentions import CommandMentions
from adapters.discord.platform import DiscordPlatform
from bot.errors import SettingsError
from bot.platforms.access import LONGEST_RETRY
from bot.platforms.platform import UnservedError

ASK_EVERY: Final = 60.0  # seconds
#: The same while Discord does not answer.
ASK_AGAIN: Final = 15.0
#: Seconds without an answer after which another process may try.
UNANSWERED_TIMEOUT: Final = 180.0

UNAUTHORIZED: Final = 401  # the token was replaced while we run

_log = structlog.get_logger()


class Reachability:
    """Asks Discord for its commands now and then: messages mention them by ids that only Discord gives."""

    def __init__(
        self,
        platform: DiscordPlatform,
        mentions: CommandMentions,
        *,
        ask_every: float = ASK_EVERY,
        ask_again: float = ASK_AGAIN,
        unanswered_timeout: float = UNANSWERED_TIMEOUT,
        only_platform: bool = True,
    ) -> None:
        self._platform = platform
        self._mentions = mentions
        self._ask_every = ask_every
        self._ask_again = ask_again
        self._unanswered_timeout = unanswered_timeout
        self._only_platform = only_platform

    async def watch(self) -> None:
        """Goes on until cancelled.

        A token that is refused is tried again, less and less often. Raises `SettingsError` for it where Discord is the
        only platform and has never answered, and `UnservedError` after so long without an answer that another process
        should try.
        """
        answered_at, answered, wait = time.monotonic(), False, self._ask_again
        while True:
            try:
                await self._ask(self._platform.client)
            except RESPONSE_ERRORS as error:
                if isinstance(error, discord.LoginFailure) or getattr(error, "status", 0) == UNAUTHORIZED:
                    if self._only_platform and not answered:
                        raise SettingsError(LOGIN_REFUSED) from error
                    await asyncio.sleep(wait)
                    answered_at, wait = time.monotonic(), min(2 * wait, LONGEST_RETRY)
                    continue
                silent = time.monotonic() - answered_at
                _log.warning("discord.no_answer", reason=described(error), seconds=round(silent, 1))
                if silent >= self._unanswered_timeout:
                    raise UnservedError(f"no answer from Discord for {self._unanswered_timeout:g} seconds") from error
                await asyncio.sleep(self._ask_again)
            else:
                answered_at, answered, wait = time.monotonic(), True, self._ask_again
                await asyncio.sleep(self._ask_every)

    async def _ask(self, client: DiscordClient) -> None:
        await client.log_in()
        route = Route("GET", "/applications/{application_id}/commands", application_id=client.application_id)
        self._mentions.ids = ids_of(await client.request_once(route))
