"""Whether a request is Slack's, by its signature and its time."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from adapters.slack.events.verification import FRESH_FOR, is_signed
from tests.simulators.slack import SIGNING_SECRET

NOW = 1_780_000_000.0
BODY = b"token=x&text=help"


def signature_of(stamp: str, body: bytes = BODY, secret: str = SIGNING_SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def signed(stamp: str, signature: str | None = None) -> bool:
    headers = {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature_of(stamp) if signature is None else signature,
    }
    return is_signed(headers, BODY, SIGNING_SECRET, now=NOW)


@pytest.mark.parametrize("apart", [0.0, FRESH_FOR, -FRESH_FOR])
def test_a_fresh_request_with_the_right_signature_is_slacks(apart: float) -> None:
    assert signed(str(int(NOW + apart)))


@pytest.mark.parametrize(
    "stamp",
    ["", "0", "-1", "1e9", "9" * 400, "١٧٨٠٠٠٠٠٠٠", " 1780000000", "1780000000.0", "²", str(int(NOW + FRESH_FOR + 1)),
     str(int(NOW - FRESH_FOR - 1)), "nan", "0x6a", "1_780_000_000"],
)  # fmt: skip
def test_no_other_time_is_taken_however_it_is_signed(stamp: str) -> None:
    assert not signed(stamp)


@pytest.mark.parametrize(
    "signature", ["", "v0=", "v0=é", "v0=\udcff", "v1=" + signature_of(str(int(NOW)))[3:], "\x00", "é" * 9000]
)
def test_no_other_signature_is_taken(signature: str) -> None:
    assert not signed(str(int(NOW)), signature)


def test_a_signature_is_of_one_body_and_one_secret() -> None:
    stamp = str(int(NOW))
    for signature in (signature_of(stamp, b"text=other"), signature_of(stamp, secret="another")):
        assert not signed(stamp, signature)


def test_a_request_without_headers_is_nobodys() -> None:
    assert not is_signed({}, BODY, SIGNING_SECRET, now=NOW)
