"""Recipients: addresses that get what a channel gets, each in a channel of its own that follows that one.

So a mail has a schedule, digests, posts, a history and the promise that no paper comes twice, like any channel. Topics
stay those of the channel that is followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from bot.channels.channel import Address, Channel, ChannelSettings, PlatformName

#: The one workspace of all mail: who refuses us there refuses the installation.
MAIL_WORKSPACE: Final = "mail"


class Content(StrEnum):
    """What an address gets: the digests of the channel, or what is trending on a day or in a week."""

    TOPICS = "topics"
    DAY = "day"
    WEEK = "week"


class Ended(StrEnum):
    """Who ended it: the reader by the link in a mail, or people who manage the channel."""

    UNSUBSCRIBED = "unsubscribed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An address that gets what the channel `follows` gets.

    `channel_id` is its own channel, `key` the id of that on the mail platform: it says nothing about anybody.
    `list_name` is what people call the followed channel. `added_by` is the id of whoever added it, on the platform of
    that channel. What is not confirmed gets nothing but the question; `nonce` belongs to the last one that was asked.
    """

    channel_id: int
    key: str
    follows: int
    list_name: str
    email: str
    content: Content
    added_by: str
    nonce: str
    asked_at: datetime
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: Ended | None = None

    @property
    def address(self) -> Address:
        return mail_address(self.key)

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None and self.ended_at is None

    @property
    def shown(self) -> str:
        """The address for people who need not know it."""
        return masked(self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """What somebody who manages the channel `follows` asks for. `schedule` is canonical text, `settings` are those of
    the address's own channel.
    """

    follows: Channel
    email: str
    content: Content
    schedule: str
    settings: ChannelSettings
    added_by: str
    key: str
    nonce: str


def mail_address(key: str) -> Address:
    return Address(PlatformName.MAIL, MAIL_WORKSPACE, key)


def masked(email: str) -> str:
    """`m…@lab.example`: enough to know one's own."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"


class RecipientFinder(Protocol):
    """Who is meant by an address of the mail platform."""

    async def find(self, key: str) -> Recipient | None:
        """The recipient with that key, also one that was ended; raises `StorageError`."""
        ...


class RecipientStore(RecipientFinder, Protocol):
    """Every method is one transaction. All of them may raise `bot.errors.StorageError`."""

    async def followers(self, channel_id: int) -> list[Recipient]:
        """Those of a channel, by address, also those that were ended lately."""
        ...

    async def of_channels(self, channel_ids: Sequence[int]) -> dict[int, Recipient]:
        """Those whose own channels these are."""
        ...

    async def asked_since(self, since: datetime, *, email: str = "", follows: int = 0) -> int:
        """How many questions were sent since then, to that address or for that channel."""
        ...

    async def ask(self, wanted: NewRecipient, now: datetime) -> Recipient:
        """Notes that an address is wanted and puts the question into the outbox; nothing else is sent there.

        One that is known takes the new schedule and nonce, and gets nothing before it is confirmed anew.
        """
        ...

    async def confirm(self, key: str, nonce: str, *, next_digest_at: datetime | None, now: datetime) -> bool:
        """From now on papers are queued for it; False where that question is not the last one, or was answered."""
        ...

    async def end(self, key: str, ended_by: Ended, now: datetime) -> bool:
        """Nothing more is sent there: neither what waits nor what is in the outbox. False where it has ended before."""
        ...

    async def queue(self, paper_ids: Mapping[int, Sequence[str]], now: datetime) -> None:
        """Queues papers for the next mail of these channels, those that each never had, whatever topics say."""
        ...

    async def delete_unconfirmed(self, asked_before: datetime, now: datetime, limit: int) -> int:
        """Removes those that nobody confirmed, and those that ended, before that time; returns how many."""
        ...
