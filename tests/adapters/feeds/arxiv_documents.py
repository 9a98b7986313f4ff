"""Documents in the form in which arXiv sends them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypedDict, Unpack
from xml.sax.saxutils import escape, quoteattr

DAY = date(2026, 4, 21)


def an_item(
    number: int,
    *,
    kind: str = "new",
    typed: bool = True,
    day: date | None = DAY,
    categories: Sequence[str] = ("cs.PL", "cs.CL"),
) -> str:
    """An item of an announcement feed; untyped ones say their kind in the description only."""
    return f"""<item>
<title>Compilers for Timetables {number}</title>
<link>https://arxiv.org/abs/2604.{number:05}</link>
<description>arXiv:2604.{number:05}v1 Announce Type: {kind}
Abstract: We compile
&amp; run.</description>
<guid isPermaLink="false">oai:arXiv.org:2604.{number:05}v1</guid>
{"".join(f"<category>{category}</category>" for category in categories)}
{_pub_date(day)}
{f"<arxiv:announce_type>{kind}</arxiv:announce_type>" if typed else ""}
<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
<dc:creator>Grace Hopper, Jean Bartik (ENIAC), Kay McNulty</dc:creator>
</item>"""


def rss(*items: str, day: date | None) -> bytes:
    """An announcement feed with that day on its cover."""
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
<channel><title>cs.PL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.PL</link>
<lastBuildDate>Thu, 23 Apr 2026 04:00:06 +0000</lastBuildDate>
{_pub_date(day)}
<skipDays><day>Saturday</day><day>Sunday</day></skipDays>
{"".join(items)}
</channel></rss>""".encode()


class Entry(TypedDict, total=False):
    """What `atom` is told of an entry."""

    id: str
    title: str
    published: str
    categories: Sequence[str]
    primary: str


def atom(*entries: Entry, total: int | None = None) -> bytes:
    """A page of the API."""
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title>
<opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>
{"".join(_entry(**entry) for entry in entries)}
</feed>""".encode()


def error(summary: str) -> bytes:
    """The API's form of a complaint."""
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>
<summary>{escape(summary)}</summary></entry></feed>""".encode()


def _entry(**entry: Unpack[Entry]) -> str:
    published = entry.get("published", "2026-04-20T10:00:00Z")
    terms = "".join(f"<category term={quoteattr(name)}/>" for name in entry.get("categories", ["cs.PL"]))
    return f"""<entry><id>http://arxiv.org/abs/{entry["id"]}v1</id>
<title>{escape(entry.get("title", "Compilers for Timetables"))}</title>
<published>{published}</published><updated>{published}</updated>
<summary>We compile.</summary>{terms}
<arxiv:primary_category term={quoteattr(entry.get("primary", "cs.PL"))}/>
<author><name>Grace Hopper</name></author></entry>"""


def _pub_date(day: date | None) -> str:
    return f"<pubDate>{day:%a, %d %b %Y} 00:00:00 -0400</pubDate>" if day else ""
