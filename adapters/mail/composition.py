"""A mail with its headers: who sends it, to whom, in which list and thread, and how it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Final

from adapters.mail.connection import Envelope
from adapters.mail.rendering import Footer, html_of, text_of
from bot.mail.links import MailLinks
from bot.mail.recipients import Recipient
from bot.messages.message import Message
from bot.text.shortening import shorten

LONGEST_SUBJECT: Final = 150  # characters; more than that no list of mails shows
LONGEST_NAME: Final = 60
_PRODUCT: Final = "Paper Round"


class _Policy(EmailPolicy):
    """Lines of 78 characters at most, but for ids and addresses of pages: programs read those, and not all of them
    find one that was folded. They are well below the 998 characters that a line may have.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _UNFOLDED:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_UNFOLDED: Final = frozenset({"message-id", "in-reply-to", "references", "list-unsubscribe"})
_POLICY: Final = _Policy(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails come from: `Paper Round <papers@lab.example>`. `returns` is where bounces come to: each mail gets an
    address of its own below it, and all of them the sender's own without it."""

    name: str
    email: str
    returns: str = ""

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    def return_path(self, token: str) -> str:
        """The envelope's sender, with the token of a recipient (VERP): whoever answers it says whose mail it was."""
        if not self.returns:
            return self.email
        name, _, domain = self.returns.rpartition("@")
        return f"{name}+{token}@{domain}"


def parse_sender(text: str) -> Sender:
    """The sender that an operator wrote, with or without a name; raises `ValueError` for what is none."""
    name, email = parseaddr(text)
    if not re.fullmatch(r"[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", email):
        raise ValueError("write an address, or Name <name@lab.example>")
    return Sender(_line(name) or _PRODUCT, email)


def mail_of(
    message: Message,
    recipient: Recipient,
    *,
    key: str,
    reply_to: str | None,
    sender: Sender,
    links: MailLinks,
    now: datetime,
    plain: bool = False,
) -> Envelope:
    """The mail, ready to be sent. `key` makes its id, the same in every attempt; `plain` leaves out the HTML."""
    token = links.bounce_token(recipient)
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = shorten(_undecoded(_line(message.summary)), LONGEST_SUBJECT) or _PRODUCT
    mail["From"] = _address(sender.name, sender.email)
    mail["To"] = _address("", recipient.email)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = mail_id(key, token, sender.domain)
    _thread(mail, recipient, reply_to, sender)
    mail["List-Id"] = f"{_quoted(recipient.list_name)} <c{recipient.follows}.{sender.domain}>"
    mail["List-Unsubscribe"] = f"<{links.leaving(recipient)}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    mail["X-Auto-Response-Suppress"] = "All"
    footer = Footer(_why(recipient), links.leaving(recipient))
    mail.set_content(_clean(text_of(message, footer, links.paper)), cte="quoted-printable")
    if not plain:
        html = _clean(html_of(message, footer, links.paper))
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return Envelope(sender.return_path(token), recipient.email, mail.as_bytes(), str(mail["Message-ID"]))


def mail_id(key: str, token: str, domain: str) -> str:
    return f"<{key}.{token}@{domain}>"


def token_of_mail_id(value: str) -> str:
    """The token in such an id; empty for ids of other mails."""
    found = re.fullmatch(r"<?[0-9a-zA-Z-]+\.([0-9a-fA-F]+)@[^<>@]+>?", value.strip())
    return found[1] if found else ""


def _thread(mail: EmailMessage, recipient: Recipient, reply_to: str | None, sender: Sender) -> None:
    """All mails of a channel to an address are one thread, whose first mail was never sent: readers need none."""
    root = f"<{recipient.key}@{sender.domain}>"
    mail["References"] = f"{root} {reply_to}" if reply_to else root
    if reply_to:
        mail["In-Reply-To"] = reply_to


def _why(recipient: Recipient) -> str:
    return f"You get this because {recipient.email} was added to {_line(recipient.list_name)}, and said yes."


def _address(name: str, email: str) -> MailAddress:
    return MailAddress(display_name=shorten(_line(name), LONGEST_NAME), addr_spec=email)


def _quoted(name: str) -> str:
    """A name for headers that know no encoded words in this place: letters of ASCII, without what has a meaning."""
    plain = re.sub(r"[^A-Za-z0-9 #._-]+", " ", name)
    return f'"{shorten(" ".join(plain.split()), LONGEST_NAME)}"'.replace("…", "")


def _line(value: str) -> str:
    """One line without control characters: nothing in it can begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in _clean(value)).split())


def _undecoded(value: str) -> str:
    """The line with nothing in it that reads as an encoded word (RFC 2047).

    `email` decodes those wherever they stand in a header that is set, and writes the new lines in them as they are:
    a title that spells one would begin another header, or the body.
    """
    return value.replace("=?", "=\u200b?")


def _clean(value: str) -> str:
    """Text that UTF-8 can hold: half of a pair of surrogates is no character."""
    return value.encode("utf-8", "replace").decode("utf-8")
