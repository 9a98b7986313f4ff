"""What the suite needs of a platform under test: a channel, what is shown there, and trouble on demand."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from enum import Enum, auto
from html import unescape
from typing import Any, Protocol

from adapters.discord.platform import DiscordPlatform
from adapters.mail.composition import Sender
from adapters.mail.platform import MailPlatform
from adapters.mail.server import SmtpServer
from adapters.slack.platform import SlackPlatform
from adapters.web.addresses import address_of
from adapters.web.messages.timeline import view_of
from adapters.web.pages.rendering import Pages
from adapters.web.platform import WebPlatform
from bot.channels.channel import Address, PlatformName
from bot.mail.links import MailLinks
from bot.mail.recipients import Content, Recipient
from bot.messages.plain import plain_text
from bot.platforms.message_log import LoggedMessage
from bot.platforms.outcomes import LookUp
from bot.platforms.platform import Platform
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.contracts.examples.notebook import NotebookPlatform
from tests.simulators import discord_responses as discord_says
from tests.simulators import slack as slack_says
from tests.simulators.discord import DiscordSimulator
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import TEAM
from tests.simulators.smtp import Fault, SmtpSimulator


class Trouble(Enum):
    """What befalls the next message that is sent."""

    LOST = auto()  # it never arrives, and nobody answers
    ANSWER_LOST = auto()  # it is posted, and nobody answers
    WAIT = auto()  # the platform asks to wait
    PAGE = auto()  # a proxy answers with a page, and nothing is posted
    UNKNOWN_CODE = auto()
    REJECTED = auto()  # the message is taken in no form
    MAY_NOT = auto()  # in this channel
    CHANNEL_GONE = auto()
    WORKSPACE_GONE = auto()


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands on the platform. `pings` are those whom it notifies, `elements` what can be pressed."""

    id: str
    words: str
    in_thread: bool
    pings: Sequence[str]
    elements: int = 0


class PlatformUnderTest(Protocol):
    @property
    def platform(self) -> Platform: ...

    @property
    def clock(self) -> SettableClock: ...

    @property
    def person(self) -> str: ...

    @property
    def notifies(self) -> bool:
        """Whether the platform notifies people who are mentioned."""
        ...

    @property
    def missing(self) -> LookUp:
        """What a look-up says of a message that is not there."""
        ...

    def channel(self) -> Address: ...

    async def shown(self, address: Address) -> list[Shown]: ...

    def befall(self, address: Address, trouble: Trouble) -> bool:
        """Arranges for trouble; False where the platform knows no such thing."""
        ...

    async def lose_thread(self, address: Address, parent: str) -> bool:
        """Deletes the thread below that message; False where threads cannot be deleted."""
        ...

    def busy(self, address: Address) -> bool:
        """Has a message to be posted wait for its turn; False where none ever does."""
        ...

    def told(self) -> list[str]:
        """What the person was told in private."""
        ...


@dataclass
class Notebook:
    clock: SettableClock
    person: str = "ada"
    notifies: bool = False
    missing: LookUp = LookUp.MISSING

    def __post_init__(self) -> None:
        self.platform = NotebookPlatform()
        self._pages = 0

    def channel(self) -> Address:
        self._pages += 1
        return Address(PlatformName.WEB, "local", f"page {self._pages}")

    async def shown(self, address: Address) -> list[Shown]:
        page = self.platform.pages[address.channel]
        return [Shown(key, words, parent is not None, ()) for key, (words, parent) in page.items()]

    def befall(self, address: Address, trouble: Trouble) -> bool:
        if trouble is Trouble.CHANNEL_GONE:
            self.platform.torn_out.add(address.channel)
        return trouble is Trouble.CHANNEL_GONE

    async def lose_thread(self, address: Address, parent: str) -> bool:
        return False

    def busy(self, address: Address) -> bool:
        return False

    def told(self) -> list[str]:
        return [words for words, _ in self.platform.pages[f"to {self.person}"].values()]


@dataclass
class Web:
    clock: SettableClock
    store: SqlStore
    person: str = "local"
    notifies: bool = False
    missing: LookUp = LookUp.NOT_COMING

    def __post_init__(self) -> None:
        self.platform = WebPlatform(self.store.messages, self.clock)

    def channel(self) -> Address:
        return address_of("general")

    async def shown(self, address: Address) -> list[Shown]:
        page = await self.platform.page(address.channel, before=None, limit=100)
        return [
            Shown(str(each.id), plain_text(each.message), each.reply_to is not None, (), self._elements(each))
            for each in page.messages
        ]

    def _elements(self, logged: LoggedMessage) -> int:
        """A menu is one thing to press however many entries open below it. What a reader marks, by the same small
        group of buttons wherever a paper is shown, is not counted: it changes no message.
        """
        html = Pages(banner="").message("general", view_of(logged, UTC))
        html = re.sub(r'<form class="marks".*?</form>', "", html, flags=re.DOTALL)
        html = re.sub(r'<details class="menu">.*?</details>', "<button>", html, flags=re.DOTALL)
        return html.count("<button")

    def befall(self, address: Address, trouble: Trouble) -> bool:
        return False  # it is our own database: what befalls that is the store's

    async def lose_thread(self, address: Address, parent: str) -> bool:
        return False

    def busy(self, address: Address) -> bool:
        return False

    def told(self) -> list[str]:
        return []  # whoever opens the workspace reads it in the channel


@dataclass
class Slack:
    clock: SettableClock
    platform: SlackPlatform
    simulator: SlackSimulator
    person: str = "U0ADA"
    notifies: bool = True
    missing: LookUp = LookUp.MISSING

    def channel(self) -> Address:
        return Address(PlatformName.SLACK, TEAM, self.simulator.channel().id)

    async def shown(self, address: Address) -> list[Shown]:
        messages = self.simulator.channels[address.channel].messages
        return [
            Shown(one["ts"], _slack_words(one), "thread_ts" in one, _slack_pings(one), _pressed(one["blocks"]))
            for one in messages
        ]

    def befall(self, address: Address, trouble: Trouble) -> bool:
        faults: dict[Trouble, list[slack_says.Fault | str | None]] = {
            Trouble.LOST: [slack_says.Fault.DROPPED],
            Trouble.ANSWER_LOST: [slack_says.Fault.ANSWER_DROPPED],
            Trouble.WAIT: [slack_says.Fault.RATE_LIMITED],
            Trouble.PAGE: [slack_says.Fault.PAGE_403],
            Trouble.UNKNOWN_CODE: ["a_code_of_tomorrow"],
            Trouble.REJECTED: ["invalid_blocks"] * 3,
            Trouble.MAY_NOT: ["restricted_action"],
            Trouble.CHANNEL_GONE: ["is_archived"],
            Trouble.WORKSPACE_GONE: ["account_inactive"],
        }
        self.simulator.fail("chat.postMessage", *faults[trouble])
        return True

    async def lose_thread(self, address: Address, parent: str) -> bool:
        self.simulator.fail("chat.postMessage", "thread_not_found")
        return True

    def busy(self, address: Address) -> bool:
        connection = self.platform.workspaces.connection
        pace, now = connection.pace(address.workspace), connection.monotonic()
        for _ in range(5):
            pace.turn(now)
        return True

    def told(self) -> list[str]:
        return [_slack_words(one) for one in self.simulator.conversation(self.person).messages]


#: What can be pressed, by its type: Slack's elements by name, Discord's by number.
_PRESSED = ("button", "overflow", "feedback_buttons", "icon_button", "static_select", 2, 3, 5, 6, 7, 8)


def _pressed(parts: object) -> int:
    return sum(part.get("type") in _PRESSED for part in _parts(parts))


def _slack_words(message: dict[str, Any]) -> str:
    return words_of(message) + "\n" + str(message.get("text", ""))


def _slack_pings(message: dict[str, Any]) -> list[str]:
    """Whom Slack would notify: mentions in text with markup, and elements of rich text that are mentions."""
    marked = re.findall(r"<[@!][^>]*>", message.get("text", ""))
    for part in _parts(message.get("blocks", [])):
        if part.get("type") == "mrkdwn":
            marked += re.findall(r"<[@!][^>]*>", part["text"])
        if part.get("type") in ("user", "usergroup", "broadcast"):
            marked.append(str(part))
    return marked


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(inner)


@dataclass
class Discord:
    clock: SettableClock
    platform: DiscordPlatform
    simulator: DiscordSimulator
    person: str = "4242"
    notifies: bool = True
    missing: LookUp = LookUp.MISSING

    def channel(self) -> Address:
        channel = self.simulator.state.add_channel(self.simulator.state.add_guild())
        return Address(PlatformName.DISCORD, str(channel.guild), str(channel.id))

    async def shown(self, address: Address) -> list[Shown]:
        channel = self.simulator.state.channels[int(address.channel)]
        threads = self.simulator.state.threads_of(channel)
        places = [(channel, False), *((thread, True) for thread in threads)]
        return [
            Shown(one["id"], _discord_words(one), inside, self._pings(), _pressed(one.get("components", [])))
            for place, inside in places
            for one in place.messages
        ]

    def _pings(self) -> list[str]:
        sent = self.simulator.sent("POST", r"/channels/\d+/(messages|threads)$")
        return [ping for request in sent for ping in _discord_pings(request.body.get("message", request.body))]

    def befall(self, address: Address, trouble: Trouble) -> bool:
        fault, error = discord_says.Fault, discord_says.ApiError
        faults: dict[Trouble, list[Any]] = {
            Trouble.LOST: [fault.DROP],
            Trouble.ANSWER_LOST: [fault.ACCEPT_THEN_DROP],
            Trouble.WAIT: [fault.RATE_LIMITED_LONG],
            Trouble.PAGE: [fault.FORBIDDEN_PAGE],
            Trouble.UNKNOWN_CODE: [error(400, 99_999_999, "something new")],
            Trouble.REJECTED: [error(400, 50035, "Invalid Form Body")] * 4,
            Trouble.MAY_NOT: [error(403, 50013, "Missing Permissions")],
            Trouble.CHANNEL_GONE: [error(404, 10003, "Unknown Channel")],
            Trouble.WORKSPACE_GONE: [error(404, 10004, "Unknown Guild")],
        }
        for one in faults[trouble]:
            self.simulator.fail("POST", rf"/channels/{address.channel}/messages$", one)
        return True

    async def lose_thread(self, address: Address, parent: str) -> bool:
        await self.simulator.delete_channel(self.simulator.state.channels[int(parent)])
        return True

    def busy(self, address: Address) -> bool:
        for _ in range(100):
            self.platform.client.pace.turn(time.monotonic())
        return True

    def told(self) -> list[str]:
        state = self.simulator.state
        return [_discord_words(one) for one in state.channels[state.direct[int(self.person)]].messages]


@dataclass
class Mail:
    """Recipients are kept in a dictionary: the adapter asks for nothing else."""

    clock: SettableClock
    simulator: SmtpSimulator
    person: str = "ada"
    notifies: bool = False
    missing: LookUp = LookUp.CANNOT_TELL

    def __post_init__(self) -> None:
        self._recipients: dict[str, Recipient] = {}
        self._add(self.person)
        self.platform = MailPlatform(
            SmtpServer("127.0.0.1", self.simulator.port),
            Sender("Paper Round", "papers@lab.example"),
            MailLinks("https://papers.lab.example", ("secret",)),
            self,
            self.clock,
            rate=1000.0,
        )

    async def find(self, key: str) -> Recipient | None:
        return self._recipients.get(key)

    def _add(self, key: str) -> Recipient:
        recipient = a_recipient(key, self.clock.now())
        self._recipients[key] = recipient
        return recipient

    def channel(self) -> Address:
        return self._add(f"{len(self._recipients):016}").address

    async def shown(self, address: Address) -> list[Shown]:
        mails = self.simulator.mails(self._recipients[address.channel].email)
        return [Shown(mail["Message-ID"], _mail_words(mail), "In-Reply-To" in mail, ()) for mail in mails]

    def befall(self, address: Address, trouble: Trouble) -> bool:
        refusals: dict[Trouble, tuple[str, list[str]]] = {
            Trouble.WAIT: ("RCPT", ["451 4.7.1 Greylisted, come back in five minutes"]),
            Trouble.UNKNOWN_CODE: ("RCPT", ["599 A code of tomorrow"]),
            Trouble.REJECTED: ("DATA", ["554 5.7.1 Looks like spam"] * 2),
            Trouble.MAY_NOT: ("RCPT", ["550 5.7.1 Not from you"]),
            Trouble.CHANNEL_GONE: ("RCPT", ["550 5.1.1 No such user"]),
            Trouble.WORKSPACE_GONE: ("MAIL", ["550 5.7.1 Sender not allowed"]),
        }
        if trouble is Trouble.PAGE:
            self.simulator.fail(Fault.PAGE)
        elif trouble in refusals:
            step, replies = refusals[trouble]
            self.simulator.refuse(step, *replies)
        return trouble is Trouble.PAGE or trouble in refusals

    async def lose_thread(self, address: Address, parent: str) -> bool:
        return False

    def busy(self, address: Address) -> bool:
        return False

    def told(self) -> list[str]:
        return [_mail_words(mail) for mail in self.simulator.mails(self._recipients[self.person].email)]


def a_recipient(key: str, now: datetime) -> Recipient:
    return Recipient(
        channel_id=1,
        key=key,
        follows=12,
        list_name="#general in Lab",
        email=f"{key}@lab.example",
        content=Content.TOPICS,
        added_by="u1",
        nonce="00",
        asked_at=now,
        confirmed_at=now,
    )


def _mail_words(mail: EmailMessage) -> str:
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    return "\n".join(unescape(part.get_content()) for part in (html, plain) if part is not None)


def _discord_pings(body: dict[str, Any]) -> list[str]:
    """Whom Discord would notify: who is allowed, if the text has them. Embeds notify nobody."""
    allowed = body.get("allowed_mentions", {"parse": ["everybody whom the text mentions"]})
    texts = [
        body.get("content") or "",
        *(part["content"] for part in _parts(body.get("components", [])) if part.get("type") == 10),
    ]
    people = [person for person in allowed.get("users", []) if any(f"<@{person}>" in text for text in texts)]
    return [*allowed["parse"], *allowed.get("roles", []), *people]


def _discord_words(message: dict[str, Any]) -> str:
    return json.dumps([message.get("content"), message.get("embeds"), message.get("components")], ensure_ascii=False)
