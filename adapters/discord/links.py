"""Link cards: below a message that links to papers, what they are about.

Only where the operator enabled it: reading messages takes a privileged intent of Discord's.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from datetime import datetime, timedelta

import discord
import structlog
from discord.http import Route

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import REQUEST_ERRORS
from adapters.discord.guilds.permissions import can_post
from adapters.discord.messages.rendering import render
from adapters.discord.text_commands import WRITTEN_BY_PEOPLE, mentions
from bot.clocks import Clock
from bot.errors import StorageError
from bot.messages.message import Message, PaperBlock
from bot.papers.ids import linked_paper_ids
from bot.platforms.cards import CardOf

#: Cards below one message; a list of links is no request for a wall of cards.
MOST_CARDS = 3
#: A paper that was shown in a channel is known there for a while.
SHOWN_FOR = timedelta(hours=6)
#: Answers in one channel: a talk about papers is no reason to take part in it with every sentence.
MOST_ANSWERS, ANSWERS_WITHIN = 5, timedelta(minutes=5)
#: Papers and channels that are remembered.
MOST_REMEMBERED = 10_000

#: Addresses, but none in angle brackets: that is how people say that they want no preview.
_ADDRESS = re.compile(r"(?<![<\w])https?://[^\s<>|]+", re.IGNORECASE)
#: Code, and what is only shown to who wants to see it.
_HIDDEN = re.compile(r"```.*?```|`[^`\n]*`|\|\|.*?\|\|", re.DOTALL)

_log = structlog.get_logger()


class LinkCards:
    """Answers messages with the cards of the papers that they link to. Methods are named like discord.py's events."""

    def __init__(self, client: DiscordClient, card_of: CardOf, clock: Clock) -> None:
        self._client = client
        self._card_of = card_of
        self._clock = clock
        self._shown: OrderedDict[tuple[int, str], datetime] = OrderedDict()
        self._answers: OrderedDict[int, deque[datetime]] = OrderedDict()

    async def on_message(self, message: discord.Message) -> None:
        """A message of anybody, anywhere the bot can read."""
        channel = message.channel
        if (
            not isinstance(channel, discord.abc.GuildChannel | discord.Thread)
            or message.author.bot
            or message.webhook_id is not None
            or message.type not in WRITTEN_BY_PEOPLE
            or message.flags.suppress_embeds
            or not can_post(channel)
            or self._is_addressed(message.content)
        ):
            return
        try:
            cards = [
                card for address in self._news(channel.id, message.content) if (card := await self._card_of(address))
            ]
            if cards:
                await self._answer(message, cards)
        except (StorageError, *REQUEST_ERRORS) as error:
            _log.warning("discord.no_link_card", message=message.id, reason=str(error) or type(error).__name__)

    def _is_addressed(self, content: str) -> bool:
        """Whether the bot itself is spoken to, and answers anyway."""
        return self._client.user is not None and mentions(content, self._client.user.id)

    def _news(self, channel: int, content: str) -> list[str]:
        """The addresses of papers that were not shown in the channel lately, as many as may be shown now.

        They count as shown at once: the same link may come again before the answer is there.
        """
        now = self._clock.now()
        found: list[str] = []
        for address in _ADDRESS.findall(_HIDDEN.sub(" ", content)):
            for paper in linked_paper_ids(address)[:1]:
                last = self._shown.get((channel, paper))
                if len(found) < MOST_CARDS and (last is None or not timedelta() <= now - last < SHOWN_FOR):
                    found.append(address)
                    self._shown[channel, paper] = now
                    self._shown.move_to_end((channel, paper))
        _forget(self._shown)
        return found if found and self._may_answer(channel, now) else []

    def _may_answer(self, channel: int, now: datetime) -> bool:
        given = self._answers.setdefault(channel, deque(maxlen=MOST_ANSWERS))
        self._answers.move_to_end(channel)
        _forget(self._answers)
        if len(given) == MOST_ANSWERS and timedelta() <= now - given[0] < ANSWERS_WITHIN:
            return False
        given.append(now)
        return True

    async def _answer(self, message: discord.Message, cards: list[PaperBlock]) -> None:
        """One reply that notifies nobody. Should the message be told of twice, Discord knows the reply by its nonce."""
        body = {
            **render(Message(summary=cards[0].title, blocks=tuple(cards))).payload,
            "allowed_mentions": {"parse": [], "replied_user": False},
            "message_reference": {"message_id": str(message.id), "fail_if_not_exists": False},
            "nonce": str(message.id),
            "enforce_nonce": True,
        }
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=message.channel.id)
        await self._client.request_once(route, body)


def _forget(known: OrderedDict[int, deque[datetime]] | OrderedDict[tuple[int, str], datetime]) -> None:
    while len(known) > MOST_REMEMBERED:
        known.popitem(last=False)
