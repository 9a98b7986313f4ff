"""Feeds of channels: what readers get, who may, and when they need not fetch it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import feedparser
import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from adapters.feeds.syndication.items import read_feed
from adapters.web.atom.content import html_of
from adapters.web.atom.document import atom_document
from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName
from bot.channels.channel_feed import ChannelFeed, FeedForm
from bot.library.channel_feed import MOST_ENTRIES, FeedEntry
from bot.messages.message import Paragraph, Span
from bot.messages.plain import plain_text
from tests.adapters.web.core_workspace import CoreWorkspace, core_app, core_workspace
from tests.core import Core
from tests.sources import a_paper

HOSTILE = 'Hares <script>alert(1)</script> & "foxes" ]]> <@U1>'
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tmp_path: Path) -> AsyncIterator[CoreWorkspace]:
    """A workspace with a password, and a channel that was sent two papers in one digest."""
    async with core_workspace(tmp_path, password="a long password") as running:
        core = running.core
        await core.say("subscribe hares --name Runners")
        await core.say("schedule daily 09:00")
        await core.news(
            a_paper(1, title=HOSTILE, abstract="Hares run & hide.", categories=("cs.CL",), upvotes=5),
            a_paper(2, title="More hares", abstract="They <b>run</b>."),
        )
        await core.next_digest()
        yield running


async def made(core: Core, line: str = "feed on") -> str:
    """The path of the feed that the command makes."""
    words = plain_text((await core.ask(line)).message)
    address = next(word for word in words.split() if word.startswith("https://papers.example.org/feeds/"))
    return address.removeprefix("https://papers.example.org")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_feed_is_read_by_parsers_of_others_and_by_our_own(workspace: CoreWorkspace) -> None:
    path = await made(workspace.core)
    async with workspace.client(headers={"host": "papers.example.org"}) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert "noindex" in answer.headers["x-robots-tag"]
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo
    assert parsed.version == "atom10"
    assert parsed.feed.title == "#general · Paper Round"
    assert {one.rel: one.href for one in parsed.feed.links}["self"].endswith(path)
    assert len(parsed.entries) == 2
    hares = next(one for one in parsed.entries if one.link == a_paper(1).url)
    assert hares.title_detail.type == "text/plain"
    root = ET.fromstring(answer.content)
    titles = [each.text or "" for each in root.findall("{*}entry/{*}title")]
    assert sorted(titles) == sorted([HOSTILE, "More hares"])
    contents = [each.text or "" for each in root.findall("{*}entry/{*}content")]
    assert not any("<script" in each or "<b>run" in each for each in contents)
    assert any("Hares run &amp; hide." in each for each in contents)
    assert any("They &lt;b&gt;run&lt;/b&gt;." in each for each in contents)
    assert {tag.term for tag in hares.tags} == {"cs.CL", "Runners"}
    assert [author.name for author in hares.authors] == [name.written for name in a_paper(1).authors]
    read = read_feed(answer.text, "the feed", "https://papers.example.org/feed")
    assert "More hares" in {item.title for item in read.items}
    assert {item.link for item in read.items} == {a_paper(number).url for number in (1, 2)}


@pytest.mark.asyncio(loop_scope="session")
async def test_an_unchanged_feed_is_not_sent_again(workspace: CoreWorkspace) -> None:
    core = workspace.core
    path = await made(core)
    async with workspace.client() as client:
        first = await client.get(path)
        tag, changed = first.headers["etag"], first.headers["last-modified"]
        assert parsedate_to_datetime(changed) <= core.clock.now()
        for known in ({"if-none-match": tag}, {"if-none-match": f'"x", W/{tag}'}, {"if-modified-since": changed}):
            again = await client.get(path, headers=known)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), known
        wrong = ("yesterday", "Mon, 01 Jan 2020 00:00:00 +99999999999999999999", "")
        for unknown in (
            {"if-none-match": '"x"', "if-modified-since": changed},
            *({"if-modified-since": date} for date in wrong),
        ):
            assert (await client.get(path, headers=unknown)).status_code == 200, unknown
        head = await client.head(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
        await core.news(a_paper(3, title="Hares again"))
        await core.next_digest()
        fresh = await client.get(path, headers={"if-none-match": tag, "if-modified-since": changed})
        assert fresh.status_code == 200
        assert feedparser.parse(fresh.content).entries[0].title == "Hares again"
        assert (await client.get(path, headers={"if-modified-since": changed})).status_code == 200


@pytest.mark.asyncio(loop_scope="session")
async def test_ids_stay_while_addresses_and_forms_change(workspace: CoreWorkspace) -> None:
    core = workspace.core
    path = await made(core)
    async with workspace.client() as client:

        async def ids(at: str) -> list[str]:
            parsed = feedparser.parse((await client.get(at)).content)
            return [parsed.feed.id, *(entry.id for entry in parsed.entries)]

        papers = await ids(path)
        assert all(each.startswith(f"tag:papers.example.org,{core.clock.now():%Y-%m-}") for each in papers)
        moved = await made(core, "feed new")
        assert await ids(moved) == papers
        assert (await client.get(path)).status_code == 404
        await core.say("feed on digests")
        parsed = feedparser.parse((await client.get(moved)).content)
        (digest,) = parsed.entries
        assert parsed.feed.id == papers[0]
        assert digest.title.startswith("2 new papers · ")
        assert "/c/general/d/" in digest.link
        assert "More hares" in digest.content[0].value
        assert "script" not in digest.content[0].value.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_no_feed_looks_the_same_whatever_it_is(workspace: CoreWorkspace) -> None:
    core = workspace.core
    path = await made(core)
    await core.say("feed off")
    async with workspace.client() as client:
        answers = [
            await client.get(one, headers={"accept": accept})
            for one in (path, "/feeds/x.atom", "/feeds/%00.atom", f"/feeds/{'a' * 3000}.atom")
            for accept in ("text/html", "application/json", "*/*")
        ]
        assert len({(one.status_code, one.text, one.headers["content-type"]) for one in answers}) == 1
        assert answers[0].status_code == 404


@pytest.mark.asyncio(loop_scope="session")
async def test_feeds_of_channels_that_are_gone_lead_nowhere(workspace: CoreWorkspace) -> None:
    core = workspace.core
    path = await made(core)
    async with workspace.client() as client:
        assert (await client.get(path)).status_code == 200
        await core.store.channels.leave_workspace(core.address(), "removed", core.clock.now())
        assert (await client.get(path)).status_code == 404
        await core.store.channels.join_workspace(core.address())
        assert (await client.get(path)).status_code == 200
        await core.store.channels.delete((await core.channel()).id, core.clock.now())
        assert (await client.get(path)).status_code == 404


@pytest.mark.asyncio(loop_scope="session")
async def test_a_bot_without_pages_serves_feeds_as_well(tmp_path: Path) -> None:
    async with core_app(tmp_path, with_workspace=False) as (app, _, core):
        path = await made(core)
        async with _asked(app) as client:
            assert (await client.get(path)).status_code == 200
            assert (await client.get("/c/general")).status_code == 404


def _asked(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://anywhere.example")


@pytest.mark.asyncio(loop_scope="session")
async def test_the_newest_fifty_are_there(workspace: CoreWorkspace) -> None:
    core = workspace.core
    path = await made(core)
    await core.say("settings limit 50")
    await core.say("settings style compact")
    for day in range(2):
        await core.news(*(a_paper(100 * (day + 1) + number, title=f"Hares {day} {number}") for number in range(40)))
        await core.next_digest()
    async with workspace.client() as client:
        entries = feedparser.parse((await client.get(path)).content).entries
    assert len(entries) == MOST_ENTRIES
    assert sum(entry.title.startswith("Hares 1") for entry in entries) == 40


CHANNEL = Channel(
    id=1,
    address=Address(PlatformName.WEB, "local", "general"),
    name="general",
    time_zone="UTC",
    schedule="instant",
    settings=ChannelSettings(),
    state=ChannelState.ACTIVE,
)


@given(st.text(), st.text(), st.text())
def test_whatever_texts_say_the_document_is_well_formed_and_says_it(title: str, name: str, words: str) -> None:
    feed = ChannelFeed(channel=CHANNEL, form=FeedForm.PAPERS, tag="tag:x,2026-11-28:1", changed_at=NOON)
    entry = FeedEntry(
        name="papers/1",
        title=title,
        posted_at=NOON + timedelta(minutes=1),
        blocks=(Paragraph((Span(words, bold=True, url=title),)),),
        url=title,
        authors=(name,),
        topics=(words,),
    )
    document = atom_document(feed, [entry], address="https://papers.example.org/feeds/x.atom")
    root = ET.fromstring(document)
    said = root.findtext("{*}entry/{*}title") or ""
    allowed = [each for each in title if each in "\t\n\r" or each >= " "]
    allowed = [each for each in allowed if not "\ud800" <= each <= "\udfff" and each not in "\ufffe\uffff"]
    assert said.replace("\r\n", "\n").replace("\r", "\n") == "".join(allowed).replace("\r\n", "\n").replace("\r", "\n")
    assert root.findtext("{*}updated") == "2026-11-28T12:01:00Z"


@given(
    st.text(alphabet="<>&\"' ab;#x0", max_size=40),
    st.sampled_from(["javascript:alert(1)", "data:x", 'https://x"><img src=y>', "https://a b", ""]),
)
def test_nothing_in_a_text_becomes_markup_or_a_link(words: str, url: str) -> None:
    html = str(html_of([Paragraph((Span(words, url=url),))]))
    inside = html.removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inside
    assert ET.fromstring(html.replace("&#39;", "&apos;").replace("&#34;", "&quot;")).text in (words, words or None)
