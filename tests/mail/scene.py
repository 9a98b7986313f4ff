"""The core with mail: the real adapter, a simulated mail server on a real socket, and the pages behind links."""

from __future__ import annotations

import re
from email.message import EmailMessage

import httpx
from starlette.applications import Starlette

from adapters.mail.composition import Sender
from adapters.mail.platform import MailPlatform
from adapters.mail.server import SmtpServer
from adapters.web.pages.mail import MailPages
from bot.channels.channel import Channel
from bot.mail.links import MailLinks
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.simulators.smtp import SmtpSimulator

ADDRESS = "ada@lab.example"
PUBLIC = "https://papers.lab.example"
LINKS = MailLinks(PUBLIC, ("secret",))
_LINK = re.compile(rf"{PUBLIC}(/mail/\w+/[\w.-]+)")


class MailScene:
    """A channel with one topic, and what its readers get by mail."""

    def __init__(self, core: Core, server: SmtpSimulator, platform: MailPlatform, store: SqlStore) -> None:
        self.core, self.server, self.platform, self.store = core, server, platform, store
        pages = Starlette(routes=MailPages(core.mailing).routes([]))
        self.browser = httpx.AsyncClient(transport=httpx.ASGITransport(app=pages), base_url=PUBLIC)

    def mails(self, address: str = ADDRESS) -> list[EmailMessage]:
        return self.server.mails(address)

    def link(self, number: int = -1, address: str = ADDRESS) -> str:
        """The first link of ours in that mail."""
        return link_in(self.mails(address)[number])

    async def confirmed(self, line: str = "", address: str = ADDRESS) -> None:
        """Adds an address, whose reader says yes."""
        await self.core.say(f"email add {address} {line}".strip())
        await self.core.engine.deliver()
        assert (await self.browser.post(self.link(address=address))).status_code == 200

    async def own_channel(self, address: str = ADDRESS) -> Channel:
        """The channel of an address."""
        channel = await self.core.channel()
        (found,) = [own for one, own in await self.core.mailing.of_channel(channel) if one.email == address]
        return found

    async def digest(self, address: str = ADDRESS) -> None:
        """Lets the time of the next mail come."""
        due = (await self.own_channel(address)).next_digest_at
        assert due is not None
        self.core.clock.set(max(due, self.core.clock.now()))
        await self.core.engine.deliver()


def link_in(mail: EmailMessage) -> str:
    found = _LINK.search(words_of(mail))
    assert found, words_of(mail)
    return found[1]


def words_of(mail: EmailMessage) -> str:
    plain = mail.get_body(("plain",))
    assert plain is not None
    words: str = plain.get_content()
    return words


def mail_platform(
    server: SmtpSimulator, store: SqlStore, clock: SettableClock, *, rate: float = 1000.0
) -> MailPlatform:
    sender = Sender("Paper Round", "papers@lab.example")
    return MailPlatform(SmtpServer("127.0.0.1", server.port), sender, LINKS, store.recipients, clock, rate=rate)
