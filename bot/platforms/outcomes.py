"""Sending: a message on its way out, and what a platform answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.channels.channel import Address
from bot.messages.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to send. `key` is the same in every attempt; `reply_to` is the platform's id of the parent."""

    address: Address
    message: Message
    key: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    remote_id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Certainly not sent. Try again in `after` seconds; None leaves the waiting to the outbox."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left and no answer came: the message may or may not be there."""

    reason: str


class GoneScope(StrEnum):
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Gone:
    """The platform refuses this channel or workspace until somebody acts. `reason` is a sentence for people."""

    reason: str
    scope: GoneScope = GoneScope.CHANNEL


@dataclass(frozen=True, slots=True)
class Rejected:
    """The platform will never take this message, though the channel is well."""

    reason: str


SendResult = Sent | Retry | Unknown | Gone | Rejected


class LookUp(StrEnum):
    """The answer to "is that message there?" when it is not there, or cannot be known."""

    MISSING = "missing"
    CANNOT_TELL = "cannot_tell"
