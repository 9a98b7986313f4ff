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

from adapters.slack import limits, posting
from adapters.slack.answers import Answers, Occasion, Uses
from adapters.slack.api import LIBRARY_LOG, SlackApi, usable_proxy
from adapters.slack.calls import Calls
from adapters.slack.desks import Desk, Desks
from adapters.slack.dialogue import Dialogue, Forms, in_words, with_invitation, with_settings_button
from adapters.slack.elements import LINKS, RUN, Json
from adapters.slack.forms import QUERY, SHORTCUT, TOPIC_FORM, result_view
from adapters.slack.happenings import CardOf, ChannelLife, farewell_of
from adapters.slack.home import changes_home
from adapters.slack.installing import Installing
from adapters.slack.outcomes import FAILURES, PERSONAL, code_of, outcome_of
from adapters.slack.paths import EVENTS_PATH
from adapters.slack.platform import SlackPlatform
from adapters.slack.pressed import Pressed
from adapters.slack.redelivery import Deliveries
from adapters.slack.requests import MALFORMED, response_to
from adapters.slack.settings_form import CHANNEL_FORM, SETTINGS_FORM, SETTINGS_SHORTCUT
from adapters.slack.socket import Socket
from bot.channels import Address, PlatformName
from bot.commands.reading import REDRAW
from bot.commands.registry import Registry
from bot.commands.wording import answer, say
from bot.errands import Errands
from bot.errors import OperatorError, PaperRoundError
from bot.ports import ChannelDirectory, CommandCall, CommandRunner, Gone, Overview, Reply

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
    out, and what needs it then with it: `life` is told what becomes of channels, `card_of` asked about links that
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
        life: ChannelLife | None = None,
        card_of: CardOf | None = None,
        forms: Forms | None = None,
        directory: ChannelDirectory | None = None,
        overview: Overview | None = None,
        installing: Installing | None = None,
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
        self._life = life
        self._has_forms = forms is not None
        self._installing = installing
        self._answers = Answers(self._connection)
        self._pressed = Pressed(self._answers)
        self._deliveries = Deliveries()
        self._errands = Errands()
        self._desks = Desks(
            platform,
            commands,
            self._errands,
            life=life,
            card_of=card_of,
            forms=forms,
            directory=directory,
            overview=overview,
        )
        self._bolt = self._listeners()

    async def check(self) -> None:
        """Looks at the tokens; raises `OperatorError` when nothing can be done with them. No answer is no objection."""
        for workspace in await self._workspaces.check():
            if self._life is not None:
                await self._life.workspace_works(Address(PlatformName.SLACK, workspace, ""))

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
            app.view(TOPIC_FORM)(self._submitted(Dialogue.submitted))
            app.view(SETTINGS_FORM)(self._submitted(Dialogue.settings_submitted))
            app.view(CHANNEL_FORM)(self._submitted(Dialogue.channel_chosen))
            app.action(QUERY)(self._acknowledged(Dialogue.preview))
            app.action(SHORTCUT)(self._acknowledged(Dialogue.shortcut))
            app.shortcut(SHORTCUT)(self._acknowledged(Dialogue.shortcut))
            app.action(SETTINGS_SHORTCUT)(self._acknowledged(Dialogue.settings_shortcut))
            app.shortcut(SETTINGS_SHORTCUT)(self._acknowledged(Dialogue.settings_shortcut))
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
        if not self._deliveries.is_new(body):
            log.info("slack.delivered_again")
            return BoltResponse(status=200, body="")
        await next()
        return None

    async def _on_command(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        self._errands.start(self._answer(body, Calls.of_command, _occasion_of(body)))

    async def _on_button(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (body.get("container") or {}).get("type") == "view":
            self._errands.start(self._pressed_at_home(body))
        elif body["actions"][0].get("value"):
            self._errands.start(self._answer(body, Calls.of_button, _occasion_of(body)))
        else:
            self._errands.start(self._say(_STRANGE_BUTTON, _occasion_of(body)))

    async def _on_strange_button(self, ack: AsyncAck, body: Json) -> None:
        """A button that another version of us made."""
        await ack()
        if (body.get("view") or {}).get("type") == "home":
            self._errands.start(self._strange_at_home(body))
        else:
            self._errands.start(self._say(_STRANGE_BUTTON, _occasion_of(body)))

    async def _strange_at_home(self, body: Json) -> None:
        desk = await self._desks.asked(body)
        if desk is not None and desk.dialogue is not None:
            await desk.dialogue.say_at_home(answer(say(_STRANGE_BUTTON)), body)
        if desk is not None and desk.home is not None:
            await desk.home.publish(body["user"]["id"])

    async def _say(self, words: str, occasion: Occasion) -> None:
        await self._answers.give(answer(say(words)), occasion)

    async def _pressed_at_home(self, body: Json) -> None:
        desk = await self._desks.asked(body)
        if desk is not None and desk.dialogue is not None:
            await desk.dialogue.pressed_at_home(body)

    def _acknowledged(self, work: Callable[[Dialogue, Json], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """A listener that acknowledges, and starts the work."""

        async def in_its_workspace(body: Json) -> None:
            desk = await self._desks.asked(body)
            if desk is not None and desk.dialogue is not None:
                await work(desk.dialogue, body)

        async def listener(ack: AsyncAck, body: Json) -> None:
            await ack()
            self._errands.start(in_its_workspace(body))

        return listener

    def _submitted(self, work: Callable[[Dialogue, AsyncAck, Json], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """A listener that leaves the acknowledging to the work: it carries what is wrong with a form."""

        async def listener(ack: AsyncAck, body: Json) -> None:
            desk = await self._desks.asked(body)
            if desk is None or desk.dialogue is None:
                await ack(response_action="update", view=result_view(answer(say(_NOT_NOW))))
                return
            try:
                await work(desk.dialogue, ack, body)
            except MALFORMED as error:
                log.warning("slack.form_unreadable", reason=repr(error))
                await _say_that_it_is_old(ack)
            self._refresh_home(desk, body["user"]["id"])

        return listener

    async def _on_event(self, event: Json, body: Json) -> None:
        # Bolt has acknowledged it already.
        self._errands.start(self._happened(event, body))

    async def _happened(self, event: Json, body: Json) -> None:
        try:
            await self._take_in(event, body)
        except MALFORMED as error:
            log.warning("slack.event_unreadable", event_type=event.get("type"), exc_info=error)

    async def _take_in(self, event: Json, body: Json) -> None:
        if (farewell := farewell_of(event)) is not None:
            await self._left(event["type"], farewell, body)
            return
        desk = await self._desks.asked(body)
        if desk is None:
            return
        if event["type"] == "message":
            await self._written_to(desk, event)
        elif event["type"] != "app_home_opened":
            await desk.happenings.happened(event)
        elif desk.home is not None and event.get("tab") == "home":
            await desk.home.publish(event["user"])

    async def _written_to(self, desk: Desk, event: Json) -> None:
        """Somebody writes to the bot in their own conversation: what they write is a command."""
        kind, channel = event.get("channel_type"), str(event.get("channel") or "")
        if kind != "im" and not (kind is None and channel.startswith(PERSONAL)):
            return
        if event.get("bot_id") or event.get("subtype") not in _WRITTEN:
            return
        try:
            if event.get("user") in (None, (await desk.api.identity()).user_id):
                return
            call = await desk.calls.of_message(event)

            async def tell(reply: Reply) -> None:
                await posting.say(desk.api, event["channel"], reply.message, thread=event.get("thread_ts") or "")

            await tell(await self._run(call, tell))
        except FAILURES as error:
            log.warning("slack.not_answered", channel=event.get("channel"), reason=outcome_of(error).reason)
        else:
            self._refresh_home(desk, call.person.id)

    def _refresh_home(self, desk: Desk, person: str) -> None:
        if desk.home is not None and desk.home.was_seen_by(person):
            self._errands.start(desk.home.publish(person))

    async def _left(self, kind: str, reason: str, body: Json) -> None:
        """The app was removed from a workspace: the tokens go at once, the channels stop."""
        try:
            workspace = await self._workspaces.forget(body)
        except (PaperRoundError, *FAILURES) as error:
            log.warning("slack.event_failed", event_type=kind, code=code_of(error), error=str(error))
            return
        if workspace is None:
            return
        self._desks.clear(workspace)
        if self._life is not None:
            told = self._life.workspace_left if kind == "app_uninstalled" else self._life.workspace_lost
            await told(Address(PlatformName.SLACK, workspace, ""), reason)

    async def _answer(
        self, body: Json, reading: Callable[[Calls, Json], Awaitable[CommandCall]], occasion: Occasion
    ) -> None:
        try:
            desk = await self._desks.find(body)
            if desk is None:
                await self._say(self._workspaces.absent, occasion)
                return
            call = await reading(desk.calls, body)
        except (PaperRoundError, *MALFORMED, *FAILURES) as error:
            log.warning("slack.call_unreadable", reason=repr(error))
            await self._say(_NOT_NOW, occasion)
            return
        if desk.dialogue is not None and await desk.dialogue.opened(call, occasion.trigger):
            return
        call = in_words(call)
        async with self._pressed.turn(call, occasion):
            reply = await self._run(call, lambda waiting: self._answers.give(waiting, occasion))
            if not reply.failed and changes_home(self._registry.of_line(call.line)):
                self._refresh_home(desk, call.person.id)
            if await self._pressed.changed(desk.api, call, reply, occasion):
                await self._draw_again(desk.api, call, reply, occasion)
                return
        if desk.dialogue is not None:
            reply = with_settings_button(call, with_invitation(call, reply))
        await self._answers.give(reply, occasion)

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

    async def _draw_again(self, api: SlackApi, call: CommandCall, reply: Reply, occasion: Occasion) -> None:
        """Draws a message anew as long as it is not what was drawn last: another process may have been at it."""
        for _ in range(_DRAWN_AGAIN):
            latest = await self._commands.run(replace(call, line=REDRAW))
            if latest.update is None or latest.update == reply.update:
                return
            reply = latest
            await self._pressed.changed(api, call, reply, occasion)

    # ---- work

    async def finish(self) -> None:
        """Lets work that is under way end; what waits because Slack asks to is tried once more."""
        self._connection.patience.end()
        await self._errands.finish()


def _occasion_of(body: Json) -> Occasion:
    """What a command or a button gives to answer with. Buttons outside messages give nothing."""
    container, url = body.get("container") or {}, body.get("response_url") or ""
    return Occasion(
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
