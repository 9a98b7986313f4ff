"""What mail servers say and send back, and what stands in a file of settings."""

from __future__ import annotations

from adapters.mail.bounces import read_bounce
from adapters.mail.replies import LONGEST_DETAIL, Step, outcome_of
from tests.adapters.mail.test_bounces import EXPLAINED, HEAD, POSTFIX, WHOLE, WRAPPED
from tests.fuzz.target import Target, encoded, text_of

_REPLIES = encoded(
    "550 5.1.1 <ada@lab.example>: Recipient address rejected: User unknown", "451 4.7.1 Greylisted, try again later",
    "552 5.2.2 Mailbox full", "554 5.7.1 Relay access denied", "535 5.7.8 bad", "521 5.3.2 no", "250 2.0.0 Ok: queued",
)  # fmt: skip


def read_report(data: bytes) -> None:
    bounce = read_bounce(data)
    if bounce is not None:
        assert bounce.reason
        assert not bounce.status.startswith("4")
        for token in bounce.tokens:
            int(token, 16)


def read_reply(data: bytes) -> None:
    code, _, message = text_of(data).partition(" ")
    steps = list(Step)
    number = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 550
    outcome = outcome_of(steps[len(data) % len(steps)], number, message)
    assert len(outcome.detail) <= LONGEST_DETAIL
    assert "ada@lab.example" not in outcome.detail


TARGETS = (
    Target("mail-report", read_report, lambda: encoded(POSTFIX, HEAD, WHOLE, EXPLAINED, WRAPPED)),
    Target("mail-reply", read_reply, lambda: _REPLIES),
)
