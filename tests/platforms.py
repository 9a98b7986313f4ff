"""A chat platform in memory that behaves as badly as a test asks it to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import ClassVar

from bot.channels.channel import Address, PlatformName, Style
from bot.errors import UserError
from bot.messages.message import Message
from bot.messages.plain import plain_text
from bot.platforms.outcomes import (
    Gone,
    GoneScope,
    HistoryWindow,
    LookUp,
    LookUpResult,
    Outgoing,
    Partly,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
)


class Fault(Enum):
    """What goes wrong with one request."""

    NONE = auto()
    LOST = auto()  # the request never arrives, and nobody answers
    ANSWER_LOST = auto()  # the message is posted, and nobody answers
    BUSY = auto()
    WAIT = auto()  # comes with the seconds to wait
    GONE = auto()
    WORKSPACE_GONE = auto()
    THREAD_GONE = auto()
    ODD = auto()  # refused with a code that nobody has explained
    LATE = auto()  # no answer in time, though the message may come
    REJECTED = auto()
    CRASH = auto()  # a defect of the adapter
    HANG = auto()


WAIT = 7.0  # seconds that a WAIT asks for


@dataclass(frozen=True, slots=True)
class Posted:
    channel: str
    message: Message
    key: str
    remote_id: str
    reply_to: str | None


class SimulatedPlatform:
    """Implements `bot.platforms.platform.Platform`. Whoever sends a key twice, posts twice."""

    ARCHIVED: ClassVar = Gone("The channel was archived.")
    THREAD_DELETED: ClassVar = Gone("The thread was deleted.", GoneScope.THREAD)

    def __init__(self, name: PlatformName = PlatformName.WEB, *, per_message: int = 10, interval: float = 0.0) -> None:
        self.posts: list[Posted] = []
        self.told: list[tuple[str, str]] = []
        self.words: list[str] = []  # what was told
        self.on_the_way: list[Outgoing] = []
        self.answers: list[LookUpResult] = []  # of the next look-ups, in place of the truth
        self.windows: list[HistoryWindow] = []
        self.redrawn: list[str] = []  # messages that were to be drawn again
        self.refusals: list[SendResult] = []  # what the next of them are answered with
        self.one_look_up_every = 0.0  # seconds; a look-up is told to come back at a turn of its own
        self._turns: dict[str, float] = {}
        self.requests: list[str] = []
        self.rooms: dict[str, int] = {}  # posts that may be under way, by workspace
        self.shared: set[str] = set()  # channels with people of other workspaces
        self.lost: frozenset[str] = frozenset()  # papers whose messages never arrive, and nobody answers
        self.unreachable: set[str] = set()  # people with whom no conversation can be opened
        self.can_look_up = True
        self._name = name
        self._per_message = per_message
        self._interval = interval
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.released = asyncio.Event()
        self.hanging = asyncio.Event()  # set once a message hangs

    @property
    def name(self) -> PlatformName:
        return self._name

    @property
    def account(self) -> str:
        return ""

    @property
    def channel_interval(self) -> float:
        return self._interval

    def room(self, workspace: str) -> int | None:
        return self.rooms.get(workspace)

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        return self._per_message

    async def is_shared(self, address: Address) -> bool:
        return address.channel in self.shared

    async def takes_apart(self, address: Address) -> bool:
        return False

    def parse_mention(self, text: str) -> str:
        if not text.startswith("@"):
            raise UserError("A mention starts with `@`.")
        return text

    def mention_name(self, mention: str) -> str:
        return mention

    def parse_role(self, text: str) -> str:
        if not text.startswith("@"):
            raise UserError("A role starts with `@`.")
        return text

    def fail(self, channel: str, *faults: Fault) -> None:
        """The next requests for that channel go wrong, one after the other."""
        self._faults[channel] += faults

    def heal(self, channel: str) -> None:
        """Nothing goes wrong there any more."""
        self._faults.pop(channel, None)

    def papers_in(self, channel: str) -> list[str]:
        """The ids of all papers shown in a channel, in the order of posting, replies excepted."""
        return [
            paper
            for post in self.posts
            if post.channel == channel and post.reply_to is None
            for paper in post.message.paper_ids
        ]

    async def send(self, outgoing: Outgoing) -> SendResult:
        channel = outgoing.address.channel
        self.requests.append(channel)
        await asyncio.sleep(0)
        fault = self._faults[channel].pop(0) if self._faults[channel] else None
        if self.lost.intersection(outgoing.message.paper_ids):
            return Unknown("the connection broke")
        match fault:
            case None | Fault.NONE:
                return Sent(self._post(outgoing))
            case Fault.LOST:
                return Unknown("the connection broke")
            case Fault.ANSWER_LOST:
                self._post(outgoing)
                return Unknown("the connection broke")
            case Fault.BUSY:
                return Retry("busy")
            case Fault.WAIT:
                return Retry("slow down", WAIT)
            case Fault.GONE:
                return self.ARCHIVED
            case Fault.WORKSPACE_GONE:
                return Gone("The app was uninstalled.", GoneScope.WORKSPACE)
            case Fault.THREAD_GONE:
                return self.THREAD_DELETED
            case Fault.ODD:
                return Retry("The platform does not take it.", known=False, detail="<html>code 4711</html>")
            case Fault.LATE:
                self.on_the_way.append(outgoing)
                return Unknown("There was no answer in time.", late=True)
            case Fault.REJECTED:
                return Rejected("The platform does not take it.", detail="<html>code 4712</html>")
            case Fault.CRASH:
                raise RuntimeError("a defect")
            case Fault.HANG:
                self.hanging.set()
                await self.released.wait()
                return Sent(self._post(outgoing))

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        self.redrawn.append(remote_id)
        if self.refusals:
            return self.refusals.pop(0)
        for place, post in enumerate(self.posts):
            if post.remote_id == remote_id:
                self.posts[place] = replace(post, message=outgoing.message)
        return Sent(remote_id)

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        self.windows.append(window)
        if self.answers:
            return self.answers.pop(0)
        if self.one_look_up_every and outgoing.key not in self._turns:
            self._turns[outgoing.key] = self.one_look_up_every * len(self._turns)
            return Partly(window.cursor, self._turns[outgoing.key])
        if not self.can_look_up:
            return LookUp.CANNOT_TELL
        found = next((post for post in self.posts if post.key == outgoing.key), None)
        return Sent(found.remote_id) if found else LookUp.MISSING

    async def direct_messages(self, address: Address, person_id: str) -> Address:
        if person_id in self.unreachable:
            raise UserError("You take no messages from me.")
        return Address(address.platform, address.workspace, f"to {person_id}")

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        self.told.append((address.channel, person_id))
        self.words.append(plain_text(message))
        return True

    def arrive(self) -> None:
        """What was on its way is there now."""
        for outgoing in self.on_the_way:
            self._post(outgoing)
        self.on_the_way.clear()

    def _post(self, outgoing: Outgoing) -> str:
        remote_id = str(len(self.posts) + 1)
        self.posts.append(
            Posted(outgoing.address.channel, outgoing.message, outgoing.key, remote_id, outgoing.reply_to)
        )
        return remote_id


def around(time: datetime) -> HistoryWindow:
    """Where to look for a message whose one attempt began then."""
    return HistoryWindow(since=time, until=time)


def keys_of(posts: Iterable[Posted]) -> list[str]:
    return [post.key for post in posts]
