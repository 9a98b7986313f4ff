"""Every mistake is pointed at, with a sentence that says what to write instead."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.papers.sources import BUILT_IN
from bot.query.errors import QueryError
from bot.query.parser import LONGEST_QUERY, MOST_TERMS, parse


def mistake(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text, sources=BUILT_IN)
    return caught.value


@pytest.mark.parametrize(
    ("text", "meant", "said"),
    [
        ("", "", "`*` for every paper"),
        ("  \n", "", "`*` for every paper"),
        ("sort:new", "sort:new", "`*` for every paper"),
        ("-survey", "-survey", "`* -survey`"),
        ("-(a OR b)", "-(a OR b)", "`* -(a OR b)`"),
        ("NOT a -b", "NOT a -b", "`* NOT a -b`"),
        ("a OR -b", "-b", "One side of this OR, `-b`, only says what to leave out"),
        ("(a OR NOT b) -c", "NOT b", "One side of this OR"),
        ("a OR (b OR -c -d)", "-c -d", "One side of this OR"),
        ("-(a b)", "-(a b)", "only says what to leave out"),
        ("-*", "-*", "only says what to leave out"),
        ('a "b c', '"', "never closed"),
        ('a ""', '""', "nothing between these quotes"),
        ("a (b", "(", "never closed"),
        ("a) b", ")", "closes nothing"),
        ("a ()", ")", "nothing in these parentheses"),
        ("a OR", "OR", "missing after OR"),
        ("OR a", "OR", "missing before OR"),
        ("a OR OR b", "OR", "missing after OR"),
        ("(a OR ) b", "OR", "missing after OR"),
        ("a AND", "AND", "both sides"),
        ("AND a", "AND", "both sides"),
        ("a NOT", "NOT", "what to exclude"),
        ("a - b", "-", "`-survey`"),
        ("a –", "–", "`-survey`"),
        ("a --b", "--", "One negation"),
        ("a NOT -b", "NOT -", "One negation"),
        ("a -sort:new", "-", "cannot be excluded"),
        ("a 🤖", "🤖", "no letter or digit"),
        ("a & b", "&", "no letter or digit"),
        ('a "…"', '"…"', "no letter or digit"),
        ("author:—x—", "author:—x—", "minus"),
        ("author:…", "…", "no letter or digit"),
        ("like:agents", "agents", "`like:2604.13035`"),
        ('about:"…"', '"…"', "no letter or digit"),
        ("about:(a OR b)", "(", "never closed"),
        ('about:"a b"~many', "~many", "`~3/day`"),
        ("like:(2604.13035 agents)", "agents", "is not a paper"),
        ("like:(2604.13035", "(", "never closed"),
        ("like:()", ")", "nothing in these parentheses"),
        ("like:2604.13035~many", "~many", "`~3/day`"),
        ("like:(2604.13035)~0/day", "~0/day", "how many papers"),
        ("like:2604.13035 ~501", "~501", "500 a day"),
        ("a like:", "like:", "nothing right after"),
        ("title:(like:2604.13035)", "like", "cannot be inside"),
        ("-like:2604.13035", "-like:2604.13035", "only says what to leave out"),
        ("qu*", "qu*", "3 letters"),
        ("title:qu*", "qu*", "3 letters"),
        ("quan*um", "quan*um", "only end a word"),
        ("*quant", "*quant", "only end a word"),
        ("fine-tun*", "fine-tun*", "`(fine tun*)`"),
        ("title:fine-tun*", "fine-tun*", "`(fine tun*)`"),
        (
            '-"an excluded phrase that is too long to be repeated whole"',
            '-"an excluded phrase that is too long to be repeated whole"',
            "a `*` in front",
        ),
        (
            "https://example.org/some/path/that/is/too/long/to/repeat",
            "https://example.org/some/path/that/is/too/long/to/repeat",
            "or put it in quotes to",
        ),
        (
            "at 10:30-some-time-that-is-too-long-to-be-repeated",
            "10:30-some-time-that-is-too-long-to-be-repeated",
            "Put it in quotes to",
        ),
        ("gpt-4*", "gpt-4*", "`gpt-4` without the `*`"),
        ('"quant* x"', '"quant* x"', "quoted phrase cannot contain `*`"),
        ('title:"quant*"', '"quant*"', "quoted phrase cannot contain `*`"),
        ("title:*", "*", "`title:quant*`"),
        ("author:hin*", "hin*", "does not work in the name"),
        ("foo:bar", "foo", "There is no field “foo”. The fields are title,"),
        ("auhtor:hinton", "auhtor", "`author:`"),
        ("category:cs.CL", "category", "`cat:`"),
        ("likes:>5", "likes", "`upvotes:`"),
        ('foo:"bar"', "foo", "There is no field “foo”"),
        ("at 10:30", "10:30", '`"10:30"`'),
        ("note:quant*", "note", '`"note:quant"`'),
        ("see https://arxiv.org/abs/2604.13035v2 a", "https://arxiv.org/abs/2604.13035v2", "`id:2604.13035`"),
        ("https://huggingface.co/papers/2604.13035", "https://huggingface.co/papers/2604.13035", "`id:2604.13035`"),
        ("arXiv:2604.13035", "arXiv:2604.13035", "`id:2604.13035`"),
        ("https://example.org/a", "https://example.org/a", '`"https://example.org/a"`'),
        (":smile:", ":smile:", '`":smile:"`'),
        ("a author: b", "author:", "`author:hinton`"),
        ("(author:)", "author:", "`author:hinton`"),
        ("title:-a", "title:-a", "`-title:a`"),
        ("title:(a author:b)", "author", "`title:(…)`"),
        ("cat:cs.CLL", "cs.CLL", "`cat:cs.CL`"),
        ("cat:CL", "CL", "`cat:cs.CL`"),
        ("cat:astroph", "astroph", "`cat:astro-ph.*`"),
        ("cat:zzzzzzzz", "zzzzzzzz", "`cat:hep-th`"),
        ("source:reddit", "reddit", "`source:arxiv`"),
        ("has:video", "video", "`has:code`"),
        ("id:12345", "12345", "`id:2604.13035`"),
        ("upvotes:many", "many", "`upvotes:>=20`"),
        ("upvotes:>=", ">=", "without spaces"),
        ("upvotes:1.5", "1.5", "`upvotes:>=20`"),
        ("upvotes:50..10", "50..10", "`upvotes:10..50`"),
        ("upvotes:<0", "<0", "`upvotes:0`"),
        ("upvotes:>9999999999", ">9999999999", "too large"),
        ("after:yesterday", "yesterday", "`2026-04-03`"),
        ("date:2026-13", "2026-13", "no such day"),
        ("date:2026-02-30", "2026-02-30", "no such day"),
        ("date:0026", "0026", "No paper is from the year 0026"),
        ("date:2026-05..2026-04", "2026-05..2026-04", "`date:2026-04..2026-05`"),
        ("date:2026-05..", "2026-05..", "not a date"),
        ("a sort:best", "best", "`sort:new`"),
        ("a sort:new sort:top", "top", "one order"),
        ("a sort:(new)", "(", "one order"),
    ],
)
def test_the_place_and_the_sentence(text: str, meant: str, said: str) -> None:
    error = mistake(text)
    assert isinstance(error, UserError)
    assert text[error.position : error.position + error.length] == meant
    assert said in str(error)
    assert str(error).endswith(error.hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("NOT", "`agents -survey`"),
        ("-", ""),
        ("llm AND", "`llm agent`, which means both"),
        ("llm OR", "`llm OR agent`"),
    ],
)
def test_the_hint_is_about_what_was_written(text: str, hint: str) -> None:
    error = mistake(text)
    assert hint in error.hint
    assert ("OR agent" in error.hint) is (text == "llm OR")


def test_a_query_that_is_too_long() -> None:
    error = mistake("x" * (LONGEST_QUERY + 7))
    assert (error.position, error.length) == (LONGEST_QUERY, 7)
    assert parse("x" * LONGEST_QUERY).text == "x" * LONGEST_QUERY


def test_a_query_whose_canonical_text_is_too_long() -> None:
    text = f"submitter:({' OR '.join('abcdefgh'[:3] + str(number) for number in range(40))})"
    assert len(text) <= LONGEST_QUERY
    assert "Written out" in str(mistake(text))


def test_too_many_words() -> None:
    words = [f"w{number}" for number in range(MOST_TERMS)]
    assert parse(" ".join(words)).text == " ".join(words)
    error = mistake(" ".join([*words, "-last", "b"]))
    assert error.position == len(" ".join(words)) + 2
    assert str(MOST_TERMS) in str(error)
    for phrase in (f'"{" ".join(words)}"', f'author:"{" ".join(words)}"'):
        assert mistake(f"{phrase} b").position == len(phrase) + 1


def test_parentheses_that_go_too_deep() -> None:
    assert parse(f"{'(' * 20}a{')' * 20}").text == "a"
    assert mistake(f"{'(' * 21}a{')' * 21}").position == 20


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("llm OR -survey", "llm OR -survey\n       ^^^^^^^"),
        ("量子 & b", "量子 & b\n     ^"),
        ("e\u0301e\u0301 & b", "e\u0301e\u0301 & b\n   ^"),
        ("a & 🤖", "a & 🤖\n  ^"),
        ("a\n\n& b", "a  & b\n   ^"),
        ("", "\n^"),
        ("量🤖 🤖", "量🤖 🤖\n     ^^"),
    ],
)
def test_pointing_at_the_place(text: str, pointed: str) -> None:
    assert mistake(text).pointed == pointed


def test_pointing_into_a_long_query() -> None:
    line, carets = mistake(f"{'before ' * 20}& {'after ' * 20}").pointed.split("\n")
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) <= 50
    assert line[carets.index("^")] == "&"


def test_pointing_at_something_long() -> None:
    line, carets = mistake(f"({'before ' * 5}) OR -({'xx ' * 40})").pointed.split("\n")
    assert len(line) <= 50
    assert line[carets.index("^") :].startswith("-(xx xx")
    assert len(carets) <= len(line)
