"""Cleaning text from outside: what goes and what stays."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.cleaning import MARKS_IN_A_ROW, clean_line, clean_text

LIMIT = 1_000

# Text as bad as JSON can carry it: every character including lone surrogates, the interesting ones often.
NASTY = (
    "\x00\x07\x1b\x7f\x85\x9f\n\r\t\v\f \xa0\u2028\u2029\u200b\u200d\u200f\u202e\u2066\ufeff"
    "\ud800\udfff\u0301\u0344\u0316aé#"
)
hostile = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from(NASTY)), max_size=60)


def is_harmless(char: str) -> bool:
    return (
        unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} and ord(char) & 0xFFFE != 0xFFFE
    ) or char in "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd" + "".join(
        map(chr, range(0x13430, 0x13440))
    )  # format characters that are seen: signs around Arabic numbers, Egyptian quadrats


@given(hostile, st.integers(1, 40))
def test_a_line_is_one_line_of_visible_text_within_the_limit(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())
    assert all(map(is_harmless, line)), ascii(line)
    assert unicodedata.is_normalized("NFC", line)
    line.encode()


@given(hostile, st.integers(1, 40))
def test_a_text_keeps_nothing_but_words_and_blank_lines(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit)
    assert len(cleaned) <= limit
    assert all(is_harmless(char) for char in cleaned if char != "\n"), ascii(cleaned)
    assert unicodedata.is_normalized("NFC", cleaned)
    for paragraph in cleaned.split("\n\n") if cleaned else []:
        assert paragraph
        assert paragraph == " ".join(paragraph.split())


@given(hostile, st.integers(1, 40))
def test_cleaning_twice_is_cleaning_once(text: str, limit: int) -> None:
    assert clean_line(clean_line(text, limit), limit) == clean_line(text, limit)
    assert clean_text(clean_text(text, limit), limit) == clean_text(text, limit)


@given(st.lists(st.text("abcdé漢字😀", min_size=1), max_size=8))
def test_plain_words_come_through_unchanged(words: list[str]) -> None:
    assert clean_line("  \n ".join(words), LIMIT) == unicodedata.normalize("NFC", " ".join(words))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Visual Encoder for Large\n  Multimodal Models", "Visual Encoder for Large Multimodal Models"),
        ("tab\tand\xa0hard\u2003space\u2028line", "tab and hard space line"),
        ("nul\x00 bell\x07 esc\x1b[31mred del\x7f c1\x9f", "nul bell esc[31mred del c1"),
        ("evil\u202egnp.exe\u202c \u2066x\u2069 \u200fy\u200e", "evilgnp.exe x y"),
        ("a\u200bg\u200ce\u200dn\u2060t\ufeff\xads", "agents"),
        ("blank \u3164\u115f\uffa0 letters", "blank letters"),
        ("half \ud83d of a pair", "half of a pair"),
        ("Schro\u0308dinger", "Schrödinger"),
        ("smuggled\U000e0041\U000e0042", "smuggled"),
        ("LLM$\\times$MapReduce <b>&amp; ``quotes''", "LLM$\\times$MapReduce <b>&amp; ``quotes''"),
        ("❤️ 葛󠄀", "❤️ 葛󠄀"),
        ("\u200b \n\x00", ""),
    ],
)
def test_a_line_reads_as_it_was_meant(raw: str, clean: str) -> None:
    assert clean_line(raw, LIMIT) == clean


def test_paragraphs_stay_and_hard_wrapped_lines_are_joined() -> None:
    raw = "We study\nagents.\r\n \t\r\n\r\nThey\n  work.\x00\n\u200b\nWell.\n\n"
    assert clean_text(raw, LIMIT) == "We study agents.\n\nThey work.\n\nWell."


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean_line("abcdef", 6) == "abcdef"
    assert clean_line("abcdefg", 6) == "abcde…"
    assert clean_line("abcd efg", 6) == "abcd…"
    assert clean_text("abc\n\ndefgh", 6) == "abc…"
    assert clean_line("abc", 1) == "…"


def test_no_letter_is_cut_from_its_accent() -> None:
    assert clean_line("abx\u0316\u0317cd", 5) == "ab…"


def test_stacked_accents_are_thinned_out() -> None:
    assert clean_line("Z" + "\u0316" * 500 + "algo", LIMIT) == "Z" + "\u0316" * MARKS_IN_A_ROW + "algo"
