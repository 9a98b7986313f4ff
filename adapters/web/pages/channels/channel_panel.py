"""The panel about a channel as a whole: what it is called, topics of other channels, the archive, and its end."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_key, channel_path
from adapters.web.pages.choice import with_params
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Shells
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import person_of, visitor_of
from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.errors import UserError
from bot.panels.panels import Panels
from bot.panels.transfers import COPY, MOVE_FROM, MOVE_TO

#: What can be done with topics and another channel, by the line that does it.
_TRANSFERS = ((COPY, "Copy topics from"), (MOVE_FROM, "Move topics here from"), (MOVE_TO, "Move all topics to"))


class ChannelPanel:
    """Implements `adapters.web.pages.channels.panel.Panel`. Each of its forms gives a `/papers` line."""

    name, title, script = "channel", "Channel", "panel.js"

    def __init__(self, panels: Panels, pages: Pages, shells: Shells) -> None:
        self._panels = panels
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [Route("/c/{channel}/transfer", self.transfer)]

    async def transfer(self, request: Request) -> Response:
        """What copying or moving topics would do, as a fragment, while somebody chooses the other channel."""
        channel = await self._shells.of_path(request)
        line, named = request.query_params.get("line", ""), request.query_params.get("words", "").strip()
        preview, problem = None, ""
        if named:
            try:
                preview = await self._panels.transfer(call_of(request, channel), line, named)
            except UserError as error:
                problem = str(error)
        return HTMLResponse(self._pages.fragment("transfer.html", preview=preview, problem=problem))

    async def content(self, request: Request, channel: Channel) -> Markup:
        visitor, key = visitor_of(request), channel_key(channel.address)
        is_ours = channel.address.platform is PlatformName.WEB
        return self._pages.fragment(
            "panel_channel.html",
            base=channel_path(channel.address),
            channel=channel,
            transfers=_TRANSFERS,
            is_ours=is_ours and not channel.person,
            may_delete=not channel.person and (is_ours or channel.state is ChannelState.BROKEN),
            changes=with_params("/people", channel=key) if visitor.looks_after_people else "",
            may_manage=person_of(request, channel.address).may_manage,
            platform=channel.address.platform.capitalize(),
            read_only=visitor.why_not(channel.address),
        )
