"""Settings of a channel: what its form sends, and the names that it completes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_path
from adapters.web.pages.channels.panel import PANEL
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Shells
from adapters.web.people.calls import call_of
from adapters.web.serving.forms import fields_of
from adapters.web.serving.protection import wants_json
from bot.commands.channels.setting import SETTINGS
from bot.commands.channels.settings import SCHEDULE, TIME_ZONE
from bot.panels.panels import Panels
from bot.panels.schedule_form import DAYS, ScheduleForm, ScheduleKind
from bot.panels.settings import ALL_SOURCES, SOURCES, changes_line
from bot.papers.citations import FORMATS
from bot.platforms.command_calls import CommandRunner, Reply
from bot.schedules.zones import folded, offered_time_zones

MOST_ZONES: Final = 12
#: What stands before the name of a field for what it was when the form was made.
WAS: Final = "was-"


class SettingsPages:
    """What the panels of settings and of saved papers send."""

    def __init__(self, *, panels: Panels, commands: CommandRunner, pages: Pages, shells: Shells) -> None:
        self._panels = panels
        self._commands = commands
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [
            Route("/c/{channel}/settings", self.change, methods=["POST"]),
            Route("/c/{channel}/settings", self.show),
            Route("/c/{channel}/saved/{format}", self.export),
            Route("/zones", self.zones),
        ]

    async def show(self, request: Request) -> Response:
        channel = await self._shells.of_path(request)
        return RedirectResponse(f"{channel_path(channel.address)}?{PANEL}=settings", status_code=303)

    async def change(self, request: Request) -> Response:
        """Changes all that was changed in the form, or nothing; what is wrong is said for each field."""
        channel = await self._shells.of_path(request)
        known, entered = entered_in(await fields_of(request))
        line = changes_line(known, entered)
        reply = await self._commands.run(call_of(request, channel, line)) if line else None
        path = f"{channel_path(channel.address)}?{PANEL}=settings"
        if wants_json(request):
            return _as_json(line, reply, path)
        if reply is not None and reply.failed:
            sentence = reply.message.summary
            return HTMLResponse(self._pages.problem(title="That was not changed", sentence=sentence), status_code=422)
        return RedirectResponse(path, status_code=303)

    async def export(self, request: Request) -> Response:
        """The visitor's list in a format for other programs, as a file."""
        channel = await self._shells.of_path(request)
        kind = FORMATS.get(request.path_params["format"])
        if kind is None:
            raise HTTPException(404, "There is no such format.")
        papers = await self._panels.saved_papers(call_of(request, channel), request.query_params.get("find", ""))
        return Response(
            kind.write(papers),
            media_type=f"{kind.media_type}; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="reading-list.{kind.ending}"'},
        )

    async def zones(self, request: Request) -> Response:
        """Time zones whose names have what was typed, those first whose city begins with it."""
        wanted = folded(request.query_params.get("q", "")[:60])
        found = [zone for zone in sorted(offered_time_zones()) if wanted in folded(zone)] if wanted else []
        found.sort(key=lambda zone: not folded(zone.rpartition("/")[2]).startswith(wanted))
        return JSONResponse({"zones": found[:MOST_ZONES]})


def entered_in(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What each setting was when the form was made, and what somebody entered, as they would write it in a command."""
    known = {name.removeprefix(WAS): value for name, value in fields.items() if name.startswith(WAS)}
    entered = {key: value for key, value in fields.items() if key in (TIME_ZONE, *SETTINGS) and key != SOURCES}
    if "schedule-kind" in fields:
        kinds = {kind.value: kind for kind in ScheduleKind}
        form = ScheduleForm(
            kind=kinds.get(fields["schedule-kind"], ScheduleKind.OTHER),
            time=fields.get("schedule-time", ""),
            days=[day for day in DAYS if f"schedule-{day}" in fields],
            words=fields.get("schedule-words", ""),
        )
        entered[SCHEDULE] = form.written
    if WAS + SOURCES in fields:
        ticked = [name.removeprefix("source-") for name in fields if name.startswith("source-")]
        entered[SOURCES] = ALL_SOURCES if "sources-all" in fields else " ".join(ticked)
    return known, entered


def _as_json(line: str, reply: Reply | None, path: str) -> Response:
    if reply is None:
        return JSONResponse({"line": "", "summary": "Nothing was changed.", "url": path})
    if reply.failed:
        return JSONResponse({"error": reply.message.summary, "mistakes": dict(reply.mistakes)}, status_code=422)
    said = [span.text for block in reply.message.blocks for span in getattr(block, "spans", ())]
    return JSONResponse({"line": f"/papers {line}", "summary": "".join(said), "url": path})
