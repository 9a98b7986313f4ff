"""The channel that a reader has chosen on pages that are about no channel: there votes count and topics are made."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request

from adapters.web.addresses import address_of_key
from adapters.web.pages.shell import Shells
from bot.channels.channel import Channel

#: The part of an address that names it, as in `/search?c=general`.
CHOICE = "c"


async def chosen_channel(request: Request, shells: Shells) -> Channel | None:
    """The channel that the address names, None where it names none that the visitor may see."""
    key = request.query_params.get(CHOICE, "")
    return await shells.find(request, address_of_key(key)) if key else None


def with_params(path: str, **params: str | int | None) -> str:
    """An address with those of the parameters that say something."""
    said = {name: str(value) for name, value in params.items() if value}
    return f"{path}?{urlencode(said)}" if said else path
