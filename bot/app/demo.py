"""The demo: the whole bot lives through the days of the sample feed, fast, and then goes on at the usual pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.app.engine import Engine
from bot.channels.channel import Address, PlatformName
from bot.channels.store import ChannelStore
from bot.clocks import ShiftedClock
from bot.commands.runner import Commands
from bot.errors import PaperRoundError
from bot.messages.message import Button, Buttons, Heading, Message, Paragraph, bold, code, text
from bot.platforms.command_calls import CommandCall, Person

#: The feed is read early in the morning of each day, before any channel's digest.
READ_AT = time(5, 0, tzinfo=UTC)
PAUSE = 0.35  # seconds between two moments, so that one can watch

#: What somebody new is to try first.
TRY = ("search diffusion video", "subscribe robot* -survey", "schedule mon,thu 17:30")

_VISITOR = Person(id="local", name="you", may_manage=True)


@dataclass(frozen=True, slots=True)
class DemoChannel:
    """A channel and the commands that set it up."""

    name: str
    lines: tuple[str, ...]


CHANNELS = (
    DemoChannel(
        "general",
        (
            'subscribe * --min-upvotes 25 --name "Everybody\'s favourites"',
            "schedule weekdays 09:00",
            "settings limit 10",
            "settings style threads",
        ),
    ),
    DemoChannel(
        "agents",
        (
            'subscribe agent OR "tool use" --name Agents',
            'subscribe "reinforcement learning" -agent --name "Learning by reward"',
            "schedule weekdays 17:00",
        ),
    ),
    DemoChannel(
        "vision",
        (
            'subscribe diffusion (image OR video) --name "Pictures and films"',
            'subscribe robot* OR "embodied AI" --instant --name Robots',
            "schedule weekdays 12:00",
        ),
    ),
    DemoChannel(
        "reading-group",
        (
            "subscribe cat:cs.CL -cat:cs.CV --name Language",
            "subscribe benchmark -robot* --name Benchmarks",
            "schedule mon,thu 17:30",
            "settings style cards",
            "settings abstracts on",
            "settings limit 8",
        ),
    ),
)


def banner(days: Sequence[date]) -> str:
    """What stands above every page: what this is, and what to do first."""
    return (
        f"A demo: sample papers of {days[0]:%-d %B} to {days[-1]:%-d %B %Y}, played in seconds; nothing is kept. "
        "Press the buttons, or write below."
    )


def welcome(days: Sequence[date]) -> Message:
    """The message that the demo ends with: three things to try."""
    return Message(
        summary="Welcome to Paper Round",
        blocks=(
            Heading("Now it is yours"),
            Paragraph(
                text(
                    f"What you see above is what four teams were sent in the two weeks to {days[-1]:%-d %B %Y}. Three "
                    "things to try, with a button or in the line at the bottom:"
                )
            ),
            Paragraph(text(bold("Find papers. "), code(TRY[0]), " shows the best matches.")),
            Paragraph(text(bold("Follow a topic. "), code(TRY[1]), " has new papers about it posted here.")),
            Paragraph(
                text(bold("Choose when. "), code(TRY[2]), " sets days and hour; ", code("help"), " has the rest.")
            ),
            Buttons((Button("Search", TRY[0]), Button("Subscribe", TRY[1]), Button("Schedule", TRY[2]))),
        ),
    )


class Demo:
    """Drives an engine through the sample days."""

    def __init__(
        self,
        engine: Engine,
        commands: Commands,
        channels: ChannelStore,
        clock: ShiftedClock,
        tell: Callable[[Address, str, Message], Awaitable[bool]],
    ) -> None:
        """`tell` shows a message in a channel (`bot.platforms.platform.Platform.tell`)."""
        self._tell = tell
        self._engine = engine
        self._commands = commands
        self._channels = channels
        self._clock = clock

    async def set_up(self, channels: Sequence[DemoChannel], first_day: date) -> None:
        """Adds the channels on the eve of the first day."""
        self._clock.set(datetime.combine(first_day, READ_AT) - timedelta(hours=12))
        for channel in channels:
            for line in channel.lines:
                call = CommandCall(
                    line=line,
                    address=Address(PlatformName.WEB, "local", channel.name),
                    channel_name=channel.name,
                    person=_VISITOR,
                )
                reply = await self._commands.run(call)
                if reply.failed:
                    raise PaperRoundError(f"The demo cannot be set up: {line}: {reply.message.summary}")

    async def run(self, days: Sequence[date], *, pause: float = PAUSE) -> None:
        """Lives through the days, then runs the engine until cancelled."""
        await self.live_through(days, pause=pause)
        for channel in CHANNELS:  # whichever somebody looks at
            await self._tell(Address(PlatformName.WEB, "local", channel.name), _VISITOR.id, welcome(days))
        self._clock.start()
        await self._engine.run()

    async def live_through(self, days: Sequence[date], *, pause: float = PAUSE) -> None:
        readings = [datetime.combine(day, READ_AT) for day in days]
        end = datetime.combine(days[-1], time(23, 59, tzinfo=UTC))
        while (moment := await self._next_moment(readings)) <= end:
            self._clock.set(max(moment, self._clock.now()))
            if readings and readings[0] <= self._clock.now():
                readings.pop(0)
                await self._engine.poll()
            await self._engine.deliver()
            await asyncio.sleep(pause)

    async def _next_moment(self, readings: Sequence[datetime]) -> datetime:
        """When something happens next: the feed is read, or a digest is due."""
        channels = await self._channels.on_platform(PlatformName.WEB)
        digests = [channel.next_digest_at for channel in channels if channel.next_digest_at is not None]
        return min([*readings[:1], *digests], default=datetime.max.replace(tzinfo=UTC))
