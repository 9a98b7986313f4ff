"""Sending: a message on its way out, and what a platform answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWindow:
    """Where to look for a message: `since` is when its first attempt began, `until` when its last one did.

    The platform's clock may be another than ours, and a message may come long after its request: an adapter looks in a
    wider window. `cursor` is where the look-up before this one stopped, empty at the beginning.
    """

    since: datetime
    until: datetime
    cursor: str = ""


class GoneScope(StrEnum):
    """What takes nothing any more. Only that is stopped."""

    THREAD = "thread"
    CHANNEL = "channel"
    WORKSPACE = "workspace"


# Every answer of a platform is about something, and only what it is about is stopped:
#
#   Rejected              this message    never
#   Gone(…, THREAD)       this thread     its papers go into the channel
#   Gone(…, CHANNEL)      this channel    until somebody acts
#   Gone(…, WORKSPACE)    this workspace  until somebody acts
#   Retry                 us              later, by itself
#   Unknown               nobody knows    is looked up
#
# `reason` is a sentence for people: no codes, pages or names of fields. `detail` is what the platform said, for logs.


@dataclass(frozen=True, slots=True)
class Sent:
    remote_id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Certainly not sent, and the reason passes by itself: trouble, limits, pages of a proxy, unknown codes.

    Try again in `after` seconds; None leaves the waiting to the outbox. What is not `known`, a code that nobody has
    explained to us, is tried for an hour instead of a day before somebody is told.
    """

    reason: str
    after: float | None = None
    known: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left and no answer came: the message may or may not be there.

    `late` says that it may still come, as after a time-out; a broken connection brings nothing any more.
    """

    reason: str
    late: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The platform refuses this thread, channel or workspace until somebody acts; `reason` says what to do."""

    reason: str
    scope: GoneScope = GoneScope.CHANNEL
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The platform will never take this message, though the channel is well.

    An adapter says so only after it has tried a plainer form. Whoever subscribed is then told which papers it had.
    """

    reason: str
    detail: str = ""


SendResult = Sent | Retry | Unknown | Gone | Rejected


class LookUp(StrEnum):
    """The answer to "is that message there?" when it is not there, or cannot be known.

    What is `MISSING` may still come. What is `NOT_COMING` does not, or finds the one that was sent again and adds none.
    """

    MISSING = "missing"
    NOT_COMING = "not_coming"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Partly:
    """The message is not in what was read so far; the rest is to be read from `cursor` on, in `after` seconds.

    An adapter that may read only so often gives each look-up a turn of its own: one whose turn has not come yet gets
    the cursor back that it came with, and the seconds until its turn.
    """

    cursor: str
    after: float


LookUpResult = Sent | Retry | Gone | LookUp | Partly
