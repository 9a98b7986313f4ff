"""The application: which address does what."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, tzinfo
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from adapters.web.events import EventStreams
from adapters.web.forms import fields_of, id_of
from adapters.web.pages import STATIC, Pages, path_segment
from adapters.web.platform import WebPlatform, address_of, channel_name_of
from adapters.web.protection import HostCheck, LoginRequired, OriginCheck, SecurityHeaders, may_read_metrics, wants_json
from adapters.web.sessions import Sessions, client_of, end
from adapters.web.timeline import ChannelView, MessageView, channel_view, threads_of, view_of, zone_of
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.clocks import Clock
from bot.errors import PaperRoundError, StorageError, UserError
from bot.platforms.command_calls import CommandCall, CommandRunner, Person
from bot.platforms.message_log import LoggedMessage

Health = Callable[[], Awaitable[Mapping[str, Any]]]
"""Whether the bot can do its work: `ok` (a bool), and details that `/readyz` shows as JSON."""
Metrics = Callable[[], tuple[bytes, str]]
"""The metrics and their media type."""

THREADS_PER_PAGE = 30
LONGEST_LINE = 2000  # characters
MOST_COMPLETIONS = 8
ZONE_COOKIE = "paperround_zone"
LOCAL_PERSON = "local"
COMMAND = "/papers"


def create_app(
    *,
    platform: WebPlatform,
    commands: CommandRunner,
    directory: ChannelDirectory,
    clock: Clock,
    health: Health,
    metrics: Metrics,
    password: str | None,
    allowed_hosts: Sequence[str],
    extra_routes: Sequence[BaseRoute] = (),
    banner: str = "",
    with_workspace: bool = True,
) -> Starlette:
    """The workspace, the health checks and the metrics in one application.

    With a `password` everything but the login, `/healthz` and `/readyz` needs a session; `/metrics` also takes the
    password as a bearer token. `allowed_hosts` are host names without ports. `extra_routes` come first, and only the
    security headers apply to them: they protect themselves. Without the workspace only they, the health checks and the
    metrics are there. Serve it with `WebServer`, or stopping takes for ever.
    """
    sessions = Sessions(password, clock) if password is not None else None
    pages = Pages(banner=banner, has_login=sessions is not None)
    workspace = Workspace(platform=platform, commands=commands, directory=directory, clock=clock, pages=pages)
    known_host = [Middleware(HostCheck, allowed_hosts=allowed_hosts), Middleware(OriginCheck)]
    logged_in = [Middleware(LoginRequired, sessions=sessions)] if sessions is not None else []

    async def healthz(request: Request) -> Response:  # noqa: ARG001 - the process answers, that is all it says
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:  # noqa: ARG001 - the same for everybody
        state = await health()
        return JSONResponse(dict(state), status_code=200 if state["ok"] is True else 503)

    async def read_metrics(request: Request) -> Response:
        if not may_read_metrics(request, sessions, allowed_hosts):
            raise HTTPException(401, "Send the password as a bearer token.", {"www-authenticate": "Bearer"})
        body, media_type = metrics()
        return Response(body, headers={"content-type": media_type})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001 - Starlette's form
        async with platform.tail.running():
            yield

    async def show_problem(request: Request, error: Exception) -> Response:
        return _problem(request, error, pages)

    rooms = [
        Mount("/static", _Assets(directory=STATIC), middleware=known_host),
        *(_login_routes(sessions, pages, known_host) if sessions else []),
        Mount("/", routes=workspace.routes(), middleware=[*known_host, *logged_in]),
    ]
    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", read_metrics),
            *extra_routes,
            *(rooms if with_workspace else []),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: show_problem, PaperRoundError: show_problem},
        lifespan=lifespan,
    )


class Workspace:
    """The pages of the channels, and what they ask for while they are open."""

    def __init__(
        self,
        *,
        platform: WebPlatform,
        commands: CommandRunner,
        directory: ChannelDirectory,
        clock: Clock,
        pages: Pages,
    ) -> None:
        self._platform = platform
        self._commands = commands
        self._directory = directory
        self._clock = clock
        self._pages = pages
        self._streams = EventStreams(platform)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            Route("/channels", self.list_channels),
            Route("/channels", self.add_channel, methods=["POST"]),
            Route("/c/{channel}", self.show_channel),
            Route("/c/{channel}/messages", self.earlier_messages),
            Route("/c/{channel}/command", self.run_command, methods=["POST"]),
            Route("/c/{channel}/complete", self.complete),
            Route("/c/{channel}/events", self.events),
            Route("/logout", self.log_out, methods=["POST"]),
        ]

    async def home(self, request: Request) -> Response:
        channels = await self._directory.channels(PlatformName.WEB)
        if channels:
            return RedirectResponse(_path_of(channels[0]), status_code=303)
        return HTMLResponse(await self._page(request, None))

    async def show_channel(self, request: Request) -> Response:
        channel = await self._channel(request)
        return HTMLResponse(await self._page(request, channel, before=id_of(request.query_params.get("before"))))

    async def list_channels(self, request: Request) -> Response:
        """The list of channels as a fragment, for pages that stay open while schedules change."""
        channels = await self._directory.channels(PlatformName.WEB)
        current = next((each for each in channels if each.address.channel == request.query_params.get("current")), None)
        return HTMLResponse(self._pages.channels(await self._views(request, channels, current)))

    async def add_channel(self, request: Request) -> Response:
        try:
            name = channel_name_of((await fields_of(request)).get("name", ""))
            channel = await self._directory.add_channel(address_of(name), name)
        except UserError as error:
            if wants_json(request):
                raise
            return HTMLResponse(await self._page(request, None, error=str(error)), status_code=422)
        if wants_json(request):
            return JSONResponse({"url": _path_of(channel)}, status_code=201)
        return RedirectResponse(_path_of(channel), status_code=303)

    async def earlier_messages(self, request: Request) -> Response:
        channel = await self._channel(request)
        before = id_of(request.query_params.get("before"))
        page = await self._platform.page(channel.address.channel, before=before, limit=THREADS_PER_PAGE)
        threads = threads_of(page.messages, _zone(request, channel))
        html = self._pages.threads(channel.address.channel, threads)
        return JSONResponse({"html": html, "earlier": page.earlier})

    async def run_command(self, request: Request) -> Response:
        """Runs a line. The answer is for its asker alone, unless the command says that everybody is to see it.

        An answer that replaces the message whose button was pressed does so in the asker's page. If that message is
        in the log, it stays there as it was: what the channel was told is not rewritten by one reader's paging.
        """
        channel = await self._channel(request)
        name = channel.address.channel
        fields = await fields_of(request)
        line = line_of(fields.get("line", ""))
        if len(line) > LONGEST_LINE:
            raise UserError(f"That line has {len(line):,} characters; {LONGEST_LINE:,} is the most.")
        pressed = fields.get("from") or None
        reply = await self._commands.run(self._call(request, channel, line, pressed))
        zone = _zone(request, channel)
        if reply.update is not None and (number := id_of(pressed)) is not None:
            changed = await self._platform.change(reply.update, number)
            if changed is not None:
                if wants_json(request):
                    return JSONResponse({**self._described(name, view_of(changed, zone)), "updates": True})
                return RedirectResponse(_path_of(channel), status_code=303)
        in_place = reply.replaces and pressed is not None
        if reply.ephemeral or (in_place and id_of(pressed) is not None):
            view = MessageView(
                id=f"e{secrets.token_hex(8)}",
                message=reply.message,
                at=self._clock.now().astimezone(zone),
                line=line,
                failed=reply.failed,
            )
        else:
            view = view_of(await self._platform.publish(name, reply.message, used=line), zone)
        if wants_json(request):
            return JSONResponse({**self._described(name, view), "replaces": in_place, "failed": reply.failed})
        if not view.ephemeral:
            return RedirectResponse(_path_of(channel), status_code=303)
        return HTMLResponse(await self._page(request, channel, answer=view))

    async def complete(self, request: Request) -> Response:
        channel = await self._channel(request)
        line = line_of(request.query_params.get("line", ""), keep_end=True)
        offered = (
            await self._commands.complete(self._call(request, channel, line, None)) if len(line) < LONGEST_LINE else []
        )
        shown = offered[:MOST_COMPLETIONS]
        return JSONResponse({"lines": [one.line for one in shown], "labels": [one.label for one in shown]})

    async def events(self, request: Request) -> Response:
        channel = await self._channel(request)
        if self._streams.full:
            raise HTTPException(503, "Too many pages are open.", {"retry-after": "30"})
        seen = id_of(request.headers.get("last-event-id") or request.query_params.get("after"))
        after = await self._platform.last_id() if seen is None else seen
        name, zone = channel.address.channel, _zone(request, channel)

        def describe(logged: LoggedMessage) -> Mapping[str, Any]:
            return self._described(name, view_of(logged, zone), reply_to=logged.reply_to)

        return StreamingResponse(
            self._streams.follow(name, after, describe),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},  # nginx would hold the events back
        )

    async def log_out(self, request: Request) -> Response:  # noqa: ARG002 - whoever it is
        response = RedirectResponse("/login", status_code=303)
        end(response)
        return response

    # ---- parts of the above

    async def _channel(self, request: Request) -> Channel:
        name = request.path_params["channel"]
        for channel in await self._directory.channels(PlatformName.WEB):
            if channel.address.channel == name:
                return channel
        raise HTTPException(404, f"There is no channel #{name} here.")

    async def _page(
        self,
        request: Request,
        channel: Channel | None,
        *,
        before: int | None = None,
        answer: MessageView | None = None,
        error: str = "",
    ) -> str:
        # The last id is read before the messages: what is posted in between comes twice and is shown once.
        last_id = await self._platform.last_id()
        channels = await self._directory.channels(PlatformName.WEB)
        views = await self._views(request, channels, channel)
        zone = _zone(request, channel)
        threads, earlier = [], None
        if channel is not None:
            page = await self._platform.page(channel.address.channel, before=before, limit=THREADS_PER_PAGE)
            threads, earlier = threads_of(page.messages, zone), page.earlier
        return self._pages.channel(
            channels=views,
            threads=threads,
            earlier=earlier,
            last_id=last_id,
            zone=str(zone),
            answer=answer,
            error=error,
        )

    async def _views(self, request: Request, channels: Sequence[Channel], current: Channel | None) -> list[ChannelView]:
        now = self._clock.now()
        latest = await self._platform.latest_ids([channel.address.channel for channel in channels])
        return [
            channel_view(
                channel,
                now,
                _zone(request, channel),
                latest=latest[channel.address.channel],
                current=current is not None and channel.id == current.id,
            )
            for channel in channels
        ]

    def _described(self, channel: str, view: MessageView, *, reply_to: int | None = None) -> dict[str, Any]:
        return {
            "id": view.id,
            "replyTo": reply_to,
            "html": self._pages.message(channel, view, is_reply=reply_to is not None),
            "summary": view.message.summary,
        }

    def _call(self, request: Request, channel: Channel, line: str, pressed: str | None) -> CommandCall:
        zone = zone_of(request.cookies.get(ZONE_COOKIE, ""))
        person = Person(id=LOCAL_PERSON, name="someone", may_manage=True, time_zone=str(zone) if zone else None)
        return CommandCall(
            line=line, address=channel.address, channel_name=channel.name, person=person, from_message=pressed
        )


def line_of(text: str, *, keep_end: bool = False) -> str:
    """The command line in what somebody typed, with or without `/papers` before it."""
    line = text.lstrip() if keep_end else text.strip()
    word, space, rest = line.partition(" ")
    return rest.lstrip() if word.lower() == COMMAND and (space or not keep_end) else line


class _Assets(StaticFiles):
    """Styles and scripts. An address with a version in it means the same content for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        versioned = b"v=" in scope["query_string"]
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def _login_routes(sessions: Sessions, pages: Pages, middleware: Sequence[Middleware]) -> list[Route]:
    async def ask(request: Request) -> Response:
        return HTMLResponse(pages.login(next_path=_safe_next(request.query_params.get("next", "")), error=""))

    async def log_in(request: Request) -> Response:
        fields = await fields_of(request)
        client, next_path = client_of(request), _safe_next(fields.get("next", ""))
        if wait := sessions.wait_before(client):
            sentence = f"Too many attempts. Try again in {wait} seconds."
            page = pages.login(next_path=next_path, error=sentence)
            return HTMLResponse(page, status_code=429, headers={"retry-after": str(wait)})
        if not sessions.is_password(fields.get("password", ""), client):
            page = pages.login(next_path=next_path, error="That is not the password.")
            return HTMLResponse(page, status_code=401)
        response = RedirectResponse(next_path, status_code=303)
        sessions.begin(response, secure=request.url.scheme == "https")
        return response

    return [
        Route("/login", ask, middleware=middleware),
        Route("/login", log_in, methods=["POST"], middleware=middleware),
    ]


def _safe_next(path: str) -> str:
    """Where to go after the login: a channel of ours, never another site."""
    return path if path.startswith("/c/") else "/"


def _problem(request: Request, error: Exception, pages: Pages) -> Response:
    title, status, headers = "That did not work", 422, None
    sentence = str(error)
    if isinstance(error, HTTPException):
        status, sentence, headers = error.status_code, error.detail, error.headers
        title = "Not found" if status == 404 else title
    elif isinstance(error, StorageError):
        title, status = "The database does not answer", 503
        sentence = "The database does not answer right now. Nothing was changed; try again in a moment."
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(pages.problem(title=title, sentence=sentence), status_code=status, headers=headers)
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


def _path_of(channel: Channel) -> str:
    return f"/c/{path_segment(channel.address.channel)}"


def _zone(request: Request, channel: Channel | None) -> tzinfo:
    """The reader's time zone, which the page keeps in a cookie; until it is known the channel's."""
    names = (request.cookies.get(ZONE_COOKIE, ""), channel.time_zone if channel else "")
    return next((zone for name in names if (zone := zone_of(name))), UTC)
