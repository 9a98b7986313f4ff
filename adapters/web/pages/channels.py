"""The workspace: the pages of the channels, and what they ask for while they are open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from adapters.web.addresses import address_of, channel_name_of, channel_path
from adapters.web.messages.timeline import MessageView, threads_of, view_of
from adapters.web.pages.panel import PANEL, Panel
from adapters.web.pages.rendering import OpenPanel, Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.sessions import end
from adapters.web.people.visitor import person_of, reader_zone, visitor_of
from adapters.web.platform import WebPlatform
from adapters.web.serving.events import EventStreams
from adapters.web.serving.forms import fields_of, id_of
from adapters.web.serving.protection import wants_json
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import ChannelDirectory
from bot.clocks import Clock
from bot.errors import UserError
from bot.platforms.command_calls import CommandCall, CommandRunner
from bot.platforms.message_log import LoggedMessage

THREADS_PER_PAGE = 30
LONGEST_LINE = 2000  # characters
MOST_COMPLETIONS = 8
COMMAND = "/papers"


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
        shells: Shells,
        panels: Sequence[Panel] = (),
    ) -> None:
        self._platform = platform
        self._commands = commands
        self._directory = directory
        self._clock = clock
        self._pages = pages
        self._shells = shells
        self._panels = panels
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
            Route("/c/{channel}/panel/{panel}", self.show_panel),
            Route("/logout", self.log_out, methods=["POST"]),
        ]

    async def home(self, request: Request) -> Response:
        channels = await self._directory.channels(PlatformName.WEB)
        if channels:
            return RedirectResponse(channel_path(channels[0].address), status_code=303)
        return HTMLResponse(await self._page(request, None))

    async def show_channel(self, request: Request) -> Response:
        channel = await self._channel(request)
        return HTMLResponse(await self._page(request, channel, before=id_of(request.query_params.get("before"))))

    async def show_panel(self, request: Request) -> Response:
        """What a panel shows, for a page that is open already."""
        channel = await self._channel(request)
        panel = await self._open_panel(request, channel, request.path_params["panel"])
        if panel is None:
            raise HTTPException(404, "There is no such panel.")
        view = await self._shells.view(request, channel)
        return HTMLResponse(self._pages.panel(view, self._panels, panel))

    async def list_channels(self, request: Request) -> Response:
        """The list of channels as a fragment, for pages that stay open while schedules change."""
        channels = await self._directory.channels(PlatformName.WEB)
        current = next((each for each in channels if each.address.channel == request.query_params.get("current")), None)
        return HTMLResponse(self._pages.channels(await self._shells.channels(request, current)))

    async def add_channel(self, request: Request) -> Response:
        try:
            name = channel_name_of((await fields_of(request)).get("name", ""))
            channel = await self._directory.add_channel(address_of(name), name)
        except UserError as error:
            if wants_json(request):
                raise
            return HTMLResponse(await self._page(request, None, error=str(error)), status_code=422)
        if wants_json(request):
            return JSONResponse({"url": channel_path(channel.address)}, status_code=201)
        return RedirectResponse(channel_path(channel.address), status_code=303)

    async def earlier_messages(self, request: Request) -> Response:
        channel = await self._channel(request)
        before = id_of(request.query_params.get("before"))
        page = await self._platform.page(channel.address.channel, before=before, limit=THREADS_PER_PAGE)
        threads = threads_of(page.messages, reader_zone(request, channel))
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
        zone = reader_zone(request, channel)
        if reply.update is not None and (number := id_of(pressed)) is not None:
            changed = await self._platform.change(reply.update, number)
            if changed is not None:
                if wants_json(request):
                    return JSONResponse({**self._described(name, view_of(changed, zone)), "updates": True})
                return RedirectResponse(channel_path(channel.address), status_code=303)
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
            return RedirectResponse(channel_path(channel.address), status_code=303)
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
        name, zone = channel.address.channel, reader_zone(request, channel)

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
        shell = await self._shells.around(request, Place.CHANNEL, channel)
        zone = reader_zone(request, channel)
        threads, earlier = [], None
        if channel is not None:
            page = await self._platform.page(channel.address.channel, before=before, limit=THREADS_PER_PAGE)
            threads, earlier = threads_of(page.messages, zone), page.earlier
        return self._pages.channel(
            shell,
            threads=threads,
            earlier=earlier,
            last_id=last_id,
            answer=answer,
            error=error,
            panels=self._panels,
            panel=await self._open_panel(request, channel, request.query_params.get(PANEL, "")) if channel else None,
            read_only=visitor_of(request).why_not(channel.address) if channel else "",
        )

    async def _open_panel(self, request: Request, channel: Channel, name: str) -> OpenPanel | None:
        panel = next((panel for panel in self._panels if panel.name == name), None)
        return OpenPanel(panel, await panel.content(request, channel)) if panel else None

    def _described(self, channel: str, view: MessageView, *, reply_to: int | None = None) -> dict[str, Any]:
        return {
            "id": view.id,
            "replyTo": reply_to,
            "html": self._pages.message(channel, view, is_reply=reply_to is not None),
            "summary": view.message.summary,
        }

    def _call(self, request: Request, channel: Channel, line: str, pressed: str | None) -> CommandCall:
        return CommandCall(
            line=line,
            address=channel.address,
            channel_name=channel.name,
            person=person_of(request, channel.address),
            from_message=pressed,
        )


def line_of(text: str, *, keep_end: bool = False) -> str:
    """The command line in what somebody typed, with or without `/papers` before it."""
    line = text.lstrip() if keep_end else text.strip()
    word, space, rest = line.partition(" ")
    return rest.lstrip() if word.lower() == COMMAND and (space or not keep_end) else line
