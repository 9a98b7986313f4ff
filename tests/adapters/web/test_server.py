"""The server under people who hold connections open: everybody else is still answered."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from adapters.web.serving import request_rate, server
from tests.adapters.web.workspace import RunningWorkspace
from tests.patience import PATIENCE
from tests.simulators.discord import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HALF_A_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
SLOW_BODY = (
    b"POST /c/general/command HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\nline="
)


async def held_open(workspace: RunningWorkspace, said: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(workspace.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(said)
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("said", [b"", HALF_A_REQUEST, SLOW_BODY])
async def test_a_request_that_does_not_come_ends_the_connection(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    with monkeypatch.context() as hasty:
        hasty.setattr(server, "REQUEST_WITHIN", 0.2)
        reader, writer = await held_open(workspace, said)
        async with asyncio.timeout(PATIENCE):
            try:
                await reader.read()
            except ConnectionResetError:
                pass
    writer.close()
    async with workspace.client() as client:
        assert (await client.get("/healthz")).text == "ok\n"


async def test_who_leaves_within_a_request_leaves_no_traceback_behind(
    workspace: RunningWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await held_open(workspace, SLOW_BODY)
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    async with workspace.client() as client:
        for _ in range(5):
            assert (await client.get("/healthz")).text == "ok\n"
    assert "Traceback" not in caplog.text


async def test_letters_now_and_then_do_not_lengthen_the_time(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_WITHIN", 0.5)
    reader, writer = await held_open(workspace, HALF_A_REQUEST)

    async def trickle() -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(PATIENCE):
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    trickling.cancel()
    await asyncio.gather(trickling, return_exceptions=True)
    writer.close()


async def test_who_owes_a_request_makes_room_for_who_sends_one(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 20)
    held = [await held_open(workspace, HALF_A_REQUEST) for _ in range(60)]
    async with workspace.client() as client:
        assert (await client.get("/healthz")).text == "ok\n"
        assert (await client.post("/c/general/command", json={"line": "help"})).status_code == 200
    await eventually(lambda: sum(reader.at_eof() or reader.exception() is not None for reader, _ in held) >= 40)
    for _, writer in held:
        writer.close()


async def test_who_reads_nothing_of_what_they_asked_for_holds_nothing_open(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TAKEN_WITHIN", 0.3)
    place = urlsplit(workspace.url)
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(lazy, (place.hostname, place.port))
    page = b"GET /static/workspace.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    # Many requests in one go, of which more comes back than the system keeps for who reads late.
    await loop.sock_sendall(lazy, page * 280)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while True:
                await asyncio.sleep(0.1)
                await loop.sock_sendall(lazy, b"x")
    lazy.close()


async def test_who_asks_too_often_is_told_when_to_come_again(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_rate, "BURST", 3.0)
    monkeypatch.setattr(request_rate, "REQUESTS_PER_SECOND", 0.01)
    async with workspace.client() as client:
        answers = [await client.get("/login") for _ in range(5)]
        assert answers[-1].status_code == 429
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 100
        assert (await client.get("/healthz")).text == "ok\n"


async def test_a_bucket_fills_again_and_few_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    rates = request_rate.RequestRates(lambda: now)
    monkeypatch.setattr(request_rate, "MOST_REMEMBERED", 50)
    burst = int(request_rate.BURST)
    assert [rates.wait_before("one") for _ in range(burst)] == [0.0] * burst
    assert rates.wait_before("one") > 0
    assert rates.wait_before("other") == 0
    for number in range(1_000):
        rates.wait_before(f"address {number}")
    assert len(rates._left) <= 50
    now += 1.0
    taken = sum(rates.wait_before("other") == 0 for _ in range(burst * 2))
    assert burst - 1 <= taken <= burst + request_rate.REQUESTS_PER_SECOND
