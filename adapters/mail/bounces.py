"""What comes back: reports that a mail could not be delivered (RFC 3464), and whose mail it was.

Anybody can send such a report. It counts only with the token of a mail that was sent to that address: in the address
that the report came to (VERP), or in the `Message-ID` of the mail that it brings back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Final

from adapters.mail.composition import token_of_mail_id

LARGEST: Final = 4_000_000  # bytes that are read of a report
_RECEIVED_AT: Final = ("X-Original-To", "Delivered-To", "Envelope-To", "To")
_VERP: Final = re.compile(r"\+([0-9a-fA-F]{20,40})@")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that will not arrive. `tokens` are those that may be of the mail, the likeliest first; `status` is the
    code of RFC 3463, such as 5.1.1, empty where the report has none."""

    tokens: tuple[str, ...]
    status: str

    @property
    def reason(self) -> str:
        """A sentence for people."""
        match self.status.split(".")[:2]:
            case ["5", "1"]:
                return "A mail came back: the address does not exist."
            case ["5", "2"]:
                return "A mail came back: the mailbox takes none."
            case ["5", "7"]:
                return "A mail came back: the other side does not want it."
        return "A mail came back: it could not be delivered."


def read_bounce(content: bytes) -> Bounce | None:
    """What a mail reports, None for mails that say of none that it has failed for good: delays, replies, other mail."""
    try:
        return _bounce_in(message_from_bytes(content[:LARGEST], policy=compat32))
    except RecursionError:  # parts within parts, hundreds of them: no mail server writes that
        return None


def _bounce_in(mail: Message) -> Bounce | None:
    # 4.x.x is a mailbox that is full, or a machine that was not there for days: that may be over tomorrow.
    failed = [status for action, status in _recipients(mail) if action == "failed" and not status.startswith("4")]
    if not failed:
        return None
    tokens = dict.fromkeys([*_tokens_of_receiver(mail), *_tokens_of_original(mail)])
    return Bounce(tuple(tokens), failed[0])


def _recipients(mail: Message) -> Iterator[tuple[str, str]]:
    """The action and the status for each recipient of a report, also of one that was wrapped in another mail."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status" or not isinstance(part.get_payload(), list):
            continue
        for fields in part.get_payload():
            if isinstance(fields, Message) and fields["Action"]:
                status = re.match(r"[245]\.\d{1,3}\.\d{1,3}", str(fields["Status"] or "").strip())
                # Some explain it behind the word, in brackets.
                yield str(fields["Action"]).partition("(")[0].strip().lower(), status[0] if status else ""


def _tokens_of_receiver(mail: Message) -> Iterator[str]:
    for name in _RECEIVED_AT:
        for value in mail.get_all(name, []):
            yield from _VERP.findall(str(value))


def _tokens_of_original(mail: Message) -> Iterator[str]:
    """Those in the id of the mail that came back, of which reports bring all or only the head."""
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            found = re.search(r"^Message-ID:\s*(<[^<>\s]+>)", _text_of(part), re.IGNORECASE | re.MULTILINE)
            original = found[1] if found else ""
        elif part is not mail and part["Message-ID"]:
            original = str(part["Message-ID"])
        else:
            continue
        if token := token_of_mail_id(original):
            yield token


def _text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
