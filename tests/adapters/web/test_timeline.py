"""Words for times, threads from messages, and which addresses may become links."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.messages.timeline import brief_words, day_words, soon_words, threads_of
from adapters.web.pages.rendering import coded, web_link
from adapters.web.people.visitor import zone_named
from bot.platforms.message_log import LoggedMessage
from tests.adapters.web.workspace import NOW, says


@pytest.mark.parametrize(
    ("moment", "zone", "words"),
    [
        (NOW, "UTC", "today 09:00"),
        (NOW + timedelta(hours=14, minutes=59), "UTC", "today 23:59"),
        (NOW + timedelta(hours=15), "UTC", "tomorrow 00:00"),
        (NOW + timedelta(hours=15), "America/New_York", "today 20:00"),
        (NOW + timedelta(days=4), "Asia/Kolkata", "Mon 14:30"),
        (NOW + timedelta(days=7), "UTC", "7 May 09:00"),
        (NOW + timedelta(days=300), "UTC", "24 Feb 2027 09:00"),
        (NOW - timedelta(days=1), "UTC", "29 Apr 09:00"),
    ],
)
def test_a_time_to_come_is_said_briefly(moment: datetime, zone: str, words: str) -> None:
    assert soon_words(moment, NOW, ZoneInfo(zone)) == words


def test_a_day_is_said_in_full() -> None:
    assert day_words(datetime(2026, 5, 1, 23, 59, tzinfo=UTC)) == "Friday, 1 May 2026"


@pytest.mark.parametrize("name", ["", "Nowhere", "../../etc/passwd", "/etc/localtime", "UTC\x00", "Europe", "x" * 5000])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


@given(st.lists(st.integers(min_value=0, max_value=12), max_size=12))
def test_every_message_with_a_known_head_is_shown_once_in_order(parents: list[int]) -> None:
    """`parents[n]` is whom message n + 1 answers; what is not the id of an earlier head makes it one itself."""
    heads: set[int] = set()
    messages = []
    for number, parent in enumerate(parents, 1):
        reply_to = parent if parent in heads else None
        if reply_to is None:
            heads.add(number)
        messages.append(
            LoggedMessage(id=number, channel="c", message=says(str(number)), reply_to=reply_to, posted_at=NOW)
        )
    threads = threads_of(messages, UTC)
    shown = [[int(view.id) for view in (thread.head, *thread.replies)] for thread in threads]
    assert sorted(message for thread in shown for message in thread) == list(range(1, len(parents) + 1))
    assert [thread[0] for thread in shown] == sorted(heads)
    assert all(thread == sorted(thread) for thread in shown)


def test_replies_without_their_head_are_left_out() -> None:
    reply = LoggedMessage(id=9, channel="c", message=says("Lost"), reply_to=3, posted_at=NOW)
    assert threads_of([reply], UTC) == []


@given(st.text(max_size=40))
def test_a_link_is_the_address_itself_or_nothing(text: str) -> None:
    for url in (text, f"https:{text}", f"https://example.org/{text}", f"javascript:{text}"):
        link = web_link(url)
        assert link in ("", url)
        assert not link or link.lower().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "09:00"),
        (NOW + timedelta(days=1), "Fri 09:00"),
        (NOW + timedelta(days=6), "Wed 09:00"),
        (NOW + timedelta(days=7), "7 May"),
    ],
)
def test_times_beside_names_are_brief(moment: datetime, words: str) -> None:
    assert brief_words(moment, NOW, UTC) == words


def test_what_stands_between_backticks_is_code_and_stays_text() -> None:
    assert coded("Write `a < b`, or `c`.") == "Write <code>a &lt; b</code>, or <code>c</code>."
    assert coded("One ` alone <b>") == "One ` alone &lt;b&gt;"
