"""An address that somebody adds reaches nothing inside: whatever it is written as, resolves to, or redirects to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.feeds.http import FeedClient, Limits
from adapters.feeds.syndication import public_addresses
from adapters.feeds.syndication.public_addresses import PublicTransport, feed_address, is_public
from bot.errors import SourceError
from tests.feed_server import ScriptedFeed, http_answer


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *(
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fe80::1%eth0",
        ),
        *("fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::"),
        *("2001:db8::1", "2001::1", "100::1", "nonsense", "2606:4700::1%eth0", ""),
    ],
)
def test_what_is_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "151.101.1.164", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_what_is_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://localhost/"),
        *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "https://0/", "http://169.254.169.254/latest/meta-data/"),
        *("http://example.org:22/", "http://nowhere.invalid/"),
    ],
)
async def test_nothing_inside_is_asked(address: str) -> None:
    async with FeedClient(limits=Limits(attempts=1), transport=PublicTransport()) as client:
        with pytest.raises(SourceError) as refused:
            await client.get(address)
    assert str(refused.value).endswith(".")


async def test_a_redirect_is_checked_like_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine counts as public here; where it redirects to does not."""
    with ScriptedFeed(http_answer(status=302, headers={"Location": "http://inside.example/"})) as feed:
        port = int(feed.url.rpartition(":")[2])
        monkeypatch.setattr(public_addresses, "is_public", lambda address: address == "127.0.0.1")
        monkeypatch.setattr(public_addresses, "_PORTS", {80, port})
        addresses = {"outside.example": ["127.0.0.1"], "inside.example": ["10.0.0.1"]}
        asked: list[str] = []

        async def resolve(host: str, _port: int) -> Sequence[str]:
            asked.append(host)
            return addresses[host]

        async with FeedClient(limits=Limits(attempts=1), transport=PublicTransport(resolve=resolve)) as client:
            with pytest.raises(SourceError, match=r"inside\.example is not on the public Internet"):
                await client.get(f"http://outside.example:{port}/")
        assert asked == ["outside.example", "inside.example"]
        assert [request.headers["host"] for request in feed.requests] == [f"outside.example:{port}"]


async def test_a_name_with_one_address_inside_is_refused() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["1.1.1.1", "10.0.0.1"]

    async with FeedClient(limits=Limits(attempts=1), transport=PublicTransport(resolve=resolve)) as client:
        with pytest.raises(SourceError, match="not on the public Internet"):
            await client.get("http://two.example/")


async def test_what_the_operator_allows_is_read() -> None:
    with ScriptedFeed(http_answer(b"<rss/>")) as feed:
        async with FeedClient(transport=PublicTransport(inside=True)) as client:
            assert (await client.get(feed.url)).body == b"<rss/>"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://example.org/feed.xml#top", "https://example.org/feed.xml"),
        ("<https://Example.org/feed>", "https://example.org/feed"),
        ("feed://example.org/a", "https://example.org/a"),
        ("example.org", None),
        ("ftp://example.org/", None),
        ("file:///etc/passwd", None),
        ("https://user:secret@example.org/", None),
        ("https://", None),
        ("http://exa mple.org/", None),
    ],
)
def test_an_address_has_one_form(written: str, address: str | None) -> None:
    assert feed_address(written) == address
