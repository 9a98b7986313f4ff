"""The app that people in workspaces talk to, over Socket Mode or signed HTTP requests: which listener hears what.

Everything is acknowledged first and done afterwards: Slack waits for three seconds.
"""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.slack.client.connection import LIBRARY_LOG
from adapters.slack.client.payloads import Json, drop_misfits
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.events.events_api import EventListener
from adapters.slack.events.http_mode import response_to
from adapters.slack.events.mentions import Mentions
from adapters.slack.events.reactions import ReactionEvents
from adapters.slack.events.socket_mode import PING_INTERVAL, SocketMode
from adapters.slack.installation.oauth import OAuthInstallation
from adapters.slack.interactions.commands import CommandListeners
from adapters.slack.interactions.message_updates import MessageUpdates
from adapters.slack.interactions.modals import Modals
from adapters.slack.interactions.replies import Replies
from adapters.slack.interactions.settings_modal import CHANNEL_FORM, SETTINGS_FORM, SETTINGS_SHORTCUT
from adapters.slack.interactions.slow_commands import SILENT_FOR, SlowCommands
from adapters.slack.interactions.topic_modal import BOUND, QUERY, SHORTCUT, TOPIC_FORM
from adapters.slack.interactions.views import ViewListeners, channel_busy, refuse_old_form
from adapters.slack.messages.block_kit import LINKS_ACTION, RUN_ACTION
from adapters.slack.paths import EVENTS_PATH
from adapters.slack.platform import SlackPlatform
from adapters.slack.workspace_services import ServicesByWorkspace
from bot.background import BackgroundTasks
from bot.channels.channel import Address, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.clocks import Clock
from bot.commands.registry import Registry
from bot.commands.talk import Talk
from bot.errors import SettingsError, StorageError
from bot.lifecycle.channels import ChannelLifecycle
from bot.platforms.access import FIRST_RETRY, LONGEST_RETRY, Means
from bot.platforms.cards import CardOf
from bot.platforms.command_calls import CommandRunner
from bot.platforms.idempotency import IdempotencyStore
from bot.platforms.overview import Overview
from bot.platforms.reactions import ReactionListener
from bot.topics.forms import TopicForms

log = structlog.get_logger(__name__)

_ANY_COMMAND: Final = re.compile("/.+")
_ANY_EVENT: Final = re.compile(".+")
_ANYTHING: Final = re.compile(".*", re.DOTALL)
_ANY_BUTTON: Final = re.compile(rf"{re.escape(RUN_ACTION)}\..*")


class SlackApp:
    """Listens in the workspaces of `platform` and answers with `commands`, which `registry` tells about.

    With an `app_token` call `run`; with a `signing_secret`, or for `installing`, serve `routes`. The rest may be left
    out, and what needs it then with it: `lifecycle` is told what becomes of channels, `card_of` asked about links that
    people post, `forms` about what forms start with, and
    `directory` lists the channels for the app's home, to which `overview` adds what concerns the person alone;
    `reactions` hears of them; `idempotency` is what several processes have in common, for events that come twice. Where
    it is the `only_platform`, there is nothing to go on for when Slack refuses us at the start.
    """

    def __init__(
        self,
        platform: SlackPlatform,
        commands: CommandRunner,
        registry: Registry,
        *,
        app_token: str = "",
        signing_secret: str = "",
        lifecycle: ChannelLifecycle | None = None,
        card_of: CardOf | None = None,
        forms: TopicForms | None = None,
        directory: ChannelDirectory | None = None,
        overview: Overview | None = None,
        installing: OAuthInstallation | None = None,
        reactions: ReactionListener | None = None,
        idempotency: IdempotencyStore | None = None,
        clock: Clock | None = None,
        ping_interval: float = PING_INTERVAL,
        silent_for: float = SILENT_FOR,
        first_retry: float = FIRST_RETRY,
        only_platform: bool = True,
    ) -> None:
        self._first_retry = first_retry
        self._only_platform = only_platform
        self._workspaces = platform.workspaces
        self._connection = platform.workspaces.connection
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._ping_interval = ping_interval
        self._lifecycle = lifecycle
        self._has_forms = forms is not None
        self._installing = installing
        self._deduplication = Deduplication(idempotency, clock)
        self._background = BackgroundTasks()
        services = ServicesByWorkspace(
            platform,
            commands,
            self._background,
            self._deduplication,
            lifecycle=lifecycle,
            card_of=card_of,
            forms=forms,
            directory=directory,
            overview=overview,
        )
        replies, slow_commands = Replies(self._connection), SlowCommands(commands.run, registry, silent_for=silent_for)
        updates = MessageUpdates(replies, commands)
        self._commands = CommandListeners(services, replies, updates, slow_commands, registry, self._background)
        self._views = ViewListeners(services, self._background)
        talk = SlowCommands(Talk(commands, registry).run, registry, silent_for=silent_for)
        mentions = Mentions(talk, registry, self._background)
        self._events = EventListener(
            self._workspaces,
            services,
            mentions,
            self._deduplication,
            self._background,
            lifecycle,
            ReactionEvents(reactions, updates) if reactions else None,
        )
        self._bolt = self._listeners()

    async def watch(self) -> None:
        """Looks at the settings' token now and whenever Slack refuses it, less and less often, until cancelled.

        Raises `SettingsError` for one that is refused at the start of the only platform. No answer is no objection.
        """
        access, wait, only = self._connection.access, self._first_retry, self._only_platform
        while True:
            try:
                await self.check()
            except SettingsError as error:
                if only:
                    raise
                access.refused(PlatformName.SLACK, Means.POSTING, str(error))
            except StorageError as error:
                log.error("slack.not_checked", reason=str(error), retry_in=wait)
            else:
                if not access.is_refused(PlatformName.SLACK, Means.POSTING):
                    only, wait = False, self._first_retry
                    await access.until_refused(PlatformName.SLACK, Means.POSTING)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_RETRY)

    async def check(self) -> None:
        """Lets go on what had stopped where the settings' token works; raises `SettingsError` where it does not."""
        for workspace in await self._workspaces.check():
            if self._lifecycle is not None:
                await self._lifecycle.workspace_works(Address(PlatformName.SLACK, workspace, ""))

    async def keep_fresh(self) -> None:
        """Renews tokens well before they end, until cancelled."""
        await self._workspaces.keep_fresh()

    async def run(self) -> None:
        """Keeps sockets open until cancelled; raises `SettingsError` as `watch` does, and for the app-level token."""
        sockets = SocketMode(
            self._bolt,
            self._connection,
            self._app_token,
            ping_interval=self._ping_interval,
            first_retry=self._first_retry,
            only_platform=self._only_platform,
        )
        try:
            await sockets.run()
        finally:
            await self.finish()

    def routes(self) -> list[Route]:
        """What to serve: one path for commands, buttons and events, and two for those who install the app."""
        routes = self._installing.routes() if self._installing else []
        if not self._signing_secret:
            return routes

        async def receive(request: Request) -> Response:
            started = time.monotonic()
            response = await response_to(request, self._signing_secret, self._bolt)
            if response.status_code < HTTPStatus.BAD_REQUEST:
                self._connection.metrics.acknowledged(PlatformName.SLACK, time.monotonic() - started)
            return response

        return [*routes, Route(EVENTS_PATH, receive, methods=["POST"])]

    async def finish(self) -> None:
        """Lets work that is under way end; what waits because Slack asks to is tried once more."""
        self._connection.retries.end()
        await self._background.finish()

    def _listeners(self) -> AsyncApp:
        app = AsyncApp(
            name="paperround",
            logger=LIBRARY_LOG,
            client=self._connection.unpooled_client(None),
            authorize=_authorize,
            # Sockets need no signature, and requests are verified before anything in them is read.
            request_verification_enabled=False,
            raise_error_for_unhandled_request=True,
        )
        app.error(_on_error)
        app.middleware(self._deduplicated)
        app.command(_ANY_COMMAND)(self._commands.on_command)
        if self._has_forms:
            app.view(TOPIC_FORM)(self._views.submitted(Modals.submitted))
            app.view(SETTINGS_FORM)(self._views.submitted(Modals.settings_submitted))
            app.view(CHANNEL_FORM)(self._views.submitted(Modals.channel_chosen, channel_busy))
            for field in (QUERY, BOUND):
                app.action(field)(self._views.acknowledged(Modals.preview))
            for listen in (app.action, app.shortcut):
                listen(SHORTCUT)(self._views.acknowledged(Modals.shortcut))
                listen(SETTINGS_SHORTCUT)(self._views.acknowledged(Modals.settings_shortcut))
        app.action(_ANY_BUTTON, matchers=[_is_in_view])(self._views.acknowledged(Modals.home_button))
        app.action(_ANY_BUTTON)(self._commands.on_button)
        app.action(LINKS_ACTION)(_acknowledge)
        # All of them, so that Slack does not repeat those that we do not need.
        app.event(_ANY_EVENT)(self._events.on_event)
        # What only another version of us knows: without an acknowledgement the person sees a warning.
        app.action(_ANYTHING, matchers=[_is_at_home])(self._views.on_unknown_button)
        app.action(_ANYTHING)(self._commands.on_unknown_button)
        app.shortcut(_ANYTHING)(_acknowledge)
        app.view_submission(_ANYTHING)(refuse_old_form)
        app.view_closed(_ANYTHING)(_acknowledge)
        app.options(_ANYTHING)(_no_options)
        return app

    async def _deduplicated(self, body: Json, next: Callable[[], Awaitable[Any]]) -> BoltResponse | None:  # noqa: A002 - Bolt's
        drop_misfits(body)
        if not self._deduplication.is_new(body):
            log.info("slack.delivered_again")
            return BoltResponse(status=200, body="")
        await next()
        return None


async def _is_in_view(body: Json) -> bool:
    """Whether a button is in a view, and not below a message."""
    return (body.get("container") or {}).get("type") == "view"


async def _is_at_home(body: Json) -> bool:
    return (body.get("view") or {}).get("type") == "home"


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


async def _no_options(ack: AsyncAck) -> None:
    await ack(options=[])


async def _on_error(error: Exception) -> BoltResponse:
    """Acknowledges what is nothing that we know, so that Slack does not repeat it; the rest is our own defect."""
    if isinstance(error, BoltUnhandledRequestError):
        log.info("slack.nothing_known")
        return BoltResponse(status=200, body="")
    if not _is_ours(error):
        # What the library cannot read today it cannot read in a minute either.
        log.warning("slack.payload_unreadable", reason=repr(error))
        return BoltResponse(status=200, body="")
    log.error("slack.listener_failed", exc_info=error)
    return BoltResponse(status=500, body="")


def _is_ours(error: Exception) -> bool:
    """Whether any of our code was under way when it happened, and not only the library's that finds a listener."""
    modules = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(module.startswith(("adapters.", "bot.")) for module in modules)


async def _authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
    """Nothing is looked up: this is on the way to the acknowledgement."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="")
