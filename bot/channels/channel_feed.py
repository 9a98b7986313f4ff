"""Feeds of channels: what a channel is sent, for feed readers, at an address that only its managers were told."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from bot.channels.channel import Channel

SECRET_BYTES: Final = 24  # nobody guesses 192 bits


class FeedForm(StrEnum):
    """What an entry of the feed is: a paper, or a whole digest."""

    PAPERS = "papers"
    DIGESTS = "digests"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFeed:
    """The feed of a channel. `tag` begins the ids of it and of its entries, and stays whatever its address is.

    `changed_at` is when it was made, or became a feed of another form.
    """

    channel: Channel
    form: FeedForm
    tag: str
    changed_at: datetime


class ChannelFeedStore(Protocol):
    """Keeps feeds by a hash of their secret: whoever reads the database, or a backup of it, learns no address."""

    async def publish(self, channel_id: int, key: str, *, form: FeedForm | None, tag: str, now: datetime) -> FeedForm:
        """Gives the channel's feed that key, in place of an earlier one; returns its form.

        A feed that there is keeps its tag, and its form where none is given.
        """
        ...

    async def reshape(self, channel_id: int, form: FeedForm, now: datetime) -> None:
        """Has the channel's feed take another form, at the same address."""
        ...

    async def withdraw(self, channel_id: int) -> bool:
        """Takes the feed away; whether there was one."""
        ...

    async def of_channel(self, channel_id: int) -> ChannelFeed | None: ...

    async def behind(self, key: str) -> ChannelFeed | None:
        """The feed of that key; none of a channel that was deleted, nor of a workspace that the bot left."""
        ...


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def key_of_secret(secret: str) -> str:
    """What is kept of the secret part of an address."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def feed_path(secret: str) -> str:
    """Where the feed of that secret is."""
    return f"/feeds/{secret}.atom"
