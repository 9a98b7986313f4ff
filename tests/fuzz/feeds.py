"""What feeds send: arXiv's API and announcements, Daily Papers, any RSS, Atom or JSON feed, and files of papers."""

from __future__ import annotations

import gzip
import json
import lzma
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from adapters.feeds.arxiv.xml import read_announcement, read_page
from adapters.feeds.biorxiv.source import PreprintServer
from adapters.feeds.http import Answer, FeedClient, json_of
from adapters.feeds.huggingface.daily_papers import DailyPaper, UnusableEntryError
from adapters.feeds.huggingface.lookup import HuggingFacePapers
from adapters.feeds.json_lines import PapersFile
from adapters.feeds.syndication.papers import papers_of
from adapters.feeds.syndication.source import document_of
from bot.papers.paper import Paper
from bot.papers.sources import BIORXIV, SourceName
from tests.adapters.feeds.arxiv_documents import DAY, an_item, atom, error, rss
from tests.adapters.feeds.entries import an_entry
from tests.clocks import SettableClock
from tests.feed_server import SHARED
from tests.fuzz.target import Target, encoded
from tests.fuzz.waiting import result_of

NOON = datetime(2026, 4, 21, 12, tzinfo=UTC)
PLACE = "feed.example/papers"
#: Bytes of the longest recorded answer that is changed: short ones are tried more often.
_LONGEST = 8_000

_ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>A &amp; B</title>
<link href="https://x.example/"/><entry><title type="html">&lt;b&gt;On&lt;/b&gt; C++</title><id>urn:x:1</id>
<link rel="alternate" href="/1"/><updated>2026-04-20T10:00:00Z</updated><author><name>Ada L.</name></author>
<content type="html"><![CDATA[<p>We <i>show</i>.</p>]]></content><category term="cs.CL"/></entry></feed>"""
_RSS = """<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE rss><rss version="2.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel>
<title>Journal</title><link>https://j.example</link><item><title>Bees &amp; wasps &eacute;</title>
<link>https://j.example/10.1000/1</link><guid isPermaLink="false">10.1000/1</guid>
<dc:creator>Hopper, G.; Bartik, J.</dc:creator>
<prism:doi>10.1000/1</prism:doi><pubDate>Mon, 20 Apr 2026 10:00:00 +0200</pubDate>
<description>They &lt;sub&gt;fly&lt;/sub&gt;.
</description></item></channel></rss>"""
_JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1", "title": "F", "home_page_url": "https://f.example",
    "items": [{"id": "1", "url": "https://f.example/1", "title": "T", "content_html": "<p>x</p>", "tags": ["a"],
               "date_published": "2026-04-20T10:00:00Z", "authors": [{"name": "Ada"}]}],
}  # fmt: skip
_PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>x</body></html>'
_LINE = json.dumps({
    "id": "2604.13035v2", "title": "A $x$ title", "abstract": "We.", "authors": ["Ada Lovelace", "Turing, A."],
    "categories": "cs.CL cs.LG", "announced": "2026-04-20", "comment": "9 pages", "doi": "10.1/x",
})  # fmt: skip
_PREPRINTS = [
    {"messages": [{"status": "ok", "cursor": 0, "count": 1, "total": "1"}], "collection": [
        {"doi": "10.1101/2026.04.21.1", "title": "Bees &amp; <i>wasps</i>", "authors": "Hopper, G.; Bartik, J.",
         "date": "2026-04-21", "version": "1", "category": "zoology", "abstract": "They fly.", "published": "NA"},
        {"doi": "10.1101/2026.04.21.2", "title": "B", "version": 2, "date": "2026-04-21"}]},
    {"messages": [{"status": "no posts found"}], "collection": []},
]  # fmt: skip


def answer(data: bytes, content_type: str = "application/xml") -> Answer:
    return Answer(place=PLACE, status=200, content_type=content_type, etag=None, body=data)


def sound(paper: Paper) -> None:
    """What holds for every paper, whoever sent it."""
    assert paper.id
    assert paper.title
    assert len(paper.title) <= 1000
    assert len(paper.abstract) <= 20_000
    for text in (paper.title, paper.abstract, paper.summary, paper.venue, paper.doi, *paper.keywords):
        assert "\0" not in text
        text.encode()  # no half of a character


def _recorded(folder: str, ending: str) -> list[bytes]:
    files = sorted((SHARED / "data" / folder).glob(f"*.{ending}"))
    return [file.read_bytes() for file in files if file.stat().st_size <= _LONGEST]


def read_api(data: bytes) -> None:
    for submission in read_page(data, PLACE).submissions:
        sound(submission.paper)


def read_rss(data: bytes) -> None:
    for paper in read_announcement(data, PLACE).papers:
        sound(paper)


def read_daily(data: bytes) -> None:
    entries = json_of(answer(data, "application/json"))
    for entry in entries if isinstance(entries, list) else [entries]:
        try:
            sound(DailyPaper.parse(entry).to_paper(featured_on=date(2026, 4, 21)))
        except UnusableEntryError as problem:
            assert str(problem)


def read_syndicated(data: bytes) -> None:
    papers, _ = papers_of(
        document_of(answer(data, ""), "https://feed.example/"), SourceName("feed"), "https://feed.example/", NOON
    )
    for paper in papers:
        sound(paper)


class _Said:
    """A client that has one answer to every request."""

    def __init__(self) -> None:
        self.answer = answer(b"")

    async def get(self, *_: object, **__: object) -> Answer:
        return self.answer


_SAID = _Said()
_CLIENT = cast("FeedClient", _SAID)
_BIORXIV = PreprintServer("https://x", BIORXIV, name=BIORXIV, client=_CLIENT, clock=SettableClock(NOON))
_PAGES = HuggingFacePapers("https://x", client=_CLIENT)


def read_preprints(data: bytes) -> None:
    _SAID.answer = answer(data, "application/json")
    day = result_of(_BIORXIV.read_day(date(2026, 4, 21)))
    for listing in day.listings:
        sound(listing.paper)


def read_look_up(data: bytes) -> None:
    _SAID.answer = answer(data, "application/json")
    if data[:1] == b"[":
        papers = result_of(_PAGES.search("hares", 20))
    else:
        papers = [paper for paper in (result_of(_PAGES._lookup("2604.13035")),) if paper is not None]
    for paper in papers:
        sound(paper)


class PaperFiles:
    """Reads inputs as files for `paperround import`: plain, or packed before or after they were changed."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="paperround-fuzz-")
        self._numbers = count()

    def __call__(self, data: bytes) -> None:
        ending, packed = ((".jsonl", data), (".jsonl.gz", data), (".jsonl.xz", data), (".jsonl.gz", None))[
            next(self._numbers) % 4
        ]
        path = Path(self._folder.name, f"papers{ending}")
        path.write_bytes(gzip.compress(data, 1) if packed is None else packed)
        with PapersFile(path) as file:
            for entry in file:
                if isinstance(entry, Paper):
                    sound(entry)
                else:
                    assert entry.reason


def _looked_up() -> list[bytes]:
    return encoded(json.dumps(an_entry()["paper"]), json.dumps([an_entry(), an_entry(2)]))


def _lines() -> list[bytes]:
    plain = f"{_LINE}\n\n{_LINE}\n".encode()
    return [plain, gzip.compress(plain), lzma.compress(plain), b"\xef\xbb\xbf" + plain]


TARGETS = (
    Target(
        "arxiv-api", read_api, lambda: [atom({"id": "2604.00001"}, {"id": "hep-th/9901001"}), error("bad id"),
                                        *_recorded("arxiv_api", "xml")],
    ),
    Target("arxiv-rss", read_rss, lambda: [rss(an_item(1), an_item(2, kind="cross", typed=False), day=DAY)]),
    Target(
        "daily-papers", read_daily, lambda: encoded(json.dumps([an_entry()]), json.dumps([an_entry(2, authors=None)])),
    ),
    Target("preprints", read_preprints, lambda: encoded(*map(json.dumps, _PREPRINTS))),
    Target("look-up", read_look_up, _looked_up),
    Target("syndication", read_syndicated, lambda: encoded(_ATOM, _RSS, json.dumps(_JSON_FEED), _PAGE)),
    Target("import", PaperFiles(), _lines),
)  # fmt: skip
