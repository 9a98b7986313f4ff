"""The health page: how the bot is doing, and what there is to do about it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import address_of
from adapters.web.pages.health_view import HealthView, for_members, for_operators
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import person_of, reader_zone
from adapters.web.serving.forms import fields_of, id_of
from adapters.web.serving.protection import wants_json
from bot.channels.channel import Channel
from bot.errors import UserError
from bot.health.reporting import Health
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandRunner

#: Whoever may manage the web's own channels sees what is for operators.
_HOME = address_of("general")


class HealthPage:
    """`/health` and what it asks for while it is open."""

    def __init__(self, *, health: Health, commands: CommandRunner, pages: Pages, shells: Shells) -> None:
        self._health = health
        self._commands = commands
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.show),
            Route("/health/report", self.show_report),
            Route("/health/retry", self.retry, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        shell = await self._shells.around(request, Place.HEALTH)
        view = await self._view(request)
        retried = id_of(request.query_params.get("retried"))
        notice = f"Message {retried} is being tried again." if retried is not None else ""
        return HTMLResponse(self._pages.page("health.html", shell, health=view, notice=notice))

    async def show_report(self, request: Request) -> Response:
        """The part of the page that changes, for a page that stays open."""
        return HTMLResponse(self._pages.fragment("health_report.html", health=await self._view(request)))

    async def retry(self, request: Request) -> Response:
        """Tries a post again, as `/papers retry` in its channel does."""
        number = id_of((await fields_of(request)).get("post"))
        report = await self._health.report()
        channel = next((where for post, where in report.failed if post.id == number), None)
        if channel is None:
            raise UserError("That message is not among those that could not be posted any more.")
        reply = await self._commands.run(call_of(request, channel, f"retry {number}"))
        words = plain_text(reply.message)
        if reply.failed:
            raise HTTPException(422, words)
        if wants_json(request):
            return JSONResponse({"words": words})
        return RedirectResponse(f"/health?retried={number}", status_code=303)

    async def _view(self, request: Request) -> HealthView:
        def may_change(channel: Channel) -> bool:
            return person_of(request, channel.address).may_manage

        report = await self._health.report()
        zone = reader_zone(request, None)
        if not person_of(request, _HOME).may_manage:
            return for_members(report, zone)
        retryable = {post.id for post, channel in report.failed if may_change(channel)}
        return for_operators(report, zone, retryable)
