"""The workspace: the pages of the channels, and what they ask for while they are open."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from adapters.web.addresses import address_of, address_of_key, channel_key, channel_path
from adapters.web.messages.live_votes import LiveVotes
from adapters.web.messages.reading import ChannelMessages, is_ours
from adapters.web.messages.timeline import MessageView, paper_ids_of, threads_of, view_of
from adapters.web.pages.channels.panel import PANEL, Panel
from adapters.web.pages.papers.marking import Marking, unmarked
from adapters.web.pages.rendering import OpenPanel, Pages
from adapters.web.pages.shell import BEHIND, OF_PLATFORM, PLATFORMS, Place, Shells
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import reader_zone, visitor_of
from adapters.web.platform import WebPlatform
from adapters.web.serving.events import EventStreams
from adapters.web.serving.forms import fields_of, id_of
from adapters.web.serving.protection import wants_json
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import BrowsableDirectory
from bot.channels.names import channel_name_of
from bot.clocks import Clock
from bot.errors import UserError
from bot.people.record import Record
from bot.platforms.command_calls import CommandRunner
from bot.platforms.message_log import LoggedMessage

THREADS_PER_PAGE = 20
LONGEST_LINE = 2000  # characters
MOST_COMPLETIONS = 8
COMMAND = "/papers"
CHANNEL_COMMAND = "channel"  # the one that may give a channel another name, or delete it


class Workspace:
    """The pages of the channels, and what they ask for while they are open."""

    def __init__(
        self,
        *,
        platform: WebPlatform,
        commands: CommandRunner,
        directory: BrowsableDirectory,
        record: Record,
        messages: ChannelMessages,
        clock: Clock,
        pages: Pages,
        shells: Shells,
        marking: Marking,
        votes: LiveVotes,
        panels: Sequence[Panel] = (),
        begins_at: str = "",
    ) -> None:
        """`begins_at` is the path to which an empty workspace leads, if it is another than its own."""
        self._platform = platform
        self._commands = commands
        self._directory = directory
        self._record = record
        self._messages = messages
        self._clock = clock
        self._pages = pages
        self._shells = shells
        self._marking = marking
        self._votes = votes
        self._panels = panels
        self._begins_at = begins_at
        self._streams = EventStreams(platform)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            Route("/channels", self.list_channels),
            Route("/channels", self.add_channel, methods=["POST"]),
            Route("/channels/more", self.more_channels),
            Route("/c/{channel}", self.show_channel),
            Route("/c/{channel}/messages", self.earlier_messages),
            Route("/c/{channel}/newer", self.newer_messages),
            Route("/c/{channel}/command", self.run_command, methods=["POST"]),
            Route("/c/{channel}/complete", self.complete),
            Route("/c/{channel}/events", self.events),
            Route("/c/{channel}/panel/{panel}", self.show_panel),
        ]

    async def home(self, request: Request) -> Response:
        channel = await self._shells.first(request)
        if channel is not None:
            return RedirectResponse(channel_path(channel.address), status_code=303)
        if self._begins_at:
            return RedirectResponse(self._begins_at, status_code=303)
        return HTMLResponse(await self._page(request, None))

    async def show_channel(self, request: Request) -> Response:
        channel = await self._shells.of_path(request)
        return HTMLResponse(await self._page(request, channel, before=id_of(request.query_params.get("before"))))

    async def show_panel(self, request: Request) -> Response:
        """What a panel shows, for a page that is open already."""
        channel = await self._shells.of_path(request)
        panel = await self._open_panel(request, channel, request.path_params["panel"])
        if panel is None:
            raise HTTPException(404, "There is no such panel.")
        return HTMLResponse(self._pages.panel(self._shells.view(request, channel), self._panels, panel))

    async def list_channels(self, request: Request) -> Response:
        """The list of channels as a fragment, for pages that stay open while schedules change."""
        current = await self._shells.find(request, address_of_key(request.query_params.get("current", "")))
        return HTMLResponse(self._pages.channels(await self._shells.channels(request, current)))

    async def more_channels(self, request: Request) -> Response:
        """What follows in the list of channels, as a fragment."""
        platform, after = request.query_params.get(OF_PLATFORM), id_of(request.query_params.get(BEHIND))
        if platform not in tuple(PLATFORMS) or after is None:
            raise HTTPException(404, "There are no such channels.")
        return HTMLResponse(self._pages.channels(await self._shells.more(request, PlatformName(platform), after)))

    async def add_channel(self, request: Request) -> Response:
        if not visitor_of(request).is_manager:
            raise HTTPException(403, "Managers add channels. Ask one of them.")
        try:
            name = channel_name_of((await fields_of(request)).get("name", ""))
            address, author = address_of(name), visitor_of(request).author
            channel = await self._directory.find(address)
            if channel is None:
                async with self._record.change(author, f"channel add {name}", address, name):
                    channel = await self._directory.add_channel(address, name)
        except UserError as error:
            if wants_json(request):
                raise
            return HTMLResponse(await self._page(request, None, error=str(error)), status_code=422)
        if wants_json(request):
            return JSONResponse({"url": channel_path(channel.address)}, status_code=201)
        return RedirectResponse(channel_path(channel.address), status_code=303)

    async def earlier_messages(self, request: Request) -> Response:
        channel = await self._shells.of_path(request)
        before = id_of(request.query_params.get("before"))
        page = await self._messages.page(channel, before=before, limit=THREADS_PER_PAGE)
        marks = await self._marking.marks(request, channel, paper_ids_of(page.messages))
        threads = threads_of(page.messages, reader_zone(request, channel), marks)
        html = await asyncio.to_thread(self._pages.threads, channel_key(channel.address), threads)
        return JSONResponse({"html": html, "earlier": page.earlier})

    async def newer_messages(self, request: Request) -> Response:
        """What was posted in a channel of another platform behind a message, as events would tell it."""
        channel = await self._shells.of_path(request)
        zone, after = reader_zone(request, channel), id_of(request.query_params.get("after"))
        newer = [] if is_ours(channel) else await self._messages.newer(channel, after or 0, THREADS_PER_PAGE)
        key = channel_key(channel.address)
        described = [
            self._described(key, view_of(each, zone, unmarked(request, channel)), reply_to=each.reply_to)
            for each in newer
        ]
        return JSONResponse({"messages": described})

    async def run_command(self, request: Request) -> Response:
        """Runs a line. The answer is for its asker alone, unless the command says that everybody is to see it.

        An answer that replaces the message whose button was pressed does so in the asker's page. If that message is
        in the log, it stays there as it was: what the channel was told is not rewritten by one reader's paging.
        In a channel of another platform nothing is said but by what the command itself sends there. What was written in
        a form of its own (`words`) stands behind the `line`.
        """
        channel = await self._shells.of_path(request)
        fields = await fields_of(request)
        line = line_of(f"{fields.get('line', '')} {fields.get('words', '')}")
        if len(line) > LONGEST_LINE:
            raise UserError(f"That line has {len(line):,} characters; {LONGEST_LINE:,} is the most.")
        pressed = fields.get("from") or None
        number = id_of(pressed)
        from_message = pressed if number is None else await self._messages.remote_id(channel, number)
        reply = await self._commands.run(call_of(request, channel, line, from_message=from_message))
        if (now_at := await self._now_at(channel, line)) != channel_path(channel.address):
            if wants_json(request):
                return JSONResponse({"goto": now_at, "summary": reply.message.summary, "failed": reply.failed})
            return RedirectResponse(now_at, status_code=303)
        key, zone = channel_key(channel.address), reader_zone(request, channel)
        if reply.update is not None and number is not None:
            says = await self._messages.change(channel, reply.update, number)
            if says is not None:
                at = self._clock.now().astimezone(zone)
                view = MessageView(id=str(number), message=says, at=at, marks=unmarked(request, channel))
                if wants_json(request):
                    return JSONResponse({**self._described(key, view), "updates": True})
                return RedirectResponse(channel_path(channel.address), status_code=303)
        in_place = reply.replaces and pressed is not None
        visitor = visitor_of(request)
        private = reply.ephemeral or not visitor.may_change(channel.address)
        if private or (in_place and number is not None) or not is_ours(channel):
            view = MessageView(
                id=f"e{secrets.token_hex(8)}",
                message=reply.message,
                at=self._clock.now().astimezone(zone),
                line=line,
                failed=reply.failed,
                marks=await self._marking.marks(request, channel, reply.message.paper_ids),
            )
        else:
            posted = await self._platform.publish(key, reply.message, by=visitor.name, used=line)
            view = view_of(posted, zone, unmarked(request, channel))
        if wants_json(request):
            return JSONResponse({**self._described(key, view), "replaces": in_place, "failed": reply.failed})
        if not view.ephemeral:
            return RedirectResponse(channel_path(channel.address), status_code=303)
        return HTMLResponse(await self._page(request, channel, answer=view))

    async def _now_at(self, channel: Channel, line: str) -> str:
        """Where a channel's page is now that a line was run: it may have another name, or be gone."""
        if line.partition(" ")[0].lower() == CHANNEL_COMMAND:
            found = await self._directory.get(channel.id)
            return channel_path(found.address) if found else "/"
        return channel_path(channel.address)

    async def complete(self, request: Request) -> Response:
        channel = await self._shells.of_path(request)
        line = line_of(request.query_params.get("line", ""), keep_end=True)
        offered = await self._commands.complete(call_of(request, channel, line)) if len(line) < LONGEST_LINE else []
        shown = offered[:MOST_COMPLETIONS]
        return JSONResponse({"lines": [one.line for one in shown], "labels": [one.label for one in shown]})

    async def events(self, request: Request) -> Response:
        channel = await self._shells.of_path(request)
        if self._streams.full:
            raise HTTPException(503, "Too many pages are open.", {"retry-after": "30"})
        seen = id_of(request.headers.get("last-event-id") or request.query_params.get("after"))
        after = await self._platform.last_id() if seen is None else seen
        name, zone = channel_key(channel.address), reader_zone(request, channel)

        def describe(logged: LoggedMessage) -> Mapping[str, Any]:
            return self._described(name, view_of(logged, zone, unmarked(request, channel)), reply_to=logged.reply_to)

        return StreamingResponse(
            self._streams.follow(name, after, describe, self._votes.page_of(channel)),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},  # nginx would hold the events back
        )

    # ---- parts of the above

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
            page = await self._messages.page(channel, before=before, limit=THREADS_PER_PAGE)
            marks = await self._marking.marks(request, channel, paper_ids_of(page.messages))
            threads, earlier = threads_of(page.messages, zone, marks), page.earlier
        panel = await self._open_panel(request, channel, request.query_params.get(PANEL, "")) if channel else None
        # A page of a hundred papers takes a twentieth of a second, in which others go on.
        return await asyncio.to_thread(
            self._pages.channel,
            shell,
            threads=threads,
            earlier=earlier,
            last_id=last_id,
            answer=answer,
            error=error,
            panels=self._panels,
            panel=panel,
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


def line_of(text: str, *, keep_end: bool = False) -> str:
    """The command line in what somebody typed, with or without `/papers` before it."""
    line = text.lstrip() if keep_end else text.strip()
    word, space, rest = line.partition(" ")
    return rest.lstrip() if word.lower() == COMMAND and (space or not keep_end) else line
