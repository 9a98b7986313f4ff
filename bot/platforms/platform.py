"""The port of chat platforms: what an adapter does for the core."""

from __future__ import annotations

from typing import Protocol

from bot.channels.channel import Address, PlatformName, Style
from bot.errors import PaperRoundError
from bot.messages.message import Message
from bot.platforms.outcomes import HistoryWindow, LookUpResult, Outgoing, SendResult


class Platform(Protocol):
    """A chat platform. An adapter renders, sends, reports and passes commands on: no rule about papers lives there."""

    @property
    def name(self) -> PlatformName: ...

    @property
    def account(self) -> str:
        """A name for the bot's account where one process at a time may serve it, empty where any number may."""
        ...

    @property
    def channel_interval(self) -> float:
        """Seconds to leave between two messages in one channel."""
        ...

    def room(self, workspace: str) -> int | None:
        """How many posts may be under way to that workspace, None for any number.

        Where one process serves an `account`, it is the room of the account, whatever the workspace.
        """
        ...

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        """How many papers surely fit into one message."""
        ...

    async def takes_apart(self, address: Address) -> bool:
        """Whether that channel takes papers one by one, each in a post of its own, as forums do. Never raises."""
        ...

    async def is_shared(self, address: Address) -> bool:
        """Whether people of other workspaces are in that channel, too. Never raises."""
        ...

    def parse_mention(self, text: str) -> str:
        """The platform's form of who is to be pinged with a digest; raises `UserError` for what cannot be."""
        ...

    def mention_name(self, mention: str) -> str:
        """Whom a parsed mention pings, in words that ping nobody."""
        ...

    def parse_role(self, text: str) -> str:
        """The platform's form of who may manage channels; raises `UserError` for what cannot be."""
        ...

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Sends once, without retries of its own. Never raises for what the platform or the network does."""
        ...

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        """Lets a message that was posted, called `remote_id`, read as `outgoing` does from now on. It pings nobody.

        Asked once, and only where nothing that is to be posted has to wait for it: otherwise the answer is `Retry`.
        What is refused changes nothing. Never raises for what the platform or the network does.
        """
        ...

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        """Whether the message with that key is in the channel. Never raises for what the platform or network does."""
        ...

    async def direct_messages(self, address: Address, person_id: str) -> Address:
        """The conversation with one person of that workspace, which is a channel like others; raises `UserError` where
        there is none, or none that can be opened just now."""
        ...

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        """Says something to one person about that channel; whether it could be said."""
        ...


class UnservedError(PaperRoundError):
    """Raised by work on a platform that cannot be reached from here, though maybe from elsewhere."""
