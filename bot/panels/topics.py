"""The topics of a channel, with what each of them brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.channels.channel import Channel
from bot.commands.services import Services
from bot.schedules.stored import zone_of
from bot.text.counting import count_of
from bot.topics.store import TopicFigures
from bot.topics.subscription import Subscription

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic with what it brought on each of the last days, the latest last."""

    topic: Subscription
    by_day: Sequence[int]
    figures: TopicFigures

    @property
    def pace(self) -> str:
        """How many papers it brings: `1.4 a day`; by the week where that is less than one."""
        brought = self.figures.brought
        if not brought:
            return "nothing yet"
        if brought < len(self.by_day):
            return f"{brought * 7 / len(self.by_day):.1f} a week"
        return f"{brought / len(self.by_day):.1f} a day"

    @property
    def liked(self) -> str:
        """The share of 👍 among its votes: `75 % of 8 votes`; empty without any."""
        votes = self.figures.up + self.figures.down
        return f"{round(100 * self.figures.up / votes)} % of {count_of(votes, 'vote')}" if votes else ""


async def topic_lines(services: Services, channel: Channel) -> list[TopicLine]:
    """The topics of the channel, in two more statements than one however many they are. Raises `StorageError`."""
    topics = await services.subscriptions.of_channel(channel.id)
    today = services.clock.now().astimezone(zone_of(channel.time_zone)).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    figures = await services.subscriptions.figures(channel.id, days[0]) if topics else {}
    return [_line(topic, days, figures.get(topic.id, TopicFigures())) for topic in topics]


def _line(topic: Subscription, days: Sequence[date], figures: TopicFigures) -> TopicLine:
    return TopicLine(topic, [figures.by_day.get(day, 0) for day in days], figures)
