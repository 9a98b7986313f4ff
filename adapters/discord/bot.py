"""The bot in Discord: connects, tells Discord of its commands, and listens until it is stopped."""

from __future__ import annotations

import asyncio
import functools
import time
import zlib
from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord.http import Route

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import LOGIN_REFUSED, REQUEST_ERRORS, RESPONSE_ERRORS
from adapters.discord.doctor import NO_MESSAGE_CONTENT, DiscordDoctor
from adapters.discord.guilds.lifecycle import GuildLifecycle, Listener
from adapters.discord.guilds.permissions import invite_url, is_for_users
from adapters.discord.guilds.welcome import welcome
from adapters.discord.interactions.command_calls import Interaction
from adapters.discord.interactions.command_tree import command_tree, fingerprint, ids_of
from adapters.discord.interactions.components import CommandButton, CommandSelect
from adapters.discord.interactions.handler import InteractionHandler
from adapters.discord.links import LinkCards
from adapters.discord.messages.command_mentions import CommandMentions
from adapters.discord.platform import DiscordPlatform
from adapters.discord.reachability import Reachability
from adapters.discord.reactions import ReactionEvents
from adapters.discord.text_commands import TextCommands
from bot.background import BackgroundTasks, cancel
from bot.channels.channel import PlatformName
from bot.channels.directory import WorkspaceDirectory
from bot.checks import Check
from bot.clocks import Clock
from bot.commands.registry import Registry
from bot.commands.talk import Talk
from bot.errors import MALFORMED, OperatorError, SettingsError
from bot.lifecycle.channels import ChannelLifecycle
from bot.platforms.access import FIRST_RETRY, LONGEST_RETRY, Means
from bot.platforms.cards import CardOf
from bot.platforms.command_calls import CommandRunner
from bot.platforms.platform import UnservedError
from bot.platforms.reactions import ReactionListener
from bot.topics.forms import TopicForms

LONGEST_REGISTERING_RETRY = 3600.0
#: Seconds without a connection to the gateway after which another process may try. It is well above what a reconnection
#: takes, and what an outage of Discord's takes away anyway.
OFFLINE_TIMEOUT = 180.0
CONNECTION_CHECK_INTERVAL = 1.0
#: Closed by the gateway for good: a wrong token, or something that this version must not do.
_BAD_TOKEN = 4004

_log = structlog.get_logger()


class DiscordBot:
    """What runs beside the outbox: `run` in the process that listens, and `watch` in the one that posts.

    With `talk` it answers direct messages and mentions, and `reactions` hears of them. With `card_of` (and a platform
    that reads messages) links to papers get cards. Where it is the `only_platform`, there is nothing to go on for when
    Discord refuses us at the start.
    """

    def __init__(
        self,
        platform: DiscordPlatform,
        commands: CommandRunner,
        registry: Registry,
        *,
        directory: WorkspaceDirectory,
        lifecycle: ChannelLifecycle,
        clock: Clock,
        forms: TopicForms | None = None,
        talk: Talk | None = None,
        card_of: CardOf | None = None,
        reactions: ReactionListener | None = None,
        first_retry: float = FIRST_RETRY,
        offline_timeout: float = OFFLINE_TIMEOUT,
        announce: Callable[[str], None] | None = None,
        only_platform: bool = True,
    ) -> None:
        self._platform = platform
        self._only_platform = only_platform
        self._first_retry = first_retry
        self._offline_timeout = offline_timeout
        self._announce = announce
        self._mentions = CommandMentions(registry)
        platform.localized = self._mentions.localized
        self._interactions = InteractionHandler(commands, registry, directory, self._mentions, forms)
        self._card_of = card_of
        self._reactions = reactions
        self._talk = talk
        self._registry = registry
        self._clock = clock
        self._directory = directory
        self._lifecycle = lifecycle
        self._reachability = Reachability(platform, self._mentions, only_platform=only_platform)
        self._doctor = DiscordDoctor(platform, directory, clock)
        self._application: int | None = None
        #: Whether Discord has let us in: what it refuses from then on is no wrong setting of who starts the program.
        self._was_connected = False

    @property
    def invite_url(self) -> str:
        """Where a server's owner adds the bot; empty until it has logged in."""
        return invite_url(self._application) if self._application else ""

    def checks(self) -> dict[str, Check]:
        """What `paperround doctor` looks at."""
        return self._doctor.checks()

    async def watch(self) -> None:
        """What a process does that posts, whether or not it listens: see `Reachability.watch`."""
        await self._reachability.watch()

    async def run(self) -> None:
        """Works until cancelled. An outage is waited out, and a refusal tried again, less and less often.

        Raises `OperatorError` for a refusal where this is the only platform and Discord has not let us in yet. Raises
        `UnservedError` after so long without a connection that another process should try; one with the same token
        would be refused as well.
        """
        serving = asyncio.ensure_future(self._serve_forever())
        offline = asyncio.ensure_future(self._until_offline())
        try:
            await asyncio.wait({serving, offline}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                return serving.result()
        finally:
            await cancel(serving, offline)
        raise UnservedError(f"no connection to Discord for {self._offline_timeout:g} seconds")

    async def _until_offline(self) -> None:
        """Ends when the gateway has been disconnected for longer than the offline timeout, but not as it refuses us."""
        connected_at = time.monotonic()
        while time.monotonic() - connected_at < self._offline_timeout:
            await asyncio.sleep(min(CONNECTION_CHECK_INTERVAL, self._offline_timeout))
            refused = self._platform.access.is_refused(PlatformName.DISCORD, Means.LISTENING)
            if refused or self._platform.client.is_connected:
                connected_at = time.monotonic()

    async def _serve_forever(self) -> None:
        wait = self._first_retry
        while True:
            began, client = time.monotonic(), self._platform.client
            try:
                await self._serve(client)
            except OperatorError as error:
                self._was_connected |= client.was_connected
                if self._only_platform and not self._was_connected:
                    raise
                self._platform.access.refused(PlatformName.DISCORD, Means.LISTENING, str(error))
            except (*RESPONSE_ERRORS, zlib.error) as error:
                # This client cannot be used again, and the next one may hear what it understands.
                self._was_connected |= client.was_connected
                _log.error("discord.connection_ended", exc_info=error, retry_in=wait)
            else:
                return  # the platform was closed
            if time.monotonic() - began > LONGEST_RETRY:
                wait = self._first_retry
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_RETRY)

    async def _serve(self, client: DiscordClient) -> None:
        """Works with one client, which is used up then."""
        background = BackgroundTasks()
        self._listen(client, background)
        registering: asyncio.Task[None] | None = None
        wait = self._first_retry
        try:
            while True:
                try:
                    await client.log_in()
                    self._introduce(client)
                    registering = registering or asyncio.create_task(self._register_commands(client))
                    await client.await_session_start_limit()
                    await client.open_gateway()
                except discord.LoginFailure as error:
                    raise SettingsError(LOGIN_REFUSED) from error
                except discord.ConnectionClosed as error:
                    words = (
                        LOGIN_REFUSED
                        if error.code == _BAD_TOKEN
                        else f"Discord closed the connection: code {error.code}."
                    )
                    raise (SettingsError if error.code == _BAD_TOKEN else OperatorError)(words) from error
                except discord.PrivilegedIntentsRequired as error:
                    raise SettingsError(NO_MESSAGE_CONTENT) from error
                except REQUEST_ERRORS as error:
                    if client.is_closed():
                        raise
                    _log.warning("discord.unreachable", reason=str(error) or type(error).__name__, retry_in=wait)
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, LONGEST_RETRY)
                else:
                    return
        finally:
            if registering is not None:
                registering.cancel()
            await background.end()
            await self._platform.start_over()

    def _listen(self, client: DiscordClient, background: BackgroundTasks) -> None:
        """Has the client call us. discord.py forgets the tasks in which it does that, so we keep hold of them."""
        interactions = self._interactions

        async def on_component(interaction: Interaction, line: str, confirmed: bool) -> None:
            await background.run(interactions.on_component(interaction, line, confirmed=confirmed))

        def listen(listener: Listener) -> None:
            @functools.wraps(listener)
            async def kept(*event: Any) -> None:
                try:
                    await background.run(listener(*event))
                except MALFORMED as error:
                    # discord.py leaves out what it was not told: a message without an author, say.
                    _log.error("discord.event_unreadable", listener=listener.__name__, exc_info=error)

            client.event(kept)

        client.on_command_component = on_component
        client.add_dynamic_items(CommandButton, CommandSelect)
        listen(interactions.on_interaction)
        welcomes = functools.partial(welcome, client, localized=self._mentions.localized)
        for listener in GuildLifecycle(client, self._directory, self._lifecycle, welcomes).listeners:
            listen(listener)
        heard = []
        if self._talk is not None:
            heard.append(TextCommands(client, self._talk, self._registry, self._mentions, self._directory).on_message)
        if self._card_of is not None:
            heard.append(LinkCards(client, self._card_of, self._clock).on_message)

        async def on_message(message: discord.Message) -> None:
            for listener in heard:
                await listener(message)

        listen(on_message)
        if self._reactions is not None:
            events = ReactionEvents(client, self._reactions, interactions.message_locks, self._mentions.localized)
            listen(events.on_raw_reaction_add)
            listen(events.on_raw_reaction_remove)

    def _introduce(self, client: DiscordClient) -> None:
        """Says once, to whoever started the bot, how it gets into a server."""
        if self._application is None:
            self._application = client.application_id
            _log.info("discord.logged_in", application=self._application)
            if self._announce is not None:
                self._announce(f"Discord: {self.invite_url} adds the bot to a server")

    async def _register_commands(self, client: DiscordClient) -> None:
        """Registers the commands, however often it takes: posting and the commands that are there go on meanwhile."""
        wait = self._first_retry
        while True:
            try:
                await self._sync_commands(client)
            except RESPONSE_ERRORS as error:
                _log.error("discord.commands_not_registered", reason=str(error) or type(error).__name__, retry_in=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_REGISTERING_RETRY)
            else:
                return

    async def _sync_commands(self, client: DiscordClient) -> None:
        """Registers the commands if Discord has others: it allows few registrations a day, and people notice them."""
        application = client.application_id
        path = "/applications/{application_id}/commands"
        there = await client.request_once(Route("GET", path, application_id=application), with_localizations="true")
        self._mentions.ids = ids_of(there)
        wanted = command_tree(self._registry, for_users=is_for_users(client))
        if fingerprint(there) == fingerprint(wanted):
            _log.info("discord.commands_unchanged")
            return
        there = await client.http.request(Route("PUT", path, application_id=application), json=wanted)
        self._mentions.ids = ids_of(there)
        _log.info("discord.commands_registered")
