"""What the switcher offers: channels, papers and commands for a few letters."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.web.addresses import paper_path
from adapters.web.pages.shell import LONGEST_SEARCH, Shells
from adapters.web.people.calls import call_of
from bot.platforms.command_calls import CommandRunner, Completion

MOST = 6  # of each kind
_SHORTEST = 3  # letters that titles of papers are looked for by
_SHOW: Final = "show "


class Switcher:
    """`/switch?find=…`: where one can go and what one can say, as JSON."""

    def __init__(self, *, commands: CommandRunner, shells: Shells) -> None:
        self._commands = commands
        self._shells = shells

    def routes(self) -> list[Route]:
        return [Route("/switch", self.offers)]

    async def offers(self, request: Request) -> Response:
        words = request.query_params.get("find", "").strip()[:LONGEST_SEARCH]
        listed = await self._shells.channels(request, None, words=words.removeprefix("#"))
        channels = [channel for group in listed.groups for channel in group.channels[:MOST]]
        lines = await self._complete(request, words.removeprefix("/papers").lstrip())
        papers = await self._complete(request, f"{_SHOW}{words}") if len(words) >= _SHORTEST else []
        return JSONResponse(
            {
                "channels": [
                    {
                        "label": f"{'#' if channel.has_sign else ''}{channel.name}",
                        "hint": channel.status,
                        "path": channel.path,
                    }
                    for channel in channels
                ],
                "papers": [
                    {"label": one.label, "hint": (paper := one.line.removeprefix(_SHOW)), "path": paper_path(paper)}
                    for one in papers
                ],
                "commands": [{"label": one.line, "hint": one.label, "line": one.line} for one in lines],
            }
        )

    async def _complete(self, request: Request, line: str) -> list[Completion]:
        return list(await self._commands.complete(call_of(request, None, line)))[:MOST]
