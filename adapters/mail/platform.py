"""Mail as a platform: each address that follows a channel is a channel, and a digest is a mail."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from dataclasses import replace
from typing import Final

import structlog

from adapters.mail.composition import Sender, mail_of
from adapters.mail.connection import CONNECTIONS, SmtpConnections
from adapters.mail.server import SmtpServer
from bot.channels.channel import Address, PlatformName, Style
from bot.clocks import Clock
from bot.errors import StorageError, UserError
from bot.mail.links import MailLinks
from bot.mail.recipients import MAIL_WORKSPACE, Recipient, RecipientFinder, mail_address
from bot.messages.message import Message
from bot.platforms.access import Access, Means
from bot.platforms.outcomes import (
    Gone,
    GoneScope,
    HistoryWindow,
    LookUp,
    LookUpResult,
    Outgoing,
    Rejected,
    Retry,
    SendResult,
    Sent,
)
from bot.platforms.pacing.pace import Pace

log = structlog.get_logger(__name__)

PAPERS_PER_MESSAGE: Final = 40  # with their abstracts; some readers cut a mail off at a hundred kilobytes
#: So many posts may be leased for each connection: one that is sent, and the next.
_AHEAD: Final = 2
#: Seconds that a mail waits for its turn, well within those that the outbox gives it: beyond them nobody could tell
#: whether it had left. Where few may leave in a minute, none is leased before its turn is near.
LONGEST_TURN: Final = 5.0
_ADVICE: Final = "Look at PAPERROUND_SMTP_URL and PAPERROUND_MAIL_FROM: `paperround doctor` tries them."


class MailPlatform:
    """Implements `bot.platforms.platform.Platform`.

    Nobody can look into other people's mailboxes, so whether a mail arrived whose answer was lost cannot be found out:
    the setting decides. Its `Message-ID` is the same in every attempt, and most readers show a double only once.
    """

    def __init__(
        self,
        server: SmtpServer,
        sender: Sender,
        links: MailLinks,
        recipients: RecipientFinder,
        clock: Clock,
        *,
        rate: float,
        access: Access | None = None,
    ) -> None:
        """`rate` is how many mails may leave in a second, `access` is told whether the server takes them from us."""
        self.server, self.sender = server, sender
        self.connections = SmtpConnections(server)
        self._links = links
        self._recipients = recipients
        self._clock = clock
        self.access = access or Access()
        self._pace = Pace(most=rate, burst=max(1, int(rate)))
        self._under_way = 0

    @property
    def name(self) -> PlatformName:
        return PlatformName.MAIL

    @property
    def account(self) -> str:
        return ""

    @property
    def channel_interval(self) -> float:
        return 0.0

    @property
    def public_url(self) -> str:
        return self._links.public_url

    def room(self, workspace: str) -> int | None:  # noqa: ARG002 - there is only ours
        now = time.monotonic()
        if self._pace.queue(now) > LONGEST_TURN:
            return 0
        places = max(0, CONNECTIONS * _AHEAD - self._under_way)
        room = self._pace.room(now)
        return places if room is None else min(room, places)

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:  # noqa: ARG002 - mails are long enough for all
        return PAPERS_PER_MESSAGE

    async def is_shared(self, address: Address) -> bool:  # noqa: ARG002 - a mailbox is one person's, or one team's
        return False

    async def takes_apart(self, address: Address) -> bool:  # noqa: ARG002 - a mail for each paper would be a flood
        return False

    def parse_mention(self, text: str) -> str:  # noqa: ARG002 - nobody is
        raise UserError("A mail notifies whoever gets it. Nobody is mentioned in it.")

    def mention_name(self, mention: str) -> str:
        return mention

    def parse_role(self, text: str) -> str:  # noqa: ARG002 - nobody has one
        raise UserError("Mail has no roles: whoever manages the channel manages its addresses.")

    async def send(self, outgoing: Outgoing) -> SendResult:
        if (outgoing.address.platform, outgoing.address.workspace) != (PlatformName.MAIL, MAIL_WORKSPACE):
            return Rejected("That is no address of mail.")
        try:
            recipient = await self._recipients.find(outgoing.address.channel)
        except StorageError as error:
            return Retry(str(error))
        if recipient is None or recipient.ended_at is not None:
            return Gone("This address gets no more mail.")
        self._under_way += 1
        try:
            return await self._send(outgoing, recipient)
        finally:
            self._under_way -= 1

    async def _send(
        self, outgoing: Outgoing, recipient: Recipient, *, longest_turn: float = LONGEST_TURN
    ) -> SendResult:
        if (wait := self._pace.turn(time.monotonic(), longest=longest_turn)) > longest_turn:
            return Retry("No more mails may leave for now.", wait)
        await asyncio.sleep(wait)
        sent_at = time.monotonic()
        result = await self._attempt(outgoing, recipient)
        if isinstance(result, Rejected):
            # It may be the HTML that it does not take, or its size.
            plainer = await self._attempt(outgoing, recipient, plain=True)
            result = plainer if not isinstance(plainer, Rejected) else result
        self._pace.taken(sent_at, time.monotonic())
        return result

    async def _attempt(self, outgoing: Outgoing, recipient: Recipient, *, plain: bool = False) -> SendResult:
        envelope = mail_of(
            outgoing.message,
            recipient,
            key=outgoing.key,
            reply_to=outgoing.reply_to,
            sender=self.sender,
            links=self._links,
            now=self._clock.now(),
            plain=plain,
        )
        result = await self.connections.send(envelope)
        if isinstance(result, Gone) and result.scope is GoneScope.WORKSPACE:
            self.access.refused(PlatformName.MAIL, Means.POSTING, f"{result.reason} {_ADVICE}")
        elif isinstance(result, Sent):
            self.access.granted(PlatformName.MAIL, Means.POSTING)
        return result

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:  # noqa: ARG002 - none can be
        return Rejected("A mail that was sent cannot be changed.")

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:  # noqa: ARG002 - nothing to look in
        return LookUp.CANNOT_TELL

    async def direct_messages(self, address: Address, person_id: str) -> Address:
        """The address of a recipient with that key; raises `UserError` where there is none."""
        if await self._recipients.find(person_id) is None:
            raise UserError("That person has no address here.")
        return replace(mail_address(person_id), workspace=address.workspace)

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:  # noqa: ARG002 - a key says it all
        """Says it by a mail of its own to the recipient with that key."""
        try:
            recipient = await self._recipients.find(person_id)
        except StorageError as error:
            log.warning("mail.not_told", reason=str(error))
            return False
        if recipient is None or not recipient.is_confirmed:
            return False
        outgoing = Outgoing(address=recipient.address, message=message, key=secrets.token_hex(12))
        return isinstance(await self._send(outgoing, recipient, longest_turn=math.inf), Sent)

    async def close(self) -> None:
        await self.connections.close()
