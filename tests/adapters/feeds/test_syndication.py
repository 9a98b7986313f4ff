"""Feeds of journals, servers, blogs and broken ones, in the shapes that are found in the wild."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feeds.dates import moment_of
from adapters.feeds.http import Answer
from adapters.feeds.syndication.documents import text_of
from adapters.feeds.syndication.items import plain, read_feed
from adapters.feeds.syndication.papers import papers_of
from adapters.feeds.syndication.source import document_of
from bot.errors import SourceError
from bot.papers.paper import Paper
from bot.papers.sources import SourceName

DOCUMENTS = Path(__file__).parent / "documents"
NOW = datetime(2026, 4, 21, 12, tzinfo=UTC)
ADDRESS = "https://feeds.example.org/some/feed.xml"


def read(name: str) -> tuple[str, list[Paper], int]:
    body = (DOCUMENTS / name).read_bytes()
    answer = Answer(place="feeds.example.org", status=200, body=body, content_type="", etag=None)
    document = document_of(answer, ADDRESS)
    papers, skipped = papers_of(document, SourceName("some"), ADDRESS, NOW)
    return document.title, papers, skipped


@pytest.mark.parametrize(
    ("name", "paper_id", "title", "authors", "day", "venue"),
    [
        ("nature.rdf", "doi:10.1038/s41586-026-00001-1", "Ants that count to four & more", 2, "2026-04-20", "Nature"),
        ("science.xml", "doi:10.1126/science.aaa0001", "Rivers under ice", 2, "2026-04-16", None),
        ("plos.atom", "doi:10.1371/journal.pone.0400001", "Sleep of urban foxes", 2, "2026-04-21", "PLOS ONE"),
        ("biorxiv.rdf", "doi:10.64898/2026.04.01.600001", "Maps of smell in Drosophila", 2, "2026-04-21", None),
        ("pubmed.xml", "doi:10.1007/s00227-026-00001-2", "Octopuses at play", 2, "2026-04-20", "Marine biology"),
        ("zenodo.xml", "doi:10.5281/zenodo.19000001", "Counts of bees, 2020 to 2025", 1, "2026-04-21", None),
        ("substack.xml", None, "Why your loss goes up & what to do", 1, "2026-04-21", "Small Models, Big Gardens"),
        ("github.atom", None, "v2.0", 1, "2026-04-21", None),
        ("arxiv_api.atom", "2604.00003", "Types for gardens", 1, "2026-04-20", None),
        ("datacite_arxiv.xml", "2604.00004", "Gardens of thought", 1, "2026-04-21", None),
        ("wrong_encoding.xml", None, "L’étoile & le café", 0, "2026-04-21", "Café des sciences"),
        ("declared_wrong.xml", None, "Schrödinger’s garden", 0, "2026-04-21", "Étoiles"),
        ("cut_short.xml", None, "Whole", 0, "2026-04-21", None),
    ],
)
def test_one_item_of_each_shape(
    name: str, paper_id: str | None, title: str, authors: int, day: str, venue: str | None
) -> None:
    _, papers, _ = read(name)
    paper = papers[0]
    assert paper.title == title
    assert (paper.id == paper_id) if paper_id else paper.id.startswith("feed:")
    assert len(paper.authors) == authors, paper.authors
    assert paper.published_on == date.fromisoformat(day)
    assert paper.abstract_url.startswith("https://")
    assert venue is None or paper.venue == venue
    assert "<" not in paper.abstract
    assert "script" not in paper.abstract


def test_an_arxiv_paper_keeps_the_doi_that_the_feed_says() -> None:
    (paper,) = read("arxiv_api.atom")[1]
    assert paper.doi in ("", "10.1145/3000001.3000002")
    assert read("pubmed.xml")[1][0].abstract.count("played with them") == 1
    assert read("plos.atom")[1][0].pdf_url.endswith("type=printable")


def test_a_json_feed_is_one_too() -> None:
    title, papers, skipped = read("json_feed.json")
    assert (title, skipped) == ("Notes on proofs", 1)
    assert [paper.id.partition(":")[0] for paper in papers] == ["feed", "doi"]
    assert papers[0].page_url == "https://notes.example.org/1"
    assert papers[0].abstract == "It is a drawing of squares."
    assert (papers[0].published_on, papers[1].published_on) == (date(2026, 4, 21), date(2026, 4, 20))
    assert [name.written for name in papers[0].authors] == ["Sofya Kovalevskaya"]


def test_what_html_escapes_and_what_nobody_does() -> None:
    title, (paper,), _ = read("entities.xml")
    assert title == "R&D \xa0notes"
    assert paper.title == "Café & thé &bogus; AT&T"
    assert paper.page_url == "https://rd.example.org/post?id=1&lang=en"
    assert paper.abstract == "a < b & c"
    assert read("openreview.xml")[1][0].abstract == "Knitting < weaving, by 3 < 4."


def test_items_without_dates_or_names_of_their_own() -> None:
    _, papers, skipped = read("no_dates.xml")
    assert [paper.page_url for paper in papers] == [
        "https://old.example.org/first.html",
        "https://old.example.org/second.html#top",
    ]
    assert skipped == 1
    assert all(paper.published_on is None for paper in papers)
    same = read("same_guid.xml")[1]
    assert [paper.title for paper in same] == ["One", "Two"]


def test_nothing_leads_anywhere_but_to_pages() -> None:
    (paper,) = read("hostile.xml")[1]
    assert paper.page_url == ADDRESS
    assert paper.file_url == ""
    assert "onerror" not in paper.title


@pytest.mark.parametrize(
    ("name", "said"),
    [("bomb.xml", "declares entities"), ("page.html", "Its feed may be https://feeds.example.org/feed.xml.")],
)
def test_what_is_no_feed_is_refused_with_a_sentence(name: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read(name)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "plain words",
        "<a><b/></a>",
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
        "<a>" * 500,
        "<rss><channel>" + "<a>" * 200 + "</a>" * 200 + "</channel></rss>",
        "<rss><channel>" + "<item/>" * 250_000,
    ],
)
def test_other_documents_are_no_feeds(document: str) -> None:
    with pytest.raises(SourceError):
        read_feed(document, "here", ADDRESS)


@pytest.mark.parametrize(
    "piece", ["<![CDATA[", "<script>", "&lt;a ", "&lt;!--", "<!DOCTYPE ", "&", "<a>", "<link ", "10.1000/"]
)
def test_no_document_takes_more_than_time_in_proportion(piece: str) -> None:
    """A quadratic reading of these would take minutes."""
    for document in (piece * 60_000, f"<rss><channel><item><title>{piece * 60_000}</title><guid>1</guid></item>"):
        try:
            papers_of(read_feed(document, "x", ADDRESS), SourceName("x"), ADDRESS, NOW)
        except SourceError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Tue, 21 Apr 2026 09:00:00 +0200", "2026-04-21T07:00:00"),
        ("Tue, 21 Apr 2026 09:00:00 EST", "2026-04-21T14:00:00"),
        ("2026-04-21T23:30:00-05:00", "2026-04-22T04:30:00"),
        ("2026-04-21T23:30:00Z", "2026-04-21T23:30:00"),
        ("2026-4-1", "2026-04-01T00:00:00"),
        ("2026-04", "2026-04-01T00:00:00"),
        ("21 April 2026", "2026-04-21T00:00:00"),
        ("Apr 21, 2026", "2026-04-21T00:00:00"),
        ("yesterday", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("2026-13-45", None),
    ],
)
def test_dates_as_feeds_write_them(written: str, moment: str | None) -> None:
    assert moment_of(written) == (datetime.fromisoformat(moment).replace(tzinfo=UTC) if moment else None)


@given(st.binary(max_size=300), st.sampled_from(("", "utf-8", "iso-8859-1", "nonsense", "utf-16", "idna")))
def test_any_bytes_are_some_text_and_a_feed_or_an_error(body: bytes, charset: str) -> None:
    text = text_of(body, charset)
    try:
        read_feed(
            f"<rss><channel><title>{text}</title><item><title>{text}</title></item></channel></rss>", "x", ADDRESS
        )
        read_feed(text, "x", ADDRESS)
    except SourceError as error:
        assert str(error)


@given(st.text(max_size=200))
def test_plain_text_is_what_it_was(text: str) -> None:
    assert plain(text.replace("<", "").replace("&", "")) == text.replace("<", "").replace("&", "").strip()


@pytest.mark.parametrize("link", ["http://[", "https://[]/x", "http://[::1/", "//[x"])
def test_a_link_that_is_no_address_costs_no_item(link: str) -> None:
    rss = f"<rss><channel><item><title>One</title><guid>1</guid><link>{link}</link></item></channel></rss>"
    links = "".join(f'<link rel="{kind}" href="{link}"/>' for kind in ("alternate", "related", "enclosure"))
    entry = f"<entry><id>1</id><title>One</title>{links}</entry>"
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{link}">{entry}</feed>'
    item = {"id": "1", "title": "One", "url": link}
    json_feed = json.dumps({"version": "1.1", "title": "x", "home_page_url": link, "items": [item]})
    for body in (rss, atom, json_feed):
        answer = Answer(place="feeds.example.org", status=200, body=body.encode(), content_type="", etag=None)
        papers, skipped = papers_of(document_of(answer, ADDRESS), SourceName("some"), ADDRESS, NOW)
        assert [paper.title for paper in papers] == ["One"]
        assert skipped == 0
