"""The app that people in a workspace talk to: commands and buttons, over Socket Mode or signed HTTP requests.

Everything is acknowledged first and done afterwards (DESIGN, section 3): Slack waits for three seconds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.slack.answers import Answers, Occasion
from adapters.slack.api import LIBRARY_LOG, usable_proxy
from adapters.slack.calls import Calls
from adapters.slack.dialogue import Dialogue, Forms, with_settings_button
from adapters.slack.elements import RUN, Json
from adapters.slack.forms import QUERY, SHORTCUT, TOPIC_FORM
from adapters.slack.happenings import CardOf, ChannelLife, Happenings
from adapters.slack.home import Home
from adapters.slack.outcomes import FAILURES, code_of, outcome_of
from adapters.slack.platform import SlackPlatform
from adapters.slack.redelivery import Deliveries
from adapters.slack.settings_form import SETTINGS_FORM
from bot.errors import OperatorError
from bot.ports import ChannelDirectory, CommandCall, CommandRunner, Gone

log = structlog.get_logger(__name__)

EVENTS_PATH: Final = "/slack/events"
LARGEST_REQUEST: Final = 1_000_000  # bytes
PING_INTERVAL: Final = 5.0  # seconds between two looks at whether the socket is alive
_FINISH_WITHIN: Final = 5.0  # seconds that work gets when the app stops
_ANY_COMMAND: Final = re.compile("/.+")
_ANY_EVENT: Final = re.compile(".+")
_ANY_BUTTON: Final = re.compile(rf"{re.escape(RUN)}\..*")


class SlackApp:
    """Listens in one workspace and answers with `commands`.

    With an `app_token` call `run`; with a `signing_secret` serve `routes`. The rest may be left out, and what needs it
    then with it: `life` is told what becomes of channels, `card_of` asked about links that people post, `forms` about
    what forms start with, and `directory` lists the channels for the app's home.
    """

    def __init__(
        self,
        platform: SlackPlatform,
        commands: CommandRunner,
        *,
        app_token: str = "",
        signing_secret: str = "",
        life: ChannelLife | None = None,
        card_of: CardOf | None = None,
        forms: Forms | None = None,
        directory: ChannelDirectory | None = None,
        ping_interval: float = PING_INTERVAL,
    ) -> None:
        self._api = platform.api
        self._commands = commands
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._ping_interval = ping_interval
        self._calls = Calls(platform.api)
        self._answers = Answers(platform.api)
        self._happenings = Happenings(platform.api, self._calls, life, card_of)
        self._deliveries = Deliveries()
        self._under_way: set[asyncio.Task[None]] = set()
        self._home = Home(platform.api, directory) if directory else None
        self._dialogue = Dialogue(platform, self._calls, commands, self._start, forms) if forms else None
        self._bolt = self._listeners()

    async def check(self) -> None:
        """Asks Slack whose the bot token is; raises `OperatorError` when it is nobody's. No answer is no objection."""
        try:
            await self._api.identity()
        except FAILURES as error:
            outcome = outcome_of(error)
            if isinstance(outcome, Gone):
                raise OperatorError(f"{outcome.reason} Look at PAPERROUND_SLACK_BOT_TOKEN.") from error
            log.warning("slack.unreachable", reason=outcome.reason)

    # ---- Socket Mode

    async def run(self) -> None:
        """Keeps a socket open until cancelled; raises `OperatorError` when Slack does not accept a token."""
        await self.check()
        handler = AsyncSocketModeHandler(
            self._bolt,
            self._app_token,
            logger=LIBRARY_LOG,
            web_client=self._api.another_client(None),
            ping_interval=self._ping_interval,
        )
        handler.client.proxy = usable_proxy(self._api.url, handler.client.proxy)
        try:
            handler.client.wss_uri = await self._socket_address(handler)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            log.info("slack.connected")
            await asyncio.Event().wait()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]
            await self.finish()

    async def _socket_address(self, handler: AsyncSocketModeHandler) -> str | None:
        """Where to connect; None leaves the trying to the library, which never gives up, not even on a bad token."""
        try:
            return await handler.client.issue_new_wss_url()
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
        """What to serve so that Slack can call: one path for commands, buttons and events."""
        verifier = SignatureVerifier(self._signing_secret)

        async def receive(request: Request) -> Response:
            body = await _limited_body(request)
            if body is None:
                return PlainTextResponse("too large", status_code=413)
            if not _is_signed(verifier, request, body):
                log.warning("slack.unsigned_request")
                return PlainTextResponse("not signed by Slack", status_code=401)
            return to_starlette_response(await self._bolt.async_dispatch(to_async_bolt_request(request, body)))

        return [Route(EVENTS_PATH, receive, methods=["POST"])]

    # ---- listening

    def _listeners(self) -> AsyncApp:
        app = AsyncApp(
            name="paperround",
            logger=LIBRARY_LOG,
            client=self._api.another_client(None),
            authorize=_authorize,
            # Sockets need no signature, and requests are verified before anything in them is read.
            request_verification_enabled=False,
        )
        app.middleware(self._once)
        app.command(_ANY_COMMAND)(self._on_command)
        app.action(_ANY_BUTTON)(self._on_button)
        if (dialogue := self._dialogue) is not None:
            app.view(TOPIC_FORM)(dialogue.submitted)
            app.view(SETTINGS_FORM)(dialogue.settings_submitted)
            app.action(QUERY)(self._acknowledged(dialogue.preview))
            app.action(SHORTCUT)(self._acknowledged(dialogue.shortcut))
            app.shortcut(SHORTCUT)(self._acknowledged(dialogue.shortcut))
        # All of them, so that Slack does not repeat those that we do not need.
        app.event(_ANY_EVENT)(self._on_event)
        return app

    async def _once(self, body: Json, next: Callable[[], Awaitable[Any]]) -> BoltResponse | None:  # noqa: A002 - Bolt's
        if not self._deliveries.is_new(body):
            log.info("slack.delivered_again")
            return BoltResponse(status=200, body="")
        await next()
        return None

    async def _on_command(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        self._start(self._answer(self._calls.of_command(body), Occasion(body["response_url"], body["trigger_id"])))

    async def _on_button(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        container = body.get("container", {})
        occasion = Occasion(
            body["response_url"],
            body["trigger_id"],
            replaceable=bool(container.get("is_ephemeral")),
            thread=container.get("thread_ts"),
        )
        self._start(self._answer(self._calls.of_button(body), occasion))

    def _acknowledged(self, work: Callable[[Json], Coroutine[Any, Any, None]]) -> Callable[..., Awaitable[None]]:
        """A listener that acknowledges, and starts the work."""

        async def listener(ack: AsyncAck, body: Json) -> None:
            await ack()
            self._start(work(body))

        return listener

    async def _on_event(self, event: Json) -> None:
        # Bolt has acknowledged it already.
        if event["type"] != "app_home_opened":
            self._start(self._happenings.happened(event))
        elif self._home is not None and event.get("tab") == "home":
            self._start(self._home.publish(event["user"]))

    async def _answer(self, reading: Awaitable[CommandCall], occasion: Occasion) -> None:
        try:
            call = await reading
        except FAILURES as error:
            log.warning("slack.call_unreadable", reason=outcome_of(error).reason)
            return
        if self._dialogue is not None and await self._dialogue.opened(call, occasion.trigger):
            return
        reply = await self._commands.run(call)
        if self._dialogue is not None:
            reply = with_settings_button(call, reply)
        await self._answers.give(reply, occasion)

    # ---- work

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Does the work beside everything else, and keeps hold of it until it is done."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("slack.work_failed", exc_info=error)

    async def finish(self) -> None:
        """Lets work that is under way end."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=_FINISH_WITHIN)
            for task in late:
                task.cancel()


async def _authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
    """Nothing is looked up: this is on the way to the acknowledgement."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="")


async def _limited_body(request: Request) -> bytes | None:
    """The body, None for one that is larger than Slack's ever are."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            return None
    return bytes(body)


def _is_signed(verifier: SignatureVerifier, request: Request, body: bytes) -> bool:
    """Whether Slack sent this within the last five minutes.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    stamp = request.headers.get("x-slack-request-timestamp", "")
    # The library takes neither other stamps than numbers nor other bodies than text.
    if not (stamp.isascii() and stamp.isdigit()):
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return verifier.is_valid(text, stamp, request.headers.get("x-slack-signature"))
