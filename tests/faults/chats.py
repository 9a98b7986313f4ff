"""Slack, Discord and the web workspace as places that fail, and what people saw there."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from bot.channels.channel import Address, PlatformName
from bot.clocks import SystemClock
from tests.faults.databases import FaultyDatabase
from tests.faults.pace import LATEST, REQUEST_TIMEOUT
from tests.simulators import discord as discord_simulator
from tests.simulators import slack as slack_simulator
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_responses import ApiError, Limits
from tests.simulators.discord_responses import Fault as DiscordFault
from tests.simulators.slack import Fault as SlackFault
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_methods import TEAM

T = TypeVar("T")

#: For how long Discord knows the nonce of a message: a few minutes, at the pace of everything else here.
NONCES_KEPT = timedelta(seconds=20)
_PAPER = re.compile(r"huggingface\.co/papers/(\d{4}\.\d{5})")


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that people saw: its papers, its key, and whether it stands in a thread."""

    papers: frozenset[str]
    key: str
    is_reply: bool


class Chat(Protocol):
    """A platform. `share` of the requests goes wrong; `faults` counts them by kind."""

    share: float
    faults: Counter[str]
    settings: dict[str, str]
    #: Its addresses, by the settings that name them.
    sites: dict[str, str]
    addresses: list[Address]
    #: How digests look there; those in `threads` show each paper twice, in a list and in a reply.
    styles: tuple[str, ...]

    def seen(self) -> dict[Address, list[Seen]]: ...

    def under_way(self) -> int:
        """How many requests have come and are not done yet."""
        ...

    def change_limits(self) -> bool:
        """Allows more or less from now on than before; whether there are limits at all."""
        ...

    def complaints(self) -> list[str]:
        """What the real platform would have refused as invalid."""
        ...

    def close(self) -> None: ...


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


#: What goes wrong in Slack, and how often against each other. Limits are few: each slows down all that follows.
_SLACK: dict[SlackFault | str, int] = {
    SlackFault.DROPPED: 10, SlackFault.ANSWER_DROPPED: 10, SlackFault.ERROR_500: 10, SlackFault.ANSWER_500: 10,
    SlackFault.HANG: 4, SlackFault.LATE: 6, SlackFault.RATE_LIMITED: 2, SlackFault.GARBAGE: 8, SlackFault.EMPTY: 8,
    SlackFault.ARRAY: 8, SlackFault.BARE: 4, SlackFault.PAGE_403: 6, SlackFault.PAGE_404: 6, SlackFault.PAGE_429: 1,
    "internal_error": 5, "fatal_error": 5, "service_unavailable": 5, "request_timeout": 5, "some_new_code": 3,
}  # fmt: skip
_SLACK_READING = (
    SlackFault.DROPPED,
    SlackFault.ERROR_500,
    SlackFault.ANSWER_500,
    SlackFault.EMPTY,
    SlackFault.BARE,
    "internal_error",
)


class Slack:
    """One workspace."""

    styles: tuple[str, ...] = ("compact", "cards", "threads")

    def __init__(self, seed: str, channels: int) -> None:
        self.share = 0.0
        self.faults: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._read: dict[str, Seen] = {}
        self._loop = _Loop()
        self._simulator: SlackSimulator = self._loop.run(_made_slack())
        self._simulator.fault_for = self._fault
        self._simulator.retry_after = 1
        self._simulator.late_after = lambda: self._chance.uniform(1.2 * REQUEST_TIMEOUT, LATEST)
        self._channels = [self._simulator.channel(f"channel-{number}") for number in range(channels)]
        self.addresses = [Address(PlatformName.SLACK, TEAM, channel.id) for channel in self._channels]
        self.settings = {
            "slack_bot_token": slack_simulator.BOT_TOKEN,
            "slack_signing_secret": slack_simulator.SIGNING_SECRET,
        }
        self.sites = {"slack_api_url": self._simulator.api_url}

    def _fault(self, method: str) -> SlackFault | str | None:
        posts = method == "chat.postMessage"
        if self._chance.random() >= (self.share if posts else self.share / 3):
            return None
        fault: SlackFault | str
        if posts:
            (fault,) = self._chance.choices(list(_SLACK), list(_SLACK.values()))
        else:
            fault = self._chance.choice(_SLACK_READING)
        self.faults[f"slack {fault if isinstance(fault, str) else fault.name.lower()}"] += 1
        return fault

    def seen(self) -> dict[Address, list[Seen]]:
        return {
            address: [self._seen_as(message) for message in list(channel.messages)]
            for address, channel in zip(self.addresses, self._channels, strict=True)
        }

    def _seen_as(self, message: Any) -> Seen:
        if message["ts"] not in self._read:
            key = message.get("metadata", {}).get("event_payload", {}).get("key", "")
            self._read[message["ts"]] = Seen(_papers_of(message), key, is_reply="thread_ts" in message)
        return self._read[message["ts"]]

    def under_way(self) -> int:
        return self._simulator.on_the_way

    def change_limits(self) -> bool:
        self._simulator.interval = self._chance.choice((0.0, 0.05, 0.3, 1.0))
        return True

    def complaints(self) -> list[str]:
        return self._simulator.violations

    def close(self) -> None:
        self._loop.run(self._simulator.__aexit__(None, None, None))
        self._loop.close()


async def _made_slack() -> SlackSimulator:
    simulator = await SlackSimulator().__aenter__()
    simulator.person()
    return simulator


_DISCORD: dict[DiscordFault | ApiError, int] = {
    DiscordFault.DROP: 10, DiscordFault.ACCEPT_THEN_DROP: 10, DiscordFault.ERROR: 8, DiscordFault.ACCEPT_THEN_ERROR: 10,
    DiscordFault.UNAVAILABLE: 6, DiscordFault.HTML_PAGE: 8, DiscordFault.EMPTY: 8, DiscordFault.ODD_LIMITS: 4,
    DiscordFault.RATE_LIMITED: 2, DiscordFault.RATE_LIMITED_BARE: 1, DiscordFault.RATE_LIMITED_PAGE: 1,
    DiscordFault.RATE_LIMITED_UNTOLD: 1, DiscordFault.LATE: 6, DiscordFault.FORBIDDEN_PAGE: 5,
    DiscordFault.NOT_FOUND_PAGE: 5,
    DiscordFault.BAD_REQUEST_PAGE: 3, DiscordFault.FORBIDDEN_EMPTY: 4, DiscordFault.NOT_FOUND_EMPTY: 4,
    DiscordFault.FORBIDDEN_CODE_0: 4, DiscordFault.NOT_FOUND_CODE_0: 4, ApiError(403, 40333): 4,
    ApiError(400, 40004): 3, ApiError(400, 40006): 3, ApiError(500, 999_999): 3,
}  # fmt: skip
_DISCORD_READING = (
    DiscordFault.DROP,
    DiscordFault.ERROR,
    DiscordFault.UNAVAILABLE,
    DiscordFault.HTML_PAGE,
    DiscordFault.EMPTY,
)


class Discord:
    """One server. Threads may be deleted while replies are due."""

    styles: tuple[str, ...] = ("compact", "cards")

    def __init__(self, seed: str, channels: int) -> None:
        self.share = 0.0
        self.faults: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._read: dict[str, Seen] = {}
        self._loop = _Loop()
        self._simulator: DiscordSimulator = self._loop.run(DiscordSimulator(SystemClock()).__aenter__())
        self._simulator.fault_for = self._fault
        self._simulator.late_after = lambda: self._chance.uniform(1.6 * REQUEST_TIMEOUT, LATEST)
        self._simulator.validates = False  # that takes longer than answering, and is tested elsewhere
        guild = self._simulator.state.add_guild()
        self._channels = [self._simulator.state.add_channel(guild, f"channel-{number}") for number in range(channels)]
        self.addresses = [Address(PlatformName.DISCORD, str(guild.id), str(channel.id)) for channel in self._channels]
        self.settings = {"discord_token": discord_simulator.TOKEN}
        self.sites = {"discord_api_url": self._simulator.api_url}

    def _fault(self, method: str, path: str) -> DiscordFault | ApiError | None:
        self._simulator.forget_nonces(older_than=NONCES_KEPT)
        # Whoever cannot even log in is told so by every request alike: that is no fault of one request.
        posts = method == "POST"
        if not path.startswith("/channels/") or self._chance.random() >= (self.share if posts else self.share / 3):
            return None
        fault: DiscordFault | ApiError
        if posts:
            (fault,) = self._chance.choices(list(_DISCORD), list(_DISCORD.values()))
        else:
            fault = self._chance.choice(_DISCORD_READING)
        name = str(fault.code) if isinstance(fault, ApiError) else fault.name.lower()
        self.faults[f"discord {name}"] += 1
        return fault

    def seen(self) -> dict[Address, list[Seen]]:
        found: dict[Address, list[Seen]] = {}
        for address, channel in zip(self.addresses, self._channels, strict=True):
            found[address] = [self._seen_as(message) for message in list(channel.messages)]
        return found

    def _seen_as(self, message: Any) -> Seen:
        if message["id"] not in self._read:
            key = self._simulator.keys.get(message["id"], "")
            self._read[message["id"]] = Seen(_papers_of(message), key, is_reply=False)
        return self._read[message["id"]]

    def under_way(self) -> int:
        return self._simulator.on_the_way

    def change_limits(self) -> bool:
        choice = self._chance.choice
        self._simulator.limits = Limits(choice((2, 5, 1000)), choice((0.2, 1.0)), choice((20, 50, 10_000)))
        return True

    def complaints(self) -> list[str]:
        return self._simulator.problems

    def close(self) -> None:
        self._loop.run(self._simulator.__aexit__(None, None, None))
        self._loop.close()


class Web:
    """The workspace of the program itself: what it shows stands in the database, which is where things go wrong."""

    styles: tuple[str, ...] = ("compact", "cards", "threads")

    def __init__(self, database: FaultyDatabase, channels: int) -> None:
        self.share = 0.0
        self.faults: Counter[str] = Counter()
        self.addresses = [Address(PlatformName.WEB, "local", f"channel-{number}") for number in range(channels)]
        self.settings: dict[str, str] = {}
        self.sites: dict[str, str] = {}
        self._database = database
        self._read: dict[int, frozenset[str]] = {}

    def seen(self) -> dict[Address, list[Seen]]:
        found: dict[Address, list[Seen]] = {address: [] for address in self.addresses}
        statement = "SELECT id, channel, key, reply_to IS NOT NULL FROM web_messages ORDER BY id"
        rows = self._database.query(statement)
        unread = ", ".join(str(row[0]) for row in rows if row[0] not in self._read)
        if unread:
            for number, message in self._database.query(f"SELECT id, message FROM web_messages WHERE id IN ({unread})"):
                self._read[number] = _papers_of(message)
        for number, channel, key, is_reply in rows:
            if number in self._read:
                address = Address(PlatformName.WEB, "local", channel)
                found[address].append(Seen(self._read[number], key, is_reply=bool(is_reply)))
        return found

    def under_way(self) -> int:
        return 0

    def change_limits(self) -> bool:
        return False

    def complaints(self) -> list[str]:
        return []

    def close(self) -> None:
        """Nothing runs here."""


def _papers_of(message: Any) -> frozenset[str]:
    return frozenset(_PAPER.findall(message if isinstance(message, str) else json.dumps(message)))
