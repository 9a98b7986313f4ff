"""The first minute of an installation: topics to begin with, what each would bring, and how far the reading has got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.channels.channel import Channel
from bot.commands.services import Services
from bot.commands.wording import next_digest
from bot.health.report import SourceHealth
from bot.messages.message import Span
from bot.text.counting import count_of

#: Of what was read already, so that a first digest has something to show.
FIRST_PAPERS: Final = "--backfill 3"


@dataclass(frozen=True, slots=True)
class Starter:
    """A topic to begin with: a name, the line that adds it, and the query of it."""

    name: str
    query: str
    options: str = ""

    @property
    def line(self) -> str:
        return f'subscribe {self.query}{self.options} {FIRST_PAPERS} --name "{self.name}"'


STARTERS: Final = (
    Starter("Language models", '"language model" OR llm'),
    Starter("Agents", 'agent OR "tool use"'),
    Starter("Images and video", "diffusion (image OR video)"),
    Starter("Computer vision", 'segmentation OR "object detection" OR "computer vision"'),
    Starter("Vision and language", 'multimodal OR "vision language"'),
    Starter("Robots", 'robot* OR "embodied AI"'),
    Starter("Reinforcement learning", '"reinforcement learning"'),
    Starter("What everybody likes", "*", " --min-upvotes 25"),
)
SCHEDULES: Final = (
    ("weekdays 09:00", "every weekday at 09:00"),
    ("daily 09:00", "every day at 09:00"),
    ("mon,thu 09:00", "Mondays and Thursdays at 09:00"),
    ("instant", "each paper as soon as it is found"),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A starter with what it would bring: `about 3 a day`. `pace` is empty as long as no papers are known."""

    starter: Starter
    pace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How far it has got: which sources were read, how many papers that brought, whether the channel has been sent a
    digest, and how many papers wait for it.
    """

    sources: Sequence[SourceHealth]
    papers: int
    sent: bool
    waiting: int
    next: Sequence[Span]
    at: datetime


async def offers(services: Services) -> list[Offer]:
    """The topics to begin with. Raises `StorageError`."""
    sources = await services.sources.names()
    newest = await services.forecasts.newest()
    found = []
    for starter in STARTERS:
        bounds = " upvotes:>=25" if starter.options else ""
        query = await services.query(f"{starter.query}{bounds}")
        volume = await services.forecasts.volume_until(newest, query, sources) if newest else None
        found.append(Offer(starter, volume.pace() if volume else ""))
    return found


async def beginning(services: Services, channel: Channel) -> Beginning:
    """How far the reading for a channel has got. Raises `StorageError`."""
    report = await services.health.report()
    return Beginning(
        sources=report.sources,
        papers=report.stored.rows["papers"] if report.stored else 0,
        sent=bool(await services.posts.latest_digests(channel.id, 1)),
        waiting=len(await services.digests.waiting(channel.id)),
        next=next_digest(channel, report.at),
        at=report.at,
    )


def waiting_in_words(begun: Beginning) -> str:
    """What waits for the channel, in a sentence."""
    if begun.waiting:
        return f"{count_of(begun.waiting, 'paper')} wait for the {'next' if begun.sent else 'first'} digest."
    if begun.sent:
        return "The newest that match are in the channel now."
    if begun.papers:
        return "None of them matches yet: new ones come every day."
    return "As soon as the first feed is read, you see here how many match."
