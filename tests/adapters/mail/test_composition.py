"""What a mail says: headers that nobody can add to, HTML and plain text that say the same, whatever feeds say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.composition import Sender, mail_of, parse_sender, token_of_mail_id
from adapters.mail.server import parse_server
from bot.mail.links import MailLinks
from bot.messages.message import Button, Buttons, Heading, Link, Message, PaperBlock, Paragraph, Span
from tests.contracts.platforms import a_recipient
from tests.contracts.test_platforms import HOSTILE

NOW = datetime(2026, 4, 30, 9, tzinfo=UTC)
READER = a_recipient("00112233aabbccdd", NOW)
SENDER = Sender("Paper Round", "papers@lab.example")
LINKS = MailLinks("https://papers.lab.example", ("secret",), workspace=True)
ANY = st.text(max_size=400) | st.sampled_from(HOSTILE) | st.text("\r\n:ab=?ü\u2028\x85\x00\ud800", max_size=400)


def sent(message: Message, *, sender: Sender = SENDER, name: str = "#general in Lab", plain: bool = False) -> bytes:
    reader = replace(READER, list_name=name)
    return mail_of(
        message, reader, key="a" * 24, reply_to=None, sender=sender, links=LINKS, now=NOW, plain=plain
    ).content


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def words(mail: EmailMessage, subtype: str) -> str:
    body = mail.get_body((subtype,))
    assert body is not None
    return cast("str", body.get_content())


def a_digest(title: str = "Attention & Diffusion", url: str = "https://arxiv.org/abs/2605.00001") -> Message:
    card = PaperBlock(
        paper_id="2605.00001",
        title=title,
        url=url,
        summary=title,
        byline=title,
        facts=(title,),
        topics=(title,),
        links=(Link("PDF", "https://arxiv.org/pdf/2605.00001"),),
    )
    more = Buttons((Button("+7 more", "more 3"), Button("Vote", "vote 2605.00001 up")))
    return Message(summary=title, blocks=(Heading(title), card, more))


class _Tags(HTMLParser):
    """Elements, and every address in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("href", "src", "background", "action")]


def test_a_mail_has_the_headers_of_a_list_and_of_a_thread() -> None:
    mail = read(sent(a_digest()))
    assert mail["From"] == "Paper Round <papers@lab.example>"
    assert mail["To"] == READER.email
    assert mail["Subject"] == "Attention & Diffusion"
    assert mail["Date"].datetime == NOW
    assert mail["List-Id"] == '"#general in Lab" <c12.lab.example>'
    assert mail["List-Unsubscribe"] == f"<{LINKS.leaving(READER)}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] == f"<{READER.key}@lab.example>"
    assert LINKS.key_of_bounce(token_of_mail_id(mail["Message-ID"])) == READER.key


def test_ids_are_the_same_in_every_attempt_and_no_header_that_programs_read_is_folded() -> None:
    long = Sender("Papers", "papers@a-very-long-name-of-a-department.of-a-university.example")
    first, second = (sent(a_digest(), sender=long) for _ in range(2))
    assert first.split(b"Message-ID: ")[1].split(b"\r\n")[0] == second.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    assert re.search(rb"^Message-ID: <\S+>\r$", first, re.MULTILINE)
    assert re.search(rb"^List-Unsubscribe: <\S+>\r$", first, re.MULTILINE)


def test_both_forms_lead_to_the_same_places() -> None:
    mail = read(sent(a_digest()))
    html, plain = words(mail, "html"), words(mail, "plain")
    for url in (
        "https://arxiv.org/abs/2605.00001",
        "https://papers.lab.example/paper/2605.00001",
        LINKS.leaving(READER),
    ):
        assert url in plain
        assert url in _Tags(html).addresses
    assert "+7 more in the channel" in plain
    assert "Vote" not in plain.replace("Save or vote", ""), "a button that needs an answer has none here"


@given(ANY, ANY)
def test_nothing_that_feeds_say_becomes_a_header_or_an_element(title: str, name: str) -> None:
    title = f"T {title}"
    content = sent(a_digest(title), sender=Sender(name, SENDER.email) if name.strip() else SENDER, name=name)
    mail = read(content)
    assert sorted(mail.keys()) == sorted(read(sent(a_digest())).keys())
    assert mail["To"].addresses[0].addr_spec == READER.email
    assert mail["From"].addresses[0].addr_spec == SENDER.email
    assert not mail.defects
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.isascii()
    html = _Tags(words(mail, "html"))
    assert html.tags == _Tags(words(read(sent(a_digest())), "html")).tags
    assert all(address.startswith(("https://arxiv.org/", LINKS.public_url)) for address in html.addresses)


@given(st.text("abc äöü漢🙂-", min_size=1, max_size=500))
def test_a_subject_is_read_as_it_was_written(title: str) -> None:
    subject = str(read(sent(a_digest(title)))["Subject"])
    one_line = " ".join(title.split())
    assert subject == one_line or subject.endswith("…") or not one_line


@pytest.mark.parametrize(
    "title",
    [
        "=?utf-8?q?a=0D=0ABcc:_everybody@lab.example?= rest",
        "A =?utf-8?q?a=0D=0A=0D=0AAnother_text?=",
        "=?utf-8?b?SGVsbG8=?=",
        "Is P=?utf-8?q?=00?=NP",
    ],
)
def test_a_title_that_spells_an_encoded_word_is_the_subject_as_it_is_written(title: str) -> None:
    mail = read(sent(a_digest(title)))
    assert sorted(mail.keys()) == sorted(read(sent(a_digest())).keys())
    assert str(mail["Subject"]).replace("\u200b", "") == title
    assert title in words(mail, "plain")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://a b", 'https://x"><img src=y>', ""]
)
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    message = Message(summary="x", blocks=(Paragraph((Span("here", url=url),)), *a_digest(url=url).blocks))
    mail = read(sent(message))
    addresses = _Tags(words(mail, "html")).addresses
    assert all(one.startswith(("https://arxiv.org/pdf", LINKS.public_url)) for one in addresses)
    assert not url or url not in words(mail, "plain")


def test_nothing_is_fetched_and_nothing_tells_that_it_was_opened() -> None:
    html = _Tags(words(read(sent(a_digest())), "html"))
    assert not {"img", "script", "link", "iframe", "form"} & set(html.tags)
    assert "url(" not in words(read(sent(a_digest())), "html")


def test_in_its_plainest_form_a_mail_is_text_alone() -> None:
    mail = read(sent(a_digest(), plain=True))
    assert mail.get_content_type() == "text/plain"


def test_bounces_come_to_an_address_of_their_own_where_there_is_one() -> None:
    assert SENDER.return_path("t0") == "papers@lab.example"
    assert replace(SENDER, returns="bounces@lab.example").return_path("t0") == "bounces+t0@lab.example"


def test_senders_and_servers_are_read_as_operators_write_them() -> None:
    assert parse_sender("Papers of the Lab <papers@lab.example>") == Sender("Papers of the Lab", "papers@lab.example")
    assert parse_sender("papers@lab.example").name == "Paper Round"
    server = parse_server("smtp://me%40lab.example:p%3Aw@mail.lab.example")
    assert (server.user, server.password, server.port) == ("me@lab.example", "p:w", 587)
    assert parse_server("smtps://mail.lab.example").port == 465
    assert "p:w" not in repr(server)
    for wrong in ("mail.lab.example", "http://mail.lab.example", "smtp://", "smtp://host:many", "smtp://a@b@c/d"):
        with pytest.raises(ValueError, match=r"smtp://|port"):
            parse_server(wrong)
    for nobody in ("", "Papers", "papers@lab", "a b@c"):
        with pytest.raises(ValueError, match="address"):
            parse_sender(nobody)
