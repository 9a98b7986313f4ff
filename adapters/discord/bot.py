"""The bot in Discord: connects, tells Discord of its commands, and listens until it is stopped."""

from __future__ import annotations

import asyncio

import discord
import structlog
from discord.http import Route

from adapters.discord.conversation import Conversation
from adapters.discord.definitions import definitions, fingerprint
from adapters.discord.failures import FAILURES
from adapters.discord.forms import Forms
from adapters.discord.links import CardOf, LinkCards
from adapters.discord.permissions import invite_url
from adapters.discord.platform import DiscordPlatform
from adapters.discord.standing import Standing
from bot.commands.registry import Registry
from bot.errors import OperatorError
from bot.ports import ChannelDirectory, ChannelStore, CommandRunner

FIRST_RETRY = 5.0  # seconds
LONGEST_RETRY = 300.0
#: Sessions of a day that are kept back for when they are needed.
FEWEST_SESSIONS = 100
#: Closed by the gateway for good: a wrong token, or something that this version must not do.
_BAD_TOKEN = 4004

_log = structlog.get_logger()


class DiscordBot:
    """What runs beside the outbox. `run` it until it is cancelled, then close the platform.

    With `card_of` (and a platform that reads messages) links to papers get cards.
    """

    def __init__(
        self,
        platform: DiscordPlatform,
        commands: CommandRunner,
        registry: Registry,
        *,
        directory: ChannelDirectory,
        channels: ChannelStore,
        forms: Forms | None = None,
        card_of: CardOf | None = None,
        first_retry: float = FIRST_RETRY,
    ) -> None:
        self._client = platform.client
        self._definitions = definitions(registry)
        self._first_retry = first_retry
        conversation = Conversation(commands, registry, forms)
        standing = Standing(self._client, directory, channels, commands)

        async def on_interaction(interaction: discord.Interaction[discord.Client]) -> None:
            await conversation.heard(interaction)

        self._client.press = conversation.pressed
        for listener in (
            on_interaction,
            standing.on_ready,
            standing.on_guild_join,
            standing.on_guild_remove,
            standing.on_guild_unavailable,
            standing.on_guild_channel_delete,
            standing.on_raw_thread_delete,
            standing.on_raw_thread_update,
            standing.on_guild_channel_update,
            standing.on_guild_role_update,
        ):
            self._client.event(listener)
        self._reads_messages = card_of is not None
        if card_of is not None:
            self._client.event(LinkCards(self._client, card_of, platform.clock).on_message)

    @property
    def invite_url(self) -> str:
        """Where a server's owner adds the bot; empty until it has logged in."""
        return invite_url(self._client.application_id) if self._client.application_id else ""

    async def check(self) -> str:
        """Logs in and returns where to invite the bot; raises `OperatorError` when that does not work."""
        try:
            await self._client.log_in()
        except discord.LoginFailure as error:
            raise OperatorError(_REFUSED) from error
        except FAILURES as error:
            raise OperatorError(f"Discord cannot be reached: {str(error) or type(error).__name__}.") from error
        if self._reads_messages and not await self._may_read_messages():
            raise OperatorError(_NO_MESSAGES)
        return self.invite_url

    async def _may_read_messages(self) -> bool:
        """Whether the Message Content intent is switched on, as Discord tells of the application."""
        flags = (await self._client.application_info()).flags
        return flags.gateway_message_content or flags.gateway_message_content_limited

    async def run(self) -> None:
        """Works until cancelled. An outage is waited out; raises `OperatorError` for what waiting cannot heal."""
        wait = self._first_retry
        while True:
            try:
                await self._client.log_in()
                await self._sync_commands()
                _log.info("discord.invite", url=self.invite_url)
                await self._spare_sessions()
                await self._client.work()
            except discord.LoginFailure as error:
                raise OperatorError(_REFUSED) from error
            except discord.PrivilegedIntentsRequired as error:
                raise OperatorError(_NO_MESSAGES) from error
            except discord.ConnectionClosed as error:
                words = _REFUSED if error.code == _BAD_TOKEN else f"Discord closed the connection: code {error.code}."
                raise OperatorError(words) from error
            except FAILURES as error:
                if self._client.is_closed():
                    raise OperatorError(f"The connection to Discord ended: {error}") from error
                _log.warning("discord.unreachable", reason=str(error) or type(error).__name__, retry_in=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_RETRY)
            else:
                return  # the platform was closed

    async def _spare_sessions(self) -> None:
        """Waits when few new sessions are left: whoever uses up a day's 1,000 has the token reset by Discord.

        That is where a bot gets that crashes and is started again all night.
        https://docs.discord.com/developers/events/gateway#session-start-limit-object
        """
        limits = await self._client.fetch_session_start_limits()
        if limits.remaining < FEWEST_SESSIONS:
            seconds = limits.reset_after / 1000
            _log.error("discord.sessions_used_up", remaining=limits.remaining, wait=seconds)
            await asyncio.sleep(seconds)

    async def _sync_commands(self) -> None:
        """Registers the commands if Discord has others: it allows few registrations a day, and people notice them."""
        application = self._client.application_id
        path = "/applications/{application_id}/commands"
        there = await self._client.once(Route("GET", path, application_id=application), with_localizations="true")
        if fingerprint(there) == fingerprint(self._definitions):
            _log.info("discord.commands_unchanged")
            return
        await self._client.http.request(Route("PUT", path, application_id=application), json=self._definitions)
        _log.info("discord.commands_registered")


_REFUSED = (
    "Discord refuses the token. Copy it again from https://discord.com/developers/applications (your application, "
    "“Bot”, “Reset Token”) into PAPERROUND_DISCORD_TOKEN."
)
_NO_MESSAGES = (
    "Discord does not let the bot read messages, which PAPERROUND_DISCORD_LINK_CARDS needs. Switch on “Message Content "
    "Intent” at https://discord.com/developers/applications (your application, “Bot”), or unset the variable."
)
