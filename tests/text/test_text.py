"""Sentences, cuts, names and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.papers.names import read_names, shorten_authors
from bot.text.counting import compact_number, count_of
from bot.text.shortening import first_sentence, shorten

# What people see as one character, in several code points.
GRAPHEMES = (
    *("a", "B", " ", ",", "(", "-", "é", "漢", "\n"),
    *("e\u0301", "o\u0302\u0323", "y\u0304\u0301\u0323", "👍🏽", "👩‍👩‍👧‍👦", "🏴‍☠️", "🇩🇪", "🇫🇷", "🇺🇳", "1️⃣", "❤️"),
    *("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "각", "\u1112\u1161\u11ab", "नि", "क्षि", "กำ"),
)
graphemes = st.lists(st.sampled_from(GRAPHEMES), max_size=40)


@settings(deadline=None, max_examples=300)
@given(graphemes, st.integers(0, 60))
def test_a_cut_is_within_the_limit_and_between_characters(characters: list[str], limit: int) -> None:
    text = "".join(characters)
    cut = shorten(text, limit)
    assert len(cut) <= limit
    if len(text) <= limit:
        assert cut == text
    elif limit > 0:
        assert cut.endswith("…")
        ends = {0, *(len("".join(characters[: count + 1])) for count in range(len(characters)))}
        assert text.startswith(cut[:-1])
        assert len(cut) - 1 in ends


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(0, 80))
def test_any_text_is_cut_within_the_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
    assert len(first_sentence(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 5, "short"),
        ("several words here", 12, "several…"),
        ("several words, here", 15, "several words…"),
        ("antidisestablishmentarianism", 10, "antidises…"),
        ("a antidisestablishmentarianism", 12, "a antidises…"),
        ("ends (at a bracket", 7, "ends…"),
        ("x", 0, ""),
        ("xy", 1, "…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 12, "👩‍👩‍👧‍👦…"),
        ("👩‍👩‍👧‍👦", 5, "…"),
        ("🇩🇪🇫🇷🇺🇳", 4, "🇩🇪…"),
        ("\u0301" * 200, 10, "…"),
    ],
)
def test_where_a_text_is_cut(text: str, limit: int, cut: str) -> None:
    assert shorten(text, limit) == cut


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("We study agents. They work.", "We study agents."),
        ("One sentence without an end", "One sentence without an end"),
        (
            "We use graphs, e.g. trees, cf. Fig. 3 and Doe et al. (2020). Then we stop.",
            "We use graphs, e.g. trees, cf. Fig. 3 and Doe et al. (2020).",
        ),
        ("The method of J. Doe and K. L. Smith is good. It works.", "The method of J. Doe and K. L. Smith is good."),
        ("GPT-4.5 beats version 3.0 by 2.5 points. Always.", "GPT-4.5 beats version 3.0 by 2.5 points."),
        ("Objective. We look at the eye. It sees.", "Objective. We look at the eye."),
        ("Can we trust machines? We ask.", "Can we trust machines?"),
        ("It is “good.” Others agree.", "It is “good.”"),
        ("They write ... and go on. Then end.", "They write ... and go on."),
        ("これは論文です。次の文。", "これは論文です。"),
        ("  Odd \n white   space. Here.", "Odd white space."),
        ("", ""),
    ],
)
def test_the_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text, 200) == sentence


def test_a_long_first_sentence_is_shortened() -> None:
    assert first_sentence("This sentence goes on and on and on. The next.", 20) == "This sentence goes…"


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ([], ""),
        (["Yann LeCun"], "Y. LeCun"),
        (["Yann LeCun", "Geoffrey E. Hinton"], "Y. LeCun, G. E. Hinton"),
        (["Ann Bo"] * 8, "A. Bo, A. Bo +6"),
        (["Jean-Pierre van der Berg Jr."], "J.-P. van der Berg Jr."),
        (["Ludwig von Beethoven"], "L. von Beethoven"),
        (["J.K. Rowling"], "J. K. Rowling"),
        (["LeCun, Yann"], "Y. LeCun"),
        (["Émile Zola"], "É. Zola"),
        (["Madonna", "李飞飞"], "Madonna, 李飞飞"),
        (["The Gemini Team", "DeepSeek-AI"], "The Gemini Team, DeepSeek-AI"),
        (["OpenAI Research Team"], "OpenAI Research Team"),
        (["Yann LeCun (NYU)"], "Y. LeCun"),
        (["", "  ", "Ada  Lovelace"], "A. Lovelace"),
    ],
)
def test_how_authors_are_named(names: list[str], line: str) -> None:
    assert shorten_authors(read_names(names)) == line


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5), st.integers(0, 4))
def test_any_names_make_a_line(names: list[str], shown: int) -> None:
    read = read_names(names)
    line = shorten_authors(read, shown)
    hidden = len(read) - shown
    assert line.endswith(f"+{hidden}") or hidden <= 0


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (0, "paper", "0 papers"),
        (1, "paper", "1 paper"),
        (1234, "reply", "1,234 replies"),
        (2, "day", "2 days"),
        (2, "match", "2 matches"),
        (3, "new paper", "3 new papers"),
    ],
)
def test_counting(number: int, noun: str, words: str) -> None:
    assert count_of(number, noun) == words


@pytest.mark.parametrize(
    ("number", "short"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (1234, "1.2k"),
        (12_345, "12.3k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (123_456, "123k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (4_560_000, "4.6M"),
        (7_000_000_000, "7G"),
        (12_345_000_000_000, "12345G"),
        (-1500, "-1.5k"),
    ],
)
def test_compact_numbers(number: int, short: str) -> None:
    assert compact_number(number) == short
