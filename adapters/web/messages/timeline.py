"""Messages and channels as the page shows them: threads, days, and times in the reader's zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from adapters.web.addresses import channel_key, channel_path
from adapters.web.messages.marks import NO_MARKS, Marks
from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.messages.message import Message
from bot.platforms.message_log import LoggedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message. An answer that only its asker sees has the command `line` that it answers."""

    id: str
    message: Message
    at: datetime
    line: str | None = None
    failed: bool = False
    marks: Marks = NO_MARKS

    @property
    def ephemeral(self) -> bool:
        return self.line is not None

    @property
    def clock(self) -> str:
        return f"{self.at:%H:%M}"

    @property
    def moment(self) -> str:
        return f"{day_words(self.at)}, {self.at:%H:%M} ({self.at.tzname()})"

    @property
    def day(self) -> str:
        return f"{self.at:%Y-%m-%d}"

    @property
    def day_words(self) -> str:
        return day_words(self.at)


@dataclass(frozen=True, slots=True)
class Thread:
    """A message with its replies."""

    head: MessageView
    replies: tuple[MessageView, ...] = ()


def view_of(logged: LoggedMessage, zone: tzinfo, marks: Marks = NO_MARKS) -> MessageView:
    at = logged.posted_at.astimezone(zone)
    return MessageView(id=str(logged.id), message=logged.message, at=at, marks=marks)


def threads_of(messages: Sequence[LoggedMessage], zone: tzinfo, marks: Marks = NO_MARKS) -> list[Thread]:
    """The threads in the order of their heads. Replies whose head is not among the messages are left out."""
    replies: dict[int, list[MessageView]] = {message.id: [] for message in messages if message.reply_to is None}
    for message in messages:
        if message.reply_to in replies:
            replies[message.reply_to].append(view_of(message, zone, marks))
    return [Thread(view_of(head, zone, marks), tuple(replies[head.id])) for head in messages if head.reply_to is None]


def paper_ids_of(messages: Sequence[LoggedMessage]) -> list[str]:
    """The papers that the messages show."""
    return [paper_id for each in messages for paper_id in each.message.paper_ids]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """A line of the list of channels. `status` is a few words, `mark` fewer still, `detail` the whole story.

    `key` is what the channel is called in paths, `path` where its page is, and `has_sign` whether a `#` belongs to its
    name.
    """

    key: str
    path: str
    platform: PlatformName
    name: str
    has_sign: bool
    state: ChannelState
    status: str
    mark: str
    detail: str
    latest: int
    current: bool


def channel_view(channel: Channel, now: datetime, zone: tzinfo, *, latest: int, current: bool) -> ChannelView:
    return ChannelView(
        key=channel_key(channel.address),
        path=channel_path(channel.address),
        platform=channel.address.platform,
        name=channel.shown_name.removeprefix("#"),
        has_sign=channel.shown_name.startswith("#"),
        state=channel.state,
        status=_status_of(channel, now, zone),
        mark=_mark_of(channel, now, zone),
        detail=channel.reason or f"Schedule: {channel.schedule} ({channel.time_zone})",
        latest=latest,
        current=current,
    )


def _status_of(channel: Channel, now: datetime, zone: tzinfo) -> str:
    if channel.archived_at is not None:
        return "Archived"
    if channel.state is ChannelState.BROKEN:
        return "Stopped"
    if channel.state is ChannelState.PAUSED:
        return f"Paused until {soon_words(channel.paused_until, now, zone)}" if channel.paused_until else "Paused"
    if channel.next_digest_at is None:
        return "Papers as they come"
    return f"Next digest {soon_words(channel.next_digest_at, now, zone)}"


def _mark_of(channel: Channel, now: datetime, zone: tzinfo) -> str:
    """What stands beside a channel's name: when its next digest comes, or why none does."""
    if channel.archived_at is not None:
        return ""
    if channel.state is ChannelState.BROKEN:
        return "Stopped"
    if channel.state is ChannelState.PAUSED:
        return "Paused"
    return brief_words(channel.next_digest_at, now, zone) if channel.next_digest_at else ""


def day_words(moment: datetime) -> str:
    """`Thursday, 30 April 2026`: the same whenever it is read, so a page that stays open stays right."""
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def brief_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`17:30` today, `Mon 09:00` within a week, `4 May` later."""
    local, here = moment.astimezone(zone), now.astimezone(zone)
    days = (local.date() - here.date()).days
    if days <= 0:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if days < 7 else f"{local.day} {local:%b}"


def soon_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`today 17:30`, `tomorrow 09:00`, `Mon 09:00`, `4 May 09:00`, `4 May 2027 09:00`."""
    local, here = moment.astimezone(zone), now.astimezone(zone)
    days = (local.date() - here.date()).days
    if days == 0:
        day = "today"
    elif days == 1:
        day = "tomorrow"
    elif 1 < days < 7:
        day = f"{local:%a}"
    elif local.year == here.year:
        day = f"{local.day} {local:%b}"
    else:
        day = f"{local.day} {local:%b %Y}"
    return f"{day} {local:%H:%M}"
