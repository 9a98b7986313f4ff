"""Events of Discord's gateway: commands, completions, buttons, menus, forms, messages and reactions, and what only
looks like them, through a real socket to the real discord.py."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import discord
from discord.gateway import DiscordWebSocket

from adapters.discord.platform import DiscordPlatform
from storage.store import SqlStore
from tests.adapters.discord.harness import Harness, running
from tests.clocks import SettableClock
from tests.core import Core
from tests.databases import sqlite_in
from tests.fuzz.idleness import DONE_WITHIN, Idleness
from tests.fuzz.log import Log, watched
from tests.fuzz.target import Running, RunningTarget, text_of
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_interactions import VISITOR, Interaction, buttons_of
from tests.simulators.discord_state import APPLICATION_ID, BOT_ID, Json
from tests.sources import a_paper

#: One in so many events comes through a socket; the others are read from where the client reads what came.
BY_SOCKET = 20
#: In place of what is another one at each delivery.
_TOKEN, _ID = "{token}", "1234567890123456789"
_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("help", {}), ("subscribe", {"query": "hares", "name": "x", "min_upvotes": 3}), ("search", {"query": "hares"}),
    ("schedule", {"when": "daily 09:00"}), ("topics", {}), ("show", {"paper": "2605.00001"}), ("saved", {}),
    ("settings", {"key": "limit", "value": "7"}), ("today", {}), ("now", {}), ("why", {"paper": "2605.00001"}),
)  # fmt: skip


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    async with AsyncExitStack() as stack:
        log = stack.enter_context(watched())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="paperround-")))
        clock = SettableClock()
        simulator = await stack.enter_async_context(DiscordSimulator(clock))
        platform = DiscordPlatform(simulator.token, clock, api_url=simulator.api_url)
        store = SqlStore(sqlite_in(folder / "discord.db"))
        stack.push_async_callback(store.close)
        core = Core(store, folder / "index", clock=clock, platform=platform)  # type: ignore[arg-type]
        stack.push_async_callback(core.index.close)
        await core.news(*(a_paper(number, title=f"Hares run {number}") for number in range(1, 30)))
        guild = simulator.state.add_guild()
        general = simulator.state.add_channel(guild)
        harness = Harness(
            simulator=simulator, store=store, clock=clock, folder=folder, guild=guild, general=general, core=core,
            platform=platform,
        )  # fmt: skip
        await stack.enter_async_context(running(harness))
        corpus = await _corpus(harness)
        log.check()
        simulator.validates = False
        yield Running(_Gateway(log, harness).read, corpus)


async def _corpus(harness: Harness) -> list[bytes]:
    """What the gateway said while people used the bot."""
    said: list[Json] = []
    simulator, general = harness.simulator, harness.general
    tell = simulator.gateway.dispatch

    async def told(event: str, data: Any) -> None:
        said.append({"t": event, "d": data})
        await tell(event, data)

    simulator.gateway.dispatch = told  # type: ignore[method-assign]
    people = simulator.interactions
    answers = [await people.command(general, name, **values) for name, values in _COMMANDS]
    answers.append(await people.command(general, "search", focused="query", query="har"))
    answers.append(await people.command(general, "subscribe", permissions=VISITOR, query="hares"))
    for answer in list(answers):
        for message in answer.messages:
            for button in [one for one in buttons_of(message) if "custom_id" in one][:3]:
                answers.append(await people.press(general, message, button["custom_id"]))
            for menu in list(answer.menus.values())[:1]:
                answers.append(await people.choose(general, message, menu, menu["options"][0]["value"]))
    for answer in [one for one in answers if one.modal is not None][:3]:
        await people.submit(general, answer)
    link = "see https://arxiv.org/abs/2605.00001"
    message = await simulator.write(general, link)
    await people.on_message(general, message, "Find papers")
    await simulator.write(general, f"<@{BOT_ID}> search hares")
    await simulator.write_directly("search hares")
    await simulator.react(general, message, "👍")
    await simulator.update_channel(general)
    await Idleness(_is_no_event).wait()
    simulator.gateway.dispatch = tell  # type: ignore[method-assign]
    return [_as_input(packet) for packet in said]


def _as_input(packet: Json) -> bytes:
    packet = json.loads(json.dumps(packet))
    if packet["t"] == "INTERACTION_CREATE":
        packet["d"] |= {"token": _TOKEN, "id": _ID}
    return json.dumps(packet).encode()


def _is_no_event(task: asyncio.Task[object]) -> bool:
    """Of what discord.py does, only what an event gives rise to has an end."""
    return not task.get_name().startswith(("discord.py:", "discord-ui"))


class _Gateway:
    def __init__(self, log: Log, harness: Harness) -> None:
        self._log = log
        self._harness = harness
        self._numbers, self._heard = itertools.count(1), itertools.count()
        self._idleness = Idleness(_is_no_event)

    async def read(self, data: bytes) -> None:
        """Has the gateway say it. What is no JSON any more is said in a command instead."""
        packet = self._packet(data)
        simulator = self._harness.simulator
        answered = self._expect(packet)
        if next(self._heard) % BY_SOCKET:
            await self._socket.received_message(json.dumps({"op": 0, **packet}))
        else:
            await simulator.gateway.dispatch(packet["t"], packet["d"])
            await self._hears()
        await self._idleness.wait()
        simulator.interactions.by_token.pop(answered, None)
        simulator.problems.clear()
        for session in simulator.gateway.sessions:
            session.events[:-1] = [{}] * (len(session.events) - 1)  # nobody asks for them again
        assert len(simulator.gateway.identifies) == 1, "the connection ended"
        # What discord.py cannot read is passed over, and told to the operator.
        self._log.check(expected="discord.event_unreadable")

    def _packet(self, data: bytes) -> Json:
        text = text_of(data)
        with contextlib.suppress(ValueError, RecursionError):
            packet = json.loads(text)
            if isinstance(packet, dict) and isinstance(packet.get("t"), str) and "d" in packet:
                return packet
        words = {"type": 3, "name": "query", "value": text[random.Random(text).randrange(len(text) + 1) :][:6000]}
        options = [{"name": "search", "type": 1, "options": [words]}]
        return {"t": "INTERACTION_CREATE", "d": self._command(options)}

    def _command(self, options: list[Json]) -> Json:
        general = self._harness.general
        return {
            "id": _ID, "application_id": str(APPLICATION_ID), "type": 2, "token": _TOKEN, "version": 1,
            "guild_id": str(general.guild), "channel_id": str(general.id), "channel": general.json(),
            "member": {"user": {"id": "4242", "username": "ada"}, "permissions": "8", "roles": []},
            "data": {"id": "1", "name": "papers", "type": 1, "options": options},
        }  # fmt: skip

    def _expect(self, packet: Json) -> str:
        """Has the simulated Discord wait for an answer to the interaction, if it is one."""
        told, number = packet["d"], next(self._numbers)
        token = f"fuzzed-{number}"
        if isinstance(told, dict) and told.get("token") == _TOKEN:
            identifier = discord.utils.time_snowflake(discord.utils.utcnow()) + number % 1000
            told["token"] = token
            if told.get("id") == _ID:
                told["id"] = str(identifier)
            self._harness.simulator.interactions.by_token[token] = Interaction(
                id=identifier, type=2, token=token, channel_id=self._harness.general.id, deadline=time.monotonic() + 60
            )
        return token

    async def _hears(self) -> None:
        """Waits until the client has read everything that was said."""
        session = self._harness.simulator.gateway.sessions[-1]
        async with asyncio.timeout(DONE_WITHIN):
            while (self._socket.sequence or 0) < len(session.events):
                await asyncio.sleep(0.0005)

    @property
    def _socket(self) -> DiscordWebSocket:
        """The one that the client reads from."""
        return next(iter(self._harness.platform.client.shards.values()))._parent.ws


TARGETS = (RunningTarget("discord-event", _running),)
