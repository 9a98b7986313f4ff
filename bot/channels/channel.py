"""Channels: where digests land, and how each wants them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.papers.sources import SourceName


class PlatformName(StrEnum):
    SLACK = "slack"
    DISCORD = "discord"
    WEB = "web"
    MAIL = "email"


#: The one workspace of the web.
LOCAL_WORKSPACE = "local"


class Style(StrEnum):
    """How a digest looks: one message of a few cards and lines, a line each, a card each, or a list with replies."""

    BRIEF = "brief"
    COMPACT = "compact"
    CARDS = "cards"
    THREADS = "threads"


class Order(StrEnum):
    """What comes first in a digest: what fits the channel best, what has most upvotes, or what is newest."""

    FIT = "fit"
    UPVOTES = "upvotes"
    NEW = "new"


class ChannelState(StrEnum):
    """`PAUSED` is a person's wish; `BROKEN` means that the platform refuses us and somebody has to act."""

    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Address:
    """Which channel: a platform's ids. They are opaque and never reused for names."""

    platform: PlatformName
    workspace: str
    channel: str

    def __str__(self) -> str:
        return f"{self.platform}/{self.workspace}/{self.channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A Slack team, a Discord server, the local workspace. `left_at` is when the bot was removed from it, if it was."""

    id: str
    name: str
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuietDays:
    """Days on which nothing is posted: weekdays (0 is Monday) and single dates, both in the channel's time zone."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day.weekday() in self.weekdays or day in self.dates


@dataclass(frozen=True, slots=True)
class Unlearnt:
    """What the channel's order is to forget: votes before `since`, and these words, authors and categories."""

    since: datetime | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What `/papers settings` changes. `limit` papers are shown in a digest, the rest is counted.

    Papers of `sources` are taken, and of all, those included that are added later, where that is None.
    `announce_changes` is whether the channel reads who changed what; None is yes where it is shared with others.
    `unlearnt` is what `/papers taste` changes.
    """

    limit: int = 20
    style: Style = Style.BRIEF
    abstracts: bool = False
    mention: str = ""
    sources: frozenset[SourceName] | None = None
    quiet_days: QuietDays = QuietDays()
    announce_changes: bool | None = None
    order: Order = Order.FIT
    unlearnt: Unlearnt = Unlearnt()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel with its standing orders. `schedule` is canonical text, `time_zone` an IANA name.

    `next_digest_at` is None for a channel whose papers go out at once. `reason` says why it is paused or broken.
    `workspace_name` is what people call the workspace, or its id where nobody told. `person` is whose own channel it
    is (`bot.channels.personal`), by the platform's id; empty for one that is nobody's in particular. `follows` is the
    channel whose topics bring its papers (`bot.mail.recipients`); None for one with topics of its own. One that was
    archived is paused, and folded away in lists.
    """

    id: int
    address: Address
    name: str
    workspace_name: str = ""
    time_zone: str
    schedule: str
    settings: ChannelSettings
    state: ChannelState
    reason: str = ""
    paused_until: datetime | None = None
    next_digest_at: datetime | None = None
    instant_at: datetime | None = None
    archived_at: datetime | None = None
    person: str = ""
    follows: int | None = None

    @property
    def shown_name(self) -> str:
        """Its name as people write it: `#general`. Threads and conversations have words for names, and no sign."""
        return self.name if " " in self.name or self._is_unseen else f"#{self.name}"

    @property
    def name_here(self) -> str:
        """What it is called in itself: where we see nothing but its id, that says nothing to anybody."""
        return "this channel" if self._is_unseen else self.shown_name

    @property
    def full_name(self) -> str:
        """Its name for somebody who is elsewhere: with the workspace's, where that is known."""
        named = self.workspace_name not in ("", self.address.workspace)
        return f"{self.shown_name} in {self.workspace_name}" if named else self.shown_name

    @property
    def _is_unseen(self) -> bool:
        """Whether the platform does not let us see it, and so we know no name."""
        return self.name == self.address.channel and self.address.platform is not PlatformName.WEB
