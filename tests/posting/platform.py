"""The platform of the model: it takes requests, loses them, takes them late, answers or does not."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from bot.platforms.outcomes import (
    Gone,
    GoneScope,
    HistoryWindow,
    LookUp,
    LookUpResult,
    Outgoing,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
)
from tests.clocks import Machine
from tests.platforms import WAIT, Fault, SimulatedPlatform

#: Adapters look so far back before the first request.
BACK: Final = timedelta(minutes=15)
#: Within so long after its request a message comes that nobody awaits as a late one.
SOON: Final = timedelta(seconds=25)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a request, and how many seconds after it its message comes nevertheless; None for never."""

    fault: Fault = Fault.NONE
    after: int | None = None


@dataclass(slots=True, eq=False)
class Flight:
    """A request that has left, `ended` once nothing more comes of it."""

    outgoing: Outgoing
    fate: Fate
    left_at: datetime
    ended: bool = False


class There:
    """What all processes see of the platform. `refused` are keys that it never takes, `gone` the channels that take
    nothing, `vague` when requests left of which nobody was told what became of them."""

    def __init__(self, machine: Machine, workspace_of: Callable[[str], str]) -> None:
        self.machine = machine
        self.messages: list[tuple[str, Outgoing]] = []  # with their remote ids
        self.posted_at: dict[str, datetime] = {}
        self.fates: defaultdict[str, list[Fate]] = defaultdict(list)
        self.looks: list[LookUpResult] = []  # answers of the next look-ups, in place of the truth
        self.redraws: list[SendResult] = []
        self.gone: set[str] = set()
        self.said_gone: set[str] = set()
        self.said_odd: set[str] = set()
        self.refused: set[str] = set()
        self.vague: defaultdict[str, list[datetime]] = defaultdict(list)
        self.looked: Counter[str] = Counter()
        self.late: list[Flight] = []
        self.workspace_of = workspace_of

    def keys(self, channel: str) -> list[str]:
        """The keys of what is in a channel, in order."""
        return [one.key for _, one in self.messages if one.address.channel == channel]

    def put(self, flight: Flight) -> str:
        flight.ended = True
        remote_id = f"m{len(self.messages) + 1}"
        self.messages.append((remote_id, flight.outgoing))
        self.posted_at[remote_id] = self.machine.true
        return remote_id

    def fate(self, channel: str) -> Fate:
        return self.fates[channel].pop(0) if self.fates[channel] else Fate()

    def abandon(self, flight: Flight, *, taken: bool) -> None:
        """Whoever sent it has hung up, after which it is there at once, later, or never."""
        if flight.ended:
            return
        if flight.fate.after is not None:
            self.come_later(flight)
        elif taken and flight.fate.fault in (Fault.NONE, Fault.ANSWER_LOST):
            self.put(flight)
        flight.ended = True

    def come_later(self, flight: Flight) -> None:
        if flight.fate.after is not None:
            self.late.append(flight)

    def arrive(self, is_awaited_late: Callable[[str], bool]) -> None:
        """What is on its way is there once its time has come, or sooner: promises are about what is late by so much."""
        for flight in list(self.late):
            after = timedelta(seconds=flight.fate.after or 0)
            if not is_awaited_late(flight.outgoing.key):
                after = min(after, SOON)
            if self.machine.true >= flight.left_at + after:
                self.late.remove(flight)
                self.put(flight)


class Sender(Protocol):
    """Whose requests they are."""

    def leaves(self, outgoing: Outgoing) -> None:
        """Checks that a request may leave."""
        ...

    def off(self) -> timedelta:
        """How far its clock is ahead of the truth."""
        ...


class Line(SimulatedPlatform):
    """A process' way to the platform."""

    def __init__(self, there: There, sender: Sender, *, can_look_up: bool, interval: float) -> None:
        super().__init__(per_message=2, interval=interval)
        self.can_look_up = can_look_up
        self.flights: list[Flight] = []
        self.answered = 0
        self._there, self._sender = there, sender

    async def send(self, outgoing: Outgoing) -> SendResult:
        there, channel = self._there, outgoing.address.channel
        self._sender.leaves(outgoing)
        flight = Flight(outgoing, there.fate(channel), there.machine.true)
        self.flights.append(flight)
        there.vague[outgoing.key].append(flight.left_at)
        try:
            await asyncio.sleep(0)  # it is on its way,
            result = self._answer(flight, channel)
            flight.ended = True
            await asyncio.sleep(0)  # and so is the answer
        except asyncio.CancelledError:
            there.abandon(flight, taken=True)
            raise
        self.flights.remove(flight)
        self.answered += 1
        if not isinstance(result, Unknown):
            there.vague[outgoing.key].remove(flight.left_at)
        return result

    def _answer(self, flight: Flight, channel: str) -> SendResult:
        there = self._there
        if channel in there.gone:
            return Gone("The channel was archived.")
        match flight.fate.fault:
            case Fault.NONE:
                return Sent(there.put(flight))
            case Fault.ANSWER_LOST:
                there.put(flight)
                return Unknown("the connection broke")
            case Fault.LOST:
                there.come_later(flight)
                return Unknown("the connection broke")
            case Fault.LATE:
                there.come_later(flight)
                return Unknown("There was no answer in time.", late=True)
            case Fault.BUSY:
                return Retry("busy")
            case Fault.WAIT:
                return Retry("slow down", WAIT)
            case Fault.ODD:
                there.said_odd.add(channel)
                return Retry("The platform does not take it.", known=False)
            case Fault.REJECTED:
                there.refused.add(flight.outgoing.key)
                return Rejected("The platform does not take it.")
            case Fault.GONE:
                there.gone.add(channel)
                there.said_gone.add(channel)
                return Gone("The channel was archived.")
            case Fault.WORKSPACE_GONE:
                there.said_gone.add(there.workspace_of(channel))
                return Gone("The app was uninstalled.", GoneScope.WORKSPACE)
            case Fault.THREAD_GONE if flight.outgoing.reply_to:
                return Gone("The thread was deleted.", GoneScope.THREAD)
            case Fault.THREAD_GONE:
                return Retry("busy")
            case Fault.CRASH:
                raise RuntimeError("a defect")
            case fault:
                raise AssertionError(fault)

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        there = self._there
        await asyncio.sleep(0)
        if not self.can_look_up:
            return LookUp.CANNOT_TELL
        there.looked[outgoing.key] += 1
        found: LookUpResult = LookUp.MISSING
        since = window.since - self._sender.off() - BACK
        for remote_id, message in there.messages:
            if message.key == outgoing.key and there.posted_at[remote_id] >= since:
                found = Sent(remote_id)
        if there.looks:
            found = there.looks.pop(0)
            if isinstance(found, Gone):
                there.said_gone.add(outgoing.address.channel)
        await asyncio.sleep(0)
        return found

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        await asyncio.sleep(0)
        assert (remote_id, outgoing.key) in {(one, message.key) for one, message in self._there.messages}
        await asyncio.sleep(0)
        return self._there.redraws.pop(0) if self._there.redraws else Sent(remote_id)
