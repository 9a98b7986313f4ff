"""Entries of Daily Papers: every shape that they have had, and any that they might have."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.feeds.huggingface.daily_papers import (
    LARGEST_COUNT,
    LONGEST_KEYWORD,
    MOST_KEYWORDS,
    DailyPaper,
    UnusableEntryError,
)
from adapters.feeds.limits import LONGEST_ABSTRACT, LONGEST_TITLE, MOST_AUTHORS
from adapters.feeds.links import LONGEST_LINK
from bot.papers.ids import normalize_paper_id
from bot.papers.names import LONGEST_NAME
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from tests.adapters.feeds.entries import Json, an_entry
from tests.papers.names import names

DAY = date(2026, 4, 21)


def paper_of(entry: object) -> Paper:
    return DailyPaper.parse(entry).to_paper(DAY)


def test_an_entry_becomes_a_paper_with_all_that_it_says() -> None:
    assert paper_of(an_entry()) == Paper(
        id="2604.00001",
        title="Compilers for Timetables 1",
        abstract="We compile.\n\nIt takes no time.",
        authors=names("Grace Hopper", "Jean Bartik"),
        keywords=("compilers", "timetables"),
        summary="Timetables are compiled.",
        published_on=date(2026, 4, 18),
        featured_on=DAY,
        sources=frozenset({HUGGINGFACE}),
        upvotes=7,
        comments=3,
        stars=12,
        submitter="grace",
        organization="navy",
        organization_name="United States Navy",
        code_url="https://github.com/example/timetables",
        project_url="https://example.org/timetables",
        thumbnail_url="https://cdn.example.org/1.png",
    )


def test_an_id_and_a_title_are_enough() -> None:
    bare = Paper(id="2604.00001", title="T", featured_on=DAY, sources=frozenset({HUGGINGFACE}))
    assert paper_of({"paper": {"id": "2604.00001", "title": "T"}}) == bare
    assert paper_of({"paper": {"id": "2604.00001"}, "title": "T"}) == bare
    full = an_entry()
    entry: Json = dict.fromkeys(full) | {"paper": dict.fromkeys(full["paper"]) | {"id": "2604.00001"}, "title": "T"}
    assert paper_of(entry) == bare


def test_the_shape_of_2024_is_read() -> None:
    entry = {
        "paper": {"id": "2405.15738", "title": "LLMtimesMapReduce", "authors": [], "upvotes": 32},
        "title": "LLM$\\times$MapReduce",
        "publishedAt": "2024-05-27T03:50:58.348Z",
        "mediaUrl": "https://cdn.example.org/old.png",
        "submittedBy": {"user": "ada", "fullname": "Ada Lovelace"},
        "submitterOrganization": {"user": "mill", "fullname": "The Mill"},
    }
    paper = paper_of(entry)
    assert (paper.title, paper.title_tex, paper.upvotes) == ("LLM×MapReduce", "LLM$\\times$MapReduce", 32)
    assert (paper.submitter, paper.organization, paper.organization_name) == ("ada", "mill", "The Mill")
    assert paper.thumbnail_url == "https://cdn.example.org/old.png"
    assert DailyPaper.parse(entry).latest_day == date(2024, 5, 27)


def test_what_is_missing_beside_the_paper_is_taken_from_inside() -> None:
    beside = {"title": None, "submittedBy": None, "organization": None, "thumbnail": None}
    inside_only = an_entry(beside=beside)
    assert paper_of(inside_only).title == "Compilers for Timetables 1"
    assert paper_of(inside_only).submitter == "grace"
    assert paper_of(inside_only).organization == "navy"
    assert paper_of(an_entry(summary="")).abstract == ""
    assert paper_of(an_entry(beside={"summary": "Outside."}, summary=None)).abstract == "Outside."


def test_a_film_is_no_thumbnail() -> None:
    media = ["https://cdn.example.org/1.mp4", "https://cdn.example.org/2.JPG?x=1", "https://cdn.example.org/3.png"]
    assert paper_of(an_entry(beside={"thumbnail": "", "mediaUrls": media})).thumbnail_url == media[1]
    assert paper_of(an_entry(beside={"thumbnail": "", "mediaUrls": media[:1]})).thumbnail_url == ""


def test_authors_who_hide_are_not_named() -> None:
    authors: list[Any] = [{"name": f"Author {hidden!r}", "hidden": hidden} for hidden in (False, None, True, "no")]
    assert paper_of(
        an_entry(authors=[*authors, {"name": "Author"}, {"hidden": False}, None, "Author X"])
    ).authors == names("Author False", "Author None", "Author")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "Input should be"),
        ([], "Input should be"),
        ({}, "paper: Field required"),
        ({"paper": None}, "paper: Input should be"),
        ({"paper": {}}, "paper.id: Field required"),
        ({"paper": {"id": 2604.1303}}, "paper.id: Value error, not an arXiv id"),
        ({"paper": {"id": "2613.00001", "title": "T"}}, "paper.id: Value error, not an arXiv id"),
        ({"paper": {"id": "../2604.00001", "title": "T"}}, "paper.id: Value error, not an arXiv id"),
        ({"paper": {"id": "2604.00001"}}, "Value error, no title"),
        ({"paper": {"id": "2604.00001", "title": "\u200b \x00"}, "title": 5}, "Value error, no title"),
    ],
)
def test_an_entry_that_is_no_paper_is_refused_with_a_reason(entry: object, reason: str) -> None:
    with pytest.raises(UnusableEntryError) as refusal:
        DailyPaper.parse(entry)
    assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize(
    ("said", "count"),
    [
        *[(12, 12), (12.0, 12), (10**30, LARGEST_COUNT), (1e300, LARGEST_COUNT)],
        *[(-1, 0), (1.5, 0), ("12", 0), (True, 0), (None, 0), (float("nan"), 0), (float("inf"), 0), ([], 0)],
    ],
)
def test_a_count_is_a_number_or_nothing(said: object, count: int) -> None:
    paper = paper_of(an_entry(beside={"numComments": said}, upvotes=said, githubStars=said))
    assert (paper.upvotes, paper.comments, paper.stars) == (count, count, count)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-04-18T00:00:00.000Z", date(2026, 4, 18)),
        ("2026-04-18T23:30:00-04:00", date(2026, 4, 19)),
        (" 2026-04-18 ", date(2026, 4, 18)),
        ("2026-04-18T25:61", date(2026, 4, 18)),
        ("2026-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        (1776470400, None),
        ("", None),
    ],
)
def test_a_day_is_read_in_utc_or_not_at_all(said: object, day: date | None) -> None:
    assert paper_of(an_entry(publishedAt=said)).published_on == day


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JAVASCRIPT://example.org/%0aalert(1)",
        "data:text/html,x",
        "//example.org/x",
        "/relative",
        "https://",
        "https://arxiv.org@evil.example",
        "https://example.org/a b",
        "https://example.org/a\nb",
        "https://example.org/<!channel>",
        "https://example.org/a|text",
        'https://example.org/"onclick="',
        "https://example.org/\u202egnp.exe",
        "https://example.org:99999/",
        "https://[::1",
        "https://example.org/" + "x" * LONGEST_LINK,
        ["https://example.org"],
        17,
    ],
)
def test_a_link_that_is_not_plainly_one_is_left_out(link: object) -> None:
    paper = paper_of(an_entry(beside={"thumbnail": link, "mediaUrls": [link]}, githubRepo=link, projectPage=link))
    assert (paper.code_url, paper.project_url, paper.thumbnail_url) == ("", "", "")


def test_everything_that_is_long_is_cut() -> None:
    long = "x" * 100_000
    entry = an_entry(
        summary=long,
        authors=[{"name": f"{long}{number}"} for number in range(3)] + [{"name": "A"}] * 5_000,
        ai_keywords=[f"{number} {long[:1000]}" for number in range(500)],
        title=long,
    )
    paper = paper_of(entry)
    assert (len(paper.title), len(paper.abstract)) == (LONGEST_TITLE, LONGEST_ABSTRACT)
    assert (len(paper.authors), max(len(name.written) for name in paper.authors)) == (MOST_AUTHORS, LONGEST_NAME)
    assert (len(paper.keywords), max(map(len, paper.keywords))) == (MOST_KEYWORDS, LONGEST_KEYWORD)


def test_text_keeps_what_it_says_and_loses_what_cannot_be_seen() -> None:
    hostile = "<!channel> @everyone \u202egnp.exe\u202c <script>alert(1)</script>\x00\x1b[31m *b*\n$x^2$"
    paper = paper_of(an_entry(title=hostile, ai_summary=hostile, authors=[{"name": hostile}], ai_keywords=[hostile]))
    # Escaping is the platforms' work: they alone know what is special to them.
    shown = "<!channel> @everyone gnp.exe <script>alert(1)</script>[31m *b* x²"
    assert (paper.title, paper.summary, paper.keywords) == (shown, shown, (shown,))


_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(exclude_categories=()), max_size=20),
        st.sampled_from(["\ud800", "\u202ex", "https://x.example", "2026-04-21T00:00:00Z", "@everyone"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("name"), inner, max_size=3)
    ),
    max_leaves=6,
)
_INNER = sorted(set(an_entry()["paper"]) - {"id"})
_OUTER = sorted((set(an_entry()) - {"paper"}) | {"mediaUrl", "submitterOrganization"})


@st.composite
def strange_entries(draw: st.DrawFn) -> Json:
    inner = draw(st.dictionaries(st.sampled_from(_INNER), _JSON, max_size=6))
    beside = draw(st.dictionaries(st.sampled_from(_OUTER), _JSON, max_size=6))
    entry = an_entry()
    return {**entry, **beside, "paper": {**entry["paper"], **inner}}


@settings(max_examples=150)
@given(strange_entries())
def test_any_field_may_be_of_any_type(entry: Json) -> None:
    try:
        parsed = DailyPaper.parse(entry)
    except UnusableEntryError as error:
        assert str(error) == "Value error, no title"
        return
    paper = parsed.to_paper(DAY)
    assert normalize_paper_id(paper.id) == paper.id
    assert paper.title
    texts = [paper.title, paper.summary, paper.submitter, paper.organization, paper.organization_name]
    for text in [*texts, *(name.written for name in paper.authors), *paper.keywords, *paper.abstract.split("\n\n")]:
        assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text), ascii(text)
    for link in (paper.code_url, paper.project_url, paper.thumbnail_url):
        assert link == "" or link.startswith(("https://", "http://"))
    assert min(paper.upvotes, paper.comments, paper.stars) >= 0
    hash(paper)  # nothing mutable slipped in


@settings(max_examples=100)
@given(_JSON)
def test_anything_else_is_refused_and_never_breaks_the_parser(value: object) -> None:
    for entry in (value, {"paper": value}, {"paper": {"id": value}}, {"paper": {"id": "2604.00001"}, "title": value}):
        try:
            paper_of(json.loads(json.dumps(entry)))
        except UnusableEntryError as error:
            assert str(error)
