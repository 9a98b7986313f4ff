"""The panel on the right of a channel: what stands in it, and where it is asked for."""

from __future__ import annotations

from typing import Protocol

from markupsafe import Markup
from starlette.requests import Request

from bot.channels.channel import Channel

#: The part of a channel's address that opens a panel, as in `/c/general?panel=topics`.
PANEL = "panel"


class Panel(Protocol):
    """Something about a channel that stands beside it.

    `name` is its word in addresses, `title` its heading, and `script` the static file of an ES module, whose function
    `start(element)` is called when the panel is shown; empty for none.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def script(self) -> str: ...

    async def content(self, request: Request, channel: Channel) -> Markup:
        """What stands in it, as HTML that is safe to show."""
        ...
