"""Links in mails: only we can make them, each is for one purpose, and they say nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.mail.addresses import parse_email
from bot.mail.links import CONFIRM_WITHIN, MailLinks, key_of
from bot.mail.recipients import Content, Recipient, masked

NOW = datetime(2026, 4, 30, 9, tzinfo=UTC)
LINKS = MailLinks("https://papers.lab.example", ("secret",))
READER = Recipient(
    channel_id=7, key="00112233aabbccdd", follows=12, list_name="#secret-project in Lab", email="me@lab.example",
    content=Content.TOPICS, added_by="U0ADA", nonce="5" * 32, asked_at=NOW,
)  # fmt: skip


def last_part(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_confirmation_works_for_two_days_and_for_its_question_alone() -> None:
    token = last_part(LINKS.confirmation(READER))
    assert key_of(token) == READER.key
    assert LINKS.is_confirmation(token, READER, NOW + CONFIRM_WITHIN - timedelta(seconds=1))
    assert not LINKS.is_confirmation(token, READER, NOW + CONFIRM_WITHIN + timedelta(seconds=1))
    assert not LINKS.is_confirmation(token, replace(READER, nonce="6" * 32), NOW)
    assert not LINKS.is_confirmation(token, replace(READER, key="ff112233aabbccdd"), NOW)


def test_its_end_cannot_be_moved() -> None:
    key, expires, signature = last_part(LINKS.confirmation(READER)).split(".")
    later = f"{key}.{int(expires) + 86_400}.{signature}"
    assert not LINKS.is_confirmation(later, READER, NOW)


def test_what_ends_mails_confirms_none() -> None:
    leaving = last_part(LINKS.leaving(READER))
    key, signature = leaving.split(".")
    assert LINKS.is_leaving(leaving, READER)
    assert not LINKS.is_confirmation(f"{key}.99999999999.{signature}", READER, NOW)
    assert not LINKS.is_leaving(last_part(LINKS.confirmation(READER)), READER)
    assert LINKS.key_of_bounce(LINKS.bounce_token(READER)) == READER.key
    assert not LINKS.key_of_bounce(READER.key + signature[:12])


def test_links_made_with_an_older_secret_work_while_that_is_kept() -> None:
    newer = replace(LINKS, secrets=("newer", "secret"))
    assert newer.is_leaving(last_part(LINKS.leaving(READER)), READER)
    assert newer.key_of_bounce(LINKS.bounce_token(READER)) == READER.key
    assert not replace(LINKS, secrets=("newer",)).is_leaving(last_part(LINKS.leaving(READER)), READER)


def test_links_say_nothing_about_channel_and_people() -> None:
    said = LINKS.confirmation(READER) + LINKS.leaving(READER) + LINKS.bounce_token(READER) + repr(LINKS)
    for word in ("project", "me@", "U0ADA", READER.nonce, "'secret'"):
        assert word not in said


@given(st.text(max_size=80))
def test_no_text_is_a_link_of_ours(token: str) -> None:
    assert not LINKS.is_leaving(token, READER)
    assert not LINKS.is_confirmation(token, READER, NOW)
    assert not LINKS.key_of_bounce(token)


def test_addresses_are_read_as_people_write_them() -> None:
    assert parse_email(" Me.Too+papers@Lab.Example ") == "me.too+papers@lab.example"
    assert parse_email("<mailto:me@lab.example|me@lab.example>") == "me@lab.example"
    assert parse_email("me@bücher.example") == "me@xn--bcher-kva.example"
    assert masked("me@lab.example") == "m…@lab.example"


def test_what_is_no_address_is_said_so() -> None:
    wrong = ("me", "me@", "@lab.example", "me@lab", "a b@lab.example", '"a"@lab.example', "me@127.0.0.1",
             "a@b@c.example", "me@-lab.example", "me@lab..example", "x" * 65 + "@lab.example",
             "me@" + "l" * 64 + ".example",
             "me\r\nbcc:you@lab.example", "ö@lab.example", "me@lab.example,you@lab.example")  # fmt: skip
    for text in wrong:
        with pytest.raises(UserError, match="mail address"):
            parse_email(text)
