"""What arXiv sends, and when it announces what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.feeds.arxiv.calendar import announcement_day, has_announcement, submissions_of
from adapters.feeds.arxiv.xml import ComplaintError, read_announcement, read_page
from bot.errors import SourceError
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV
from tests.adapters.feeds.arxiv_documents import Entry, an_item, atom, rss
from tests.feed_server import SHARED
from tests.papers.names import names

RECORDED = SHARED / "data" / "arxiv_api"
needs_recorded = pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded answers are not beside the project (../shared)"
)
DAY = date(2026, 4, 21)


def recorded(start: str) -> bytes:
    (path,) = RECORDED.glob(f"{start}*.xml")
    return path.read_bytes()


# --- The calendar -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("submitted", "announced"),
    [
        # In summer the deadline is at 18:00 UTC.
        ("2026-04-20T17:59:59", "2026-04-21"),  # Monday
        ("2026-04-20T18:00:00", "2026-04-22"),
        ("2026-04-23T18:00:00", "2026-04-27"),  # Thursday, after the deadline: with Friday's, on Monday
        ("2026-04-24T17:59:59", "2026-04-27"),
        ("2026-04-24T18:00:00", "2026-04-28"),  # Friday, after the deadline: with the weekend's, on Tuesday
        ("2026-04-26T12:00:00", "2026-04-28"),
        # In winter at 19:00.
        ("2026-01-13T18:59:59", "2026-01-14"),
        ("2026-01-13T19:00:00", "2026-01-15"),
    ],
)
def test_a_paper_is_announced_after_the_deadline_that_it_met(submitted: str, announced: str) -> None:
    moment = datetime.fromisoformat(submitted).replace(tzinfo=UTC)
    assert announcement_day(moment) == date.fromisoformat(announced)


def test_a_mirror_that_knows_days_only_means_the_announcement() -> None:
    assert announcement_day(datetime(2026, 4, 20, tzinfo=UTC)) == date(2026, 4, 20)


@given(st.integers(1577836801, 1893456000).filter(lambda seconds: seconds % 86400))  # 2020 to 2029, never midnight
def test_every_submission_is_among_those_of_its_day_and_of_no_other(submitted: int) -> None:
    moment = datetime.fromtimestamp(submitted, UTC)
    day = announcement_day(moment)
    assert has_announcement(day)
    assert timedelta(0) < datetime.combine(day, datetime.min.time(), UTC) - moment < timedelta(days=5)
    for candidate in (day + timedelta(days=number) for number in range(-5, 6)):
        if has_announcement(candidate):
            since, before = submissions_of(candidate)
            assert (since <= moment < before) == (candidate == day)


# --- The API ------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@needs_recorded
def test_every_recorded_answer_is_read() -> None:
    papers = 0
    for path in sorted(RECORDED.glob("*.xml")):
        if path.name.startswith("id_abc"):
            continue
        page = read_page(path.read_bytes(), "arxiv")
        assert len(page.submissions) == page.entries <= max(page.total, 0)
        for submission in page.submissions:
            paper = submission.paper
            papers += 1
            assert paper.sources == {ARXIV}
            assert paper.title
            assert paper.abstract
            assert paper.authors
            assert paper.categories
            assert paper.published_on == submission.submitted.date()
            assert f"http://arxiv.org/abs/{paper.id}v".encode() in path.read_bytes()
    assert papers > 150


@pytest.mark.shared
@needs_recorded
def test_a_recorded_paper_says_all_that_it_did() -> None:
    page = read_page(recorded("id_0808.05394_1707"), "arxiv")
    (submission,) = page.submissions
    paper = submission.paper
    assert (page.total, page.entries) == (1, 1)
    assert submission.submitted == datetime(2017, 7, 27, 8, 18, 33, tzinfo=UTC)
    assert paper.id == "1707.08567"
    assert paper.title.startswith("Proceedings of Workshop AEW10")
    assert paper.author_comment == "44 pages, editors for the proceedings: Yanling Chen and A. J. Han Vinck"
    assert paper.authors[0].written == "Kees A. Schouhamer Immink"
    assert paper.categories[0] == "cs.IT"
    assert read_page(recorded("id_astro-ph"), "arxiv").submissions[0].paper.id == "astro-ph/0601001"
    assert read_page(recorded("id_0000"), "arxiv").total == 0


@pytest.mark.shared
@needs_recorded
def test_the_apis_own_words_are_passed_on() -> None:
    with pytest.raises(ComplaintError, match=r"^arxiv complains: incorrect id format for abc\.$"):
        read_page(recorded("id_abc"), "arxiv")


def test_the_primary_category_comes_first() -> None:
    (submission,) = read_page(
        atom({"id": "2604.00001", "categories": ["cs.AI", "cs.CL"], "primary": "cs.CL"}), "x"
    ).submissions
    assert submission.paper.categories == ("cs.CL", "cs.AI")


def test_an_entry_that_is_no_paper_is_left_out() -> None:
    entries: list[Entry] = [
        {"id": "nonsense"},
        {"id": "2604.00001", "title": "\u200b"},
        {"id": "2604.00002", "published": "soon"},
    ]
    page = read_page(atom(*entries, {"id": "2604.00003"}), "x")
    assert page.entries == 4
    assert [submission.paper.id for submission in page.submissions] == ["2604.00003"]


# --- Announcements ------------------------------------------------------------------------------------------------


def test_a_feed_gives_what_is_new_and_what_is_listed_across() -> None:
    kinds = ("cross", "new", "replace", "replace-cross", "new")
    items = [an_item(number, kind=kind) for number, kind in enumerate(kinds, start=1)]
    feed = read_announcement(rss(*items, day=DAY), "x")
    assert (feed.day, feed.skipped) == (DAY, 0)
    assert [paper.id for paper in feed.papers] == ["2604.00002", "2604.00005", "2604.00001"]
    assert [paper.published_on for paper in feed.papers] == [DAY, DAY, None]
    assert feed.papers[0] == Paper(
        id="2604.00002",
        title="Compilers for Timetables 2",
        abstract="We compile & run.",
        authors=names("Grace Hopper", "Jean Bartik", "Kay McNulty"),
        categories=("cs.PL", "cs.CL"),
        published_on=DAY,
        sources=frozenset({ARXIV}),
    )


def test_the_kind_may_stand_in_the_description_only() -> None:
    items = [an_item(1, kind="replace", typed=False), an_item(2, kind="new", typed=False)]
    assert [paper.id for paper in read_announcement(rss(*items, day=DAY), "x").papers] == ["2604.00002"]


def test_a_feed_with_nothing_in_it_has_the_day_on_its_cover() -> None:
    assert read_announcement(rss(day=DAY), "x").day == DAY
    assert read_announcement(rss(day=None), "x").day is None


def test_a_feed_that_got_stuck_is_of_the_day_of_its_items() -> None:
    stuck = rss(an_item(1, day=date(2026, 4, 17)), an_item(2, day=date(2026, 4, 17)), an_item(3), day=DAY)
    assert read_announcement(stuck, "x").day == date(2026, 4, 17)


@pytest.mark.parametrize("said", ["Tue, 21 Apr 2026 00:00:00 -0400", "2026-04-21T00:00:00-04:00", "2026-04-21"])
def test_the_day_is_the_one_that_is_written(said: str) -> None:
    assert (
        read_announcement(rss(day=None).replace(b"<link>", f"<pubDate>{said}</pubDate><link>".encode(), 1), "x").day
        == DAY
    )


@pytest.mark.parametrize("said", ["", "yesterday", "2126-04-21", "Tue, 21 Apr 2026 00:00:00 -99999999999999999999"])
def test_a_day_that_is_none_is_left_out(said: str) -> None:
    assert (
        read_announcement(rss(day=None).replace(b"<link>", f"<pubDate>{said}</pubDate><link>".encode(), 1), "x").day
        is None
    )


def test_an_item_that_is_no_paper_is_counted_and_left_out() -> None:
    bad = an_item(1).replace("2604.00001", "javascript:alert(1)")
    feed = read_announcement(rss(bad, an_item(2).replace("Compilers for Timetables 2", ""), an_item(3), day=DAY), "x")
    assert [paper.id for paper in feed.papers] == ["2604.00003"]
    assert feed.skipped == 2


def test_text_loses_what_cannot_be_seen_and_keeps_what_it_says() -> None:
    hostile = "&lt;!channel&gt; @everyone \u202egnp.exe &lt;script&gt;alert(1)&lt;/script&gt; $x^2$" + "x" * 100_000
    (paper,) = read_announcement(rss(an_item(1).replace("Compilers for Timetables 1", hostile), day=DAY), "x").papers
    assert paper.title.startswith("<!channel> @everyone gnp.exe <script>alert(1)</script> x²x")
    assert len(paper.title) == 1_000


# --- What is no feed ----------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]><rss><channel><title>&l9;</title></channel></rss>'
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not XML or is cut short (0 bytes)"),
        (b"<html><body>Down for maintenance", "is not XML or is cut short"),
        (b"<html><body/></html>", "something else than"),
        (b'{"error": 1}', "is not XML"),
        (b"<rss></rss>", "something else than"),
        (b"<feed><entry/></feed>", "something else than"),
        (rss(an_item(1), day=DAY)[:-30], "is not XML or is cut short"),
        (BOMB.encode(), "sent a document type declaration"),
        (BOMB.encode("utf-16"), "sent a document type declaration"),
        (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>', "sent a document type declaration"),
        (b"<rss>&unknown;</rss>", "is not XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><rss/>', "is not XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><rss/>', "is not XML"),
        (b"<rss>" + b"<a>" * 1_000_000, "sent more than any feed has in it"),
        (b"<rss>" + b"<a/>" * 1_000_000 + b"</rss>", "sent more than any feed has in it"),
        (b"\x00" * 1_000, "is not XML"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(body: bytes, said: str) -> None:
    for read in (read_announcement, read_page):
        with pytest.raises(SourceError) as refusal:
            read(body, "export.arxiv.org/x")
        assert said in str(refusal.value)
        assert str(refusal.value).startswith("export.arxiv.org/x sent ")


@settings(max_examples=200)
@given(st.data())
def test_no_damage_breaks_the_reading(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([rss(an_item(1), an_item(2), day=DAY), atom({"id": "2604.00001"})]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(start + 40, len(whole))))
    damaged = whole[:start] + data.draw(st.binary(max_size=10)) + whole[end:]
    for read in (read_announcement, read_page):
        try:
            read(damaged, "x")
        except SourceError as error:
            assert str(error)
