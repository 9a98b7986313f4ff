"""The panel about a channel as a whole: what it is called, topics of others, the archive, and its end."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request

from adapters.web.addresses import channel_key, channel_path
from adapters.web.pages.choice import with_params
from adapters.web.pages.rendering import Pages
from adapters.web.people.visitor import person_of, visitor_of
from bot.channels.channel import Channel, ChannelState, PlatformName


class ChannelPanel:
    """Implements `adapters.web.pages.channels.panel.Panel`. Each of its forms gives a `/papers` line."""

    name, title, script = "channel", "Channel", "panel.js"

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def content(self, request: Request, channel: Channel) -> Markup:
        visitor, key = visitor_of(request), channel_key(channel.address)
        is_ours = channel.address.platform is PlatformName.WEB
        return self._pages.fragment(
            "panel_channel.html",
            base=channel_path(channel.address),
            channel=channel,
            is_ours=is_ours and not channel.person,
            may_delete=not channel.person and (is_ours or channel.state is ChannelState.BROKEN),
            changes=with_params("/people", channel=key) if visitor.looks_after_people else "",
            may_manage=person_of(request, channel.address).may_manage,
            platform=channel.address.platform.capitalize(),
            read_only=visitor.why_not(channel.address),
        )
