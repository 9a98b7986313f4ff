"""Requests that reach nothing but the public Internet, however an address that somebody wrote is made.

The name is looked up once, every address that it has is checked, and the connection goes to one of those: what is
looked up a second time could be another (DNS rebinding). Redirects are requests like others. Connections are not kept,
as two names behind one address would share one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx

from bot.errors import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_PORTS: Final = frozenset({80, 443})
_LOOK_UP_TIMEOUT: Final = 10.0  # seconds
#: Not public, or only a way to write addresses that are not, whatever `is_global` says in some versions of Python.
#: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
_INSIDE: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "168.63.129.16/32"),
            *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
            *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)


def feed_address(text: str) -> str | None:
    """The address that somebody wrote, in its one form; None for what is none, or has a password in it."""
    text = text.strip().strip("<>")
    text = f"https://{text[7:]}" if text.lower().startswith("feed://") else text
    if not text.lower().startswith(("http://", "https://")) or not text.isprintable() or " " in text:
        return None
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return None
    return str(url.copy_with(fragment=None)) if url.host and not url.userinfo else None


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public Internet."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        if address.scope_id:
            return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == inside.version and address in inside for inside in _INSIDE)


async def look_up(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a name, as the machine resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicTransport(httpx.AsyncBaseTransport):
    """Sends requests to addresses that were checked. With `inside`, also to those of the operator's own network."""

    def __init__(self, *, inside: bool = False, resolve: Resolve = look_up) -> None:
        self._inside = inside
        self._resolve = resolve
        self._transport = httpx.AsyncHTTPTransport(
            trust_env=False, limits=httpx.Limits(max_connections=8, max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        pinned = httpx.Request(
            method=request.method,
            url=request.url.copy_with(host=await self._address_of(request.url)),
            headers=request.headers,  # which name the host
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._transport.handle_async_request(pinned)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _address_of(self, url: httpx.URL) -> str:
        if url.scheme not in ("http", "https") or not url.host:
            raise SourceError("A feed's address starts with http:// or https://.")
        port = url.port or (443 if url.scheme == "https" else 80)
        if not self._inside and port not in _PORTS:
            raise SourceError(f"{_shown(url)} is on port {port}; feeds are read on 80 and 443.")
        try:
            async with asyncio.timeout(_LOOK_UP_TIMEOUT):
                addresses = await self._resolve(url.host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise SourceError(f"There is no site {_shown(url)}, or its name cannot be looked up just now.") from None
        if not addresses:
            raise SourceError(f"There is no site {_shown(url)}.")
        if not self._inside and not all(map(is_public, addresses)):
            # Which address it is says something about the operator's network.
            raise SourceError(
                f"{_shown(url)} is not on the public Internet. PAPERROUND_FEEDS_INSIDE=true lets feeds of your own "
                "network be read."
            )
        return addresses[0]


def _shown(url: httpx.URL) -> str:
    return url.host[:100]
