"""The first minute: which papers shall come, and then how far the reading of them has got."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import address_of, channel_key, channel_path
from adapters.web.pages.choice import chosen_channel, with_params
from adapters.web.pages.health_view import Row, rows_of_sources
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.calls import call_at
from adapters.web.serving.forms import fields_of
from bot.channels.channel import Channel, PlatformName
from bot.channels.names import channel_name_of
from bot.errors import UserError
from bot.messages.message import Message, Paragraph
from bot.messages.plain import plain_text
from bot.panels.panels import Panels
from bot.panels.welcome import FIRST_PAPERS, SCHEDULES, STARTERS, waiting_in_words
from bot.platforms.command_calls import CommandRunner

WELCOME: Final = "/welcome"
DEFAULT_CHANNEL: Final = "papers"
_OWN: Final = "words"
_TOPIC: Final = "topic-"


@dataclass(frozen=True, slots=True)
class Hint:
    """A platform that could be served, and the settings that are missing for it; none where it is served."""

    name: str
    missing: tuple[str, ...]


_HINTS: Final = (
    (PlatformName.SLACK, "Slack", ("PAPERROUND_SLACK_BOT_TOKEN", "PAPERROUND_SLACK_APP_TOKEN")),
    (PlatformName.DISCORD, "Discord", ("PAPERROUND_DISCORD_TOKEN",)),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has got: a row for each source, and what that means for the channel."""

    name: str
    path: str
    papers: int
    waiting: int
    words: str
    next: str
    sources: list[Row]


class WelcomePage:
    """`/welcome`: the choice of topics, and after it what becomes of them."""

    def __init__(
        self,
        *,
        panels: Panels,
        commands: CommandRunner,
        pages: Pages,
        shells: Shells,
        connected: Collection[PlatformName],
    ) -> None:
        self._panels = panels
        self._commands = commands
        self._pages = pages
        self._shells = shells
        self._hints = [Hint(name, () if each in connected else missing) for each, name, missing in _HINTS]

    def routes(self) -> list[Route]:
        return [
            Route(WELCOME, self.show),
            Route(WELCOME, self.begin, methods=["POST"]),
            Route(f"{WELCOME}/progress", self.progress),
        ]

    async def show(self, request: Request) -> Response:
        channel = await chosen_channel(request, self._shells)
        if channel is not None:
            shell = await self._shells.around(request, Place.WELCOME)
            return HTMLResponse(self._pages.page("begun.html", shell, progress=await self._progress(channel)))
        return await self._choice(request, {}, "")

    async def begin(self, request: Request) -> Response:
        """Adds the channel with its topics. What the person wrote is tried first, as that alone may be wrong."""
        fields = await fields_of(request)
        own = " ".join(fields.get(_OWN, "").split())
        chosen = [STARTERS[at] for at in range(len(STARTERS)) if f"{_TOPIC}{at}" in fields]
        try:
            name = channel_name_of(fields.get("channel", "") or DEFAULT_CHANNEL)
            if not own and not chosen:
                raise UserError("Choose a topic, or write words of your own.")
            when = fields.get("when", SCHEDULES[0][0])
            lines = [f"subscribe {FIRST_PAPERS} {own}"] if own else []
            for line in [*lines, *(starter.line for starter in chosen), f"schedule {when}"]:
                await self._run(request, name, line)
        except UserError as error:
            return await self._choice(request, fields, str(error), status=422)
        return RedirectResponse(with_params(WELCOME, c=channel_key(address_of(name))), status_code=303)

    async def progress(self, request: Request) -> Response:
        """How far it has got, for a page that stays open."""
        channel = await chosen_channel(request, self._shells)
        if channel is None:
            raise UserError("That channel is not here any more.")
        return HTMLResponse(self._pages.fragment("progress.html", progress=await self._progress(channel)))

    async def _run(self, request: Request, name: str, line: str) -> None:
        reply = await self._commands.run(call_at(request, address_of(name), name, line))
        if reply.failed:
            raise UserError(plain_text(reply.message))

    async def _choice(self, request: Request, fields: dict[str, str], error: str, *, status: int = 200) -> Response:
        shell = await self._shells.around(request, Place.WELCOME)
        offers = await self._panels.starters()
        page = self._pages.page(
            "welcome.html",
            shell,
            offers=[(f"{_TOPIC}{at}", offer, f"{_TOPIC}{at}" in fields) for at, offer in enumerate(offers)],
            nothing_read=not any(offer.pace for offer in offers),
            words=fields.get(_OWN, ""),
            channel=fields.get("channel", DEFAULT_CHANNEL),
            schedules=SCHEDULES,
            when=fields.get("when", SCHEDULES[0][0]),
            hints=self._hints,
            error=error,
        )
        return HTMLResponse(page, status_code=status)

    async def _progress(self, channel: Channel) -> Progress:
        begun = await self._panels.beginning(channel)
        return Progress(
            name=channel.shown_name,
            path=channel_path(channel.address),
            papers=begun.papers,
            waiting=begun.waiting,
            words=waiting_in_words(begun),
            next=plain_text(Message(summary="", blocks=(Paragraph(tuple(begun.next)),))),
            sources=rows_of_sources(begun.sources, begun.at),
        )
