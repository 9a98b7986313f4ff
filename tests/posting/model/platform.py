"""The platform of the model: it takes requests, loses them, takes them late, answers or does not."""

from __future__ import annotations

import asyncio
from collections import defaultdict
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
from tests.posting.model.stories import Look, Request, Story

#: Adapters look so far back before the first request.
BACK: Final = timedelta(minutes=15)
#: Within so long after its request a message comes that nobody awaits as a late one.
SOON: Final = timedelta(seconds=25)
TIMED_OUT: Final = Unknown("There was no answer in time.", late=True)
#: In place of an answer: its adapter fails.
DEFECT: Final = Retry("a defect")


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a request, and how many seconds after it its message comes nevertheless; None for never."""

    fault: Fault = Fault.NONE
    after: int | None = None


@dataclass(slots=True, eq=False)
class Flight:
    """A request that has left, `ended` once nothing more comes of it, and what it will be answered."""

    outgoing: Outgoing
    fate: Fate
    request: Request
    left_at: datetime
    ended: bool = False
    answer: SendResult | None = None


class There:
    """What all processes see of the platform. `gone` are the channels that take nothing, `stories` what it was asked
    and answered, by the keys of messages."""

    def __init__(self, machine: Machine, workspace_of: Callable[[str], str]) -> None:
        self.machine = machine
        self.messages: list[tuple[str, Outgoing]] = []  # with their remote ids
        self.posted_at: dict[str, datetime] = {}
        self.fates: defaultdict[str, list[Fate]] = defaultdict(list)
        self.looks: list[LookUpResult] = []  # answers of the next look-ups, in place of the truth
        self.redraws: list[SendResult] = []
        self.gone: set[str] = set()
        self.stories: defaultdict[str, Story] = defaultdict(Story)
        self.late: list[Flight] = []
        self.left: list[Flight] = []
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

    def take(self, flight: Flight) -> None:
        """The request has come, whatever became of its sender meanwhile."""
        if not flight.ended and flight.answer is None:
            flight.answer = self._answer(flight, flight.outgoing.address.channel)
            flight.ended = True

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

    def answer_of_look(self, outgoing: Outgoing, found: LookUpResult) -> LookUpResult:
        """What the next look-up is answered in place of what it `found`; nothing that would be a lie."""
        said = self.looks.pop(0)
        under_way = [flight for flight in self.left if not flight.ended]
        coming = [flight.outgoing.key for flight in (*self.late, *under_way)]
        may_be_there = outgoing.key in coming or outgoing.key in self.keys(outgoing.address.channel)
        if said is LookUp.NOT_COMING and may_be_there:
            return found
        if isinstance(said, Gone) and said.scope is GoneScope.THREAD and (may_be_there or not outgoing.reply_to):
            return found
        return said

    def arrive(self) -> None:
        """What is on its way is there once its time has come, or sooner: promises are about what is late by so much."""
        for flight in list(self.late):
            after = timedelta(seconds=flight.fate.after or 0)
            if not (flight.request.was_settled and flight.request.answer == TIMED_OUT):
                after = min(after, SOON)
            if self.machine.true >= flight.left_at + after:
                self.late.remove(flight)
                self.put(flight)

    def _answer(self, flight: Flight, channel: str) -> SendResult:
        if channel in self.gone:
            return Gone("The channel was archived.")
        match flight.fate.fault:
            case Fault.NONE:
                return Sent(self.put(flight))
            case Fault.ANSWER_LOST:
                self.put(flight)
                return Unknown("the connection broke")
            case Fault.LOST:
                self.come_later(flight)
                return Unknown("the connection broke")
            case Fault.LATE:
                self.come_later(flight)
                return TIMED_OUT
            case Fault.BUSY:
                return Retry("busy")
            case Fault.WAIT:
                return Retry("slow down", WAIT)
            case Fault.ODD:
                return Retry("The platform does not take it.", known=False)
            case Fault.REJECTED:
                return Rejected("The platform does not take it.")
            case Fault.GONE:
                self.gone.add(channel)
                return Gone("The channel was archived.")
            case Fault.WORKSPACE_GONE:
                return Gone("The app was uninstalled.", GoneScope.WORKSPACE)
            case Fault.THREAD_GONE if flight.outgoing.reply_to:
                return Gone("The thread was deleted.", GoneScope.THREAD)
            case Fault.THREAD_GONE:
                return Retry("busy")
            case Fault.CRASH:
                return DEFECT
            case fault:
                raise AssertionError(fault)


class Sender(Protocol):
    """Whose requests they are."""

    def leaves(self, outgoing: Outgoing) -> Request:
        """Checks that a request may leave."""
        ...

    def looks(self, outgoing: Outgoing, window: HistoryWindow, since: datetime) -> Look:
        """Checks that this look for a message, which finds what came `since`, is one for all of its requests."""
        ...

    def demand(self, is_so: bool, what: str) -> None: ...

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
        self.refused_edits = 0
        self._there, self._sender = there, sender

    async def send(self, outgoing: Outgoing) -> SendResult:
        there, request = self._there, self._sender.leaves(outgoing)
        flight = Flight(outgoing, there.fate(outgoing.address.channel), request, there.machine.true)
        self.flights.append(flight)
        there.left.append(flight)
        try:
            await asyncio.sleep(0)  # it is on its way,
            there.take(flight)
            await asyncio.sleep(0)  # and so is the answer
        except asyncio.CancelledError:
            there.abandon(flight, taken=True)
            request.answer = TIMED_OUT
            raise
        finally:
            self.flights.remove(flight)
        self.answered += 1
        request.answer = flight.answer
        if flight.answer is DEFECT or flight.answer is None:
            raise RuntimeError("a defect")
        return flight.answer

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        there, story = self._there, self._there.stories[outgoing.key]
        since = window.since - self._sender.off() - BACK
        look = self._sender.looks(outgoing, window, since)
        try:
            await asyncio.sleep(0)
            found: LookUpResult = LookUp.MISSING if self.can_look_up else LookUp.CANNOT_TELL
            for remote_id, message in there.messages if self.can_look_up else ():
                # What came after the first pages were read is on none of the others.
                is_read = look.of == look.began_at or there.posted_at[remote_id] <= look.of
                if message.key == outgoing.key and there.posted_at[remote_id] >= since and is_read:
                    found = Sent(remote_id)
            if self.can_look_up and there.looks:
                found = there.answer_of_look(outgoing, found)
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            story.look_ended(look, window, Retry("There was no answer in time."))
            raise
        story.look_ended(look, window, found)
        return found

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        await asyncio.sleep(0)
        there = self._there
        places = [place for place, (one, _) in enumerate(there.messages) if one == remote_id]
        same = [place for place in places if there.messages[place][1].key == outgoing.key]
        self._sender.demand(bool(same), "what is drawn again is there")
        await asyncio.sleep(0)
        if there.redraws:
            self.refused_edits += 1
            return there.redraws.pop(0)
        there.messages[same[0]] = (remote_id, outgoing)
        return Sent(remote_id)
