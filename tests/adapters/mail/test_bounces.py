"""Mails that come back: reports in the forms of RFC 3464, and everything else that comes to such an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.bounces import read_bounce

TOKEN = "00112233aabbccdd" + "0123456789ab"
POSTFIX = f"""\
From: MAILER-DAEMON@mail.lab.example (Mail Delivery System)
To: bounces+{TOKEN}@lab.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b0"

--b0
Content-Type: text/plain

<me@lab.example>: host mx.lab.example said: 550 5.1.1 User unknown

--b0
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.lab.example
Arrival-Date: Thu, 30 Apr 2026 09:00:00 +0000

Final-Recipient: rfc822; me@lab.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b0--
"""
#: One that comes to the sender itself, with the head of the mail.
HEAD = POSTFIX.replace(f"bounces+{TOKEN}@", "papers@").replace(
    "--b0--",
    f"""--b0
Content-Type: text/rfc822-headers

From: Paper Round <papers@lab.example>
Message-ID: <{"a" * 24}.{TOKEN}@lab.example>
Subject: Papers

--b0--""",
)
WHOLE = HEAD.replace("text/rfc822-headers", "message/rfc822").replace("Subject: Papers\n", "Subject: Papers\n\nHello")

EXPLAINED = POSTFIX.replace("Action: failed", "Action: failed (bad destination mailbox address)")
#: As systems for lists and for filtering pass them on.
WRAPPED = f"""\
To: papers@lab.example
Content-Type: multipart/mixed; boundary="w0"

--w0
Content-Type: text/plain

A mail could not be delivered.

--w0
Content-Type: message/rfc822

{WHOLE}
--w0--
"""


@pytest.mark.parametrize(
    "report",
    [POSTFIX, HEAD, WHOLE, EXPLAINED, WRAPPED],
    ids=["return path", "head", "whole", "explained", "wrapped"],
)
def test_a_report_says_whose_mail_came_back_and_why(report: str) -> None:
    bounce = read_bounce(report.encode())
    assert bounce is not None
    assert (bounce.tokens, bounce.status) == ((TOKEN,), "5.1.1")
    assert bounce.reason == "A mail came back: the address does not exist."
    assert read_bounce(report.replace("\n", "\r\n").encode()) == bounce


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("5.2.1", "the mailbox takes none"),
        ("5.7.1", "the other side does not want it"),
        ("5", "could not be delivered"),
    ],
)
def test_reasons_are_sentences(said: str, reason: str) -> None:
    bounce = read_bounce(POSTFIX.replace("Status: 5.1.1", f"Status: {said}").encode())
    assert bounce is not None
    assert reason in bounce.reason


@pytest.mark.parametrize(
    "other",
    [
        POSTFIX.replace("Action: failed", "Action: delayed"),
        POSTFIX.replace("Action: failed", "Action: delivered"),
        POSTFIX.replace("Status: 5.1.1", "Status: 4.4.7"),
        POSTFIX.replace("message/delivery-status", "text/plain"),
        f"From: me@lab.example\nTo: bounces+{TOKEN}@lab.example\nSubject: Away\n\nI am away until Monday.\n",
        "",
        "".join(f"Content-Type: multipart/report; boundary=b{depth}\n\n--b{depth}\n" for depth in range(1500)),
    ],
    ids=["a delay", "a receipt", "what may pass", "no status", "a reply", "nothing", "reports within reports"],
)
def test_what_reports_no_failure_stops_nothing(other: str) -> None:
    assert read_bounce(other.encode()) is None


def test_a_report_of_somebody_elses_mail_names_none_of_ours() -> None:
    bounce = read_bounce(POSTFIX.replace(f"+{TOKEN}", "").encode())
    assert bounce is not None
    assert bounce.tokens == ()


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=len(POSTFIX)))
def test_whatever_comes_is_read_without_trouble(noise: bytes, place: int) -> None:
    read_bounce(noise)
    read_bounce(POSTFIX[:place].encode() + noise + WHOLE[place:].encode())
