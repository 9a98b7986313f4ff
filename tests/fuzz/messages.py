"""Neutral messages made of hostile text, as each platform renders them: whatever comes out must be what it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from html.parser import HTMLParser
from itertools import cycle, islice
from xml.etree import ElementTree as ET

from pydantic import ValidationError

from adapters.discord.messages import rendering as discord
from adapters.discord.messages.rendering import Form
from adapters.mail.composition import Sender, mail_of
from adapters.mail.rendering import Footer, html_of
from adapters.slack.messages import rendering as slack
from adapters.web.atom.document import atom_document
from adapters.web.messages.timeline import MessageView
from adapters.web.pages.rendering import Pages
from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName
from bot.channels.channel_feed import ChannelFeed, FeedForm
from bot.library.channel_feed import FeedEntry
from bot.mail.links import MailLinks
from bot.messages.message import (
    MESSAGE_JSON,
    Block,
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Heading,
    Items,
    Link,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    PersonMention,
    Span,
    Thumbs,
)
from bot.messages.plain import plain_text
from tests.contracts.platforms import a_recipient
from tests.fuzz.target import Target, encoded, text_of
from tests.simulators.discord_schema import SCHEMA, size_problems
from tests.simulators.slack_messages import problems

NOON = datetime(2026, 4, 21, 12, tzinfo=UTC)
_PAGES = Pages(banner="")
READER = a_recipient("00112233aabbccdd", NOON)
SENDER = Sender("Paper Round", "papers@lab.example")
LINKS = MailLinks("https://papers.lab.example", ("secret",), workspace=True)
FEED = ChannelFeed(
    form=FeedForm.PAPERS, tag="tag:x,2026-11-28:1", changed_at=NOON,
    channel=Channel(
        id=1, address=Address(PlatformName.WEB, "local", "general"), name="general", time_zone="UTC",
        schedule="instant", settings=ChannelSettings(), state=ChannelState.ACTIVE,
    ),
)  # fmt: skip
_KINDS = 9
#: Elements that the templates have of their own, none of which runs or loads what somebody wrote.
_ACTIVE = frozenset(("script", "iframe", "object", "embed", "style", "link", "meta", "base"))
_ADDRESSES = ("http://", "https://", "/", "#", "data:text/plain", "data:application/")
_IN_FEEDS = frozenset(("p", "h3", "h4", "small", "pre", "ul", "li", "hr", "a", "strong", "em", "code"))
_OF_MAILS = (
    "Subject", "From", "To", "Date", "Message-ID", "References", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "Auto-Submitted", "X-Auto-Response-Suppress",
)  # fmt: skip
#: What pings somebody where it is not escaped.
_PINGS = re.compile(r"<!(?:here|channel|everyone)|<@U|<!subteam")

CORPUS = encoded(
    "a summary|Paper title with *stars* and <tags>|https://arxiv.org/abs/2604.13035|We show & that.|Ada, Bob +3|▲ 12",
    "0|1|2|3|4|5|6|7|8|9|10|11", "@everyone <!channel> <@U1> <@&2>|`code` ```|javascript:alert(1)|[x](https://y)|||spoiler||",
    "<script>alert(1)</script>|\"onload='x'|{{ 7*7 }}|%s|\u202eabc|" + "long words " * 60, "量子|👩‍👩‍👧|ﬁ|" + "é" * 400,
)  # fmt: skip


def message_of(data: bytes) -> Message:
    """A message of the input's lines; which blocks it has, its bytes say, too."""
    texts = text_of(data[:20_000]).split("|")
    words = cycle(texts)
    kinds = data[: 1 + len(texts) % 24] or b"\0"
    return Message(
        summary=next(words)[:2000],
        blocks=tuple(_block(kind, words) for kind in kinds),
        topics=tuple(islice(words, kinds[0] % 3)),
        first=kinds[0] % 40,
        thread=next(words)[:200],
    )


def _spans(kind: int, words: Iterator[str]) -> tuple[Span, ...]:
    return tuple(
        Span(
            next(words), bold=bool(kind & 16), italic=bool(kind & 32), code=bool(kind & 64),
            url=next(words) if kind & 128 else "", at=NOON if kind & 8 else None,
        )
        for _ in range(1 + kind % 3)
    )  # fmt: skip


def _buttons(number: int, words: Iterator[str]) -> tuple[Button, ...]:
    # Labels and lines are the core's own; only what is in them comes from outside.
    return tuple(Button(f"Show {next(words)[:40]}", f"search {next(words)[:100]}") for _ in range(number))


def _block(kind: int, words: Iterator[str]) -> Block:
    match kind % _KINDS:
        case 0:
            return Heading(next(words))
        case 1:
            return Paragraph(_spans(kind, words))
        case 2:
            return Note(_spans(kind, words))
        case 3:
            return Code(next(words))
        case 4:
            return Items(tuple(_spans(kind + number, words) for number in range(kind % 7)))
        case 5:
            return Divider()
        case 6:
            return Buttons(_buttons(1 + kind % 7, words))
        case 7:
            return Document("papers.bib", next(words))
        case _:
            return _paper(kind, words)


def _paper(kind: int, words: Iterator[str]) -> PaperBlock:
    paper_id = f"2604.{kind:05}"
    return PaperBlock(
        paper_id=paper_id, title=next(words) or "-", url=f"https://arxiv.org/abs/{paper_id}", summary=next(words),
        snippet=_spans(kind, words), reason=_spans(kind + 1, words), byline=next(words),
        abstract=next(words) * (kind % 4), facts=tuple(islice(words, kind % 5)),
        links=tuple(Link(next(words)[:40] or "-", next(words)) for _ in range(kind % 3)),
        topics=tuple(islice(words, kind % 3)), thumbnail_url=next(words) if kind & 16 else "",
        thumbs=Thumbs(paper_id, up=kind) if kind & 32 else None, menu=_buttons(kind % 4, words),
        buttons=_buttons(kind % 3, words), compact=bool(kind & 64),
        people=(PersonMention("U0ADA", next(words), ping=False),) if kind & 128 else (),
    )  # fmt: skip


def read_for_slack(data: bytes) -> None:
    message = message_of(data)
    one = slack.render_one(message)
    for page in [one] if one is not None else slack.render(message):
        payload = slack.content_of(page)
        assert not (found := problems({"text": payload["text"], "blocks": payload.get("blocks") or []})), found
        assert not _PINGS.search(payload["text"]), payload["text"]
    plain_text(message)


def read_for_discord(data: bytes) -> None:
    message = message_of(data)
    for form in (None, *Form)[data[0] % 4 :: 4] if data else (None,):
        body = discord.render(message, key="0" * 24, form=form).payload
        assert not (found := SCHEMA.problems("MessageCreateRequest", body) + size_problems(body)), found
        assert body["allowed_mentions"]["parse"] == []
    for part in discord.render_all(message):
        assert not (found := size_problems(part.payload)), found


class _Elements(HTMLParser):
    """Looks at a page as a browser does, for what would run or lead somewhere odd."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _ACTIVE, tag
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name != "srcdoc", tag
            if name in ("href", "src", "action", "formaction"):
                start = (value or "").strip().lower()
                assert start.startswith(_ADDRESSES), (tag, name, value)


def read_for_web(data: bytes) -> None:
    view = MessageView(id="1", message=message_of(data), at=NOON)
    elements = _Elements()
    elements.feed(_PAGES.message("general", view))
    elements.close()


def read_for_mail(data: bytes) -> None:
    message = message_of(data)
    sent = mail_of(
        message, READER, key="a" * 24, reply_to=None, sender=SENDER, links=LINKS, now=NOON, plain=bool(len(data) % 2)
    )
    mail = BytesHeaderParser().parsebytes(sent.content)
    others = set(mail.keys()) - {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    assert others == set(_OF_MAILS), others
    assert len(mail.keys()) == len(set(mail.keys())), mail.keys()
    assert max(map(len, sent.content.split(b"\r\n"))) <= 998
    elements = _MailElements()
    elements.feed(html_of(message, Footer("why", "https://papers.lab.example/leave"), LINKS.paper))
    elements.close()


class _MailElements(HTMLParser):
    """Looks at a mail for what would run, load something or lead somewhere odd."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _ACTIVE - {"style", "meta"} and tag != "img", tag
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "background", "action"), (tag, name)
            if name == "href":
                assert (value or "").lower().startswith(("http://", "https://")), (tag, value)


def read_for_feed(data: bytes) -> None:
    message = message_of(data)
    texts = text_of(data[:20_000]).split("|")
    entry = FeedEntry(
        name="papers/1", title=message.summary, posted_at=NOON, blocks=message.blocks, url=texts[-1],
        authors=tuple(texts[:3]), categories=message.topics, topics=message.topics,
    )  # fmt: skip
    root = ET.fromstring(atom_document(FEED, [entry], address="https://x.example/feeds/x.atom"))
    elements = _FeedElements()
    elements.feed(root.findtext("{*}entry/{*}content") or "")
    elements.close()


class _FeedElements(HTMLParser):
    """What feed readers get is text and links."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _IN_FEEDS, tag
        assert all(
            name == "href" and (value or "").lower().startswith(("http://", "https://")) for name, value in attrs
        )


def read_stored(data: bytes) -> None:
    """What is stored of a message says what it did."""
    message = message_of(data)
    assert MESSAGE_JSON.validate_json(MESSAGE_JSON.dump_json(message)) == message
    with suppress(ValidationError):
        MESSAGE_JSON.validate_json(data)


TARGETS = (
    Target("mail-message", read_for_mail, lambda: CORPUS),
    Target("feed-message", read_for_feed, lambda: CORPUS),
    Target(
        "stored-message", read_stored, lambda: [*CORPUS, *(MESSAGE_JSON.dump_json(message_of(one)) for one in CORPUS)]
    ),
    Target("slack-message", read_for_slack, lambda: CORPUS),
    Target("discord-message", read_for_discord, lambda: CORPUS),
    Target("web-message", read_for_web, lambda: CORPUS),
)
