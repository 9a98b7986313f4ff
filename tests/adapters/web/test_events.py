"""The stream of events: what arrives, from whom, from where on, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.web.addresses import address_of
from adapters.web.platform import WebPlatform
from adapters.web.serving import events
from adapters.web.serving.events import EventStreams
from bot.platforms.outcomes import Outgoing
from storage.store import SqlStore
from tests.adapters.web.workspace import RunningWorkspace, running_workspace, says
from tests.patience import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: Any


class Listener:
    """Reads a stream as a browser does."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def block(self) -> list[str]:
        """The lines up to the next empty one; none at the end of the stream."""
        lines = []
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if not line:
                    break
                lines.append(line)
        return lines

    async def event(self) -> Event:
        while lines := await self.block():
            fields = dict(line.split(": ", 1) for line in lines)
            if "event" in fields:
                return Event(fields["event"], fields["id"], json.loads(fields["data"]))
        raise EOFError


@asynccontextmanager
async def listening(workspace: RunningWorkspace, path: str, **headers: str) -> AsyncIterator[Listener]:
    async with workspace.client() as client, client.stream("GET", path, headers=headers) as response:
        listener = Listener(response)
        if response.status_code == 200:
            assert await listener.block() == [f"retry: {events.RECONNECT_AFTER}"]
        yield listener


async def test_a_new_message_arrives_as_html(workspace: RunningWorkspace) -> None:
    async with listening(workspace, "/c/general/events") as listener:
        assert listener.response.headers["content-type"].startswith("text/event-stream")
        posted = await workspace.post(says("News <b>\n\ndata: fake"))
        event = await listener.event()
    assert (event.name, event.id, event.data["replyTo"]) == ("message", posted, None)
    assert "News &lt;b&gt;" in event.data["html"]


async def test_a_reply_names_its_head(workspace: RunningWorkspace) -> None:
    head = await workspace.post(says("Head"))
    async with listening(workspace, f"/c/general/events?after={head}") as listener:
        await workspace.post(says("Reply"), reply_to=head)
        event = await listener.event()
    assert event.data["replyTo"] == int(head)
    assert "message reply" in event.data["html"]


async def test_a_message_of_another_process_arrives_too(workspace: RunningWorkspace) -> None:
    other = SqlStore(str(workspace.store.database.url))
    try:
        async with listening(workspace, "/c/general/events") as listener:
            platform = WebPlatform(other.messages, workspace.clock)
            await platform.send(Outgoing(address=address_of("general"), message=says("From afar"), key="afar"))
            assert "From afar" in (await listener.event()).data["html"]
    finally:
        await other.close()


async def test_other_channels_are_only_mentioned(workspace: RunningWorkspace) -> None:
    async with listening(workspace, "/c/general/events") as listener:
        posted = await workspace.post(says("Secret"), channel="vision")
        event = await listener.event()
    assert (event.name, event.data) == ("activity", {"latest": {"vision": int(posted)}})


async def test_reconnecting_continues_after_the_last_id(workspace: RunningWorkspace) -> None:
    ids = [await workspace.post(says(f"Message {number}")) for number in range(3)]
    headers = {"last-event-id": ids[0]}
    async with listening(workspace, f"/c/general/events?after={ids[2]}", **headers) as listener:
        assert [(await listener.event()).id for _ in range(2)] == ids[1:]


async def test_who_missed_too_much_is_told_to_load_again(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LONGEST_BACKLOG", 4)
    monkeypatch.setattr(events, "READ_AT_ONCE", 2)
    for number in range(6):
        await workspace.post(says(f"Message {number}"))
    async with listening(workspace, "/c/general/events?after=0") as listener:
        assert [(await listener.event()).name for _ in range(5)] == ["message"] * 4 + ["stale"]
        with pytest.raises(EOFError):
            await listener.event()


async def test_a_silent_stream_says_that_it_lives(workspace: RunningWorkspace) -> None:
    streams = EventStreams(workspace.platform, heartbeat=0.01)
    stream = aiter(streams.follow("general", 0, lambda logged: {}))
    assert await anext(stream) == f"retry: {events.RECONNECT_AFTER}\n\n"
    assert await anext(stream) == ": still here\n\n"
    assert await anext(stream) == ": still here\n\n"


async def test_there_are_only_so_many_streams(workspace: RunningWorkspace) -> None:
    streams = EventStreams(workspace.platform, limit=1)
    stream = streams.follow("general", 0, lambda logged: {})
    await anext(stream)
    assert streams.full
    await stream.aclose()  # type: ignore[attr-defined]
    assert not streams.full


async def test_stopping_the_server_ends_open_streams(workspace: RunningWorkspace) -> None:
    async with listening(workspace, "/c/general/events") as listener:
        async with asyncio.timeout(PATIENCE):
            await workspace.stop()
        with pytest.raises(EOFError):
            await listener.event()


async def test_a_reader_that_leaves_frees_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.web.pages.channels.channels.EventStreams", partial(EventStreams, limit=1))
    async with running_workspace(tmp_path) as workspace, asyncio.timeout(PATIENCE):
        async with listening(workspace, "/c/general/events"), listening(workspace, "/c/general/events") as second:
            assert (second.response.status_code, second.response.headers["retry-after"]) == (503, "30")
        status = 503
        while status == 503:
            async with listening(workspace, "/c/general/events") as next_one:
                status = next_one.response.status_code
        assert status == 200
