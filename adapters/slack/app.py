"""The app that people in workspaces talk to: commands and buttons, over Socket Mode or signed HTTP requests.

Everything is acknowledged first and done afterwards (DESIGN, section 3): Slack waits for three seconds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.slack.client.errors import FAILURES, PERSONAL, code_of, outcome_of
from adapters.slack.client.web_api import LIBRARY_LOG, SlackApi, usable_proxy
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.events.events import CardOf, ChannelLifecycle, farewell_of
from adapters.slack.events.http_requests import MALFORMED, response_to
from adapters.slack.events.socket_mode import Socket
from adapters.slack.installation.oauth import OAuthInstallation
from adapters.slack.installation.workspace_services import ServicesByWorkspace, WorkspaceServices
from adapters.slack.interactions.app_home import changes_home
from adapters.slack.interactions.command_calls import CommandCalls
from adapters.slack.interactions.message_updates import MessageUpdates
from adapters.slack.interactions.modals import Forms, Modals, in_words, with_invitation, with_settings_button
from adapters.slack.interactions.replies import Replies, ReplyTarget, Uses
from adapters.slack.interactions.settings_modal import CHANNEL_FORM, SETTINGS_FORM, SETTINGS_SHORTCUT
from adapters.slack.interactions.topic_modal import QUERY, SHORTCUT, TOPIC_FORM, result_view
from adapters.slack.messages import limits, sending
from adapters.slack.messages.block_kit import LINKS, RUN, Json
from adapters.slack.paths import EVENTS_PATH
from adapters.slack.platform import SlackPlatform
from bot.background import BackgroundTasks
from bot.channels.channel import Address, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.commands.reading import REDRAW
from bot.commands.registry import Registry
from bot.commands.wording import answer, say
from bot.errors import OperatorError, PaperRoundError
from bot.platforms.command_calls import CommandCall, CommandRunner, Reply
from bot.platforms.outcomes import Gone
from bot.platforms.overview import Overview

log = structlog.get_logger(__name__)

PING_INTERVAL: Final = 5.0  # seconds between two looks at whether the socket is alive
#: Seconds after which somebody who waits hears why.
SILENT_FOR: Final = 3.0
_LOOKING: Final = "Looking at Hugging Face and arXiv…"
_STRANGE_BUTTON: Final = "I do not know this button any more: it is of another version of me. Write /papers instead."
_NOT_NOW: Final = "I cannot do this at the moment, and nothing was changed. Please try again in a minute."
_STRANGE_FORM: Final = "This form is of another version of me, and nothing was changed. Please open it anew."
#: The kinds of messages that have somebody's own words.
_WRITTEN: Final = (None, "file_share", "thread_broadcast")
_DRAWN_AGAIN: Final = 5  # times at most
_ANY_COMMAND: Final = re.compile("/.+")
_ANY_EVENT: Final = re.compile(".+")
_ANYTHING: Final = re.compile(".*", re.DOTALL)
_ANY_BUTTON: Final = re.compile(rf"{re.escape(RUN)}\..*")


class SlackApp:
    """Listens in the workspaces of `platform` and answers with `commands`, which `registry` tells about.

    With an `app_token` call `run`; with a `signing_secret`, or for `installing`, serve `routes`. The rest may be left
    out, and what needs it then with it: `lifecycle` is told what becomes of channels, `card_of` asked about links that
    people post, `forms` about what forms start with, and
    `directory` lists the channels for the app's home, to which `overview` adds what concerns the person alone.
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
        forms: Forms | None = None,
        directory: ChannelDirectory | None = None,
        overview: Overview | None = None,
        installing: OAuthInstallation | None = None,
        ping_interval: float = PING_INTERVAL,
        silent_for: float = SILENT_FOR,
    ) -> None:
        self._platform = platform
        self._workspaces = platform.workspaces
        self._connection = platform.workspaces.connection
        self._commands = commands
        self._registry = registry
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._ping_interval = ping_interval
        self._silent_for = silent_for
        self._lifecycle = lifecycle
        self._has_forms = forms is not None
        self._installing = installing
        self._replies = Replies(self._connection)
        self._updates = MessageUpdates(self._replies)
        self._deduplication = Deduplication()
        self._background = BackgroundTasks()
        self._services = ServicesByWorkspace(
            platform,
            commands,
            self._background,
            lifecycle=lifecycle,
            card_of=card_of,
            forms=forms,
            directory=directory,
            overview=overview,
        )
        self._bolt = self._listeners()

    async def check(self) -> None:
        """Looks at the tokens; raises `OperatorError` when nothing can be done with them. No answer is no objection."""
        for workspace in await self._workspaces.check():
            if self._lifecycle is not None:
                await self._lifecycle.workspace_works(Address(PlatformName.SLACK, workspace, ""))

    async def keep_fresh(self) -> None:
        """Renews tokens well before they end, until cancelled."""
        await self._workspaces.keep_fresh()

    # ---- Socket Mode

    async def run(self) -> None:
        """Keeps a socket open until cancelled; raises `OperatorError` when Slack does not accept a token."""
        await self.check()
        handler = Socket(
            self._bolt,
            self._app_token,
            logger=LIBRARY_LOG,
            web_client=self._connection.another_client(None),
            ping_interval=self._ping_interval,
        )
        handler.client.proxy = usable_proxy(self._connection.url, handler.client.proxy)
        try:
            handler.client.wss_uri = await self._socket_address()
            await handler.connect_async()  # type: ignore[no-untyped-call]
            log.info("slack.connected")
            await asyncio.Event().wait()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]
            await self.finish()

    async def _socket_address(self) -> str | None:
        """Where to connect; None leaves the trying to the library, which never gives up, not even on a bad token."""
        try:
            answer = await self._connection.client().apps_connections_open(app_token=self._app_token)
            return str(answer["url"])
        except SlackApiError as error:
            if isinstance(outcome_of(error), Gone):
                raise OperatorError(
                    f"Slack does not accept the app-level token ({code_of(error)}). PAPERROUND_SLACK_APP_TOKEN starts "
                    "with xapp- and has the scope connections:write."
                ) from error
        except FAILURES as error:
            log.warning("slack.unreachable", reason=outcome_of(error).reason)
        return None

    # ---- HTTP

    def routes(self) -> list[Route]:
        """What to serve: one path for commands, buttons and events, and two for those who install the app."""
        routes = self._installing.routes() if self._installing else []
        if not self._signing_secret:
            return routes
        verifier = SignatureVerifier(self._signing_secret)

        async def receive(request: Request) -> Response:
            return await response_to(request, verifier, self._bolt)

        return [*routes, Route(EVENTS_PATH, receive, methods=["POST"])]

    # ---- listening

    def _listeners(self) -> AsyncApp:
        app = AsyncApp(
            name="paperround",
            logger=LIBRARY_LOG,
            client=self._connection.another_client(None),
            authorize=_authorize,
            # Sockets need no signature, and requests are verified before anything in them is read.
            request_verification_enabled=False,
            raise_error_for_unhandled_request=True,
        )
        app.error(_let_go)
        app.middleware(self._once)
        app.command(_ANY_COMMAND)(self._on_command)
        app.action(_ANY_BUTTON)(self._on_button)
        app.action(LINKS)(_only_acknowledge)
        if self._has_forms:
            app.view(TOPIC_FORM)(self._submitted(Modals.submitted))
            app.view(SETTINGS_FORM)(self._submitted(Modals.settings_submitted))
            app.view(CHANNEL_FORM)(self._submitted(Modals.channel_chosen))
            app.action(QUERY)(self._acknowledged(Modals.preview))
            app.action(SHORTCUT)(self._acknowledged(Modals.shortcut))
            app.shortcut(SHORTCUT)(self._acknowledged(Modals.shortcut))
            app.action(SETTINGS_SHORTCUT)(self._acknowledged(Modals.settings_shortcut))
            app.shortcut(SETTINGS_SHORTCUT)(self._acknowledged(Modals.settings_shortcut))
        # All of them, so that Slack does not repeat those that we do not need.
        app.event(_ANY_EVENT)(self._on_event)
        # What only another version of us knows: without an acknowledgement the person sees a warning.
        app.action(_ANYTHING)(self._on_strange_button)
        app.shortcut(_ANYTHING)(_only_acknowledge)
        app.view_submission(_ANYTHING)(_say_that_it_is_old)
        app.view_closed(_ANYTHING)(_only_acknowledge)
        app.options(_ANYTHING)(_offer_nothing)
        return app

    async def _once(self, body: Json, next: Callable[[], Awaitable[Any]]) -> BoltResponse | None:  # noqa: A002 - Bolt's
        if not self._deduplication.is_new(body):
            log.info("slack.delivered_again")
            return BoltResponse(status=200, body="")
        await next()
        return None

    async def _on_command(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        self._background.start(self._answer(body, CommandCalls.of_command, _reply_target_of(body)))

    async def _on_button(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (body.get("container") or {}).get("type") == "view":
            self._background.start(self._pressed_at_home(body))
        elif body["actions"][0].get("value"):
            self._background.start(self._answer(body, CommandCalls.of_button, _reply_target_of(body)))
        else:
            self._background.start(self._say(_STRANGE_BUTTON, _reply_target_of(body)))

    async def _on_strange_button(self, ack: AsyncAck, body: Json) -> None:
        """A button that another version of us made."""
        await ack()
        if (body.get("view") or {}).get("type") == "home":
            self._background.start(self._strange_at_home(body))
        else:
            self._background.start(self._say(_STRANGE_BUTTON, _reply_target_of(body)))

    async def _strange_at_home(self, body: Json) -> None:
        services = await self._services.asked(body)
        if services is not None and services.modals is not None:
            await services.modals.say_at_home(answer(say(_STRANGE_BUTTON)), body)
        if services is not None and services.home is not None:
            await services.home.publish(body["user"]["id"])

    async def _say(self, words: str, target: ReplyTarget) -> None:
        await self._replies.give(answer(say(words)), target)

    async def _pressed_at_home(self, body: Json) -> None:
        services = await self._services.asked(body)
        if services is not None and services.modals is not None:
            await services.modals.pressed_at_home(body)

    def _acknowledged(self, work: Callable[[Modals, Json], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """A listener that acknowledges, and starts the work."""

        async def in_its_workspace(body: Json) -> None:
            services = await self._services.asked(body)
            if services is not None and services.modals is not None:
                await work(services.modals, body)

        async def listener(ack: AsyncAck, body: Json) -> None:
            await ack()
            self._background.start(in_its_workspace(body))

        return listener

    def _submitted(self, work: Callable[[Modals, AsyncAck, Json], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """A listener that leaves the acknowledging to the work: it carries what is wrong with a form."""

        async def listener(ack: AsyncAck, body: Json) -> None:
            services = await self._services.asked(body)
            if services is None or services.modals is None:
                await ack(response_action="update", view=result_view(answer(say(_NOT_NOW))))
                return
            try:
                await work(services.modals, ack, body)
            except MALFORMED as error:
                log.warning("slack.form_unreadable", reason=repr(error))
                await _say_that_it_is_old(ack)
            self._refresh_home(services, body["user"]["id"])

        return listener

    async def _on_event(self, event: Json, body: Json) -> None:
        # Bolt has acknowledged it already.
        self._background.start(self._handle_event(event, body))

    async def _handle_event(self, event: Json, body: Json) -> None:
        try:
            await self._take_in(event, body)
        except MALFORMED as error:
            log.warning("slack.event_unreadable", event_type=event.get("type"), exc_info=error)

    async def _take_in(self, event: Json, body: Json) -> None:
        if (farewell := farewell_of(event)) is not None:
            await self._left(event["type"], farewell, body)
            return
        services = await self._services.asked(body)
        if services is None:
            return
        if event["type"] == "message":
            await self._written_to(services, event)
        elif event["type"] != "app_home_opened":
            await services.events.handle(event)
        elif services.home is not None and event.get("tab") == "home":
            await services.home.publish(event["user"])

    async def _written_to(self, services: WorkspaceServices, event: Json) -> None:
        """Somebody writes to the bot in their own conversation: what they write is a command."""
        kind, channel = event.get("channel_type"), str(event.get("channel") or "")
        if kind != "im" and not (kind is None and channel.startswith(PERSONAL)):
            return
        if event.get("bot_id") or event.get("subtype") not in _WRITTEN:
            return
        try:
            if event.get("user") in (None, (await services.api.identity()).user_id):
                return
            call = await services.calls.of_message(event)

            async def tell(reply: Reply) -> None:
                await sending.say(services.api, event["channel"], reply.message, thread=event.get("thread_ts") or "")

            await tell(await self._run(call, tell))
        except FAILURES as error:
            log.warning("slack.not_answered", channel=event.get("channel"), reason=outcome_of(error).reason)
        else:
            self._refresh_home(services, call.person.id)

    def _refresh_home(self, services: WorkspaceServices, person: str) -> None:
        if services.home is not None and services.home.was_seen_by(person):
            self._background.start(services.home.publish(person))

    async def _left(self, kind: str, reason: str, body: Json) -> None:
        """The app was removed from a workspace: the tokens go at once, the channels stop."""
        try:
            workspace = await self._workspaces.forget(body)
        except (PaperRoundError, *FAILURES) as error:
            log.warning("slack.event_failed", event_type=kind, code=code_of(error), error=str(error))
            return
        if workspace is None:
            return
        self._services.clear(workspace)
        if self._lifecycle is not None:
            told = self._lifecycle.workspace_left if kind == "app_uninstalled" else self._lifecycle.workspace_lost
            await told(Address(PlatformName.SLACK, workspace, ""), reason)

    async def _answer(
        self, body: Json, reading: Callable[[CommandCalls, Json], Awaitable[CommandCall]], target: ReplyTarget
    ) -> None:
        try:
            services = await self._services.find(body)
            if services is None:
                await self._say(self._workspaces.absent, target)
                return
            call = await reading(services.calls, body)
        except (PaperRoundError, *MALFORMED, *FAILURES) as error:
            log.warning("slack.call_unreadable", reason=repr(error))
            await self._say(_NOT_NOW, target)
            return
        if services.modals is not None and await services.modals.opened(call, target.trigger):
            return
        call = in_words(call)
        async with self._updates.lock(call, target):
            reply = await self._run(call, lambda waiting: self._replies.give(waiting, target))
            if not reply.failed and changes_home(self._registry.of_line(call.line)):
                self._refresh_home(services, call.person.id)
            if await self._updates.changed(services.api, call, reply, target):
                await self._draw_again(services.api, call, reply, target)
                return
        if services.modals is not None:
            reply = with_settings_button(call, with_invitation(call, reply))
        await self._replies.give(reply, target)

    async def _run(self, call: CommandCall, tell: Callable[[Reply], Awaitable[Any]]) -> Reply:
        """Runs the command, and tells the person what takes long if it does."""
        work = asyncio.create_task(self._commands.run(call))
        try:
            await asyncio.wait((work,), timeout=self._silent_for)
            command = self._registry.of_line(call.line)
            if not work.done() and call.from_message is None and command is not None and command.asks_elsewhere:
                await tell(answer(say(_LOOKING)))
            return await work
        finally:
            work.cancel()

    async def _draw_again(self, api: SlackApi, call: CommandCall, reply: Reply, target: ReplyTarget) -> None:
        """Draws a message anew as long as it is not what was drawn last: another process may have been at it."""
        for _ in range(_DRAWN_AGAIN):
            latest = await self._commands.run(replace(call, line=REDRAW))
            if latest.update is None or latest.update == reply.update:
                return
            reply = latest
            await self._updates.changed(api, call, reply, target)

    # ---- work

    async def finish(self) -> None:
        """Lets work that is under way end; what waits because Slack asks to is tried once more."""
        self._connection.retries.end()
        await self._background.finish()


def _reply_target_of(body: Json) -> ReplyTarget:
    """What a command or a button gives to answer with. Buttons outside messages give nothing."""
    container, url = body.get("container") or {}, body.get("response_url") or ""
    return ReplyTarget(
        url,
        body.get("trigger_id") or "",
        uses=Uses(limits.RESPONSES if url else 0),
        replaceable=bool(container.get("is_ephemeral")),
        thread=container.get("thread_ts"),
    )


async def _say_that_it_is_old(ack: AsyncAck) -> None:
    await ack(response_action="update", view=result_view(answer(say(_STRANGE_FORM))))


async def _only_acknowledge(ack: AsyncAck) -> None:
    await ack()


async def _let_go(error: Exception) -> BoltResponse:
    """Acknowledges what is nothing that we know, so that Slack does not repeat it; the rest is our own defect."""
    if isinstance(error, BoltUnhandledRequestError):
        log.info("slack.nothing_known")
        return BoltResponse(status=200, body="")
    log.error("slack.listener_failed", exc_info=error)
    return BoltResponse(status=500, body="")


async def _offer_nothing(ack: AsyncAck) -> None:
    await ack(options=[])


async def _authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
    """Nothing is looked up: this is on the way to the acknowledgement."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="")
