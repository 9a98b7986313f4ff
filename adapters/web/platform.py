"""The web workspace as a platform: what is sent to it is kept in a log that browsers read."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from adapters.web.addresses import address_of
from adapters.web.messages.tail import POLL_INTERVAL, LogTail
from bot.channels.channel import LOCAL_WORKSPACE, Address, PlatformName, Style
from bot.clocks import Clock
from bot.errors import StorageError, UserError
from bot.messages.message import Message, Note, code, text
from bot.people.account import LOCAL_PERSON
from bot.platforms.message_log import Arrival, LoggedMessage, MessageLog
from bot.platforms.outcomes import HistoryWindow, LookUp, LookUpResult, Outgoing, Rejected, Retry, SendResult, Sent

log = structlog.get_logger(__name__)

#: The channel for the topics of everybody, where nobody logs in, and how those of others begin: no name of a channel
#: does.
PERSONAL, OF_PERSON = "for-you", "@"
LONGEST_MENTION = 80
PAPERS_PER_MESSAGE = 25  # a page scrolls; more than this is tedious in one message


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Threads of one channel, oldest first. `earlier` is where the page before it ends, None if there is none."""

    messages: Sequence[LoggedMessage]
    earlier: int | None

    @classmethod
    def of(cls, messages: Sequence[LoggedMessage], limit: int) -> MessagePage:
        """A page of at most `limit` threads; one more says that there are earlier ones."""
        heads = [message.id for message in messages if message.reply_to is None]
        if len(heads) <= limit:
            return cls(messages, None)
        extra, earlier = heads[0], heads[1]
        return cls([each for each in messages if extra not in (each.id, each.reply_to)], earlier)


def parse_mention(text: str) -> str:
    """Any short name: it is shown with the digest, and pings nobody because there is nobody to ping."""
    mention = " ".join(text.split())
    if not mention or not mention.isprintable():
        raise UserError("Write the name to show with each digest, like `@team`.")
    if len(mention) > LONGEST_MENTION:
        raise UserError(f"That mention has {len(mention)} characters; {LONGEST_MENTION} is the most.")
    return mention


class WebPlatform:
    """Implements `bot.platforms.platform.Platform`.

    Nobody has direct messages here, so `tell` says it in the channel. `close` ends all streams of events; `WebServer`
    calls it before it waits for open connections.
    """

    def __init__(self, messages: MessageLog, clock: Clock, *, poll_interval: float = POLL_INTERVAL) -> None:
        self._messages = messages
        self._clock = clock
        self.tail = LogTail(messages, interval=poll_interval)

    @property
    def name(self) -> PlatformName:
        return PlatformName.WEB

    @property
    def account(self) -> str:
        return ""

    @property
    def channel_interval(self) -> float:
        return 0.0

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:  # noqa: ARG002 - a page has no such limits
        return PAPERS_PER_MESSAGE

    async def is_shared(self, address: Address) -> bool:  # noqa: ARG002 - no channel is
        return False

    def room(self, workspace: str) -> int | None:  # noqa: ARG002 - there is only ours, and it takes all
        return None

    async def takes_apart(self, address: Address) -> bool:  # noqa: ARG002 - no channel does
        return False

    def parse_mention(self, text: str) -> str:
        return parse_mention(text)

    def mention_name(self, mention: str) -> str:
        return mention

    def parse_role(self, text: str) -> str:  # noqa: ARG002 - nobody has one
        """Raises `UserError`: whoever can open the workspace may do everything in it."""
        raise UserError("The web workspace has no roles: whoever can open it may change its topics.")

    async def send(self, outgoing: Outgoing) -> SendResult:
        address, parent = outgoing.address, outgoing.reply_to
        if (address.platform, address.workspace) != (PlatformName.WEB, LOCAL_WORKSPACE):
            return Rejected(f"{address} is not a channel of the web workspace.")
        if parent is not None and not (parent.isascii() and parent.isdigit()):
            return Rejected(f"{parent!r} is not a message of the web workspace.")
        reply_to = None if parent is None else int(parent)
        try:
            posted = await self._post(address.channel, outgoing.message, key=outgoing.key, reply_to=reply_to)
        except StorageError as error:
            # Certainly not sent, says the port; and if it were, the key would find it again.
            return Retry(str(error))
        return Sent(str(posted.id))

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        try:
            if not (remote_id.isascii() and remote_id.isdigit()) or await self.change(outgoing, int(remote_id)) is None:
                return Rejected("There is no such message in the web workspace.")
        except StorageError as error:
            return Retry(str(error))
        return Sent(remote_id)

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:  # noqa: ARG002 - keys need no time
        try:
            found = await self._messages.find(outgoing.key)
        except StorageError as error:
            return Retry(str(error))  # it can be told as soon as the database answers
        return Sent(str(found.id)) if found else LookUp.NOT_COMING

    async def direct_messages(self, address: Address, person_id: str) -> Address:  # noqa: ARG002 - one workspace
        """A channel that nobody else sees."""
        return address_of(PERSONAL if person_id == LOCAL_PERSON else f"{OF_PERSON}{person_id}")

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:  # noqa: ARG002 - one person
        try:
            await self._post(address.channel, message, key=_new_key(), reply_to=None)
        except StorageError as error:
            log.warning("web.not_told", channel=str(address), error=str(error))
            return False
        return True

    def close(self) -> None:
        self.tail.close()

    # ---- what browsers need

    async def publish(self, channel: str, message: Message, *, by: str, used: str) -> LoggedMessage:
        """Posts the answer to a command, with a note of who gave which one; raises `StorageError`."""
        attribution = Note(text(f"{by[:1].upper()}{by[1:]} used ", code(f"/papers {used}".rstrip())))
        return await self._post(
            channel, replace(message, blocks=(attribution, *message.blocks)), key=_new_key(), reply_to=None
        )

    async def change(self, update: Outgoing, message_id: int) -> LoggedMessage | None:
        """Lets a posted message read as `update` says, None when it is not there; raises `StorageError`."""
        found = await self._messages.find(update.key)
        if found is None or found.id != message_id:
            return None
        return await self._messages.change(message_id, update.message)

    async def page(self, channel: str, *, before: int | None, limit: int) -> MessagePage:
        """The latest `limit` threads of a channel, or those before a message; raises `StorageError`."""
        return MessagePage.of(await self._messages.page(channel, before=before, limit=limit + 1), limit)

    async def after(self, message_id: int, *, limit: int) -> Sequence[Arrival]:
        """What was posted after that message in any channel, oldest first; raises `StorageError`."""
        return await self._messages.after(message_id, limit=limit)

    async def messages(self, message_ids: Sequence[int]) -> Sequence[LoggedMessage]:
        return await self._messages.get(message_ids)

    async def last_id(self) -> int:
        return await self._messages.last_id()

    async def latest_ids(self, channels: Sequence[str]) -> dict[str, int]:
        """The id of the last message of each channel, 0 for an empty one; raises `StorageError`."""
        return await self._messages.latest_ids(channels)

    async def _post(self, channel: str, message: Message, *, key: str, reply_to: int | None) -> LoggedMessage:
        posted = await self._messages.add(channel, message, key=key, reply_to=reply_to, posted_at=self._clock.now())
        self.tail.wake()
        return posted


def _new_key() -> str:
    return f"web-{secrets.token_hex(16)}"
