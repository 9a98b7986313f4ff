"""arXiv's API: looking up, searching, and what it says in ways of its own."""

from __future__ import annotations

import pytest

from adapters.feeds.arxiv.api import BATCH, EMPTY_PAGES
from adapters.feeds.http import FeedClient
from bot.errors import SourceError
from bot.papers.sources import ARXIV
from tests.adapters.feeds.arxiv_documents import Entry, atom, error
from tests.adapters.feeds.arxiv_site import XML, announced, api, arxiv
from tests.feed_server import FeedServer, Request, ScriptedFeed, http_answer


@pytest.mark.shared
async def test_papers_are_looked_up_and_searched(feed_server: FeedServer, client: FeedClient) -> None:
    feed_server.set_today("2026-04-21")
    source = arxiv(feed_server.url, client)
    known = sorted(announced(feed_server, "2026-04-21", "cs.CL"))[: BATCH + 5]
    papers = await source.lookup([f"{known[0]}v3", "2604.99999", *known, "no id", f"arXiv:{known[1]}"])
    assert [paper.id for paper in papers] == known
    assert papers[0].sources == {ARXIV}
    assert papers[0].featured_on is None
    found = await source.search('"Language MODEL"', 7)
    assert len(found) == 7
    assert all("language model" in f"{paper.title} {paper.abstract}".lower() for paper in found)


async def test_what_is_asked_for_cannot_become_an_operator(client: FeedClient) -> None:
    with api(atom()) as feed:
        await arxiv(feed.url, client).search('Cats AND (dogs OR au:"x") \\ -- 日本 state-of-the-art', 5)
        queries = [request.query["search_query"] for request in feed.requests]
    assert queries == [
        'all:"cats and dogs or au x 日本 state-of-the-art"',
        "all:cats AND all:and AND all:dogs AND all:or AND all:au AND all:x AND all:日本 AND all:state-of-the-art",
    ]
    assert feed.requests[0].query["max_results"] == "5"


@pytest.mark.parametrize(("text", "limit"), [("", 5), (" ?!\u202e", 5), ("cats", 0), ("cats", -1)])
async def test_a_search_for_nothing_asks_nothing(client: FeedClient, text: str, limit: int) -> None:
    with api(atom({"id": "2604.00001"})) as feed:
        assert await arxiv(feed.url, client).search(text, limit) == []
        assert feed.requests == []


async def test_words_in_a_row_come_before_words_anywhere(client: FeedClient) -> None:
    with api(
        atom({"id": "2604.00002"}), atom({"id": "2604.00001"}, {"id": "2604.00002"}, {"id": "2604.00003"})
    ) as feed:
        papers = await arxiv(feed.url, client).search("small cats", 2)
    assert [paper.id for paper in papers] == ["2604.00002", "2604.00001"]


async def test_an_id_that_arxiv_cannot_read_does_not_cost_the_others(client: FeedClient) -> None:
    def answer(request: Request) -> bytes:
        ids = request.query["id_list"].split(",")
        if "abc/0601001" in ids:
            return http_answer(error("incorrect id format for abc/0601001"), status=400, content_type=XML)
        return http_answer(atom(*[Entry(id=paper_id) for paper_id in reversed(ids)]), content_type=XML)

    wanted = [f"2604.{number:05}" for number in range(1, 8)]
    with ScriptedFeed(answer) as feed:
        papers = await arxiv(feed.url, client).lookup([*wanted[:3], "abc/0601001", *wanted[3:]])
        assert {request.query["max_results"] for request in feed.requests} <= {"8", "4", "2", "1"}
    assert [paper.id for paper in papers] == wanted


async def test_an_empty_page_is_asked_for_again(client: FeedClient) -> None:
    with api(atom(total=1), atom(total=1), atom({"id": "2604.00001"})) as feed:
        assert [paper.id for paper in await arxiv(feed.url, client).search("cats", 5)] == ["2604.00001"]
    with api(atom(total=1)) as feed:
        with pytest.raises(SourceError, match="promised 1 papers and sent none"):
            await arxiv(feed.url, client).search("cats", 5)
        assert len(feed.requests) == EMPTY_PAGES


@pytest.mark.parametrize("status", [200, 400])
async def test_a_complaint_of_the_api_is_passed_on(client: FeedClient, status: int) -> None:
    answer = http_answer(error("sortBy must be\n one of …"), status=status, content_type=XML)
    with ScriptedFeed(answer) as feed, pytest.raises(SourceError, match="complains: sortBy must be one of …"):
        await arxiv(feed.url, client).search("cats", 5)
