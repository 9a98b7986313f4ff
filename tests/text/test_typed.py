"""What people type on any keyboard, with the signs that the bot's language has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.typed import DASHES, QUOTES, SINGLE_QUOTES, as_typed, quote_end, unquoted, value_typed


@given(st.text())
def test_every_sign_stays_in_its_place(text: str) -> None:
    typed = as_typed(text)
    assert len(typed) == len(text)
    assert as_typed(typed) == typed
    assert all(after == before or after.isascii() for before, after in zip(text, typed, strict=True))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ｃａｔ：ｃｓ．ＣＬ", "cat:cs.CL"),
        ("（a　OR　b）＊", "(a OR b)*"),
        ("＞＝２０", ">=20"),
        ("sat、sun，mon", "sat,sun,mon"),
        ("FG² ½ ℝ 学習。", "FG² ½ ℝ 学習。"),  # what is no form of a sign of ASCII stays
    ],
)
def test_full_width_forms_are_ascii(typed: str, meant: str) -> None:
    assert as_typed(typed) == meant


@pytest.mark.parametrize("quote", [*QUOTES, *SINGLE_QUOTES, "`"])
def test_every_quote_around_a_value_is_taken_off(quote: str) -> None:
    assert unquoted(f" {quote}weekdays 09:00{quote} ") == "weekdays 09:00"
    assert unquoted(f"{quote}{quote}") in ("", f"{quote}{quote}")


@pytest.mark.parametrize(
    "value", ["", "don't", "Ann's", "'tis", "a 'b' c", '"a" or "b"', "students'", "’90s", "“", "x`y"]
)
def test_quotes_that_are_not_around_all_of_it_stay(value: str) -> None:
    assert unquoted(value) == value


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("“２０”", "20"), ("٣", "3"), ("«on»", "on"), ("\u200bcompact\u2060", "compact"), ("'“x”'", "x")],
)
def test_a_value_is_read_as_it_is_meant(typed: str, meant: str) -> None:
    assert value_typed(typed) == meant


@given(st.text(f"a '{QUOTES[0]}{SINGLE_QUOTES}`", max_size=30))
def test_a_quote_ends_behind_its_beginning(text: str) -> None:
    for start in range(len(text)):
        end = quote_end(text, start)
        assert end is None or (start < end < len(text) and text[end] in QUOTES + SINGLE_QUOTES)
    assert not set(DASHES) & set(QUOTES + SINGLE_QUOTES)
