"""A platform in a notebook: each channel is a page, and a key is never written twice."""

from __future__ import annotations

from collections import defaultdict

from bot.channels.channel import Address, PlatformName, Style
from bot.errors import UserError
from bot.messages.message import Message
from bot.messages.plain import plain_text
from bot.platforms.outcomes import Gone, HistoryWindow, LookUp, LookUpResult, Outgoing, Rejected, SendResult, Sent


class NotebookPlatform:
    """Implements `bot.platforms.platform.Platform`."""

    name, account, channel_interval = PlatformName.WEB, "", 0.0

    def __init__(self) -> None:
        self.pages: defaultdict[str, dict[str, tuple[str, str | None]]] = defaultdict(dict)
        self.torn_out: set[str] = set()  # pages that are gone

    def room(self, workspace: str) -> int | None: ...

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        return 10

    async def is_shared(self, address: Address) -> bool:
        return False

    takes_apart = is_shared

    def parse_mention(self, text: str) -> str:
        if not text.startswith("@"):
            raise UserError("Write the name to show with each digest, like `@team`.")
        return text

    def mention_name(self, mention: str) -> str:
        return mention.removeprefix("@")

    def parse_role(self, text: str) -> str:
        raise UserError("A notebook has no roles.")

    async def send(self, outgoing: Outgoing) -> SendResult:
        if outgoing.address.platform is not self.name:
            return Rejected("That is no page of this notebook.")
        if outgoing.address.channel in self.torn_out:
            return Gone("The page was torn out.")
        written = plain_text(outgoing.message), outgoing.reply_to
        self.pages[outgoing.address.channel].setdefault(outgoing.key, written)
        return Sent(outgoing.key)

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        page = self.pages[outgoing.address.channel]
        if remote_id not in page:
            return Rejected("That stands nowhere on the page.")
        page[remote_id] = plain_text(outgoing.message), page[remote_id][1]
        return Sent(remote_id)

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        return Sent(outgoing.key) if outgoing.key in self.pages[outgoing.address.channel] else LookUp.MISSING

    async def direct_messages(self, address: Address, person_id: str) -> Address:
        return Address(address.platform, address.workspace, f"to {person_id}")

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        self.pages[f"to {person_id}"][str(len(self.pages))] = plain_text(message), None
        return True
